"""`meshtui` and `meshtui demo`: the workbench on a gateway, or on a sandbox inside the same process."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from meshtui.cli.output import OK
from meshtui.cli.surroundings import DEMO_MODEL, Surroundings, for_demo, look_around

if TYPE_CHECKING:
    from meshtui.sandbox import Sandbox
    from meshtui.session import Gateway, Session

FIRST_RUN = "There is no API key for this profile yet."


def workbench(arguments: argparse.Namespace) -> int:
    """Open the workbench on the configured gateway; without a key it asks for one, or opens the demo."""
    gc.disable()  # nothing made while it starts is garbage; the app collects again when it has settled
    here = look_around(arguments)
    code, outcome = _open(here, here.session, first_run="" if here.key else FIRST_RUN)
    return demo(arguments) if outcome == "demo" else code


def demo(arguments: argparse.Namespace) -> int:
    """Open the workbench on a sandbox of its own, which starts when the screen is there and ends with it."""
    gc.disable()
    here = for_demo(look_around(arguments), "http://127.0.0.1")
    boxes: list[Sandbox] = []

    def connect() -> Gateway:
        from meshtui.sandbox import Sandbox, Settings

        if not boxes:
            boxes.append(Sandbox(Settings(speed=60, ttft=0.25)).__enter__())
        return for_demo(here, boxes[0].url).target().connect()

    def start() -> Session:
        target = replace(here.target(), base_url="the sandbox", connect=connect, model=DEMO_MODEL, demo=True)
        return here.session(target)

    try:
        return _open(here, start, demo=True)[0]
    finally:
        for box in boxes:
            box.__exit__(None, None, None)


def _open(
    here: Surroundings, start: Callable[[], Session], *, first_run: str = "", demo: bool = False
) -> tuple[int, str | None]:
    """Run the workbench; return the exit code, and what the user asked for at the end."""
    from meshtui.ui.app import Look, MeshApp
    from meshtui.ui.widgets.top import Front

    ui, profile = here.settings.ui, here.settings.profile.name
    look = Look(ui.theme or "mesh-dark", ui.keys, here.paths.themes, here.paths.state)
    front = Front(profile, str(here.key.value) if here.key else "no key", here.model, demo=demo)
    app = MeshApp(start, look, _acceptance(here), front=front, first_run=first_run, notices=here.config.notices)
    try:
        outcome = app.run(mouse=ui.mouse)
    finally:
        if app.session is not None:
            app.session.close()
    if app.failure is not None:
        raise app.failure
    return app.return_code or OK, outcome


def _acceptance(here: Surroundings) -> Callable[[Session, str], Awaitable[str | None]]:
    """Return what checks a key live and keeps it; a sentence says why one cannot be used."""

    async def accept(session: Session, key: str) -> str | None:
        from meshtui.core.problem import Problem
        from meshtui.store.config import ConfigError
        from meshtui.store.credentials import Secret, save_key

        secret = Secret(key)
        try:
            await session.aim(replace(here.target(secret), demo=session.target.demo))
            session.store.withhold(key)
            save_key(here.paths, here.settings.profile.name, here.settings.base_url, key)
        except Problem as problem:
            return problem.sentence
        except ConfigError as error:
            return str(error)
        return None

    return accept
