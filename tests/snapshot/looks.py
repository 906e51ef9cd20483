"""What the snapshots show: every pane and page, played by keys as the pictures of the documentation are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textual.widgets import OptionList

from meshtui.ui.widgets.slot_text import SlotField
from screenshots import scenes
from screenshots.picture import rows_of
from screenshots.scenes import Scene, Stage, View
from screenshots.studio import played

SMALL, MEDIUM = (80, 24), (120, 40)
EVERY = (SMALL, (100, 30), MEDIUM, (140, 40), (200, 60))
THEMES = ("mesh-dark", "mesh-light")

_LINE_CLIP = re.compile(r'<clipPath id="terminal-line-.*?</clipPath>\s*', re.DOTALL)
_FITTING = re.compile(r' (?:textLength|clip-path|shape-rendering)="[^"]*"')


@dataclass(frozen=True)
class Look:
    """Something to be seen: what is done for it, by keys, and the words that every picture of it must have.

    It is done anew at every size; `speed` is the sandbox's, as in `Scene`.
    """

    name: str
    play: Callable[[Stage], Awaitable[None]]
    sees: tuple[str, ...]
    model: str = "sandbox/haiku"
    sizes: tuple[tuple[int, int], ...] = (SMALL, MEDIUM)
    speed: float = 0.0


def pictures_of(look: Look, size: tuple[int, int], home: Path) -> dict[str, str]:
    """Play a look at a size, in a home folder of its own; return its pictures by theme, as lean SVG."""
    views = tuple(View(theme, size, theme) for theme in THEMES)
    scene = Scene(look.play, views, look.model, look.speed, says=look.name)
    return {theme: lean(svg) for theme, svg in asyncio.run(played(scene, home)).items()}


def words_of(svg: str) -> str:
    """Return what can be read on a picture without white space and borders: wraps do not matter then."""
    return "".join(letter for row in rows_of(svg) for letter in row if not letter.isspace() and letter not in "│▌┊▎┃")


def lean(svg: str) -> str:
    """Return a picture without what only fits it to a font: half as long, with the same words, places and colours."""
    return _FITTING.sub("", _LINE_CLIP.sub("", svg)).replace("&#160;", "\xa0")


async def nothing(stage: Stage) -> None:
    """The workbench as it opens."""


async def whole(stage: Stage) -> None:
    """A template and its answer; at the smallest size the template stands before the answer."""
    await scenes.template(stage)
    if stage.app.size.width < 100:
        await stage.do("template.pane")


async def missing(stage: Stage) -> None:
    """A template that is run without one of its values."""
    await _open_template(stage)
    await _fill(stage, company="Acme")
    await stage.press("enter")
    await stage.pilot.pause()


async def versions(stage: Stage) -> None:
    """Two versions of a template, and what they gave."""
    await scenes.template(stage)
    if stage.app.size.width < 100:
        await stage.do("template.pane")
    stage.app.screen.query_one("#system").focus()
    await stage.press("ctrl+home")
    await stage.type("Hi. ")
    before = stage.session.nodes[-1].id
    await stage.do("template.run")
    await stage.until(lambda: stage.session.nodes[-1].id != before and not stage.session.live, "the second run")
    await stage.do("template.versions")
    await stage.over("TemplateVersions")


async def preview(stage: Stage) -> None:
    """The messages that a template would send."""
    await _open_template(stage)
    await _fill(stage, company="Acme", thing="refund")
    await stage.do("template.preview")
    await stage.over("TemplatePreview")


async def templates(stage: Stage) -> None:
    """The templates to choose from."""
    await stage.do("template.list")
    await stage.over("TemplateList")


async def tools(stage: Stage) -> None:
    """The tools, one of them on."""
    await stage.do("tools.show")
    await stage.until(lambda: type(stage.app.focused).__name__ == "ToolList", "the tools")
    await stage.press("space")


async def panel(stage: Stage) -> None:
    """A call, and the result that a rule of its tool suggests."""
    await tools(stage)
    await stage.do("focus.prompt")
    await stage.ask("What is the weather in Oslo?")
    await stage.until(lambda: stage.app.screen.query("#round-result"), "the panel")


async def calls(stage: Stage) -> None:
    """A call that waits for its result, once the panel is closed."""
    await panel(stage)
    await stage.do("round.later")
    await stage.pilot.pause()
    await stage.do("focus.conversation")


async def result(stage: Stage) -> None:
    """A call, its result, and the answer made of it."""
    await panel(stage)
    before = len(stage.session.nodes)
    await stage.do("round.send")
    await stage.until(lambda: len(stage.session.nodes) > before and not stage.session.live, "the answer")
    await stage.do("focus.conversation")
    await stage.press("home")


async def reasoning(stage: Stage) -> None:
    """An answer after some reasoning, from the top."""
    await scenes.reasoning(stage)
    await stage.do("focus.conversation")
    await stage.press("home")


async def model(stage: Stage) -> None:
    """What is known of the model."""
    await _pane(stage, "model")


async def figures(stage: Stage) -> None:
    """The figures of a turn, and the limits."""
    await _pane(stage, "usage")


async def jump(stage: Stage) -> None:
    """The letters that lead to panes and fields."""
    await _open_template(stage)
    await stage.do("pane.jump")
    await stage.over("Jump")


async def palette(stage: Stage) -> None:
    """The palette, narrowed by a word."""
    await stage.do("app.palette")
    await stage.over("CommandPalette")
    await stage.type("templ")
    await stage.until(lambda: stage.app.screen.query_one(OptionList).option_count > 1, "what fits")


async def themes(stage: Stage) -> None:
    """The themes to choose from."""
    await stage.do("app.theme")
    await stage.until(lambda: type(stage.app.screen).__name__ != "Workbench", "the themes")


async def _pane(stage: Stage, name: str) -> None:
    await stage.ask("How do I keep a cache honest?")
    await stage.app.screen.run_action(f"show_pane('{name}')")


async def _open_template(stage: Stage) -> None:
    await templates(stage)
    await stage.type("refund")
    await stage.press("enter")
    await stage.over("Workbench")
    await stage.until(lambda: stage.app.screen.query(SlotField) and stage.is_idle(), "the slots")


async def _fill(stage: Stage, **values: str) -> None:
    for slot, value in values.items():
        next(one for one in stage.app.screen.query(SlotField) if one.slot == slot).focus()
        await stage.pilot.pause()
        await stage.type(value)


LOOKS = (
    Look("empty", nothing, ("A new conversation.", "no key is needed"), sizes=EVERY),
    Look("whole", whole, ("refund-bot", "Where is my"), sizes=EVERY),
    Look("missing-slot", missing, ("Acme", "No value for thing: nothing was sent.")),
    Look("versions", versions, ("Versions", "2026-10-28 10:00", "what they gave, from this version")),
    Look("preview", preview, ("support for Acme",), sizes=(SMALL,)),
    Look("templates", templates, ("refund-bot",), sizes=(SMALL,)),
    Look("tools", tools, ("[✓] weather", "tool_choice", "The weather of a city today")),
    Look("tool-editor", scenes.tool_editor, ("weather", "city")),
    Look("params", scenes.params, ("temperature", "max_tokens")),
    Look("answer", scenes.answer, ("How do I keep a cache honest?", "Keeping a cache honest"), "sandbox/markdown"),
    Look("reasoning", reasoning, ("Which is larger", "reasoning · 68 words"), "sandbox/reasoning", (SMALL,)),
    Look("rate-limit", scenes.refused, ("429 Rate limit reached", "[r]etry"), "sandbox/fault-429-long"),
    Look("spend-cap", scenes.refused, ("402 Spend limit reached", "[p]rofile"), "sandbox/fault-402", (SMALL,)),
    Look(
        "cut-stream",
        scenes.refused,
        ("The answer was cut off", "[c]ontinue"),
        "sandbox/fault-cut",
        (SMALL,),
    ),
    Look("call", calls, ("fits ✓", "Oslo", "A call waits for its result"), "sandbox/tools"),
    Look("broken-call", calls, ("Oslo", "✗ line 1, column 9"), "sandbox/fault-half-json-args", (SMALL,)),
    Look("round", panel, ("call 1 of 1", '{"degrees": 18', "JSON object ✓"), "sandbox/tools"),
    Look("result", result, ("fits ✓", "Oslo", '"degrees": 18'), "sandbox/tools"),
    Look("model", model, ("context 128k tokens",), "sandbox/markdown"),
    Look("figures", figures, ("RPM", "today"), "sandbox/markdown"),
    Look("models", scenes.models, ("anthropic/claude-haiku-4.5", "Choose a model")),
    Look("compare", scenes.compare, ("3 of 3 ended", "sandbox/haiku"), speed=100),
    Look("compare-table", scenes.figures, ("Lanes", "sandbox/reasoning", "18.86"), speed=100, sizes=(SMALL,)),
    Look("help", scenes.help_page, ("Help", "Begin a new line in the prompt.")),
    Look("jump", jump, ("{{tone}}", "press a letter")),
    Look("palette", palette, ("Templates", "(f12)"), sizes=(SMALL,)),
    Look("themes", themes, ("Theme", "mesh-light", "verdigris"), sizes=(SMALL,)),
    Look("conversations", scenes.conversations, ("Conversations", "Where is my refund?")),
    Look("usage", scenes.usage, ("Usage, 30 days", "98 more runs now")),
)
