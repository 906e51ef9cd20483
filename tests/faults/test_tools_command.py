"""`meshtui tools`: what it prints, what it writes, how it ends."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from tests.cases import load, needs_cases

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to work in, and a home of its own."""
    monkeypatch.setenv("MESHTUI_HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    (folder / ".meshtui").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run `tools`; return its exit code, what it printed and what it said."""
    code = run_command(["tools", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_definition_goes_in_and_comes_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "w.json").write_text(json.dumps({"name": "get_weather", "input_schema": {"type": "object"}}))
    code, out, err = ran(capsys, "import", "w.json", "--json")
    path = here / ".meshtui" / "tools" / "get_weather.toml"
    assert code == 0 and json.loads(out) == [
        {"name": "get_weather", "calls": "get_weather", "path": str(path), "notes": []}
    ]
    assert path.is_file() and str(path) in err
    code, out, _ = ran(capsys, "export", "get_weather", "--shape", "anthropic")
    assert json.loads(out) == {"name": "get_weather", "input_schema": {"type": "object"}}
    code, out, _ = ran(capsys, "list", "--json")
    assert [(row["name"], row["from"], row["errors"]) for row in json.loads(out)] == [("get_weather", "project", 0)]
    assert ran(capsys, "show", "get_weather")[1] == path.read_text()
    assert ran(capsys, "delete", "get_weather")[0] == 0 and not path.exists()
    code, out, err = ran(capsys, "show", "get_weather")
    assert (code, out) == (7, "") and err.count("\n") == 1


def test_a_second_import_keeps_what_is_there_unless_forced(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "w.toml").write_text('# kept\nname = "w"\n[responder]\nrules = [{ result = 1 }]\n')
    assert ran(capsys, "import", "w.toml", "--to", "yours")[0] == 0
    path = here.parent / "home" / "tools" / "w.toml"
    assert path.read_text() == (here / "w.toml").read_text()
    (here / "w.py").write_text("def w(city: str) -> str:\n    'The weather.'\n")
    code, _, err = ran(capsys, "import", "w.py", "--to", "yours")
    assert code == 2 and "already" in err and "--force" in err
    assert ran(capsys, "import", "w.py", "--force")[0] == 0
    text = path.read_text()
    assert "# kept" in text and "rules" in text and 'description = "The weather."' in text


def test_python_is_read_and_what_is_not_known_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "f.py").write_text("raise SystemExit(5)\n\ndef a(x: Unknown): 'Do.'\n\ndef b(): 'Do.'\n")
    code, out, err = ran(capsys, "import", "f.py", "--as", "json", "--json")
    assert code == 0 and [row["name"] for row in json.loads(out)] == ["a", "b"]
    assert "line 3" in err and "Unknown" in err
    code, _, err = ran(capsys, "import", "f.py", "--name", "c")
    assert code == 2 and "2" in err
    code, out, _ = ran(capsys, "check", "f.py")
    assert code == 0 and "f.py:3:1: warning:" in out


def test_new_begins_from_nothing_or_an_example(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "new", "book", "--example", '{"seats": 2}')[0] == 0
    code, out, _ = ran(capsys, "show", "book", "--json")
    assert json.loads(out)["definition"]["function"]["parameters"]["properties"] == {"seats": {"type": "integer"}}
    code, _, err = ran(capsys, "new", "other", "--example", "[1]")
    assert code == 2 and "must be an object" in err
    assert ran(capsys, "new", " ") == (2, "", "meshtui: tools new takes the name of one tool\n")
    code, _, err = ran(capsys, "new", "bad name")
    assert code == 0 and "bad name has 1 fault: `meshtui tools check bad_name` tells\n" in err


def test_what_cannot_be_written_is_not_to_be_forced(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".meshtui" / "tools").write_text("")
    code, _, err = ran(capsys, "new", "book")
    assert code == 2 and "book.toml cannot be written" in err and "--force" not in err


def test_what_cannot_be_read_can_be_put_away(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / ".meshtui" / "tools" / "broken.json"
    path.parent.mkdir()
    path.write_text("{")
    assert ran(capsys, "show", "broken")[0] == 2
    code, _, err = ran(capsys, "delete", "broken")
    assert code == 0 and "put away" in err and not path.exists()
    path.symlink_to("nowhere")
    code, out, _ = ran(capsys, "list")
    assert "is a link to nowhere, which is not there" in out
    assert ran(capsys, "delete", "broken")[0] == 0 and not path.is_symlink()


def test_check_names_file_line_and_column(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = here / "good.json"
    good.write_text(json.dumps(TOOL, indent=2))
    assert ran(capsys, "check", "good.json")[:2] == (0, "")
    bad = json.dumps(TOOL, indent=2).replace('"type": "string"', '"type": "text"')
    (here / "bad.json").write_text(bad)
    line = next(number for number, row in enumerate(bad.split("\n"), 1) if '"text"' in row)
    code, out, err = ran(capsys, "check", "good.json", "bad.json")
    assert code == 2 and out.startswith(f"bad.json:{line}:") and ": error: " in out and "(invalid)" in out
    assert "2 tools checked" in err
    code, out, _ = ran(capsys, "check", ".", "--json")
    rows = json.loads(out)["files"]
    assert code == 2 and [(row["file"], row["ok"], row["name"]) for row in rows] == [
        ("bad.json", False, "get_weather"),
        ("good.json", True, "get_weather"),
    ]
    assert rows[0]["findings"][0]["path"] == "$.function.parameters.properties.city.type"


def test_check_reads_toml_lists_foreign_shapes_and_stdin(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = (
        'name = "a"\n\n[parameters]\ntype = "object"\n\n[parameters.properties.x]\ndescription = "d"\n  type = "text"\n'
    )
    (here / "a.toml").write_text(toml + '\n[responder]\nkind = "magic"\n')
    code, out, _ = ran(capsys, "check", "a.toml")
    assert code == 2 and "a.toml:8:3: error:" in out and "a.toml:10:1: error:" in out
    schema = {"type": "object", "properties": {"x": {"type": "text"}}}
    rows = [{"name": "b", "inputSchema": schema}, {"name": "b", "input_schema": {"type": "object", "properties": {}}}]
    (here / "list.json").write_text(json.dumps({"tools": rows}, indent=1))
    code, out, _ = ran(capsys, "check", "list.json", "--json")
    first, second = json.loads(out)["files"]
    assert [(one["line"], one["column"]) for one in first["findings"] if one["code"] == "invalid"] == [(9, 15)]
    assert [one["code"] for one in second["findings"] if one["severity"] == "error"] == ["name twice"]
    for text, code in ((json.dumps(TOOL), 0), ("{", 2), ('name = "x"\nstrict = "yes"', 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert ran(capsys, "check", "-")[0] == code, text


def test_what_cannot_be_read_is_a_finding_among_others(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "latin.json").write_bytes(b'{"name": "\xe9"}')
    (here / "good.json").write_text(json.dumps(TOOL))
    code, out, _ = ran(capsys, "check", "gone.json", "latin.json", "good.json", "--json")
    rows = json.loads(out)["files"]
    assert code == 2 and [row["ok"] for row in rows] == [False, False, True]
    assert [row["findings"][0]["code"] for row in rows[:2]] == ["unreadable", "unreadable"]


@needs_cases
@pytest.mark.parametrize("row", load("tools.json").get("tools", []), ids=lambda row: str(row["id"]))
def test_every_shared_definition_is_checked_as_expected(
    here: Path, capsys: pytest.CaptureFixture[str], row: dict[str, Any]
) -> None:
    (here / "tool.json").write_text(row["text"] if "text" in row else json.dumps(row["tool"], indent=2))
    _, out, _ = ran(capsys, "check", "tool.json", "--json")
    ((file,), expect) = (json.loads(out)["files"], row["expect"])
    found = {
        kind: sorted({one["code"] for one in file["findings"] if one["kind"] == kind}) for kind in ("json", "strict")
    }
    assert ("not json" in found["json"]) == (expect["json"] != "ok")
    errors = {one["code"] for one in file["findings"] if one["kind"] == "tool" and one["severity"] == "error"}
    assert errors == set(expect.get("tool_faults", []))
    if "strict_faults" in expect:
        assert found["strict"] == sorted(expect["strict_faults"])


def test_run_takes_stored_tools_and_files_of_any_shape(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from meshtui.cli import inputs
    from meshtui.store.paths import Paths
    from meshtui.store.tool_files import ToolFiles

    (here / "mcp.json").write_text(
        json.dumps({"result": {"tools": [{"name": "a", "inputSchema": {"type": "object"}}]}})
    )
    (here / "own.toml").write_text('name = "b"\n[responder]\nrules = [{ result = 1 }]\n')
    assert ran(capsys, "import", "own.toml", "--name", "stored")[0] == 0

    def files() -> ToolFiles:
        return ToolFiles(Paths(here, here, here), here / ".meshtui")

    mcp, own, stored = inputs.tools(["mcp.json", "own.toml", "stored"], files)
    assert mcp.tool.parameters == {"type": "object"} and own.tool.responder.rules == stored.tool.responder.rules
    assert (stored.key, stored.place, stored.tool.name) == ("stored", "project", "stored")
