"""The whole application without a terminal, put together as the command line does it, on a sandbox of its own."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.geometry import Region
from textual.widget import Widget

from meshtui.cli.profiles import UserProfiles
from meshtui.cli.surroundings import flags_of, look_around
from meshtui.cli.workbench import application
from meshtui.ui.app import MeshApp
from meshtui.ui.screens.workbench import Workbench
from tests.hands import Hands, hands_of, shut, unhurried
from tests.workbench import KEY, until

NARROW, WIDE = (80, 24), (160, 50)


def app_on(home: Path, url: str | None = None, key: str = KEY, **flags: str) -> MeshApp:
    """Return the application as it starts with this home folder, gateway and key."""
    arguments = argparse.Namespace(home=str(home), **({"base_url": url} if url else {}), **flags)
    environ = {"MESHAPI_API_KEY": key} if key else {}
    here = look_around(arguments, environ, may_ask=True)
    return application(here, here.session, UserProfiles(here, flags_of(arguments), environ))


@asynccontextmanager
async def running(app: MeshApp, size: tuple[int, int] = NARROW) -> AsyncIterator[Hands]:
    """Run the application until the block ends; the workbench, or what asks before it, is there when it begins."""
    async with unhurried(app).run_test(size=size, notifications=True):
        try:
            yield await hands_of(app)
        finally:
            await shut(app)


def bench(app: MeshApp) -> Workbench:
    """Return the workbench under whatever stands over it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, Workbench))


def lines_of(widget: Widget) -> list[str]:
    """Return what a widget draws, as text."""
    region = Region(0, 0, widget.size.width, widget.size.height)
    return [strip.text.rstrip() for strip in widget.render_lines(region)]


def shown(app: MeshApp) -> str:
    """Return everything that stands on the screen in front, as text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips(app.size))


async def shows(pilot: Hands, holds: Callable[[], object], what: str) -> None:
    """Wait until something holds on the screen."""
    await until(holds, what)
    await pilot.pause()
