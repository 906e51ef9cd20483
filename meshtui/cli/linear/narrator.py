"""What becomes of a turn, told while it happens: one line for each event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from meshtui.cli.linear.console import Console
from meshtui.cli.linear.sentences import Sentences
from meshtui.cli.linear.words import end_words
from meshtui.core.text import one_line
from meshtui.core.turn import Delta, ReasoningDelta, TextDelta, Turn, TurnState

SILENCES = (10.0, 30.0, 60.0)
"""After so many seconds without an answer it is told that it is still waited for; then each time the last of them."""


class Narrator:
    """Tells one turn; `changed` is the session's `on_change`."""

    def __init__(self, console: Console, turn: Turn) -> None:
        self._console, self._turn = console, turn
        self._sentences = Sentences()
        self._answering = self._thinking = self._waiting = False

    def changed(self, turn: Turn, delta: Delta | None) -> None:
        """Tell what one change of the turn brought."""
        if turn is not self._turn:
            return
        if turn.state is TurnState.WAITING and not self._waiting:
            self._waiting = True
            self._console.tell(f"Sent to {one_line(turn.model or 'the default model', 80)}; ctrl+c stops.")
        if isinstance(delta, ReasoningDelta) and delta.text and not self._thinking:
            self._thinking = True
            self._console.tell("It is thinking.")
        if isinstance(delta, TextDelta) and delta.text:
            self._begin()
            self._tell(self._sentences.feed(delta.text))

    def _begin(self) -> None:
        if not self._answering:
            self._answering = True
            self._console.tell(f"Answer of {one_line(self._turn.served_model or self._turn.model, 80) or 'the model'}:")

    def _tell(self, lines: list[str]) -> None:
        for line in lines:
            self._console.tell(line)

    def end(self) -> None:
        """Tell the rest of the text and what the turn took."""
        self._tell(self._sentences.rest())
        turn = self._turn
        if turn.reasoning:
            words = len(str(turn.reasoning).split())
            self._console.tell(f"It thought {words:,} word{'' if words == 1 else 's'}; /thought reads them.")
        if turn.problem is None:
            self._console.tell(end_words(turn))

    async def keep_company(self) -> None:
        """Tell from time to time that an answer is still waited for; runs until it is cancelled."""
        async for passed in silences():
            if not self._answering:
                self._console.tell(f"Still waiting, {passed:.0f} s.")


async def silences() -> AsyncIterator[float]:
    """Yield, when it is time to tell that something is still waited for, how many seconds have passed."""
    passed = 0.0
    while True:
        pause = next((mark - passed for mark in SILENCES if mark > passed), SILENCES[-1])
        await asyncio.sleep(pause)
        passed += pause
        yield passed
