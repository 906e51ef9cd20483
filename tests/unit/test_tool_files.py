"""Tools on disk: what is edited differs and nothing else, nothing is lost, in TOML and in JSON."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.tools.tool import Command, Responder, Rule, Tool
from meshtui.store import tool_files
from meshtui.store.folders import ChangedOutside
from meshtui.store.json_edit import edited_json
from meshtui.store.paths import Paths, find_paths
from meshtui.store.templates import TemplateFiles
from meshtui.store.toml import ConfigError
from meshtui.store.tool_files import OpenTool, ToolFiles
from meshtui.store.tool_text import Form, tool_from, written

TOML = '''\
# What the weather desk gives us.
name = "get_weather"  # called by the model
description = """
The weather of a city.
Celsius always."""
strict = true

[parameters]
type = "object"
required = [ "city" ]   # the unit has a default
additionalProperties = false

# Where.
[parameters.properties.city]
type = "string"
description = 'As in "Paris"'
x-hint = 0x10

[parameters.properties.unit]
# never kelvin
enum = ["C", "F"]

[output]
type = "object"

[responder]
kind = "canned"
note = "from the desk"

[[responder.rules]]
# the usual one
when = { city = "Paris" }
output = { temperature = 21.0 }

[[responder.rules]]
result = "unknown"
latency = 0.5
'''

JSON = """\
{
    "type": "function",
    "function": {
        "name": "get_weather",
        "x-origin": [1, 2, {"a": null}],
        "parameters": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
        "description": "The weather"
    },
    "cache_control": {"type": "ephemeral"}
}
"""


def files(tmp_path: Path, project: bool = True) -> ToolFiles:
    """Two folders under `tmp_path`."""
    home = tmp_path / "home"
    return ToolFiles(Paths(home, home / "data", home / "state"), tmp_path / ".meshtui" if project else None)


def changed_lines(old: str, new: str) -> list[str]:
    """The lines that a diff shows."""
    rows = difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=0)
    return [row for row in rows if not row.startswith(("---", "+++", "@@"))]


def with_function(tool: Tool, **members: Any) -> Tool:
    """The tool with members of its function object replaced."""
    return replace(tool, definition={**tool.definition, "function": {**tool.function, **members}})


def test_nothing_edited_is_nothing_changed() -> None:
    for text, form in ((TOML, "toml"), (JSON, "json"), (TOML.replace("\n", "\r\n"), "toml")):
        tool = tool_from(Path(f"w.{form}"), text)
        assert written(text, tool, "w", form) == text  # type: ignore[arg-type]


def test_only_edited_lines_differ() -> None:
    tool = tool_from(Path("w.toml"), TOML)
    parameters = json.loads(json.dumps(tool.parameters))
    parameters["properties"]["city"]["description"] = "A city"
    parameters["properties"]["days"] = {"type": "integer", "default": 3}
    parameters["required"].append("days")
    edited = with_function(tool, parameters=parameters)
    assert changed_lines(TOML, written(TOML, edited, "w")) == [
        '-required = [ "city" ]   # the unit has a default',
        '+required = [ "city", "days" ]   # the unit has a default',
        "-description = 'As in \"Paris\"'",
        '+description = "A city"',
        "+[parameters.properties.days]",
        '+type = "integer"',
        "+default = 3",
    ]


NAMES = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["type", "a.b", "properties", "x_json"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
FUNCTIONS = st.fixed_dictionaries(
    {"name": st.text(max_size=8)},
    optional={"description": st.text(), "parameters": OBJECTS | st.none(), "strict": VALUES, "x-more": VALUES},
)
RULES = st.builds(
    Rule,
    result=VALUES,
    when=st.dictionaries(st.sampled_from(["city", "a.b", "rows[0].x_json", '$["any name"]']), VALUES, max_size=2),
    tool=st.sampled_from(["", "other"]),
    latency=st.floats(0, 10),
    error=st.sampled_from(["", "gone"]),
)
TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), max_size=3).map(tuple)
COMMANDS = st.builds(
    Command,
    argv=TEXTS.filter(bool),
    timeout=st.floats(0.1, 100),
    folder=st.sampled_from(["", "bin"]),
    environment=TEXTS,
)
TOOLS = st.builds(
    lambda function, more, output, responder: Tool(
        {"type": "function", "function": function, **more}, output, responder
    ),
    FUNCTIONS,
    st.dictionaries(st.sampled_from(["cache_control", "defer"]), VALUES, max_size=1),
    st.none() | OBJECTS,
    st.builds(Responder, st.sampled_from(["hand", "canned"]), st.lists(RULES, max_size=3).map(tuple), st.none())
    | st.builds(Responder, st.just("command"), st.just(()), COMMANDS),
)


@pytest.mark.parametrize("form", ["toml", "json"])
@given(tool=TOOLS)
def test_a_tool_comes_back_as_it_was_written(form: Form, tool: Tool) -> None:
    text = written("", tool, "stem", form)
    assert exactly(tool_from(Path(f"stem.{form}"), text)) == exactly(tool)


@pytest.mark.parametrize("form", ["toml", "json"])
@given(old=TOOLS, tool=TOOLS)
def test_any_tool_can_be_written_over_any_other(form: Form, old: Tool, tool: Tool) -> None:
    text = "# kept\n" + written("", old, "stem", form) if form == "toml" else written("", old, "stem", form)
    new = written(text, tool, "stem", form)
    assert exactly(tool_from(Path(f"stem.{form}"), new)) == exactly(tool)
    assert form == "json" or new.startswith("# kept\n")


def exactly(tool: Tool) -> tuple[Any, ...]:
    """A tool with 1, 1.0 and true told apart."""
    return (
        json.dumps([tool.definition, tool.output], sort_keys=True),
        repr(tool.responder.kind),
        [
            json.dumps([rule.result, rule.when, rule.tool, rule.latency, rule.error], sort_keys=True)
            for rule in tool.responder.rules
        ],
        tool.responder.command,
    )


def test_json_keeps_how_it_is_written() -> None:
    tool = tool_from(Path("w.json"), JSON)
    parameters = json.loads(json.dumps(tool.parameters))
    parameters["required"].append("days")
    parameters["properties"]["days"] = {"type": "integer"}
    edited = with_function(tool, parameters=parameters, description="The weather of a city", strict=True)
    edited = replace(edited, output={"type": "object"})
    expected = JSON.replace('["city"]', '["city", "days"]')
    expected = expected.replace('{"type": "string"}}', '{"type": "string"}, "days": {"type": "integer"}}')
    expected = expected.replace('"The weather"\n', '"The weather of a city",\n        "strict": true\n')
    expected = expected.replace('"ephemeral"}\n', '"ephemeral"},\n    "output": {\n        "type": "object"\n    }\n')
    function = dict(reversed(list(edited.function.items())))
    edited = replace(edited, definition={**edited.definition, "function": function})
    assert written(JSON, edited, "w", "json") == expected


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@given(old=st.deferred(lambda: VALUES), new=st.deferred(lambda: VALUES))
def test_any_json_can_be_written_over_any_other(indent: int | str | None, old: Any, new: Any) -> None:
    text = json.dumps(old, indent=indent) + "\n"
    assert edited_json(text, old) == text
    result = edited_json(text, new)
    assert json.dumps(json.loads(result)) == json.dumps(new)


def test_a_moved_property_is_moved_in_the_file() -> None:
    tool = tool_from(Path("w.toml"), TOML)
    properties = dict(reversed(tool.parameters["properties"].items()))
    text = written(TOML, with_function(tool, parameters={**tool.parameters, "properties": properties}), "w")
    assert list(tool_from(Path("w.toml"), text).parameters["properties"]) == ["unit", "city"]
    assert "# never kelvin" in text and "# Where." in text and "'As in \"Paris\"'" in text


def test_rules_keep_their_comments_and_the_responder_what_is_not_ours() -> None:
    tool = tool_from(Path("w.toml"), TOML)
    rules = (Rule("new", {"city": "Rome"}), *tool.responder.rules)
    text = written(TOML, replace(tool, responder=replace(tool.responder, rules=rules)), "w")
    assert (
        changed_lines(TOML, text)[0].startswith("+") and "# the usual one" in text and 'note = "from the desk"' in text
    )
    assert tool_from(Path("w.toml"), text).responder.rules == rules
    by_hand = written(TOML, replace(tool, responder=Responder()), "w")
    assert tool_from(Path("w.toml"), by_hand).responder == Responder() and 'note = "from the desk"' in by_hand


def test_json_in_toml_stays_as_it_is_written() -> None:
    text = 'name = "a"\nparameters_json = \'{ "default":   null }\'\n'
    tool = tool_from(Path("a.toml"), text)
    assert tool.parameters == {"default": None}
    assert written(text, with_function(tool, description="new"), "a") == text + 'description = "new"\n'


def test_a_file_may_leave_the_name_to_its_own() -> None:
    tool = tool_from(Path("look_up.toml"), 'description = "x"\n')
    assert tool.name == "look_up"
    assert written('description = "x"\n', with_function(tool, description="y"), "look_up") == 'description = "y"\n'


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "name = ", "line 1"),
        ("a.toml", "[responder]\nkind = 5", "kind is 5"),
        ("a.toml", "parameters_json = '{'", "parameters_json is not JSON"),
        ("a.toml", "parameters_json = '{}'\n[parameters]", "stands twice"),
        ("a.toml", "x = inf", "inf"),
        ("a.json", "{", "line 1, column 2"),
        ("a.json", "[]", "list of tools"),
        ("a.json", '{"tools": []}', "list of tools"),
        ("a.json", "5", "holds no tool"),
        ("a.json", '{"name": "a", "input_schema": {}}', "another provider's shape"),
        ("a.json", '{"name": "a", "output": 5}', "output must be"),
        pytest.param("a.json", "[" * 2000, "nested too deeply", id="deep"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_file(name: str, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match="^[^\n]+$") as error:
        tool_from(Path(name), text)
    assert words in str(error.value) and str(error.value).startswith(name)


# Folders


def tool_named(name: str) -> Tool:
    """A tool of that name."""
    return Tool({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})


def test_the_project_comes_first_and_faults_are_listed(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    shelf.create("b", tool_named("b"), "yours")
    shelf.create("a", tool_named("other"), "yours", "json")
    shelf.create("b", tool_named("b_of_project"))
    (shelf.folders["yours"] / "bad.json").write_text("{")
    (shelf.folders["yours"] / ".hidden.toml").write_text("")
    (shelf.folders["yours"] / "notes.txt").write_text("")
    (shelf.folders["yours"] / "folder.toml").mkdir()
    os.mkfifo(shelf.folders["yours"] / "pipe.toml")
    (shelf.folders["yours"] / "endless.toml").symlink_to("/dev/zero")
    (shelf.folders["yours"] / "gone.toml").symlink_to(tmp_path / "nowhere")
    assert [(file.key, file.place, file.tool is None) for file in shelf.list()] == [
        ("b", "project", False),
        ("a", "yours", False),
        ("b", "yours", False),
        ("bad", "yours", True),
        ("gone", "yours", True),
    ]
    assert shelf.find("b") == shelf.folders["project"] / "b.toml"
    assert shelf.named("other") == shelf.folders["yours"] / "a.json"
    assert shelf.named("nobody") is None and shelf.find("../b") is None


def test_one_name_is_one_file_whatever_its_form(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    shelf.create("a", tool_named("a"), form="json")
    with pytest.raises(ConfigError, match="already"):
        shelf.create("a", tool_named("a"))
    with pytest.raises(ConfigError, match="cannot name a tool"):
        shelf.create("../a", tool_named("a"))
    (shelf.folders["project"] / "a.toml").write_text("")
    toml, json_file = sorted(shelf.list(), key=lambda file: file.path.suffix, reverse=True)
    assert toml.tool is not None and "a.toml beside it has the same name" in json_file.fault


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_nested_too_deeply_is_said(form: Form) -> None:
    deep: Any = 1
    for _ in range(3000):
        deep = [deep]
    with pytest.raises(ConfigError, match="^[^\n]+$"):
        written("", with_function(tool_named("a"), parameters={"x": deep}), "a", form)


def test_a_change_by_another_program_is_seen_and_never_written_over(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    opened = shelf.create("a", tool_named("a"), form="json")
    assert not shelf.changed(opened)
    theirs = opened.text.replace('"name": "a"', '"name": "theirs"')
    opened.path.write_text(theirs)
    assert shelf.changed(opened)
    with pytest.raises(ChangedOutside) as error:
        shelf.save(opened, with_function(opened.tool, description="mine"))
    assert error.value.text == theirs and opened.path.read_text() == theirs
    saved = shelf.save(opened, with_function(opened.tool, description="mine"), force=True)
    assert saved.tool.description == "mine"
    opened.path.unlink()
    with pytest.raises(ChangedOutside) as error:
        shelf.save(saved, saved.tool)
    assert error.value.text is None


def test_what_is_deleted_comes_back(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    first = shelf.create("a", tool_named("a"))
    deleted = shelf.delete(first.path)
    assert not shelf.list()
    shelf.create("a", tool_named("new"))
    back = shelf.restore(deleted)
    assert back.name == "a-2.toml" and back.read_text() == first.text


@pytest.mark.parametrize("kind", [ToolFiles, TemplateFiles])
def test_whatever_is_listed_can_be_deleted_and_comes_back(
    kind: type[ToolFiles] | type[TemplateFiles], tmp_path: Path
) -> None:
    shelf = kind(find_paths({"MESHTUI_HOME": str(tmp_path)}), None)
    folder = shelf.folders["yours"]
    folder.mkdir()
    (folder / "gone.toml").symlink_to(tmp_path / "nowhere")
    (folder / "round.toml").symlink_to(folder / "round.toml")
    (folder / "odd:name?.toml").write_text("")
    assert set(shelf.keys()) == {"gone", "round", "odd:name?"}
    for key in shelf.keys():
        path = shelf.find(key)
        assert path is not None
        deleted = shelf.delete(path)
        assert shelf.find(key) is None and not os.path.lexists(path)
        assert shelf.restore(deleted) == path and os.path.lexists(path)
        shelf.delete(path)
    assert not shelf.keys()


def test_a_link_to_nothing_is_told_and_its_name_is_taken(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    folder = shelf.folders["yours"]
    folder.mkdir(parents=True)
    (folder / "gone.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"gone\.toml is a link to .*nowhere, which is not there\."):
        shelf.open(folder / "gone.toml")
    with pytest.raises(ConfigError, match="already"):
        shelf.create("gone", tool_named("gone"), "yours")
    deleted = shelf.delete(folder / "gone.toml")
    kept = shelf.create("gone", tool_named("gone"), "yours").path
    assert shelf.restore(deleted).name == "gone-2.toml" and kept.is_file()


def test_a_key_is_looked_for_where_it_would_be_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = files(tmp_path)
    for name in (
        "here.json",
        "net/ping me.toml",
        "a:b.json",
        ".hidden.json",
        ".folder/in.json",
        "gone.toml",
        "x..json",
    ):
        path = shelf.folders["yours"] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"name": "x"}) if path.suffix == ".json" else 'name = "x"\n')
    (shelf.folders["yours"] / "gone.toml").unlink()
    (shelf.folders["yours"] / "gone.toml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(shelf.folders["yours"] / "pipe.json")
    (shelf.folders["yours"] / "folder.json").mkdir()
    listed = [file.key for file in shelf.list()]
    assert listed == ["a:b", "gone", "here", "net/ping me", "x."]

    def walks(*_: object) -> None:
        raise AssertionError("a folder is walked for one key")

    monkeypatch.setattr(os, "scandir", walks)
    for key in listed:
        found = shelf.find(key)
        assert found is not None and found.with_suffix("").name == key.split("/")[-1]
    for key in (
        "",
        "nope",
        "net/nope",
        ".hidden",
        ".folder/in",
        "pipe",
        "folder",
        "../x",
        "/etc/passwd",
        "a\0b",
        "\udcff",
    ):
        assert shelf.find(key) is None
    assert shelf.find("n" * 5000) is None


def test_a_copy_named_like_its_file_follows_it(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    opened = shelf.create("a", tool_named("a"), like="# kept\n")
    assert shelf.duplicate(opened.path, "b").tool.name == "b"
    assert shelf.duplicate(opened.path, "b v2").tool.name == "a"
    assert shelf.open(shelf.rename(opened.path, "c")).text.startswith("# kept\n")


def test_line_ends_stay(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    opened = shelf.create("a", tool_named("a"))
    opened.path.write_bytes(b'name = "a"\r\n# kept\r\n')
    again = shelf.open(opened.path)
    shelf.save(again, with_function(again.tool, description="x"))
    assert opened.path.read_bytes() == b'name = "a"\r\n# kept\r\ndescription = "x"\r\n'


def test_a_file_is_read_again_only_where_it_may_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = files(tmp_path, project=False)
    for name in ("one", "two", "three"):
        made.create(name, tool_named(name))
    broken = made.folders["yours"] / "broken.toml"
    broken.write_text("name = ")
    reads: list[str] = []
    read = ToolFiles.open

    def counted(self: ToolFiles, path: Path) -> OpenTool:
        reads.append(path.stem)
        return read(self, path)

    monkeypatch.setattr(ToolFiles, "open", counted)
    made.list(), made.list()
    assert len(reads) == 8, "a file written a moment ago may change again without another time"
    monkeypatch.setattr(tool_files, "_SETTLED", -1.0)
    first = made.list()
    reads.clear()
    assert made.list() == first and made.named("two") is not None and not reads
    assert [file.fault != "" for file in first] == [True, False, False, False]
    path = made.folders["yours"] / "two.toml"
    path.write_text(path.read_text().replace("two", "TWO"))
    assert made.latest(path).tool.name == "TWO" and reads == ["two"]
    broken.unlink()
    assert [file.key for file in made.list()] == ["one", "three", "two"] and reads == ["two"]
