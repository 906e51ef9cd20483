"""Keys in sentences: what can be given another key is named by its command, so that the key in force is shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.ui.commands import BY_ID
from meshtui.ui.commands.places import PLACES
from meshtui.ui.key_table import key_rows
from meshtui.ui.keymap import read_keymap
from meshtui.ui.screens.usage import BYS, HINTS

UI = Path(__file__).resolve().parents[2] / "meshtui" / "ui"
FIXED = ("commands", "keymap.py")
"""The table itself."""

KEY = re.compile(r"(?<![\w{.])(esc|escape|(ctrl|alt|shift)\+[\w\]]+|f\d{1,2}|\^[a-z])(?![\w}.])|\(\w\)$| \w makes ")
ALLOWED = {
    "Type a part of a command's name, then press enter. esc leaves.",  # Textual's own palette
    "type to filter · esc shows all",  # a line that filters is left as everywhere
    "no tool fits the filter · esc shows all",
}
NAMED = re.compile(r"\{([a-z][a-z -]*\.[a-z0-9_-]+)(?::\d+)?\}")
MODULES = sorted(path for path in UI.rglob("*.py") if not str(path.relative_to(UI)).startswith(FIXED))


def sentences(path: Path) -> Iterator[str]:
    """Yield the texts of several words in a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(UI)))
def test_no_sentence_names_a_key_that_can_be_changed(path: Path) -> None:
    for text in sentences(path):
        if " " in text.strip() and text not in ALLOWED:
            assert not KEY.search(text), f"{path.name}: {text!r} names a key; name the command, as in {{turn.stop}}"


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: str(path.relative_to(UI)))
def test_every_command_that_a_sentence_names_is_one(path: Path) -> None:
    if path.name == "keymap.py":
        return
    for text in sentences(path):
        for id in NAMED.findall(text):
            assert id in BY_ID, f"{path.name}: {text!r}"


def test_what_a_command_does_is_told_without_keys_that_can_be_changed() -> None:
    for command in BY_ID.values():
        assert not KEY.search(command.help), command.id
        assert all(id in BY_ID for id in NAMED.findall(command.help)), command.id
    rows = {row.id: row.help for row in key_rows(read_keymap({"tool.undo": "alt+z"}))}
    assert rows["schema.remove"] == "Remove the row; alt+z brings it back."


def test_the_notes_on_places_name_keys_in_force() -> None:
    keymap = read_keymap({"prompt.send": "ctrl+k", "models.mark": ""})
    assert keymap.worded(PLACES["prompt"].about).startswith("Here you type the next message. ctrl+k sends it")
    assert "“Mark” in the palette marks several" in keymap.worded(PLACES["models"].about)
    assert keymap.worded("{new-tool.make:8}|{model pane.choose}|{compare.lane-1}") == "ctrl+s  |enter|1"


def test_what_usage_can_be_summed_up_by_is_told_as_it_is() -> None:
    told = ", ".join(BYS)
    assert ("usage.by", f"by {told}") in HINTS
    assert BY_ID["usage.by"].help == f"Sum up by {told.rpartition(', ')[0]} or {BYS[-1]}."
