"""Takes the pictures of the documentation from the demo, never by hand: `make shots`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from meshtui.cli.surroundings import DEMO_KEY
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session, Target
from meshtui.store.db import Store
from meshtui.ui.app import Look, MeshApp
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.top import Front

FOLDER = Path(__file__).resolve().parent
Step = Callable[[Pilot[str]], Awaitable[None]]


@dataclass(frozen=True)
class Shot:
    """One picture: a name, a size, a theme, a model, and what is done before it is taken."""

    name: str
    step: Step
    size: tuple[int, int] = (120, 36)
    theme: str = "mesh-dark"
    model: str = "sandbox/markdown"


async def say(pilot: Pilot[str], text: str) -> None:
    """Type a message, send it, and wait for the end of its turn."""
    app = pilot.app
    assert isinstance(app, MeshApp)
    session = app.session
    assert session is not None
    await pilot.press(*("space" if character == " " else character for character in text), "enter")
    await until(pilot, lambda: bool(session.nodes) and session.nodes[-1].turn is not None and not session.live)


async def until(pilot: Pilot[str], holds: Callable[[], bool]) -> None:
    """Wait for a condition, then for the screen to show it."""
    end = time.monotonic() + 20
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the screen did not come about")
        await pilot.pause(0.02)
    await pilot.pause(0.3)


async def answer(pilot: Pilot[str]) -> None:
    """A question and its answer, seen from the top."""
    await say(pilot, "How do I keep a cache honest?")
    await pilot.press("f7", "home")


async def card(pilot: Pilot[str]) -> None:
    """A question that the gateway refuses."""
    await say(pilot, "Where is my refund?")


async def models(pilot: Pilot[str]) -> None:
    """The models, filtered."""
    await pilot.press("f2")
    await until(pilot, lambda: len(pilot.app.screen_stack) > 2)
    await pilot.press(*"claude")


async def tools(pilot: Pilot[str]) -> None:
    """An answer with reasoning."""
    await say(pilot, "Which is larger, 9.11 or 9.9?")


SHOTS = (
    Shot("answer", answer),
    Shot("answer-light", answer, theme="mesh-light"),
    Shot("answer-80x24", answer, size=(80, 24)),
    Shot("rate-limit", card, size=(100, 24), model="sandbox/fault-429-long"),
    Shot("spend-cap", card, size=(100, 24), model="sandbox/fault-402"),
    Shot("cut-stream", card, size=(100, 30), model="sandbox/fault-cut"),
    Shot("models", models),
    Shot("reasoning", tools, size=(100, 24), model="sandbox/reasoning"),
)


async def take(shot: Shot, url: str, home: Path) -> None:
    """Run the workbench without a terminal and save what it shows."""

    def connect():  # type: ignore[no-untyped-def]
        from meshtui.client import Gateway as Client
        from meshtui.session.wire import Wire

        return Wire(Client(base_url=url, token=DEMO_KEY))

    def start() -> Session:
        store = Store.open(home / shot.name / "history.db", time.time)
        return Session(store, Target("demo", "the sandbox", "rsk_…9F2A", connect, model=shot.model, demo=True))

    async def refuse(session: Session, key: str) -> str | None:
        return "not here"

    front = Front("demo", "rsk_…9F2A", shot.model, demo=True)
    app = MeshApp(start, Look(theme=shot.theme, state_folder=home), refuse, front=front)
    async with app.run_test(size=shot.size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Workbench))
        await shot.step(pilot)
        await pilot.pause(0.2)
        svg = app.export_screenshot(title="meshtui")
        (FOLDER / f"{shot.name}.svg").write_text(svg, encoding="utf-8")
        app.leave()


def main() -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(Settings()) as box:
        for shot in SHOTS:
            asyncio.run(take(shot, box.url, Path(folder)))
            print(f"screenshots/{shot.name}.svg")


if __name__ == "__main__":
    main()
