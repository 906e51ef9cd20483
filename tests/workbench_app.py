"""The workbench as an app under a pilot, on a sandbox over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from meshtui.sandbox import Sandbox
from meshtui.session import Session
from meshtui.ui.app import Look, MeshApp
from meshtui.ui.widgets.top import Front
from tests.hands import Hands, hands_of, shut, unhurried
from tests.workbench import KEY, new_session


async def accept(session: Session, key: str) -> str | None:
    """Take any key."""
    return None


@asynccontextmanager
async def workbench(
    home: Path, box: Sandbox, size: tuple[int, int] = (80, 24), model: str = "sandbox/haiku", **more: Any
) -> AsyncIterator[tuple[MeshApp, Hands]]:
    """The workbench on a sandbox, ready to be typed in, for the length of a block."""

    def start() -> Session:
        session = new_session(home, box.url, model, **more)
        session.keep("toured", True)
        return session

    app = unhurried(MeshApp(start, Look(state_folder=home), accept, front=Front("default", KEY[-4:], model)))
    async with app.run_test(size=size):
        pilot = await hands_of(app)
        assert app.session is not None
        try:
            yield app, pilot
        finally:
            await shut(app)


def screen_text(app: MeshApp) -> str:
    """Return what the screen shows, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
