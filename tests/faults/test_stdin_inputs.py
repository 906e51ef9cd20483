"""A dash as the name of a file: stdin, once, whatever it is for."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: dict[str, Any] = {"name": "get_weather", "parameters": CITY}
RULES = '[[rules]]\nresult = "sunny"\n'


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", "rsk_01JDEMO0000000000000009F2A")
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


class Shell:
    """Runs command lines with a text on stdin."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._patch, self._capsys, self.folder = patch, capsys, folder

    def __call__(self, stdin: str, *arguments: str) -> tuple[int, str, str]:
        """Run a line; return its exit code, stdout and stderr."""
        self._patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run_command(arguments)
        return code, *self._capsys.readouterr()

    def put(self, name: str, text: str) -> str:
        """Write a file; return its path."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)
        return str(self.folder / name)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(monkeypatch, capsys, tmp_path)


def test_tools_and_rules_come_from_stdin(shell: Shell) -> None:
    line = ("run", "get_weather in Rome", "-m", "sandbox/tools", "--json")
    code, out, _ = shell(json.dumps(WEATHER), *line, "--tools", "-")
    assert code == 0
    assert [call["name"] for call in json.loads(out)["message"]["tool_calls"]] == ["get_weather"]
    tool = shell.put("w.json", json.dumps(WEATHER))
    for rules in (RULES, json.dumps([{"result": "sunny"}])):
        code, out, _ = shell(rules, *line, "--tools", tool, "--respond", "-")
        assert code == 0
        assert [row["results"][0]["content"] for row in json.loads(out)["rounds"]] == ["sunny"]


def test_a_comparison_takes_its_tools_from_stdin(shell: Shell) -> None:
    models = ("-m", "sandbox/tools", "-m", "sandbox/tools-parallel")
    code, out, _ = shell(json.dumps(WEATHER), "compare", "get_weather", *models, "--tools", "-", "--json")
    assert code == 0
    assert all(row["message"]["tool_calls"] for row in json.loads(out)["results"])


def test_values_of_slots_come_from_stdin(shell: Shell) -> None:
    shell.put("home/templates/t.toml", 'system = "{{one}} and {{two}}"\n')
    shell.put("home/templates/u.toml", 'system = "or {{one}}"\n')
    said = "@ of {{slots}}\nin two lines"
    code, out, _ = shell(said, "run", "-t", "t", "-v", "one=@-", "-v", "two=b", "-m", "sandbox/echo")
    assert code == 0 and json.dumps(f"{said} and b")[1:-1] in out
    code, out, _ = shell('{"one": "1", "two": "2"}', "templates", "render", "t", "--values", "-", "--json")
    assert code == 0 and json.loads(out)[0]["content"] == "1 and 2"
    lanes = ("compare", "hello", "-t", "t", "-t", "u", "-v", "two=b", "-m", "sandbox/echo", "--json")
    code, out, _ = shell("once", *lanes, "-v", "one=@-")
    assert code == 0 and out.count("once and b") and out.count("or once")


@pytest.mark.parametrize(
    ("line", "one", "other"),
    [
        (("run", "-", "--tools", "-"), "the prompt", "--tools"),
        (("run", "hello", "--tools", "-", "--respond", "-"), "--tools", "--respond"),
        (("run", "hello", "--tools", "-", "--tools", "-"), "--tools", "--tools"),
        (("run", "hello", "-t", "t", "-v", "a=@-", "--values", "-"), "--values", "-v a=@-"),
        (("compare", "-", "-m", "a", "-m", "b", "--tools", "-"), "the prompt", "--tools"),
        (("templates", "render", "t", "--values", "-", "-v", "a=@-"), "--values", "-v a=@-"),
        (("tools", "check", "-", "-"), "-", "-"),
        (("tools", "import", "-", "x.json", "-"), "-", "-"),
    ],
)
def test_stdin_is_read_once(line: tuple[str, ...], one: str, other: str, shell: Shell) -> None:
    shell.put("home/templates/t.toml", 'system = "{{a}}"\n')
    code, out, err = shell(json.dumps(WEATHER), *line)
    assert (code, out) == (2, "")
    assert err == f"meshtui: stdin can be read once, and both {one} and {other} ask for it: put one into a file\n"


def test_without_a_prompt_the_option_has_stdin(shell: Shell) -> None:
    code, out, err = shell(json.dumps(WEATHER), "run", "--tools", "-", "-m", "sandbox/tools")
    assert (code, out) == (2, "")
    assert err == "meshtui: --tools reads stdin: give the prompt as an argument\n"
    shell.put("home/templates/t.toml", 'system = "use get_weather"\n')
    code, out, _ = shell(json.dumps(WEATHER), "run", "-t", "t", "--tools", "-", "-m", "sandbox/tools", "--json")
    assert code == 0


def test_faults_name_stdin(shell: Shell) -> None:
    for line in (("--tools", "-"), ("--respond", "-")):
        code, _, err = shell('{"name": ', "run", "hello", *line)
        assert code == 2 and err.startswith("meshtui: stdin, line 1"), err
    shell.put("home/templates/t.toml", 'system = "{{a}}"\n')
    code, _, err = shell("{", "run", "-t", "t", "--values", "-")
    assert code == 2 and err.startswith("meshtui: stdin"), err
    code, _, err = shell("", "tools", "check", "-")
    assert code == 2


def test_templates_and_examples_come_from_stdin(shell: Shell) -> None:
    code, _, err = shell('system = "hello {{name}}"\n', "templates", "import", "-", "--as", "greeting")
    assert code == 0 and "greeting.toml" in err
    code, _, _ = shell('{"name": "other", "system": "hello"}', "templates", "import", "-")
    assert code == 0
    code, out, _ = shell("", "templates", "--json")
    assert {row["name"] for row in json.loads(out)} == {"greeting", "other"}
    code, _, err = shell('{"city": "Rome"}', "tools", "new", "weather", "--example", "@-")
    assert code == 0, err
    code, out, _ = shell("", "tools", "show", "weather", "--json")
    assert list(json.loads(out)["definition"]["function"]["parameters"]["properties"]) == ["city"]
