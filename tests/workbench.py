"""The session and the workbench on a sandbox over a real socket, put together as the command line does it."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.core.turn import Turn
from meshtui.sandbox import Sandbox
from meshtui.session import Session, Templates, Tools
from meshtui.store.history import Store

KEY = "rsk_01JDEMO0000000000000009F2A"
OTHER_KEY = "rsk_01JDEMO0000000000000007B3C"
PATIENCE = 30.0
"""The seconds after which a wait is in vain: a limit for slow machines, not what anything should take."""


class Clock:
    """A sandbox's clock that stands still, so many seconds before the end of a minute, until a test sets it forward.

    With the clock of the machine a minute may end, or a day, between any two requests. It is ahead of that: a bill
    from before its request would not be looked for.
    """

    def __init__(self, left: float = 60.0) -> None:
        self.now = time.time() // 60.0 * 60.0 + 120.0 - left

    def __call__(self) -> float:
        return self.now


def surroundings(home: Path, url: str, key: str = KEY) -> Surroundings:
    """Return what the command line finds with this home folder, gateway and key."""
    return look_around(argparse.Namespace(home=str(home), base_url=url), {"MESHAPI_API_KEY": key} if key else {})


def new_session(home: Path, url: str, model: str = "sandbox/haiku", key: str = KEY, **more: Any) -> Session:
    """Open the history under `home` and return a session whose turns go to `url`."""
    here = surroundings(home, url, key)
    store = Store.open(here.paths.history_file, more.get("now", time.time))
    if here.key is not None:
        store.withhold(here.key.value.reveal())
    store.sweep()
    session = Session(store, replace(here.target(), model=model), **more)
    session.templates = Templates(session, here.template_files())
    session.tools = Tools(session, here.tool_files())
    return session


@asynccontextmanager
async def opened(home: Path, box: Sandbox, model: str = "sandbox/haiku", **more: Any) -> AsyncIterator[Session]:
    """A session for the length of a block."""
    session = new_session(home, box.url, model, **more)
    try:
        yield session
    finally:
        session.close()
        await session.aclose()


async def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Let the event loop run until a condition holds; fails with `what` when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        await asyncio.sleep(0.005)


def stored(home: Path, turn: Turn) -> Turn:
    """Read a turn from the disk, past the session that runs it."""
    with Store.open(home / "data" / "history.db", time.time) as store:
        found = store.turn(turn.id)
    assert found is not None
    return found


async def streaming(turn: Turn, characters: int = 1) -> None:
    """Let the event loop run until so much text of a turn arrived."""
    await until(lambda: len(turn.content) >= characters, f"text of {turn.model}, which is {turn.state}")
