"""`meshtui templates` and `meshtui run -t` as a script sees them, against the sandbox over a real socket."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox, Settings

FILE = 'description = "Answers"\nsystem = """\nBe {{tone}} for {{company}}.\n"""\n[variables]\ntone = "kind"\n'


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000)) as box:
        yield box


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", "rsk_01JDEMO0000000000000009F2A")
    monkeypatch.setenv("MESHTUI_RETRIES", "0")
    (tmp_path / "work" / ".meshtui" / "templates").mkdir(parents=True)
    (tmp_path / "work" / ".meshtui" / "templates" / "bot.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run_command(list(arguments))
        return code, *capsys.readouterr()

    return call


def echoed(call: Any, *arguments: str) -> dict[str, Any]:
    code, out, err = call("run", "-m", "sandbox/echo", "-t", "bot", *arguments)
    assert code == 0, err
    request: dict[str, Any] = json.loads(out)
    return request


def test_listing_showing_and_rendering(call: Any, tmp_path: Path) -> None:
    code, out, _ = call("templates")
    assert code == 0 and out.split()[:2] == ["bot", "project"] and "{{company}}" in out
    assert call("templates", "search", "ANSWERS", "tone")[1] == out
    assert call("templates", "search", "nothing")[1] == ""
    assert call("templates", "show", "bot")[1] == FILE
    (row,) = json.loads(call("templates", "list", "--json")[1])
    assert row["slots"] == ["tone", "company"] and row["from"] == "project"
    code, out, err = call("templates", "render", "bot")
    assert code == 2 and "no value for company" in err
    (tmp_path / "name.txt").write_text("Acme\nInc")
    code, out, _ = call("templates", "render", "bot", "-v", f"company=@{tmp_path / 'name.txt'}", "--json")
    assert json.loads(out) == [{"role": "system", "content": "Be kind for Acme\nInc.\n"}]
    code, _, err = call("templates", "show", "bto")
    assert code == 7 and "did you mean 'bot'?" in err


def test_a_run_with_values_from_everywhere(call: Any, tmp_path: Path) -> None:
    def system(*arguments: str) -> str:
        return str(echoed(call, "hi", *arguments)["messages"][0]["content"])

    (tmp_path / "one.env").write_text("company=Env\n")
    (tmp_path / "rows.csv").write_text("set,company,tone\nx,Csv,loud\ny,Other,low\n")
    (tmp_path / "work" / ".meshtui" / "templates" / "bot.values.toml").write_text("[acme]\ncompany = 'Acme'\n")
    assert system("-v", "company=@@home") == "Be kind for @home.\n"
    assert system("--values", str(tmp_path / "one.env")) == "Be kind for Env.\n"
    assert system("--values", str(tmp_path / "rows.csv"), "--set", "y") == "Be low for Other.\n"
    assert system("--values", str(tmp_path / "rows.csv"), "--set", "#1", "-v", "tone=v") == "Be v for Csv.\n"
    assert system("--values", "acme") == system("--set", "acme") == "Be kind for Acme.\n"
    code, _, err = call("run", "hi", "-t", "bot", "--values", str(tmp_path / "rows.csv"))
    assert code == 2 and "--set (x, y)" in err
    code, _, err = call("run", "hi", "-t", "bot", "--values", "nope")
    assert code == 2 and "the sets are: acme" in err
    code, _, err = call("run", "hi", "-t", "bot", "-v", "company=@nowhere.txt")
    assert code == 2 and "there is no such file" in err
    code, _, err = call("run", "hi", "-v", "a=b")
    assert code == 2 and "name one with -t" in err
    versions = json.loads(call("templates", "versions", "bot", "--json")[1])
    assert [row["runs"] for row in versions] == [6]


def test_the_gateway_expands_what_was_pushed(call: Any) -> None:
    code, _, err = call("run", "hi", "-t", "bot", "-m", "sandbox/echo", "-v", "company=A", "--expand", "gateway")
    assert code == 7 and "bot" in err
    assert call("templates", "push", "bot")[0] == 0
    there = echoed(call, "hi", "-v", "company=A", "--expand", "gateway")
    here = echoed(call, "hi", "-v", "company=A")
    assert there["messages"] == here["messages"]
    code, out, err = call("templates", "render", "bot", "-v", "company=A", "--check")
    assert (code, out) == (0, "") and "the same messages" in err


def test_push_pull_diff_and_delete(call: Any, tmp_path: Path) -> None:
    path = tmp_path / "work" / ".meshtui" / "templates" / "bot.toml"
    assert call("templates", "diff", "bot")[0] == 7
    assert "created bot" in call("templates", "push", "bot")[2]
    assert "both sides are the same" in call("templates", "diff", "bot")[2]
    path.write_text("# mine\n" + FILE.replace("Be {{tone}}", "Stay {{tone}}"))
    code, out, _ = call("templates", "diff", "bot")
    assert (code, "system: changed here" in out, "[-Be-]{+Stay+}" in out) == (0, True, True)
    assert "sent system" in call("templates", "push", "bot")[2]
    (row,) = [row for row in json.loads(call("templates", "--gateway", "--json")[1]) if row["from"] == "gateway"]
    assert row["slots"] == ["tone", "company"]
    # A second machine pulls it, changes it and pushes; the first one has changed the same.
    (tmp_path / "other").mkdir()
    assert call("templates", "pull", "bot", "--as", "copy")[0] == 0
    copy = path.with_name("copy.toml")
    copy.write_text(copy.read_text().replace("Stay", "Remain"))
    assert "sent system" in call("templates", "push", "copy")[2]
    path.write_text(path.read_text().replace("Stay", "Go on"))
    code, out, err = call("templates", "push", "bot")
    assert code == 8 and "Nothing was overwritten" in err and "[-Remain-]" in out
    code, _, err = call("templates", "pull", "bot")
    assert code == 8 and "Go on" in path.read_text()
    assert call("templates", "pull", "bot", "--force")[0] == 0
    assert path.read_text() == "# mine\n" + FILE.replace("Be {{tone}}", "Remain {{tone}}")
    assert call("templates", "delete", "bot", "--gateway")[0] == 0
    code, _, err = call("templates", "delete", "summary", "--gateway")
    assert code == 3 and "read-only" in err
    assert call("templates", "delete", "bot")[0] == 0 and not path.exists()
    for broken in (lambda: path.write_text("= no TOML"), lambda: path.symlink_to("nowhere")):
        broken()
        assert call("templates", "show", "bot")[0] == 2
        assert call("templates", "delete", "bot")[0] == 0 and not os.path.lexists(path)


def test_import_and_export(call: Any, tmp_path: Path) -> None:
    code, out, _ = call("templates", "export", "bot")
    row = json.loads(out)
    assert row["variables"] == ["tone", "company"] and row["model"] is None
    (tmp_path / "rows.json").write_text(json.dumps([{**row, "name": "a/b: c"}, {**row, "name": "two"}]))
    assert call("templates", "import", str(tmp_path / "rows.json"))[0] == 0
    names = [one["name"] for one in json.loads(call("templates", "--json")[1])]
    assert names == ["a-b- c", "bot", "two"]
    assert json.loads(call("templates", "export", "a-b- c")[1])["name"] == "a/b: c"
    code, _, err = call("templates", "import", str(tmp_path / "rows.json"))
    assert code == 2 and "already" in err
    (tmp_path / "bad.json").write_text("{")
    assert call("templates", "import", str(tmp_path / "bad.json"))[0] == 2
    (tmp_path / "t.toml").write_text("system = 'x'\n")
    assert call("templates", "import", str(tmp_path / "t.toml"), "--as", "mine")[0] == 0
    assert "x" in call("templates", "show", "mine")[1]


def test_an_imported_file_keeps_its_comments_and_its_order(call: Any, tmp_path: Path) -> None:
    text = '# mine\nsystem = "Be {{tone}}."  # short\n\n[variables]\ntone = "kind"\n\n[params]\ntemperature = 0\n'
    (tmp_path / "own.toml").write_text(text)
    assert call("templates", "import", str(tmp_path / "own.toml"))[0] == 0
    assert call("templates", "show", "own")[1] == text
    assert call("templates", "import", str(tmp_path / "own.toml"), "--as", "other")[0] == 0
    assert "# short" in call("templates", "show", "other")[1]


def test_a_value_for_no_slot_is_told(call: Any) -> None:
    code, _, err = call("run", "hi", "-t", "bot", "-v", "company=A", "-v", "compnay=B", "-m", "sandbox/echo")
    assert code == 0 and "template bot has no slot 'compnay'; did you mean 'company'?" in err
    assert "no slot 'locale'" in call("templates", "render", "bot", "-v", "company=A", "-v", "locale=it")[2]


@pytest.mark.parametrize("command", [["run"], ["compare", "-m", "sandbox/echo"]])
def test_a_gateway_without_templates_is_not_asked_to_fill_one_in(call: Any, command: list[str]) -> None:
    with Sandbox(Settings(faults=("404",), switches={"fault-scope": "all"})) as plain:
        code, out, err = call(*command, "hi", "-t", "bto", "-m", "sandbox/haiku", "--base-url", plain.url)
        assert not [row for row in plain.requests if str(row["path"]).endswith("/completions")]
    assert (code, out) == (7, "") and f"no template 'bto' here, and {plain.url} keeps none" in err
