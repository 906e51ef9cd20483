"""The gateway's own comparison as another engine: one request feeds every lane, and a judge says what it thinks.

Each lane is still a turn that the session's one `run` drives; what it reads comes out of the common stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

from meshtui.core.money import price_words
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.quote import weight_of_request
from meshtui.core.text import Growing
from meshtui.core.turn import Delta, Opened
from meshtui.core.usage import Tokens, price_of
from meshtui.session.comparison import Comparison, Lane
from meshtui.session.gateway import Gateway, JudgePart, LanePart
from meshtui.session.session import Session
from meshtui.store.history import StoreError

DEFAULT_JUDGE = "openai/gpt-4o-mini"
MOST_MODELS = 10
USUAL_ANSWER, USUAL_VERDICT = 500, 400
"""Tokens that an answer and a verdict are taken to have when their price is said before."""

_ASKED = ("messages", "template", "variables")
_SHARED = ("messages", "temperature", "max_tokens", "template", "variables", "cache")
"""Members of a chat request that the comparison's has too."""


class Judge:
    """Runs the lanes of a comparison through the gateway's, with a judge; `verdict` grows while it speaks.

    `state` is waiting, streaming, done or failed; `problem` says why. `model` is the judge that spoke.
    """

    def __init__(self, comparison: Comparison, model: str = DEFAULT_JUDGE, instructions: str = "") -> None:
        self.comparison = comparison
        self.model = model
        self.instructions = instructions
        self.verdict = Growing()
        self.state = "waiting"
        self.fell_back = False
        self.problem: Problem | None = None
        self.on_change: Callable[[], None] = lambda: None
        self._parts = {lane.turn.model: _Part() for lane in comparison.lanes}

    @classmethod
    def kept(cls, comparison: Comparison) -> Judge | None:
        """Return the judge that spoke of the answers to this message last, with its verdict; None where none did."""
        row = comparison.session.recall(_place(comparison)) if comparison.lanes else None
        if not isinstance(row, Mapping):
            return None
        judge = cls(comparison, str(row.get("model")))
        judge.verdict.append(str(row.get("verdict")))
        judge.state = "done"
        return judge

    @property
    def session(self) -> Session:
        """Whose lanes these are."""
        return self.comparison.session

    def refusal(self) -> str:
        """Say why these lanes cannot be compared by the gateway, nothing where they can."""
        models = [lane.turn.model for lane in self.comparison.lanes]
        if not all(models) or len(set(models)) < len(models):
            return "The gateway's judge compares different models: give every lane a model of its own."
        asked = [tuple(lane.turn.request.get(name) for name in _ASKED) for lane in self.comparison.lanes]
        if any(one != asked[0] for one in asked):
            return "The gateway's judge compares answers to the same: these lanes differ in what they are asked."
        if not 2 <= len(models) <= MOST_MODELS:
            return f"The gateway's judge compares 2 to {MOST_MODELS} models."
        return ""

    def cost(self) -> str:
        """Say in words what asking takes beyond the answers: the judge reads all of them."""
        lanes = self.comparison.lanes
        prompt = round(weight_of_request(lanes[0].turn.request)) + len(lanes) * USUAL_ANSWER
        price = price_of(self.session.models.card(self.model), Tokens(prompt, USUAL_VERDICT))
        amount = "its price is unknown" if price is None else f"about ~{price_words(price)}"
        return (
            f"{len(lanes)} answers and the judge are billed, {len(lanes) + 1} in all; it is one request of the minute."
            f" {self.model} reads about {prompt:,} tokens for its verdict: {amount} beside the answers, where each has"
            f" {USUAL_ANSWER} tokens."
        )

    def body(self) -> dict[str, Any]:
        """Return the request of the comparison."""
        request = self.comparison.lanes[0].turn.request
        body = {name: request[name] for name in _SHARED if name in request}
        body["models"] = [lane.turn.model for lane in self.comparison.lanes]
        body["comparison_model"] = self.model
        if self.instructions:
            body["comparison_instructions"] = self.instructions
        return body

    def take(self, lane: Lane) -> None:
        """Let a lane that was begun read its answer from the comparison."""
        lane.once = True
        self.session.share(lane.turn, cast("Gateway", self._parts[lane.turn.model]))

    async def run(self) -> None:
        """Send the one request and hand on what comes of it; every failure ends the lanes that are still open."""
        problem: Problem | None = None
        try:
            target = self.session.target
            gateway = await self.session.gateway(target)
            self.session.note_sent(target)
            async with aclosing(gateway.compare(self.body())) as parts:
                async for part in parts:
                    self._hand_on(part)
        except Problem as caught:
            problem = caught
        except asyncio.CancelledError:
            self._close(Problem(ProblemKind.STREAM_CUT, "stream_interrupted", "The comparison was stopped."))
            raise
        except Exception as error:
            self._close(Problem.bug(error))
            raise
        self._close(problem)

    def _hand_on(self, part: LanePart | JudgePart) -> None:
        if isinstance(part, LanePart):
            if part.model in self._parts:
                self._parts[part.model].put(part)
            return
        self.model, self.fell_back = part.model or self.model, self.fell_back or part.fell_back
        if part.text:
            self.state = "streaming"
            self.verdict.append(part.text)
        self.on_change()

    def _close(self, problem: Problem | None) -> None:
        cut = Problem(ProblemKind.STREAM_CUT, "stream_interrupted", "The comparison ended without this model's answer.")
        for part in self._parts.values():
            part.put(LanePart("", (), True, problem or cut))
        self.problem = problem
        self.state = "failed" if problem is not None else "done"
        if problem is None and self.verdict and self.comparison.lanes:
            try:
                self.session.keep(_place(self.comparison), {"model": self.model, "verdict": str(self.verdict)})
            except StoreError as error:
                self.session.on_notice(str(error))
        self.on_change()


def _place(comparison: Comparison) -> str:
    return f"verdict {comparison.lanes[0].turn.parent_id}"


class _Part:
    """One lane's part of the common stream, as the gateway that the session's `run` reads from."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[LanePart] = asyncio.Queue()
        self._ended = False

    def put(self, part: LanePart) -> None:
        """Hand on what came; nothing after the end."""
        if not self._ended:
            self._ended = part.ended
            self._parts.put_nowait(part)

    async def stream(self, request: Mapping[str, Any], *, stream: bool = True) -> AsyncGenerator[Delta, None]:
        """Yield the deltas of this lane until it ends; raises the problem that it ended with."""
        opened = False
        while True:
            part = await self._parts.get()
            for delta in part.deltas:
                if not isinstance(delta, Opened) or not opened:
                    yield delta
                opened = opened or isinstance(delta, Opened)
            if part.problem is not None:
                raise part.problem
            if part.ended:
                return

    async def aclose(self) -> None:
        """Nothing of its own is open."""
