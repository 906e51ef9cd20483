"""Every place, walked through: each key that it shows, or that holds there, runs what the table says."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.app import ActionError, App
from textual.content import Content
from textual.geometry import Offset
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Button, Collapsible, Input, Static, TextArea

from meshtui.sandbox import Sandbox
from meshtui.ui.app import MeshApp
from meshtui.ui.commands import BY_ID, Command, key_words, short_key
from meshtui.ui.commands.places import PLACES
from meshtui.ui.compat import binding_ids
from meshtui.ui.screens.approval import ApprovalQuestion
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.call_differences import CallDifferences
from meshtui.ui.screens.file_conflict import FileConflict
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.lanes_table import LanesTable
from meshtui.ui.screens.links import Links
from meshtui.ui.screens.profile_list import ProfileList
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.response_format import ResponseFormat
from meshtui.ui.screens.standings import Standings
from meshtui.ui.screens.tool_editor import ToolEditor
from meshtui.ui.screens.tour import Tour
from meshtui.ui.widgets.param_field import ParamText
from meshtui.ui.widgets.schema_form import SchemaTree
from meshtui.ui.widgets.slot_text import SlotField
from meshtui.ui.widgets.top import KeyLine
from tests.bench import Bench, two_lanes, workbench
from tests.calls import calling, put_tool
from tests.template_pane import FILLED_BOT

pytestmark = pytest.mark.anyio

BY_WIDGET = {"prompt.send", "prompt.newline"}
"""What the widget with the focus does itself, before any binding; other tests press these."""

_NAMED = re.compile(r"app\.run_command\('([^']+)'\)")


class Switchboard:
    """Notes which actions the keys reach instead of running them, while it is on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = False
        self.reached: list[tuple[str, tuple[Any, ...]]] = []
        run = App.run_action

        async def noted(app: MeshApp, action: str, node: Any = None, namespaces: Any = None) -> bool:
            if not self.on:
                return await run(app, action, node, namespaces)
            target, name, parameters = app._parse_action(action, node or app, namespaces)
            able = target.check_action(name, parameters)
            there = any(hasattr(target, f"{prefix}_{name}") for prefix in ("action", "_action"))
            if able and there:
                self.reached.append((name, parameters))
            return bool(able and there)

        monkeypatch.setattr(MeshApp, "run_action", noted)


def meant(bench: Bench, command: Command) -> tuple[str, tuple[Any, ...]]:
    """Return the action of a command as the switchboard notes it."""
    _, name, parameters = bench.app._parse_action(command.action, bench.app)
    return name, parameters


def clicks_on(bench: Bench) -> Iterator[tuple[Static, str, str]]:
    """Yield what a click does on the words that are to be seen: the widget, the action, the words."""
    for widget in bench.app.screen.query(Static):
        content = widget.content
        if isinstance(content, Content) and widget.region.area:
            for span in content.spans:
                meta = span.style.meta if isinstance(span.style, Style) else {}
                if "@click" in meta:
                    yield widget, str(meta["@click"]), content.plain[span.start : span.end]


def named_on(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield the commands that the screen names with their keys, and the words there.

    What stands in a pane without the focus is for the mouse, and is left out.
    """
    for widget, action, words in clicks_on(bench):
        within = isinstance(widget.parent, Widget) and widget.parent.has_focus_within
        if (found := _NAMED.fullmatch(action)) and (within or widget.screen.is_modal or isinstance(widget, KeyLine)):
            yield found[1], words


def dead_clicks(bench: Bench) -> Iterator[str]:
    """Yield the words on which a click would do nothing, or end the program."""
    for widget, action, words in clicks_on(bench):
        try:
            target, name, _ = bench.app._parse_action(action, widget)
        except ActionError as error:
            yield f"a click on {words!r}: {error}"
        else:
            if not any(hasattr(target, f"{prefix}_{name}") for prefix in ("action", "_action")):
                yield f"a click on {words!r}: there is no {action}"


def holding(bench: Bench) -> Iterator[tuple[Command, str]]:
    """Yield the commands that hold where the focus is, with each key by which they can be run now."""
    active, keymap = bench.app.active_on(bench.app.screen), bench.app.keys_here()
    for node in (bench.app.focused or bench.app.screen).ancestors_with_self:
        for id in dict.fromkeys(binding_ids(node)):
            if id in BY_ID and id not in BY_WIDGET:
                for key in keymap.of(id):
                    if key in active and active[key].enabled and active[key].binding.id == id:
                        yield BY_ID[id], key
        if node.is_modal:
            return


def misplaced(bench: Bench) -> Iterator[str]:
    """Yield the places here of which the table says wrongly whether one types there, or what is seen beside them."""
    focus = bench.app.focused or bench.app.screen
    types = focus.check_consume_key("x", "x")
    for node in focus.ancestors_with_self:
        for where in {BY_ID[id].where for id in binding_ids(node) if id in BY_ID} - {"everywhere"}:
            if types and not PLACES[where].typed:
                yield f"{where}: one types there"
            if PLACES[where].beside != (bench.app.screen is bench.screen):
                yield f"{where}: beside others or not"
        if node.is_modal:
            return


async def walk(bench: Bench, board: Switchboard, where: str) -> list[str]:
    """Press every key that holds here, and look at every key that the screen names; return what is wrong."""
    for _ in range(3):
        await bench.pilot.pause()
    wrong = [*misplaced(bench), *dead_clicks(bench)]
    keys = {key: command for command, key in holding(bench)}
    if where != "prompt" and not any(command.where == where for command in keys.values()):
        wrong.append(f"{where}: no key holds")
    for id, words in named_on(bench):
        shown = {short_key(key_words(key)): key for key in bench.app.keymap.of(id)}
        first = words.split("\u00a0")[0].split(" ")[0]
        if shown and first not in shown:
            wrong.append(f"{where}: {words!r} stands for {id}, whose keys are {list(shown)}")
        elif shown and id not in BY_WIDGET and keys.get(shown[first]) is not BY_ID[id]:
            wrong.append(f"{where}: {words!r} is shown, but {first} does not run {id} now")
    focus = bench.app.focused
    board.on = True
    for key, command in keys.items():
        board.reached.clear()
        await bench.press(key)
        if board.reached != [meant(bench, command)]:
            wrong.append(f"{where}: {key} is to run {command.id}, and runs {board.reached or 'nothing'}")
    board.on = False
    if bench.app.focused is not focus:
        wrong.append(f"{where}: a key moved the focus by itself")
    return wrong


async def shut_all(bench: Bench) -> None:
    """Close what stands over the workbench."""
    while bench.app.screen is not bench.screen:
        bench.app.screen.dismiss(None)
        await bench.pilot.pause()


Open = Callable[[Bench], Awaitable[object]]


def pressing(*keys: str) -> Open:
    async def press(bench: Bench) -> None:
        await bench.press(*keys)

    return press


def acting(action: str) -> Open:
    async def act(bench: Bench) -> None:
        await bench.screen.run_action(action)

    return act


def pane(name: str) -> Open:
    async def show(bench: Bench) -> None:
        await bench.screen.run_action(f"show_pane({name!r})")

    return show


async def params(bench: Bench) -> None:
    await bench.screen.run_action("show_pane('params')")
    await bench.holds(lambda: bench.screen.query(ParamText), "the fields")
    next(one for one in bench.screen.query(ParamText) if one.param.name == "response_format").focus()


async def replacing(bench: Bench) -> None:
    await bench.screen.run_action("show_pane('template')")
    bench.screen.editor.focus_first()
    await bench.pilot.pause()
    await bench.press("ctrl+f")


async def schema(bench: Bench) -> None:
    await editing(bench)
    bench.app.screen.query(SchemaTree).first().focus()


async def editing(bench: Bench) -> None:
    await bench.screen.run_action("show_pane('tools')")
    await bench.holds(lambda: bench.screen.tool_list.chosen is not None, "the tool")
    await bench.press("e")
    await bench.holds(lambda: isinstance(bench.app.screen, ToolEditor), "the tool editor")


def screen(make: Callable[[Bench], Any]) -> Open:
    async def push(bench: Bench) -> None:
        await bench.app.push_screen(make(bench))

    return push


PLACES_WALKED: Mapping[str, Open] = {
    "prompt": pressing("f6"),
    "conversation": pressing("f7"),
    "template": pane("template"),
    "tools": pane("tools"),
    "params": params,
    "model pane": pane("model"),
    "usage pane": pane("usage"),
    "finding": pressing("f6", "ctrl+f"),
    "replacing": replacing,
    "models": pressing("f6", "f2"),
    "templates": pressing("f12"),
    "conversations": pressing("ctrl+r"),
    "usage": pressing("alt+u"),
    "versions": pressing("alt+v"),
    "sets": acting("value_sets"),
    "gateway": acting("template_gateway"),
    "preview": acting("preview_template"),
    "lane-choice": acting("compare_template"),
    "fallbacks": acting("choose_fallbacks"),
    "tool editor": editing,
    "schema": schema,
    "new tool": acting("new_tool"),
    "themes": pressing("alt+t"),
    "jump": pressing("ctrl+o"),
    "help": pressing("f1"),
    "ask": screen(lambda bench: Ask("A title", "a word", lambda typed: ["one", "two"])),
    "question": screen(lambda bench: Question("A title", "A text.", "Yes", "No")),
    "links": screen(lambda bench: Links([("", "https://example.com")])),
    "conflict": screen(lambda bench: FileConflict("a.toml", "one", "two")),
    "format": screen(lambda bench: ResponseFormat(None)),
    "profiles": screen(lambda bench: ProfileList([], "")),
    "tour": screen(lambda bench: Tour()),
    "key": screen(lambda bench: KeyEntry(bench.session.target.base_url, "Why.", nobody, False)),
    "standings": screen(lambda bench: Standings([])),
    "call-differences": screen(
        lambda bench: CallDifferences([bench.session.nodes[-1]] * 2, bench.session.nodes[-1].id)
    ),
}
APART = {"compare", "table", "round", "approval"}
"""Places with a test of their own: they need lanes, or a call."""


async def nobody(key: str) -> str | None:
    return None


def test_every_place_is_walked() -> None:
    assert {*PLACES_WALKED, *APART, "anywhere", "everywhere", "typing"} == set(PLACES)


@pytest.mark.parametrize(
    "keys", [{}, {"model.choose": "ctrl+k", "turn.retry": "alt+k", "usage.by": "ctrl+d"}], ids=["default", "chosen"]
)
async def test_each_key_that_holds_in_a_place_runs_what_the_table_says(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str]
) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    put_tool(home, "get_weather")
    board = Switchboard(monkeypatch)
    async with workbench(home, box.url, keys=keys, size=(80, 24)) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        await bench.answered("hello")
        wrong = list[str]()
        for where, go in PLACES_WALKED.items():
            if keys and where == "models":
                go = pressing("f6", "ctrl+k")
            await go(bench)
            await bench.holds(lambda where=where: where in bench.app.places_in_use(), f"to be in {where}")  # type: ignore[misc]
            wrong += await walk(bench, board, where)
            await shut_all(bench)
        assert not wrong, "\n".join(wrong)


async def test_each_key_of_lanes_and_of_a_round_runs_what_the_table_says(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_tool(home, "get_weather")
    board = Switchboard(monkeypatch)
    async with workbench(home, box.url, size=(80, 24)) as bench:
        compare = await two_lanes(bench)
        assert await walk(bench, board, "compare") == []
        await bench.app.push_screen(LanesTable(compare.comparison, {}))
        assert await walk(bench, board, "table") == []
        bench.app.screen.dismiss(None)
        await bench.pilot.pause()
        bench.app.screen.dismiss(None)
        await bench.holds(lambda: bench.app.screen is bench.screen, "the workbench")
        assert bench.session.tools is not None
        bench.session.tools.turn_only(["get_weather"])
        box.script(calling(("get_weather", '{"city": "Oslo"}')))
        await bench.ask("go")
        await bench.holds(lambda: bench.screen.panel.has_focus_within, "the focus in the panel")
        assert await walk(bench, board, "round") == []
        pending = bench.screen.panel.round.calls[0]  # type: ignore[union-attr]
        plan = SimpleNamespace(
            argv=["true"], program="true", folder=home, environment=[], timeout=1.0, file=home / "a.toml"
        )
        await bench.app.push_screen(ApprovalQuestion(pending, cast("Any", plan)))
        assert await walk(bench, board, "approval") == []
        bench.app.screen.dismiss("refuse")
        await bench.pilot.pause()


async def test_the_help_page_names_a_key_once_where_something_nearer_takes_it(box: Sandbox, home: Path) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.answered("hello")
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        await bench.screen.run_action("show_pane('template')")
        await bench.press("f1")
        page = bench.app.screen.query_one("#commands", Static)
        await bench.holds(lambda: "Run the template as it stands" in str(page.content), "the template's keys")
        assert [line.split()[0] for line in str(page.content).splitlines() if "Ask again" in line] == []
        await bench.type("ask again")
        await bench.holds(lambda: "f5" in str(page.content) and "Ask again" in str(page.content), "found by its words")


def ways_out(bench: Bench, where: str) -> Iterator[Offset]:
    """Yield where a click on the screen as it is seen closes what escape closes there."""
    screen = bench.app.screen
    closing = {id for id, command in BY_ID.items() if command.where == where and "escape" in bench.app.keymap.of(id)}
    for place in (Offset(x, y) for y in range(screen.size.height) for x in range(screen.size.width)):
        found = _NAMED.fullmatch(str(screen.get_style_at(*place).meta.get("@click", "")))
        if found and found[1] in closing:
            yield place
    for button in screen.query(Button):
        if button.id in {"close", "no", "later", "refuse", "skip"} and button.display:
            seen = screen.find_widget(button).visible_region
            if seen == button.region:
                yield Offset(*map(int, seen.center))


def cut(bench: Bench) -> Iterator[str]:
    """Yield the placeholders on the screen that do not fit into their fields."""
    for field in bench.app.screen.query(Widget):
        words = str(getattr(field, "placeholder", "")) if isinstance(field, (Input, TextArea)) else ""
        room = field.content_region
        if room and max(map(len, words.split("\n"))) > room.width:
            if isinstance(field, Input) or Content(words).get_height({}, room.width) > room.height:
                yield f"{field}: {words!r} has {room.width} cells"


async def left_by_mouse(bench: Bench, where: str) -> str:
    """Click on the way out of what stands over the workbench; return what is wrong."""
    await bench.holds(lambda: "asking the gateway" not in bench.shown(), "what the gateway says, which moves the keys")
    screen = bench.app.screen
    way = next(ways_out(bench, where), None)
    if way is None:
        return f"{where}: no way out is to be clicked\n{bench.shown()}"
    await bench.pilot.click(None, way)
    await bench.pilot.pause()
    return f"{where}: a click on the way out does not close it" if bench.app.screen is screen else ""


async def test_a_click_on_what_is_shown_closes_every_dialog(box: Sandbox, home: Path) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    put_tool(home, "get_weather")
    async with workbench(home, box.url, size=(80, 24)) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        await bench.answered("hello")
        wrong, seen = list[str](), 0
        for where, go in PLACES_WALKED.items():
            await go(bench)
            await bench.holds(lambda where=where: where in bench.app.places_in_use(), f"to be in {where}")  # type: ignore[misc]
            wrong += cut(bench)
            if bench.app.screen is not bench.screen and where != "schema":
                seen += 1
                wrong.append(await left_by_mouse(bench, where))
            await shut_all(bench)
        assert not any(wrong), "\n".join(wrong)
        assert seen > 20


async def test_a_click_on_what_is_shown_closes_the_lanes_their_table_and_the_approval(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await two_lanes(bench)
        await bench.press("t")
        assert isinstance(bench.app.screen, LanesTable)
        assert await left_by_mouse(bench, "table") == ""
        plan = SimpleNamespace(
            argv=["true"], program="true", folder=home, environment=[], timeout=1.0, file=home / "a.toml"
        )
        pending = SimpleNamespace(call=SimpleNamespace(name="a", arguments="{}"))
        await bench.app.push_screen(ApprovalQuestion(cast("Any", pending), cast("Any", plan)))
        assert await left_by_mouse(bench, "approval") == ""
        assert await left_by_mouse(bench, "compare") == ""


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (160, 50)])
async def test_what_stands_in_empty_fields_is_whole(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    put_tool(home, "get_weather")
    async with workbench(home, box.url, size=size) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the slots")
        await bench.screen.run_action("show_pane('template')")
        bench.screen.query_one(Collapsible).collapsed = False
        await bench.pilot.pause()
        wrong = [*cut(bench)]
        await bench.screen.run_action("show_pane('tools')")
        await bench.press("slash")
        wrong += cut(bench)
        await bench.press("escape")
        for action in ("show_pane('params')", "attach", "value_sets"):
            await bench.screen.run_action(action)
            await bench.pilot.pause()
            wrong += cut(bench)
            await shut_all(bench)
        assert wrong == []
