"""Templates on disk: what is edited differs and nothing else, and nothing is lost."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import Message, TextPart
from meshtui.core.slot_values import ValueSet
from meshtui.core.template import Template
from meshtui.store.folders import ChangedOutside, why_no_name
from meshtui.store.paths import Paths
from meshtui.store.template_text import template_from, written
from meshtui.store.templates import TemplateFiles
from meshtui.store.toml import ConfigError

FILE = '''\
# The bot of the refund desk.
description = 'Answers customers'  # short

model = "openai/gpt-4o-mini"
system = """
You are {{tone}} support for {{company}}.
\tNever say \\u00fcber, path C:\\\\x.
Be brief.
"""

# The example that made it work.
[[messages]]
role = "user"  # who asks
content = "Where is my {{thing}}?"

[[messages]]
# the answer we want
role = "assistant"
content = """On its way."""

[params]
temperature = 0.20  # two digits on purpose
stop = [ "END", 'STOP' ]

[variables]
tone = "friendly"
'''


def files(tmp_path: Path, project: bool = True) -> TemplateFiles:
    """Two folders under `tmp_path`."""
    home = tmp_path / "home"
    return TemplateFiles(Paths(home, home / "data", home / "state"), tmp_path / ".meshtui" if project else None)


def changed_lines(old: str, new: str) -> list[str]:
    """The lines that a diff shows."""
    rows = difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=0)
    return [row for row in rows if not row.startswith(("---", "+++", "@@"))]


def test_nothing_edited_is_nothing_changed() -> None:
    template = template_from(Path("bot.toml"), FILE)
    assert written(FILE, template, "bot") == FILE
    assert written(FILE.replace("\n", "\r\n"), template, "bot") == FILE.replace("\n", "\r\n")
    assert template.system.startswith("You are {{tone}}") and "über, path C:\\x" in template.system


def test_a_date_among_the_parameters_is_the_text_that_is_sent_and_stays_as_written() -> None:
    source = "[params]\nsince = 2026-11-20\n"
    template = template_from(Path("bot.toml"), source)
    assert template.params == {"since": "2026-11-20"} and template.hash
    assert written(source, replace(template, model="m"), "bot") == f'model = "m"\n\n{source}'
    with pytest.raises(ConfigError, match="params has a number that JSON has not: inf"):
        template_from(Path("bot.toml"), "[params]\ntemperature = inf\n")


def test_a_new_file_begins_with_what_it_is_and_has_a_table_for_each_message() -> None:
    messages = (Message("user", "Hi"), Message("assistant", "two\nlines"))
    template = Template("bot", "D", "S", messages, "m", {"seed": 1}, {"a": "b"})
    text = written("", template, "bot")
    names = [line.split(" ")[0] for line in text.splitlines() if " = " in line or line.startswith("[")]
    assert names == ["description", "model", "system", *["[[messages]]", "role", "content"] * 2] + [
        "[params]", "seed", "[variables]", "a"
    ]  # fmt: skip
    assert 'content = """\ntwo\nlines"""' in text and template_from(Path("bot.toml"), text) == template


def test_only_edited_lines_differ() -> None:
    template = template_from(Path("bot.toml"), FILE)
    edited = replace(template, system=template.system.replace("Be brief.", 'Be "brief".\nAnd """kind""" \\o/.'))
    assert changed_lines(FILE, written(FILE, edited, "bot")) == [
        "-Be brief.",
        '+Be "brief".',
        '+And ""\\"kind""\\" \\\\o/.',
    ]
    edited = replace(template, description="Answers", params={**template.params, "temperature": 0.3, "seed": 1})
    assert changed_lines(FILE, written(FILE, edited, "bot")) == [
        "-description = 'Answers customers'  # short",
        '+description = "Answers"  # short',
        "-temperature = 0.20  # two digits on purpose",
        "+temperature = 0.3  # two digits on purpose",
        "+seed = 1",
    ]


def test_messages_come_and_go_and_the_others_keep_their_comments() -> None:
    template = template_from(Path("bot.toml"), FILE)
    text = written(FILE, replace(template, messages=template.messages[1:]), "bot")
    assert "# the answer we want" in text and "Where is my" not in text
    more = (template.messages[0], Message("user", "Hm\nhm"), template.messages[1])
    text = written(FILE, replace(template, messages=more), "bot")
    assert template_from(Path("bot.toml"), text).messages == more
    assert "# who asks" in text and "# the answer we want" in text
    assert tomllib.loads(written(FILE, replace(template, messages=()), "bot")).get("messages") is None


TEXT = st.text(st.sampled_from("a \n\t\"'\\#{}=[]\r\x00\x7f\u2028é😀"), max_size=20)
NAME = st.text('ab_. -é"', min_size=1, max_size=4)
VALUE = st.one_of(
    TEXT,
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(TEXT, max_size=2),
)
TEMPLATES = st.builds(
    Template,
    name=st.sampled_from(["t", "Other name"]),
    description=TEXT,
    system=TEXT,
    messages=st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), TEXT), max_size=3).map(tuple),
    model=TEXT,
    params=st.dictionaries(NAME, st.one_of(VALUE, st.dictionaries(NAME, VALUE, max_size=2)), max_size=2),
    variables=st.dictionaries(NAME, TEXT, max_size=2),
)


@given(TEMPLATES, TEMPLATES)
def test_what_is_written_is_what_is_read(one: Template, other: Template) -> None:
    text = written("", one, "t")
    assert template_from(Path("t.toml"), text) == one
    assert template_from(Path("t.toml"), written(text, other, "t")) == other


@given(TEMPLATES)
def test_any_edit_of_a_file_with_comments_reads_back(other: Template) -> None:
    assert template_from(Path("t.toml"), written(FILE, other, "t")) == other


@pytest.mark.parametrize("messages", ['messages = [{ role = "user", content = "a" }]', "messages = []"])
def test_inline_messages(messages: str) -> None:
    template = template_from(Path("t.toml"), messages)
    new = replace(template, messages=(Message("user", "b\nc"), Message("assistant", (TextPart("d"),))), system="x")
    assert template_from(Path("t.toml"), written(messages + "\n", new, "t")) == new


def test_the_project_comes_first_and_faults_stand_in_the_list(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    shelf.create("bot", Template("bot", system="a"))
    shelf.create("desk/bot", Template("bot", system="c"), "yours")
    shelf.create("bot", Template("bot", system="b"), "yours")
    (shelf.folders["yours"] / "bad.toml").write_text("system = ")
    (shelf.folders["yours"] / "utf.toml").write_bytes(b"\xff")
    (shelf.folders["yours"] / "[red]x.toml").write_text("")
    (shelf.folders["yours"] / "bot.values.toml").write_text("")
    rows = shelf.list()
    assert [(row.place, row.key) for row in rows] == [
        ("project", "bot"),
        ("yours", "[red]x"),
        ("yours", "bad"),
        ("yours", "bot"),
        ("yours", "desk/bot"),
        ("yours", "utf"),
    ]
    faults = {row.key: row.fault for row in rows if row.fault}
    assert "line 1" in faults["bad"] and "UTF-8" in faults["utf"]
    found = shelf.find("bot")
    assert found is not None and shelf.open(found).template.system == "a"
    assert shelf.find("../bot") is None and shelf.find("nope") is None and shelf.find("") is None


def test_two_sides_never_overwrite_each_other(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    opened = shelf.create("bot", Template("bot", system="a"))
    assert not shelf.changed(opened)
    opened.path.write_text('system = "theirs"  # note\n')
    assert shelf.changed(opened)
    with pytest.raises(ChangedOutside) as info:
        shelf.save(opened, Template("bot", system="mine"))
    assert info.value.text is not None and "theirs" in info.value.text
    assert opened.path.read_text() == 'system = "theirs"  # note\n'
    saved = shelf.save(opened, Template("bot", system="mine"), force=True)
    assert saved.text == 'system = "mine"  # note\n' and not shelf.changed(saved)
    saved.path.unlink()
    with pytest.raises(ChangedOutside, match="deleted"):
        shelf.save(saved, Template("bot", system="x"))
    assert shelf.save(saved, Template("bot", system="x"), force=True).template.system == "x"


def test_a_template_moves_with_its_value_sets_and_comes_back(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    path = shelf.create("bot", Template("bot", system="{{a}}")).path
    shelf.save_set(path, "one", {"a": "1"})
    copy = shelf.duplicate(path, "copy")
    moved = shelf.rename(path, "desk/bot2")
    assert (copy.key, copy.template.name) == ("copy", "copy")
    assert list(shelf.sets(moved)) == list(shelf.sets(copy.path)) == [ValueSet("one", {"a": "1"})]
    deleted = shelf.delete(moved)
    assert shelf.find("desk/bot2") is None
    shelf.create("desk/bot2", Template("bot2"))
    back = shelf.restore(deleted)
    assert back.stem == "bot2-2" and list(shelf.sets(back)) == [ValueSet("one", {"a": "1"})]
    with pytest.raises(ConfigError, match="already"):
        shelf.create("copy", Template("copy"))
    for key in ("", "../x", "a//b", ".x", "a:b", "x" * 101, "a\x1bb", "b.values", "a /b"):
        assert why_no_name(key), key
        with pytest.raises(ConfigError):
            shelf.create(key, Template("x"))
    assert not why_no_name("Größe 1/[b]x[/b]")


def test_value_sets_keep_what_stands_around_them(tmp_path: Path) -> None:
    shelf = files(tmp_path)
    path = shelf.create("bot", Template("bot")).path
    beside = path.with_name("bot.values.toml")
    beside.write_text("# rows\n[one]  # first\na = '1'  # keep\nb = 'x'\n\n[\"two words\"]\na = '2'\n")
    shelf.save_set(path, "one", {"a": "1", "c": "l1\nl2"})
    assert "a = '1'  # keep" in beside.read_text() and "# first" in beside.read_text()
    shelf.save_set(path, "two words", None)
    assert list(shelf.sets(path)) == [ValueSet("one", {"a": "1", "c": "l1\nl2"})]
    shelf.save_set(path, "one", None)
    assert list(shelf.sets(path)) == []
    beside.write_text("[one]\na = 1\n")
    with pytest.raises(ConfigError, match="line 1.*table of texts"):
        shelf.sets(path)


def test_a_long_template(tmp_path: Path) -> None:
    shelf = files(tmp_path, project=False)
    opened = shelf.create("long", Template("long", system="line {{a}}\n" * 200_000))
    saved = shelf.save(opened, replace(opened.template, system=opened.template.system + "end"))
    assert len(changed_lines(opened.text[-100:], saved.text[-100:])) <= 6 and saved.template.system.endswith("end")


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    shelf = files(tmp_path, project=False)
    shelf.folders["yours"].parent.mkdir(parents=True, exist_ok=True)
    shelf.folders["yours"].write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="cannot be written"):
        shelf.create("bot", Template("bot"))
