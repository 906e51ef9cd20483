"""What is shown on the pictures: each scene is done by keys, as a user would, and looked at in one or more ways."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input, TextArea

from meshtui.core.chat import Message
from meshtui.core.turn import Finished, TextDelta, Turn, TurnState, UsageDelta
from meshtui.session import Session
from meshtui.ui.app import MeshApp
from meshtui.ui.commands import COMMANDS
from meshtui.ui.widgets.top import KeyLine
from tests.hands import Hands

PATIENCE = 60.0
"""Seconds for which a scene waits for what it is about."""

SMALL, MEDIUM, WIDE, LARGE = (80, 24), (120, 40), (140, 40), (200, 60)


@dataclass(frozen=True)
class View:
    """One picture of a scene: its name, the size of the terminal in cells, the theme."""

    name: str
    size: tuple[int, int] = MEDIUM
    theme: str = "mesh-dark"


class Stage:
    """A running workbench that scenes are played on."""

    def __init__(self, app: MeshApp) -> None:
        self.app, self.pilot = app, Hands(app)

    @property
    def session(self) -> Session:
        """The session behind it."""
        assert self.app.session is not None
        return self.app.session

    async def do(self, command: str) -> None:
        """Press the key of a command of the table."""
        keys = next(row.key for row in COMMANDS if row.id == command)
        await self.pilot.press(keys.split(",")[0])

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        for character in text:
            self.app.post_message(Key("space" if character == " " else character, character))
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for a condition, and until nothing goes on: the next key finds the same screen each time."""
        end = time.monotonic() + PATIENCE
        await self.pilot.pause()
        while not (holds() and self.is_idle()):
            if time.monotonic() > end:
                raise TimeoutError(f"the scene waited in vain for {what}")
            await self.pilot.pause(0.01)

    async def over(self, screen: str) -> Screen[object]:
        """Wait until a screen of this name stands in front, and return it."""
        await self.until(lambda: type(self.app.screen).__name__ == screen, screen)
        return self.app.screen

    async def opened(self) -> None:
        """Wait until the workbench is there with everything it opens with: the models, and the books begun."""
        await self.over("Workbench")
        await self.until(lambda: any(worker.group == "books" for worker in self.app.workers), "the books")
        await self.until(self.is_idle, "the models")

    async def ask(self, text: str) -> None:
        """Type a message, send it, and wait for the end of its turn."""
        before = [node.id for node in self.session.nodes]
        await self.type(text)
        await self.press("enter")
        await self.until(lambda: self.has_answer(before), "the answer")

    def has_answer(self, before: Sequence[str]) -> bool:
        """Whether the conversation ends with an answer that is none of these nodes, and nothing streams."""
        nodes = self.session.nodes
        return bool(nodes) and nodes[-1].id not in before and not self.session.live

    def is_idle(self) -> bool:
        """Whether nothing goes on that will show: no work, no frame, no call that is due in a moment.

        The books are kept as long as the program runs; what is drawn at intervals shows the same each time.
        """
        nodes = [self.app, *(node for screen in self.app.screen_stack for node in screen.walk_children(with_self=True))]
        timers = [timer for node in nodes for timer in node._timers if timer._repeat == 0]
        return (
            self.app.ticker.is_idle
            and not any(timer._task is not None and not timer._task.done() for timer in timers)
            and all(worker.is_finished or worker.group == "books" for worker in self.app.workers)
        )

    async def picture(self, view: View) -> str:
        """Return the screen as SVG, as a view has it, once the bills are there and it does not change any more."""
        await self.until(lambda: view.theme in self.app.available_themes, "the themes")
        self.app.theme = view.theme
        if view.size != tuple(self.app.size):
            await self.pilot.resize_terminal(*view.size)
        await self.until(self.is_idle, "what goes on")
        await self.session.settle()
        shown: list[str] = []
        for _ in range(100):
            self.app.clear_notifications()
            for screen in self.app.screen_stack:  # those below shine through
                for text in (*screen.query(Input), *screen.query(TextArea)):
                    text._pause_blink(visible=text is screen.focused)  # else it stays as it happens to be just now
            await self.until(self.is_idle, "what goes on")
            shown = [*shown[-2:], self.app.export_screenshot(title="meshtui")]
            if len(shown) == 3 and len(set(shown)) == 1 and self.is_idle():
                return shown[-1]
        raise TimeoutError("the screen does not come to rest")


@dataclass(frozen=True)
class Scene:
    """What is done, with which model of the sandbox; the first view gives the size it is done at.

    `speed` is the sandbox's, in tokens per second, where it matters who is first; 0 is as fast as it can.
    """

    play: Callable[[Stage], Awaitable[None]]
    views: tuple[View, ...]
    model: str = "sandbox/markdown"
    speed: float = 0.0
    says: str = field(kw_only=True)


async def answer(stage: Stage) -> None:
    """A question and its answer, seen from the top."""
    await stage.ask("How do I keep a cache honest?")
    await stage.do("focus.conversation")
    await stage.press("home")


async def refused(stage: Stage) -> None:
    """A question that the gateway refuses, or does not answer to the end."""
    await stage.ask("Where is my refund?")


async def reasoning(stage: Stage) -> None:
    """An answer after some reasoning."""
    await stage.ask("Which is larger, 9.11 or 9.9?")


async def template(stage: Stage) -> None:
    """A template, filled in and run."""
    await stage.do("template.list")
    await stage.over("TemplateList")
    await stage.type("refund")
    await stage.press("enter")
    await stage.over("Workbench")
    await stage.until(lambda: stage.app.screen.query("SlotField") and stage.is_idle(), "the slots")
    for slot, value in (("company", "Acme"), ("thing", "refund")):
        field = next(one for one in stage.app.screen.query("SlotField") if getattr(one, "slot", "") == slot)
        field.focus()
        await stage.pilot.pause()
        await stage.type(value)
    await stage.press("enter")
    await stage.until(lambda: stage.session.nodes and not stage.session.live, "the answer")


async def compare(stage: Stage) -> None:
    """Three models asked at once."""
    stage.session.keep("compared", ["sandbox/markdown", "sandbox/haiku", "sandbox/reasoning"])
    await stage.type("Explain a cache in one paragraph.")
    await stage.do("compare.open")
    await stage.over("ModelPicker")
    await stage.press("enter")
    screen = await stage.over("Compare")
    comparison = screen.comparison  # type: ignore[attr-defined]
    await stage.until(lambda: comparison.lanes and not comparison.running, "the end of all lanes")
    line = screen.query_one(KeyLine)
    await stage.until(lambda: "stop" not in line.render_line(0).text, "the keys that work then")


async def figures(stage: Stage) -> None:
    """All figures of the lanes, in a table."""
    await compare(stage)
    await stage.do("compare.table")
    await stage.over("LanesTable")


async def params(stage: Stage) -> None:
    """The parameters of a conversation."""
    await stage.do("params.show")


async def tool_call(stage: Stage) -> None:
    """A tool that is on, and a call of it that waits for an answer."""
    await _tools(stage)
    await stage.press("space")
    await stage.do("focus.prompt")
    await stage.ask("What is the weather in Rome?")


async def tool_editor(stage: Stage) -> None:
    """A tool's definition, as a form and as JSON."""
    await _tools(stage)
    await stage.press("e")
    await stage.over("ToolEditor")


async def _tools(stage: Stage) -> None:
    await stage.do("tools.show")
    await stage.until(lambda: type(stage.app.focused).__name__ == "ToolList", "the tools")


async def models(stage: Stage) -> None:
    """The models, narrowed by a word."""
    await stage.do("model.choose")
    await stage.over("ModelPicker")
    await stage.until(lambda: stage.session.cards, "the models")
    await stage.type("claude")


def _spent(session: Session, day: int, number: int) -> None:
    """Write a finished turn into the history, as it was some days ago."""
    id, model = f"{day:02}-{number}", ("openai/gpt-4o-mini", "anthropic/claude-haiku-4.5", "openai/gpt-4o")[number % 3]
    began = session.time() - day * 86_400 - number * 600
    turn = Turn(id, {"model": model, "messages": []}, profile=session.target.profile, started_at=began)
    session.store.begin(turn, f"c{day}", [(f"u{id}", Message("user", "Where is my refund?"))], f"a{id}")
    turn.apply(TextDelta("It is on its way."), 0.3 + number / 20)
    tokens = {"prompt_tokens": 400 + 40 * number, "completion_tokens": 90 + 7 * day % 60}
    turn.apply(UsageDelta(tokens, Decimal(tokens["prompt_tokens"] * (number % 3 + 1)) / 400_000), 1.1)
    turn.apply(Finished("stop"), 1.2)
    turn.end(TurnState.DONE, 1.2 + number / 10, began + 2, None)
    session.store.finish(turn)


async def usage(stage: Stage) -> None:
    """What a month of turns cost."""
    for day in range(1, 29):
        for number in range(day * 5 % 7 + 1):
            _spent(stage.session, day, number)
    await stage.ask("How do I keep a cache honest?")
    await stage.session.settle()
    await stage.do("usage.show")
    await stage.over("UsagePage")


async def conversations(stage: Stage) -> None:
    """Earlier conversations, found by a word."""
    for text in ("Name the release", "Where is my refund?", "How do I keep a cache honest?"):
        await stage.do("conversation.new")
        await stage.ask(text)
    await stage.do("conversation.list")
    await stage.over("ConversationList")
    await stage.type("refund")


async def help_page(stage: Stage) -> None:
    """The keys and what they do."""
    await stage.do("app.help")
    await stage.until(lambda: type(stage.app.screen).__name__ != "Workbench", "the help")


THEMES = ("mesh-light", "mesh-contrast", "mesh-safe", "mesh-16", "verdigris", "paper")

SCENES = (
    Scene(
        answer,
        (
            View("answer"),
            View("answer-80x24", SMALL),
            View("answer-200x60", LARGE),
            *(View(f"theme-{name}", (100, 30), name) for name in THEMES),
        ),
        says="An answer, at three sizes and in every theme",
    ),
    Scene(
        template,
        (View("template", WIDE), View("template-80x24", SMALL)),
        "sandbox/haiku",
        says="A template, its slots, and what it gave",
    ),
    Scene(
        compare,
        (View("compare", WIDE), View("compare-80x24", SMALL)),
        speed=100,
        says="Three models side by side",
    ),
    Scene(
        tool_call,
        (View("tool-call", WIDE), View("tool-call-80x24", SMALL)),
        "sandbox/tools",
        says="A tool call, checked against its schema, with a canned result",
    ),
    Scene(figures, (View("compare-table"),), speed=100, says="All figures of a comparison, to be sorted by any"),
    Scene(params, (View("params", WIDE),), says="The parameters of a request, each with its range and default"),
    Scene(tool_editor, (View("tool-editor", WIDE), View("tool-editor-80x24", SMALL)), says="A tool being edited"),
    Scene(
        refused,
        (View("rate-limit", (100, 24)), View("rate-limit-80x24", SMALL)),
        "sandbox/fault-429-long",
        says="A rate limit: which one, when it is free again, what can be done",
    ),
    Scene(refused, (View("spend-cap", (100, 24)),), "sandbox/fault-402", says="A spend cap that is reached"),
    Scene(refused, (View("cut-stream", (100, 30)),), "sandbox/fault-cut", says="An answer that was cut off"),
    Scene(conversations, (View("conversations", (100, 30)),), "sandbox/haiku", says="Earlier conversations"),
    Scene(models, (View("models"), View("models-80x24", SMALL)), says="Choosing a model"),
    Scene(reasoning, (View("reasoning", (100, 24)),), "sandbox/reasoning", says="Reasoning, folded to a line"),
    Scene(usage, (View("usage"), View("usage-80x24", SMALL)), "sandbox/haiku", says="What was used and what it cost"),
    Scene(help_page, (View("help", (100, 36)),), says="The help page"),
)
