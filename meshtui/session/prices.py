"""What turns cost by the catalogue, before they are sent and after; what their usage teaches about tokens."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

from meshtui.core.catalogue import ROUTER, ModelCard
from meshtui.core.chat import Draft
from meshtui.core.problem import Problem
from meshtui.core.quote import (
    Learned,
    Quote,
    allowance,
    price_of_all,
    quote,
    weight,
    weight_of,
    weight_of_request,
    weight_of_tools,
)
from meshtui.core.turn import Turn
from meshtui.core.usage import Tokens, card_for, price_of, tokens_of
from meshtui.session.aimed import Aimed
from meshtui.session.gateway import Target
from meshtui.store.catalogues import Catalogues
from meshtui.store.history import Store

FACTORS = "tokens learned"

FETCH_SECONDS = 10.0
"""How long the price list may take beside answers."""

PATIENCE_SECONDS = 1.0
"""How long the end of an answer waits for the price list."""

MOST_UNPRICED = 64
"""Ended turns that wait for the price list at most."""


class Prices(Aimed):
    """The part of the session that prices. `live` are the turns that have not ended, by id."""

    def __init__(
        self,
        store: Store,
        target: Target,
        catalogues: Catalogues | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(store, target, catalogues, now)
        self.live: dict[str, Turn] = {}
        self._weights: dict[str, float] = {}
        self._learned: dict[str, Learned] | None = None
        self._priced: tuple[object, Mapping[str, ModelCard]] = (None, {})
        self._unpriced: deque[tuple[Turn, Target | None]] = deque(maxlen=MOST_UNPRICED)

    def _cards(self, target: Target | None = None) -> Mapping[str, ModelCard]:
        """Return the listed models of a target's gateway by id."""
        models = self._models.get(target.base_url) if target is not None else self.models
        cards = models.cards if models is not None else ()
        if self._priced[0] is not cards:
            self._priced = (cards, {card.id: card for card in cards})
        return self._priced[1]

    def learned(self, model: str) -> Learned:
        """Return what the turns of a model taught about its tokens."""
        if self._learned is None:
            kept = self.store.state(FACTORS, {})
            rows = kept.items() if isinstance(kept, Mapping) else ()
            self._learned = {id: Learned(float(row[0]), int(row[1])) for id, row in rows}
        return self._learned.get(model, Learned())

    def quote(self, text: str = "") -> Quote:
        """Return what sending `text` with the draft would take; an estimate made here, nothing is asked."""
        return self.quote_of(self.draft, weight(text) + 4 if text else 0.0)

    def quote_of(self, draft: Draft, more: float = 0.0) -> Quote:
        """Return what a draft would take after the current branch, with so many further tokens by weight."""
        guessed = self._weight_of_branch() + more + weight_of_tools(draft.tools)
        guessed += sum(weight_of(message.to_wire()) for message in draft.messages)
        guessed += weight(draft.system) if draft.system else 0.0
        card = self._cards().get(draft.model) if draft.model != ROUTER else None  # none but its own: no other's price
        lengths = [row.completion for row in self.store.last_usage(20, model=draft.model) if row.completion]
        answers = (min(lengths), max(lengths)) if lengths else None
        return quote(guessed, card, self.learned(draft.model), answers, allowance(draft.params))

    def price_together(self, drafts: Iterable[Draft]) -> str:
        """Return in words what these drafts would cost together after the current branch: a range, marked `~`."""
        return price_of_all([self.quote_of(draft) for draft in drafts])

    def _weight_of_branch(self) -> float:
        """Return the tokens of what goes along, by weight; each message is weighed once, but for one that streams."""
        total = 3.0
        for node in self.nodes:
            known = self._weights.get(node.id)
            if known is None:
                message = node.message
                known = 0.0 if message.is_empty else weight_of(message.to_wire())
                if node.turn_id not in self.live:
                    self._weights[node.id] = known
            total += known
        return total

    # After a turn

    @asynccontextmanager
    async def knowing_prices(self, patience: float = PATIENCE_SECONDS, *, ask: bool = True) -> AsyncIterator[None]:
        """Take the price list from the disk, else, with `ask`, from the gateway, beside what is done meanwhile.

        The end waits for so many seconds until it is there; without it prices are unknown.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                fetch = tasks.create_task(self._fetch_prices(ask))
                try:
                    yield
                    await asyncio.wait([fetch], timeout=patience)
                finally:
                    fetch.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # who works beside the list shall not see that it is fetched

    async def _fetch_prices(self, ask: bool) -> None:
        await self.models.load()
        if ask and not self.cards:
            with suppress(Problem, TimeoutError):
                async with asyncio.timeout(FETCH_SECONDS):
                    await self.catalogue()

    async def catalogue(self) -> Sequence[ModelCard]:
        """Fetch the gateway's models and price what ended before; raises Problem where they cannot be had."""
        cards = await super().catalogue()
        waiting, self._unpriced = self._unpriced, deque(maxlen=MOST_UNPRICED)
        for turn, target in waiting:
            self.put_price(turn, target)
            if turn.estimate is not None:
                self.quietly(lambda turn=turn: self.store.finish(turn))  # type: ignore[misc]
        return cards

    def put_price(self, turn: Turn, target: Target | None) -> None:
        """Estimate what an ended turn cost; where no price list is here, once one comes."""
        turn.estimate = self.estimate(turn, target)
        if turn.estimate is None and not self._cards(target):
            self._unpriced.append((turn, target))

    def learn_from(self, turn: Turn) -> None:
        """Learn from the usage of an ended turn how many tokens its model makes of a text."""
        prompt = tokens_of(turn.usage, turn.meta).prompt
        if prompt and "template" not in turn.request and turn.headers.get("x-cache") != "HIT":
            self._learn(turn.model, weight_of_request(turn.request), prompt)

    def estimate(self, turn: Turn, target: Target | None) -> Decimal | None:
        """Return what an ended turn cost by the catalogue; None where no price is known.

        Without usage from the gateway the tokens are guessed from what was sent and what came.
        """
        if turn.headers.get("x-cache") == "HIT":
            return Decimal(0)
        tokens = tokens_of(turn.usage, turn.meta)
        resolved = turn.headers.get("x-resolved-model-id") or turn.meta.get("x_resolved_model_id")
        card = card_for(
            self._cards(target), turn.model, turn.served_model or "", resolved if isinstance(resolved, str) else ""
        )
        if tokens.prompt is None or tokens.completion is None:
            guessed = weight_of_request(turn.request)
            said = str(turn.content) + str(turn.reasoning) + "".join(call.arguments for call in turn.assembler.calls())
            tokens = Tokens(
                tokens.prompt if tokens.prompt is not None else round(guessed * self.learned(turn.model).factor),
                tokens.completion if tokens.completion is not None else round(weight(said)),
                tokens.cached,
            )
        return price_of(card, tokens)

    def _learn(self, model: str, guessed: float, counted: int) -> None:
        learned = self.learned(model).after(guessed, counted)
        assert self._learned is not None  # noqa: S101 - `learned` has read it
        self._learned.pop(model, None)
        self._learned[model] = learned
        kept = {id: [round(row.factor, 4), row.turns] for id, row in list(self._learned.items())[-200:]}
        self.quietly(lambda: self.store.save_state(FACTORS, kept))

    def free_model(self, turn: Turn | None) -> str:
        """Return a model that costs nothing: a favourite, one used lately, else the first that is listed.

        It takes what the turn's request needs, tools for one, as far as is known; empty where there is none.
        """
        needs = {"tools"} if turn is not None and turn.request.get("tools") else set()
        free = [card for card in self.cards if card.free and card.chats and needs.issubset(card.capabilities)]
        known = {card.id for card in free}
        first = next((id for id in self.models.first if id in known), None)
        return first or next((card.id for card in free), "")
