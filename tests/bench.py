"""The workbench in a running application, on a sandbox over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from meshtui.core.turn import Turn
from meshtui.session import Session
from meshtui.ui.app import Look, MeshApp
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.prompt import Prompt
from meshtui.ui.widgets.top import Front
from meshtui.ui.widgets.transcript import Transcript
from tests.workbench import new_session, until


class Bench:
    """A running workbench: press keys, wait for what is shown."""

    def __init__(self, app: MeshApp, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def session(self) -> Session:
        """The session behind it."""
        assert self.app.session is not None
        return self.app.session

    @property
    def screen(self) -> Workbench:
        """The workbench screen, also while something stands over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, Workbench))

    @property
    def prompt(self) -> Prompt:
        """Where the user types."""
        return self.screen.query_one(Prompt)

    @property
    def transcript(self) -> Transcript:
        """The conversation."""
        return self.screen.query_one(Transcript)

    @property
    def turn(self) -> Turn:
        """The turn of the last answer."""
        found = self.screen.last_turn
        assert found is not None
        return found

    def shown(self) -> str:
        """Return what the screen shows, a line per row."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    def flat(self) -> str:
        """Return what the screen shows without white space and borders: wraps do not matter then."""
        return "".join(character for character in self.shown() if not character.isspace() and character not in "│▌┊▎")

    def notices(self) -> list[str]:
        """Return the sentences that concern no single turn."""
        return [notice.message for notice in self.app._notifications]

    async def wait(self, *texts: str, seconds: float = 10.0) -> None:
        """Wait until the screen shows every one of the texts, however they are wrapped."""
        wanted = ["".join(text.split()) for text in texts]
        try:
            await until(lambda: all(text in self.flat() for text in wanted), " and ".join(texts), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.shown()}") from None

    async def holds(self, condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
        """Wait until a condition holds."""
        try:
            await until(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.shown()}") from None

    async def press(self, *keys: str) -> None:
        """Press keys by their names."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text into whatever has the focus."""
        for character in text:
            self.app.post_message(events.Key(_character_to_key(character), character))
        await self.pilot.pause()

    async def ask(self, text: str) -> Turn:
        """Type a message and send it; return its turn."""
        before = self.screen.last_turn
        self.prompt.focus()
        await self.type(text)
        await self.press("enter")
        await self.holds(lambda: self.screen.last_turn is not before, "a new turn")
        return self.turn

    async def over(self, turn: Turn | None = None) -> None:
        """Wait until a turn has ended and the screen shows it."""
        turn = turn or self.turn
        await self.holds(lambda: turn.ended, f"the end of a turn that is {turn.state}")
        await self.pilot.pause(0.1)

    async def answered(self, text: str) -> Turn:
        """Ask, and wait for the end of the answer."""
        turn = await self.ask(text)
        await self.over(turn)
        return turn


async def nothing(session: Session, key: str) -> str | None:
    """Take no key."""
    return "no key is taken here"


def make_app(
    home: Path,
    url: str,
    model: str = "sandbox/haiku",
    *,
    accept: Callable[[Session, str], Awaitable[str | None]] = nothing,
    theme: str = "mesh-dark",
    keys: dict[str, str] | None = None,
    **session: Any,
) -> MeshApp:
    """Return the application on a gateway, not yet running; the rest goes to the session."""
    look = Look(theme, keys or {}, state_folder=home / "state")
    return MeshApp(
        lambda: new_session(home, url, model, **session), look, accept, front=Front("default", "rsk_…9F2A", model)
    )


async def is_open(app: MeshApp, pilot: Pilot[str]) -> Bench:
    """Wait until the workbench is open and takes keys."""
    await until(lambda: len(app.screen_stack) > 1 and app.screen_stack[1].is_mounted, "the workbench")
    await until(lambda: app.screen.focused is not None, "the focus")
    await pilot.pause()
    return Bench(app, pilot)


async def shut(app: MeshApp) -> None:
    """Stop what runs and give back what is open."""
    app.workers.cancel_group(app, "catalog")
    session = app.session
    if session is None:
        return
    for turn in list(session.live.values()):
        session.stop(turn)
    await until(lambda: not any(worker.group.startswith("turn:") for worker in app.workers), "the turns' end")
    session.close()
    await session.aclose()


@asynccontextmanager
async def workbench(
    home: Path, url: str, model: str = "sandbox/haiku", *, size: tuple[int, int] = (80, 24), **more: Any
) -> AsyncIterator[Bench]:
    """Run the workbench on a gateway; it is open when the block begins. See `make_app`."""
    app = make_app(home, url, model, **more)
    async with app.run_test(size=size, notifications=True) as pilot:
        bench = await is_open(app, pilot)
        try:
            yield bench
        finally:
            await shut(app)
