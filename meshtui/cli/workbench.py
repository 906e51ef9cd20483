"""`meshtui` and `meshtui demo`: the workbench on a gateway, or on a sandbox in the same process; drawn, or in lines."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from meshtui.cli.output import OK, refuse
from meshtui.cli.profiles import UserProfiles
from meshtui.cli.surroundings import DEMO_MODEL, Surroundings, flags_of, for_demo, look_around

if TYPE_CHECKING:
    from meshtui.sandbox import Sandbox
    from meshtui.session import Gateway, Session
    from meshtui.ui.app import MeshApp

FIRST_RUN = "There is no API key for this profile yet."
DEMO = "This is the demo, on a simulated gateway inside this program: no answer comes from a real model."

DUMB = ("dumb", "unknown", "")
"""What TERM says of a terminal that cannot place text."""


def workbench(arguments: argparse.Namespace) -> int:
    """Open the workbench on the configured gateway; without a key it asks for one, or opens the demo."""
    here = look_around(arguments, may_ask=True)
    profiles = UserProfiles(here, flags_of(arguments), os.environ)
    if (reasons := linear_because(arguments, here)) is not None:
        lacking = [f"{FIRST_RUN} /key takes one; `meshtui demo --linear` needs none."] if here.lacks_key else []
        return _converse(here.session(), profiles, [*reasons, *here.config.notices, *lacking])
    require_terminal()
    gc.disable()  # nothing made while it starts is garbage; the app collects again when it has settled
    code, outcome = _run(application(here, here.session, profiles), here)
    return demo(arguments) if outcome == "demo" else code


def demo(arguments: argparse.Namespace) -> int:
    """Open the workbench on a sandbox of its own, which starts when the screen is there and ends with it."""
    around, nowhere = look_around(arguments, may_ask=True), "http://127.0.0.1"
    here = for_demo(around, nowhere, examples=False)
    boxes: list[Sandbox] = []

    def connect() -> Gateway:
        from meshtui.sandbox import Sandbox, Settings

        if not boxes:
            boxes.append(Sandbox(Settings(speed=100, ttft=0.25)).__enter__())
        return for_demo(around, boxes[0].url, examples=False).target().connect()

    def start() -> Session:
        target = replace(here.target(), base_url="the sandbox", connect=connect, model=DEMO_MODEL, demo=True)
        return for_demo(around, nowhere).session(target)  # examples are copied after the first paint

    try:
        if (reasons := linear_because(arguments, here)) is not None:
            return _converse(start(), None, [*reasons, DEMO])
        require_terminal()
        gc.disable()
        return _run(application(here, start), here)[0]
    finally:
        for box in boxes:
            box.__exit__(None, None, None)


def linear_because(arguments: argparse.Namespace, here: Surroundings) -> Sequence[str] | None:
    """Return what is to be said about linear mode where it is asked for or nothing else can be; None for the screen."""
    if getattr(arguments, "linear", False):
        return ()
    if os.environ.get("TEXTUAL_DRIVER"):
        return None  # a browser draws
    if here.settings.ui.linear:
        return ("The config file asks for linear mode: linear under [ui].",)
    if os.name == "posix" and os.environ.get("TERM", "") in DUMB and sys.stdin is not None and sys.stdin.isatty():
        term = os.environ.get("TERM")
        return (f"This terminal cannot place text (TERM is {term or 'not set'}), so this is linear mode.",)
    return None


def _converse(session: Session, profiles: UserProfiles | None, first: Sequence[str]) -> int:
    from meshtui.cli.linear import converse

    return converse(session, profiles, first)


def require_terminal() -> None:
    """Refuse where keys cannot come in or the screen cannot go out; served to a browser, another driver does both."""
    streams = (sys.stdin, sys.__stderr__)
    if not os.environ.get("TEXTUAL_DRIVER") and not all(stream is not None and stream.isatty() for stream in streams):
        refuse("the workbench needs a terminal; `meshtui run` works without one, and so does `meshtui --linear`")


def application(here: Surroundings, start: Callable[[], Session], profiles: UserProfiles | None = None) -> MeshApp:
    """Make the workbench's application; without profiles it is the demo's."""
    from meshtui.ui.app import Look, MeshApp
    from meshtui.ui.widgets.top import Front

    ui, profile = here.settings.ui, here.settings.profile.name
    key = str(here.key.value) if here.key else "no key"
    return MeshApp(
        start,
        Look(ui.theme, ui.keys, here.paths.themes, here.paths.state, partial(_keep_theme, here)),
        profiles.accept_key if profiles is not None else _accept_nothing,
        front=Front(profile, key, here.model, demo=profiles is None),
        profiles=profiles,
        first_run=FIRST_RUN if here.lacks_key else "",
        notices=here.config.notices,
    )


def _keep_theme(here: Surroundings, name: str) -> None:
    """Write the chosen theme into the config file; raises ConfigError."""
    from meshtui.store.config import change

    change(here.paths, {("ui", "theme"): name})


def _run(app: MeshApp, here: Surroundings) -> tuple[int, str | None]:
    """Run the workbench; return the exit code, and what the user asked for at the end."""
    try:
        outcome = app.run(mouse=here.settings.ui.mouse)
    finally:
        if app.session is not None:
            app.session.close()
    if app.failure is not None:
        raise app.failure
    return app.return_code or OK, outcome


async def _accept_nothing(session: Session, key: str) -> str | None:
    return "The demo needs no key."
