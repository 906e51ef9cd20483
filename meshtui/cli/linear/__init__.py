"""`meshtui --linear`: the workbench as a conversation of lines, for screen readers and terminals that cannot draw.

No redraws, no borders, no cursor addressing: each event is one line, questions are answered by a line.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from meshtui.cli.linear.console import Console
from meshtui.cli.linear.loop import Linear
from meshtui.session import Profiles, Session

__all__ = ["converse"]


def converse(session: Session, profiles: Profiles | None, first: Sequence[str]) -> int:
    """Talk with the user until they leave; return the exit code. `first` are sentences to begin with."""
    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(number, signal.signal(number, _leave)) for number in ends]
    console = Console()
    with asyncio.Runner() as runner:
        try:
            session.take_last_choice()
            session.open()
            linear = Linear(session, console, runner, profiles)
            linear.welcome(first)
            return linear.loop()
        finally:
            session.close()
            runner.run(session.aclose())
            for number, handler in before:
                signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    """End in order: what streams is stopped and kept."""
    sys.exit(128 + number)
