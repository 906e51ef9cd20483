"""Keys: names as users write them, what is wrong with a choice of them, the table, what every terminal sends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshtui.cli import run_command
from meshtui.cli.key_doctor import line_for, readable
from meshtui.cli.keys import surroundings
from meshtui.ui.columns import CENTRE_LEAST, LEFT_LEAST, RIGHT_LEAST, Columns, columns_from, size_class
from meshtui.ui.commands import COMMANDS, key_words
from meshtui.ui.commands.places import PLACES
from meshtui.ui.compat import keys_sent
from meshtui.ui.key_table import as_markdown
from meshtui.ui.keymap import is_plain, key_name, read_keymap

PLAIN_BYTES = {
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f12": "\x1b[24~",
    "ctrl+o": "\x0f",
    "ctrl+p": "\x10",
    "ctrl+j": "\n",
    "ctrl+right_square_bracket": "\x1d",
    "alt+p": "\x1bp",
    "alt+1": "\x1b1",
    "alt+0": "\x1b0",
    "insert": "\x1b[2~",
    "alt+left": "\x1b[1;3D",
    "alt+right": "\x1b[1;3C",
    "alt+up": "\x1b[1;3A",
    "alt+shift+left": "\x1b[1;4D",
    "alt+shift+right": "\x1b[1;4C",
    "shift+tab": "\x1b[Z",
    "ctrl+home": "\x1b[1;5H",
    "pagedown": "\x1b[6~",
    "escape": "\x1b",
    "delete": "\x1b[3~",
}
"""What an xterm as it is delivered (with metaSendsEscape, as all distributions set it) sends for keys of ours."""


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ctrl+]", "ctrl+right_square_bracket"),
        ("Esc", "escape"),
        (" Ctrl + K ", "ctrl+k"),
        ("shift+alt+Left", "alt+shift+left"),
        ("ctrl++", "ctrl+plus"),
        ("+", "plus"),
        ("K", "K"),
        ("/", "slash"),
        ("pgdn", "pagedown"),
        ("right_square_bracket", "right_square_bracket"),
        ("plus", "plus"),
        ("F12", "f12"),
    ],
)
def test_a_key_is_read_as_users_write_it(written: str, name: str) -> None:
    assert key_name(written) == name


@pytest.mark.parametrize("text", ["ctlr+k", "", "ctrl+", "f99", "hello", "ctrl+shift", "+a+"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        key_name(text)


def test_every_key_of_the_table_is_one() -> None:
    for command in COMMANDS:
        for key in filter(None, command.key.split(",")):
            assert key_name(key) == key, f"{command.id}: {key}"


def test_ids_are_unique_and_every_place_has_words() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    assert {command.where for command in COMMANDS} <= set(PLACES), "a place without words on the help page"
    for command in COMMANDS:
        assert command.help.endswith("."), f"{command.id}: the help is a sentence"


def test_no_command_is_without_a_key() -> None:
    assert [command.id for command in COMMANDS if not command.key] == []
    assert "| palette |" not in as_markdown()


def test_every_command_has_a_key_that_a_plain_terminal_sends_or_is_in_the_palette() -> None:
    for command in COMMANDS:
        plain = [key for key in command.key.split(",") if key and is_plain(key)]
        assert plain or command.in_palette, f"{command.id} has only {command.key!r}"


@pytest.mark.parametrize(("key", "sent"), PLAIN_BYTES.items(), ids=list(PLAIN_BYTES))
def test_what_an_xterm_sends_is_the_key_that_is_bound(key: str, sent: str) -> None:
    assert keys_sent(sent) == [key]
    assert is_plain(key)


@pytest.mark.parametrize(("sent", "keys"), [("\x1b\r", ["alt+enter"]), ("\r", ["enter"]), ("\x1b", ["escape"])])
def test_alt_and_enter_is_no_enter(sent: str, keys: list[str]) -> None:
    assert keys_sent(sent) == keys


def test_no_command_is_on_a_key_with_alt_that_is_read_as_another() -> None:
    for command in COMMANDS:
        for key in command.key.split(","):
            if key.startswith("alt+") and len(key) == len("alt+x"):
                assert keys_sent("\x1b" + key[-1]) == [key] and is_plain(key), f"{command.id}: {key}"


@pytest.mark.parametrize(
    "key",
    [
        "alt+f",
        "alt+b",
        "ctrl+m",
        "ctrl+i",
        "ctrl+h",
        "ctrl+s",
        "ctrl+b",
        "shift+enter",
        "ctrl+shift+k",
        "super+k",
        "ctrl+1",
    ],
)
def test_keys_to_avoid_are_not_relied_on(key: str) -> None:
    assert not is_plain(key)


def test_the_defaults_have_no_fault() -> None:
    assert read_keymap({}).faults == ()


def test_a_choice_replaces_the_default() -> None:
    keymap = read_keymap({"conversation.new": "Ctrl+K, alt+n", "model.choose": ""})
    assert keymap.of("conversation.new") == ("ctrl+k", "alt+n")
    assert keymap.of("model.choose") == () and keymap.of("turn.retry") == ("f5",)
    assert keymap.changes()["conversation.new"] == "ctrl+k,alt+n"
    assert keymap.changes()["model.choose"] == "no key"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"conversation.nwe": "ctrl+k"}, "did you mean 'conversation.new'?"),
        ({"conversation.new": "ctlr+k"}, "'ctlr+k' is no key"),
        (
            {"conversation.new": "f2"},
            "f2 stands for both conversation.new and model.choose (Workbench), which has lost it",
        ),
        ({"conversation.new": "alt+k", "turn.retry": "alt+k"}, "only one of them will run"),
        ({"turn.retry": "x"}, "x is needed for typing there"),
        ({"turn.retry": "left"}, "← is needed for typing there"),
        ({"tool.save": "w"}, "w is needed for typing there"),
        ({"round.send": "S"}, "S is needed for typing there"),
        ({"format.take": "enter"}, "enter is needed for typing there"),
        ({"pane.side": "enter"}, "enter is needed for typing there, so alt+m stays"),
        ({"turn.retry": "ctrl+i"}, "the same for ctrl+i as for tab"),
        ({"params.show": "f3"}, "template.preview"),
        (
            {"app.help": "ctrl+s"},
            "ctrl+s stands for app.help and 5 others: template.save (Template), tool.save (Tool editor)",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(chosen: dict[str, str], words: str) -> None:
    faults = read_keymap(chosen).faults
    assert any(words in fault for fault in faults), faults
    assert all(fault.endswith((".", "?")) for fault in faults)


@pytest.mark.parametrize(
    ("id", "written", "holds"),
    [
        ("turn.retry", "x", ("f5",)),
        ("turn.retry", "ctrl+m", ("f5",)),
        ("turn.retry", "ctlr+k", ("f5",)),
        ("turn.retry", "left", ("f5",)),
        ("model.fallbacks", "ctrl+i", ("alt+5",)),
        ("turn.retry", "ctrl+i, alt+7, x", ("alt+7",)),
        ("tool.save", "w", ("ctrl+s",)),
        ("sets.keep", "k", ("ctrl+s",)),
        ("tour.next", "n", ("n",)),
    ],
)
def test_a_key_that_cannot_be_used_is_not_taken(id: str, written: str, holds: tuple[str, ...]) -> None:
    keymap = read_keymap({id: written})
    assert keymap.of(id) == holds
    told = keymap.changes()
    assert told == ({} if holds == read_keymap({}).of(id) else {id: ",".join(holds)})
    assert len(keymap.faults) == len([key for key in written.split(",") if key.strip() not in holds])
    for fault in keymap.faults:
        assert fault.startswith(f"ui.keys, {id}: ") and fault.endswith(".") and ". " not in fault
        assert f"so {key_words(holds[0])} " in fault, fault


@pytest.mark.parametrize(
    ("chosen", "loses"),
    [
        ({"answer.copy": "alt+c"}, "message.edit"),
        ({"answer.copy": "alt+1"}, "pane.tools"),
        ({"template.run": "alt+q"}, "template.run-all"),
        ({"transcript.copy": "alt+h"}, "prompt.recall"),
        ({"round.send": "alt+j"}, "round.automatic"),
        ({"template.save": "insert"}, "template.add_message"),
        ({"tool.save": "alt+r"}, "tool.revert"),
    ],
)
def test_a_key_of_the_user_goes_before_a_default_and_that_is_told_once(chosen: dict[str, str], loses: str) -> None:
    keymap = read_keymap(chosen)
    ((id, key),) = chosen.items()
    assert keymap.of(id) == (key,) and keymap.of(loses) == ()
    (fault,) = keymap.faults
    assert f"{key} stands for both {id} and {loses} (" in fault and "has lost it" in fault


def test_sending_and_a_new_line_can_change_places() -> None:
    keymap = read_keymap({"prompt.send": "ctrl+j", "prompt.newline": "enter"})
    assert keymap.faults == () and keymap.of("prompt.send") == ("ctrl+j",) and keymap.of("prompt.newline") == ("enter",)


def test_one_clash_is_one_sentence_that_says_which_commands_and_where() -> None:
    (fault,) = read_keymap({"app.help": "escape"}).faults
    assert "esc stands for app.help and 3" in fault and "turn.stop (Workbench)" in fault and "more" in fault
    assert len(fault) < 400
    (fault,) = read_keymap({"turn.retry": "alt+k", "conversation.new": "alt+k", "block.page": "alt+k"}).faults
    assert "turn.retry" in fault and "conversation.new (Workbench)" in fault and "block.page (Workbench)" in fault
    (fault,) = read_keymap({"turn.retry": "f2", "conversation.new": "f2"}).faults
    assert "only one of them will run" in fault and "model.choose (Workbench)" in fault and "lost it" in fault
    apart = read_keymap({"turn.retry": "f2", "sets.keep": "f9"}).faults
    assert len(apart) == 2, "two keys are two clashes"


def test_a_key_that_was_lost_is_named_nowhere() -> None:
    keys = read_keymap({"conversation.new": "f2", "conversation.list": "ctrl+t,f11"})
    assert keys.of("model.choose") == () and keys.of("prompt.attach") == ()
    assert keys.of("conversation.list") == ("ctrl+t", "f11") and keys.of("compare.model") == ("m", "f2")


def test_a_choice_that_no_place_shares_is_no_clash() -> None:
    assert read_keymap({"transcript.copy": "c", "compare.lock": "L", "template.run": "alt+r"}).faults == ()


def test_the_table_in_markdown_names_every_command_and_breaks_no_row() -> None:
    text = as_markdown()
    for command in COMMANDS:
        assert f"`{command.id}` |" in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert all(line.count("|") == 4 for line in rows)
    only = as_markdown(None, "compare")
    assert only.count("###") == 1 and "compare.keep" in only


def test_the_list_of_keys_tells_what_clashes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text('[ui.keys]\n"conversation.new" = "f2"\n')
    assert run_command(["keys", "--list"]) == 2
    out, err = capsys.readouterr()
    assert "* f2" in out and "has lost it" in err
    assert run_command(["keys", "--list", "--json"]) == 2
    table = json.loads(capsys.readouterr().out)
    row = next(row for row in table["keys"] if row["id"] == "conversation.new")
    assert row["keys"] == ["f2"] and row["chosen"] and len(table["faults"]) == 1
    (home / "config.toml").unlink()
    assert run_command(["keys", "--list", "--markdown"]) == 0
    assert capsys.readouterr().out == as_markdown()


def test_the_check_of_the_config_tells_of_keys_without_a_gateway(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text('[ui.keys]\n"foo.bar" = "f5"\n')
    assert run_command(["config", "check"]) == 3
    assert "there is no command 'foo.bar'" in capsys.readouterr().err
    monkeypatch.setenv("MESHAPI_API_KEY", "rsk_01JDEMO000000000000000000")


def test_the_doctor_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(run_command(["keys"]))
    assert ended.value.code == 2 and "--list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sent", "read", "key", "runs"),
    [
        (b"\x1b[1;3D", "ESC [ 1 ; 3 D", "alt+left", "pane.previous"),
        (b"\x0f", "^O", "ctrl+o", "pane.jump"),
        (b"\x1b", "ESC", "escape", "turn.stop"),
        (b"\x7f", "DEL", "backspace", "–"),
        ("é".encode(), "é", "é", "–"),
        (b"\xff", "\\ x f f", "", "–"),
    ],
)
def test_the_doctor_reads_what_is_sent(sent: bytes, read: str, key: str, runs: str) -> None:
    line, last = line_for(sent, read_keymap({}))
    assert readable(sent) == read and line.startswith(read) and runs in line
    assert not key or last == key


def test_what_a_terminal_keeps_is_said() -> None:
    assert "screen keeps ctrl+a" in " ".join(surroundings({"STY": "1.x", "TERM": "screen"}))
    assert "ctrl+p" in " ".join(surroundings({"TERM_PROGRAM": "vscode"}))
    assert surroundings({}) == ["TERM is not set."]


@pytest.mark.parametrize("width", [60, 80, 99, 100, 120, 139, 140, 160, 200, 400])
@pytest.mark.parametrize(
    "chosen", [Columns(), Columns(left=500, right=500), Columns(left=1, right=1, side=True)], ids=str
)
def test_columns_leave_room_for_the_conversation(width: int, chosen: Columns) -> None:
    size = size_class(width)
    for left in (False, True):
        side = chosen.has_side(size)
        wide_left, wide_right = chosen.fit(width, left=left, side=side)
        assert (wide_left >= LEFT_LEAST) == left and (wide_right >= RIGHT_LEAST) == side
        if size != "narrow":
            assert width - wide_left - wide_right - left - side >= CENTRE_LEAST


def test_columns_are_kept_and_nonsense_is_not_taken() -> None:
    columns = Columns(50, 40, side=False)
    assert columns_from(columns.to_json()) == columns
    for kept in (None, 7, {"left": "x", "right": -3, "side": 1}, {"left": True}):
        assert columns_from(kept) in (Columns(), Columns(left=1))


def test_textual_is_told_of_every_command_whose_keys_change() -> None:
    """A command that loses its key to a choice, and one that shares the key that another gives up."""
    assert read_keymap({}).changes() == {}
    assert read_keymap({"transcript.previous": "alt+t"}).changes() == {
        "transcript.previous": "alt+t",
        "app.theme": "no key",
    }
    assert read_keymap({"turn.stop": "f11"}).changes() == {"turn.stop": "f11", "focus.back": "escape"}
