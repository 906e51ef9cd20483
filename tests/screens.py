"""The whole application without a terminal, put together as the command line does it, on a sandbox of its own."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from meshtui.cli.profiles import UserProfiles
from meshtui.cli.surroundings import flags_of, look_around
from meshtui.cli.workbench import application
from meshtui.ui.app import MeshApp
from meshtui.ui.screens.workbench import Workbench
from tests.workbench import KEY, until

NARROW, WIDE = (80, 24), (160, 50)


def app_on(home: Path, url: str | None = None, key: str = KEY, **flags: str) -> MeshApp:
    """Return the application as it starts with this home folder, gateway and key."""
    arguments = argparse.Namespace(home=str(home), **({"base_url": url} if url else {}), **flags)
    environ = {"MESHAPI_API_KEY": key} if key else {}
    here = look_around(arguments, environ, may_ask=True)
    return application(here, here.session, UserProfiles(here, flags_of(arguments), environ))


@asynccontextmanager
async def running(app: MeshApp, size: tuple[int, int] = NARROW) -> AsyncIterator[Pilot[Any]]:
    """Run the application until the block ends; the workbench, or what asks before it, is there when it begins."""
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(lambda: app.session is not None and len(app.screen_stack) > 1, "the workbench")
            await until(lambda: app.screen.is_mounted, "the screen")
            await pilot.pause()
            yield pilot
    finally:
        if app.session is not None:
            app.session.close()
            await app.session.aclose()


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


async def shows(pilot: Pilot[Any], holds: Callable[[], object], what: str) -> None:
    """Wait until something holds on the screen."""
    await until(holds, what)
    await pilot.pause()
