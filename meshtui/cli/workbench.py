"""`meshtui` and `meshtui demo`: the workbench on a gateway, or on a sandbox inside the same process."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from meshtui.cli.output import OK
from meshtui.cli.surroundings import DEMO_MODEL, Surroundings, for_demo, look_around
from meshtui.core.problem import Problem
from meshtui.session import Gateway, Session

if TYPE_CHECKING:
    from meshtui.sandbox import Sandbox

FIRST_RUN = "There is no API key for this profile yet."


def workbench(arguments: argparse.Namespace) -> int:
    """Open the workbench on the configured gateway; without a key it asks for one, or opens the demo."""
    surroundings = look_around(arguments)
    session = surroundings.session()
    code, outcome = _open(surroundings, session, first_run="" if surroundings.key else FIRST_RUN)
    return demo(arguments) if outcome == "demo" else code


def demo(arguments: argparse.Namespace) -> int:
    """Open the workbench on a sandbox of its own, which starts when the screen is there and ends with it."""
    surroundings = for_demo(look_around(arguments), "http://127.0.0.1")
    boxes: list[Sandbox] = []

    def connect() -> Gateway:
        from meshtui.sandbox import Sandbox, Settings

        if not boxes:
            boxes.append(Sandbox(Settings(speed=60, ttft=0.25)).__enter__())
        return for_demo(surroundings, boxes[0].url).target().connect()

    target = replace(surroundings.target(), base_url="the sandbox", connect=connect, model=DEMO_MODEL, demo=True)
    try:
        return _open(surroundings, surroundings.session(target))[0]
    finally:
        for box in boxes:
            box.__exit__(None, None, None)


def _open(surroundings: Surroundings, session: Session, first_run: str = "") -> tuple[int, str | None]:
    from meshtui.ui.app import Look, MeshApp

    look = Look(
        theme=surroundings.settings.ui.theme or "mesh-dark",
        keys=surroundings.settings.ui.keys,
        themes_folder=surroundings.paths.themes,
        state_folder=surroundings.paths.state,
    )
    app = MeshApp(
        session, look, _acceptance(surroundings, session), first_run=first_run, notices=surroundings.config.notices
    )
    try:
        outcome = app.run(mouse=surroundings.settings.ui.mouse)
    finally:
        session.close()
    return app.return_code or OK, outcome


def _acceptance(surroundings: Surroundings, session: Session) -> Callable[[str], Awaitable[str | None]]:
    """Return what checks a key live and keeps it; a sentence says why one cannot be used."""

    async def accept(key: str) -> str | None:
        from meshtui.store.config import ConfigError
        from meshtui.store.credentials import Secret, save_key

        secret = Secret(key)
        try:
            await session.aim(replace(surroundings.target(secret), demo=session.target.demo))
            session.store.withhold(key)
            save_key(surroundings.paths, surroundings.settings.profile.name, surroundings.settings.base_url, key)
        except Problem as problem:
            return problem.sentence
        except ConfigError as error:
            return str(error)
        return None

    return accept
