"""New tools: from nothing, from a definition, from a Python file, or from an example of the arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from meshtui.core.json.text import json_value
from meshtui.core.text import clean, one_line
from meshtui.core.tools.shapes import Found
from meshtui.core.tools.tool import Tool
from meshtui.session import ConfigError, ToolFiles
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.choice_line import ChoiceLine
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.json_area import JsonArea
from meshtui.ui.widgets.view_tabs import ViewTabs
from meshtui.ui.words import FOLDER_WORDS

LARGEST = 500_000
"""Bytes of a Python file that are read."""

HINTS: tuple[Hint, ...] = (
    ("new-tool.make", "makes it"),
    ("new-tool.source", "another source"),
    ("tab", "goes on", "app.focus_next"),
    ("new-tool.close", "closes"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Something a tool can be made from: what is asked for, and what is said of it."""

    title: str
    about: str
    placeholder: str = ""
    asks_name: bool = False
    asks_text: bool = False
    asks_path: bool = False


SOURCES: dict[str, Source] = {
    "nothing": Source("Nothing", "An empty function, to be filled in by the form.", asks_name=True),
    "definition": Source(
        "Pasted text",
        "Paste a definition: OpenAI, Anthropic, MCP, Gemini, a request or a curl command that has tools, TOML, Python.",
        '{"name": "get_weather", "input_schema": {…}}',
        asks_text=True,
    ),
    "python": Source(
        "Python file",
        "Functions with their docstrings, pydantic models, dataclasses. The file is read, never run.",
        asks_path=True,
    ),
    "example": Source(
        "Example",
        "Paste arguments as a call would have them; the schema is made from them.",
        '{"city": "Paris", "days": 3}',
        asks_name=True,
        asks_text=True,
    ),
}


class ToolNew(ModalScreen[list[Path] | None]):
    """Returns the files of the tools that were made, None where none was.

    `kept` holds what is typed, by field, and is filled in again the next time; it is empty once a tool was made.
    """

    DEFAULT_CSS = """
    ToolNew {
        #new-tool { height: 90%; }
        #new-about, #new-fault { height: auto; padding: 0 1; color: $text-muted; }
        #new-fault { color: $text-error; }
        #new-name, #new-path { margin: 0; }
        .dialog .line { height: auto; display: none; }
        .dialog .line.-asked { display: block; layout: horizontal; }
        .name { width: 10; padding: 0 1; color: $text-muted; }
        .line Input { width: 1fr; padding: 0 1; margin: 0; }
        #new-text { display: none; }
        #new-text.-asked { display: block; }
        .dialog #new-found { height: auto; max-height: 8; min-height: 1; display: none; }
        .dialog #new-found.-any { display: block; }
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("new tool",)
    BINDINGS = bindings("new tool")

    def __init__(self, files: ToolFiles, kept: dict[str, str]) -> None:
        super().__init__()
        self._files, self._kept, self._fault = files, kept, ""
        self._source = self._kept.get("source", "nothing")
        self._found: Sequence[Found] = ()
        self._ticked: set[int] = set()

    def compose(self) -> ComposeResult:
        """The sources, what the one in front asks for, what was found in it, where it goes."""
        with Vertical(classes="dialog -wide", id="new-tool"):
            yield Static("New tool from", classes="title", markup=False)
            yield ViewTabs(markup=False)
            yield Static("", id="new-about", markup=False)
            with Horizontal(classes="line", id="name-line"):
                yield Static("name", classes="name", markup=False)
                yield Input(self._kept.get("name", ""), id="new-name", placeholder="get_weather", compact=True)
            with Horizontal(classes="line", id="path-line"):
                yield Static("file", classes="name", markup=False)
                yield Input(self._kept.get("path", ""), id="new-path", placeholder="~/project/weather.py", compact=True)
            yield JsonArea(self._kept.get(self._source, ""), id="new-text")
            yield OptionList(id="new-found", markup=False)
            with Horizontal(classes="line -asked"):
                yield Static("folder", classes="name", markup=False)
                yield ChoiceLine([FOLDER_WORDS[place] for place in self._files.folders], id="new-place")
            with Horizontal(classes="line -asked"):
                yield Static("written", classes="name", markup=False)
                yield ChoiceLine(("TOML", "JSON"), id="new-form")
            yield Static("", id="new-fault", markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Begin with the source of the last time."""
        self.query_one("#new-place", ChoiceLine).show((FOLDER_WORDS[next(iter(self._files.folders))],))
        self.query_one("#new-form", ChoiceLine).show(("TOML",))
        self._show_source()

    # Sources

    def _show_source(self) -> None:
        source = SOURCES[self._source]
        tabs = [(name, one.title) for name, one in SOURCES.items()]
        self.query_one(ViewTabs).show(tabs, self._source, keyed(self, "{new-tool.source}"))
        self.query_one("#new-about", Static).update(Content(source.about))
        for id, asked in (("name-line", source.asks_name), ("path-line", source.asks_path)):
            self.query_one(f"#{id}").set_class(asked, "-asked")
        area = self.query_one(JsonArea)
        area.set_class(source.asks_text, "-asked")
        area.placeholder = source.placeholder
        with self.prevent(TextArea.Changed):
            area.load_text(self._kept.get(self._source, "") if source.asks_text else "")
        if source.asks_name:
            self.query_one("#new-name").focus()
        else:
            (area if source.asks_text else self.query_one("#new-path")).focus()
        self._look()

    def action_source(self, step: int) -> None:
        """Begin from the next source."""
        names = list(SOURCES)
        self._source = names[(names.index(self._source) + step) % len(names)]
        self._show_source()

    @on(ViewTabs.Asked)
    def _source_asked(self, event: ViewTabs.Asked) -> None:
        event.stop()
        self._source = event.view
        self._show_source()

    # Reading

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        self._keep()
        self._look()

    def _keep(self) -> None:
        self._kept["source"] = self._source
        self._kept["name"] = self.query_one("#new-name", Input).value
        self._kept["path"] = self.query_one("#new-path", Input).value
        if SOURCES[self._source].asks_text:
            self._kept[self._source] = self.query_one(JsonArea).text

    def _look(self) -> None:
        """Read what stands there, and show what was found; an empty field is no fault yet."""
        try:
            found = self._read()
        except ValueError as error:
            found = ()
            self._say(str(error))
        else:
            self._say("")
        if found != self._found:
            self._ticked = set(range(len(found)))
        self._found = found
        self._show_found()

    def _read(self) -> Sequence[Found]:
        """Read the tools of the source; raises ValueError, one sentence."""
        name, text = self.query_one("#new-name", Input).value.strip(), self.query_one(JsonArea).text
        path = self.query_one("#new-path", Input).value.strip()
        if self._source == "nothing":
            return [Found(empty_tool(name))] if name else ()
        if self._source == "python":
            return _python_tools(path) if path else ()
        if not text.strip():
            return ()
        if self._source == "example":
            from meshtui.core.tools.from_example import tool_from_example

            value = json_value(text)
            return [Found(tool_from_example(name or "example", value))]
        from meshtui.core.tools.from_text import tools_in_text

        return tools_in_text(text)

    def _show_found(self) -> None:
        options = self.query_one("#new-found", OptionList)
        many = len(self._found) > 1 or (bool(self._found) and self._source in ("definition", "python"))
        options.set_class(many, "-any")
        place = options.highlighted
        options.set_options([Option(_found_row(one, n in self._ticked)) for n, one in enumerate(self._found)])
        if self._found:
            options.highlighted = min(place or 0, len(self._found) - 1)

    @on(OptionList.OptionSelected)
    def _tick(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._ticked ^= {event.option_index}
        self._show_found()

    def _say(self, fault: str) -> None:
        self._fault = fault
        self.query_one("#new-fault", Static).update(Content(f"✗ {clean(fault)}" if fault else ""))

    # Making

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self._source == "example":
            self.query_one(JsonArea).focus()
        elif len(self._found) > 1:
            self.query_one("#new-found").focus()
        else:
            self.action_make()

    def action_make(self) -> None:
        """Write the tools that are ticked into files of their own."""
        self._look()
        chosen = [one.tool for place, one in enumerate(self._found) if place in self._ticked]
        name = self.query_one("#new-name", Input).value.strip()
        if not chosen or (SOURCES[self._source].asks_name and not name):
            self._say(self._missing() if not self._found or not name else "Nothing is ticked: enter ticks a row.")
            return
        place: Literal["project", "yours"] = (
            "project" if FOLDER_WORDS["project"] in self._choice("new-place") else "yours"
        )
        form: Literal["json", "toml"] = "json" if "JSON" in self._choice("new-form") else "toml"
        made: list[Path] = []
        try:
            for tool in chosen:
                key = self._files.key_for(tool)
                made.append(self._files.create(key, tool, place, form).path)
        except ConfigError as error:
            done = f" {len(made)} of {len(chosen)} were made before." if made else ""
            self._say(f"{error}{done}")
            return
        self._kept.clear()
        self.dismiss(made)

    def _choice(self, id: str) -> tuple[str, ...]:
        return self.query_one(f"#{id}", ChoiceLine).values

    def _missing(self) -> str:
        source = SOURCES[self._source]
        if self._fault:
            return self._fault
        if source.asks_name and not self.query_one("#new-name", Input).value.strip():
            return "Give the tool a name: letters, digits, _ and -."
        return "Paste the text first." if source.asks_text else "Type the path of the Python file first."

    def action_back(self) -> None:
        """Leave without a tool."""
        self._keep()
        self.dismiss(None)


def empty_tool(name: str) -> Tool:
    """Return a function without arguments, as strict mode wants it."""
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    return Tool({"type": "function", "function": {"name": name, "description": "", "parameters": schema}})


def _python_tools(name: str) -> Sequence[Found]:
    """Read the tools of a Python file; raises ValueError, one sentence."""
    from meshtui.core.tools.from_text import tools_in_text

    path = Path(name).expanduser()
    try:
        if path.is_dir() or not path.exists():
            raise ValueError(f"there is no file {name}" if not path.exists() else f"{name} is a folder: name a file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{name} is larger than {LARGEST // 1000} kB: name a smaller file")
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name} is no text in UTF-8") from None
    return tools_in_text(source, form="python")


def _found_row(found: Found, ticked: bool) -> Content:
    tool = found.tool
    box = ("[✓] ", "bold $text-success") if ticked else ("[ ] ", "")
    text = f"  {one_line(tool.description, 80)}" if tool.description else ""
    notes = (f"\n    ! {one_line(' '.join(found.notes), 160)}" if found.notes else "", "$text-warning")
    return Content.assemble(box, (one_line(tool.name or "without a name", 40), "bold"), (text, "$text-muted"), notes)
