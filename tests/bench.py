"""The workbench in a running application, on a sandbox over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.widget import Widget

from meshtui.core.turn import Turn
from meshtui.session import Session
from meshtui.ui.app import Look, MeshApp
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.prompt import Prompt
from meshtui.ui.widgets.top import Front
from meshtui.ui.widgets.transcript import Transcript
from tests.hands import Hands, hands_of, key_event, notices_of, rest, shut, unhurried
from tests.workbench import PATIENCE, new_session, until


class Bench:
    """A running workbench: press keys, wait for what is shown."""

    def __init__(self, app: MeshApp, pilot: Hands) -> None:
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

    def shown(self, within: Widget | None = None) -> str:
        """Return what the screen shows, or what it shows of one widget: a line per row."""
        screen = self.app.screen
        region = within.region.intersection(screen.region) if within is not None else screen.region
        strips = screen._compositor.render_strips()[region.y : region.bottom]
        return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in strips)

    def flat(self, within: Widget | None = None) -> str:
        """Return what is shown without white space and borders: wraps do not matter then.

        A text that wraps beside another is in one piece only within its own widget.
        """
        shown = self.shown(within)
        return "".join(character for character in shown if not character.isspace() and character not in "│▌┊▎")

    def notices(self) -> list[str]:
        """Return the sentences that concern no single turn, the first one first."""
        return [*notices_of(self.app)]

    async def wait(self, *texts: str, within: Widget | None = None, seconds: float = PATIENCE) -> None:
        """Wait until the screen, or one widget on it, shows every one of the texts, however they are wrapped there."""
        wanted = ["".join(text.split()) for text in texts]

        def holds() -> bool:
            shown = self.flat(within)
            return all(text in shown for text in wanted)

        await self.holds(holds, " and ".join(texts), seconds)

    async def holds(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Wait until a condition holds, and what came with it is shown."""
        try:
            await until(lambda: self.app._exception or condition(), what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.shown()}") from None
        if self.app._exception is not None:
            raise self.app._exception
        await rest(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys by their names."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text into whatever has the focus."""
        for character in text:
            self.app.post_message(key_event(character))
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
        told = self.app.ticker
        await self.holds(lambda: turn.id not in {*self.session.live, *told._changed}, "its end on the screen")

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
    front = Front("default", "rsk_…9F2A", model)
    return unhurried(MeshApp(lambda: new_session(home, url, model, **session), look, accept, front=front))


async def is_open(app: MeshApp) -> Bench:
    """Wait until the workbench is open and takes keys."""
    bench = Bench(app, await hands_of(app))
    await bench.holds(lambda: app.focused is not None, "the focus")
    return bench


@asynccontextmanager
async def workbench(
    home: Path, url: str, model: str = "sandbox/haiku", *, size: tuple[int, int] = (80, 24), **more: Any
) -> AsyncIterator[Bench]:
    """Run the workbench on a gateway; it is open when the block begins. See `make_app`."""
    app = make_app(home, url, model, **more)
    async with app.run_test(size=size, notifications=True):
        bench = await is_open(app)
        try:
            yield bench
        finally:
            await shut(app)


async def two_lanes(bench: Bench) -> Compare:
    """Compare two models; return the screen once both have ended and that is shown."""
    await bench.type("compare me")
    bench.screen.compare_with(["sandbox/haiku", "sandbox/echo"])
    await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the lanes")
    compare = bench.app.screen
    assert isinstance(compare, Compare)
    await bench.holds(lambda: not compare.comparison.running and compare._clock is None, "the end of both, shown")
    return compare
