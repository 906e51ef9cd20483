"""The tool loop of `meshtui run` as a script sees it, against the sandbox over a real socket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox, Settings
from meshtui.store.history import Store

KEY = "rsk_01JDEMO0000000000000009F2A"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: dict[str, Any] = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
CLOCK: dict[str, Any] = {"name": "get_time", "parameters": {"type": "object", "properties": {"zone": {"const": "UTC"}}}}


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


def put(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def result_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    code = run_command(["run", *arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_each_call_has_its_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", WEATHER)
    _, result, _ = result_of(capsys, "get_weather in Rome", "-m", "sandbox/tools", "--tools", tool)
    (call,) = result["message"]["tool_calls"]
    assert set(call) == {"id", "name", "arguments", "parsed", "verdict"}
    assert call["verdict"] == {"state": "fits", "faults": []} and "rounds" not in result
    _, result, _ = result_of(capsys, "weather", "-m", "sandbox/fault-half-json-args", "--tools", tool)
    broken = next(call for call in result["message"]["tool_calls"] if call["parsed"] is None)
    assert broken["verdict"]["state"] == "not_json" and broken["verdict"]["faults"][0]["message"]
    _, result, _ = result_of(capsys, "weather", "-m", "sandbox/fault-unknown-tool", "--tools", tool)
    assert "unknown_tool" in [call["verdict"]["state"] for call in result["message"]["tool_calls"]]


def test_a_comparison_has_the_verdicts_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", WEATHER)
    command = [
        "compare",
        "get_weather",
        "-m",
        "sandbox/tools",
        "-m",
        "sandbox/tools-parallel",
        "--tools",
        tool,
        "--json",
    ]
    assert run_command(command) == 0
    lanes = json.loads(capsys.readouterr().out)["results"]
    calls = [call for lane in lanes for call in lane["message"]["tool_calls"]]
    assert len(calls) == 3 and all(call["verdict"]["state"] == "fits" for call in calls)


@pytest.mark.parametrize(
    ("choice", "tools", "words"),
    [
        ("get_wether", [WEATHER, CLOCK], "is no tool given with --tools; there is get_weather, get_time\n"),
        ("get_weather", [], "needs a tool: name its file with --tools\n"),
        ("required", [], "needs a tool: name its file with --tools\n"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_anything_is_sent(
    tmp_path: Path, choice: str, tools: list[Any], words: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--tools", put(tmp_path, "t.json", tools)] if tools else []
    seen = len(box.requests)
    code, result, err = result_of(capsys, "hi", "-m", "sandbox/tools", *files, "--tool-choice", choice)
    assert (code, result["error"]["code"], len(box.requests)) == (2, "not_sent", seen)
    assert err == f"meshtui: --tool-choice {choice} {words}"


def test_tools_that_cannot_go_together_are_refused(
    tmp_path: Path, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = put(tmp_path, "w.json", WEATHER)
    before = len(box.requests)
    for files, words in (((tool, tool), "two tools of the name 'get_weather'"), (("",), "its value is empty")):
        flags = [flag for file in files for flag in ("--tools", file)]
        assert run_command(["run", "weather", "-m", "sandbox/tools", *flags]) == 2
        assert words in capsys.readouterr().err
    assert len(box.requests) == before


def test_rules_answer_round_after_round(tmp_path: Path, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", [WEATHER, CLOCK])
    rules = put(tmp_path, "r.json", {"get_weather": [{"when": {"city": "Atlantis"}, "error": "sunk"}, {"result": [1]}]})
    more = put(tmp_path, "r.toml", '[[rules]]\ntool = "get_time"\nresult = "noon"\n')
    options = ["-m", "sandbox/tools-2", "--tools", tool, "--respond", rules, "--respond", more]
    seen = len(box.requests)
    code, result, err = result_of(capsys, "get_weather and get_time in Atlantis", *options)
    assert code == 0 and len(box.requests) - seen == 3 and err == ""
    assert result["finish_reason"] == "stop" and "sunk" in result["message"]["content"]
    assert [len(one["calls"]) for one in result["rounds"]] == [2, 2]
    first = result["rounds"][0]
    assert set(first) == {"calls", "results", "request_id", "usage", "cost_usd", "timing"}
    assert [call["verdict"]["state"] for call in first["calls"]] == ["fits", "fits"]
    sunk, noon = first["results"]
    assert set(sunk) == {"id", "name", "content", "is_error", "rule"}
    assert (sunk["name"], sunk["content"], sunk["is_error"], sunk["rule"]) == (
        "get_weather", '{"error": "sunk"}', True, "rule 1"
    )  # fmt: skip
    assert (noon["content"], noon["is_error"], noon["rule"]) == ("noon", False, "rule 3")
    assert [sunk["id"], noon["id"]] == [call["id"] for call in first["calls"]]
    rows = [*result["rounds"], result]
    assert len({row["request_id"] for row in rows}) == 3 == result["total"]["requests"]
    summed = sum(row["usage"]["total_tokens"] for row in rows)
    assert result["total"]["usage"]["total_tokens"] == summed
    with Store.open(Path(os.environ["MESHTUI_HOME"]) / "data" / "history.db", time.time) as store:
        head = store.conversations()[0].head_id
        assert head is not None
        roles = [node.role for node in store.history(head)]
    assert roles == ["user", "assistant", "tool", "tool", "assistant", "tool", "tool", "assistant"]


def test_text_goes_to_stdout_and_the_story_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"result": {"sky": "clear\x1b[2J"}}]}})
    assert run_command(["run", "get_weather in Rome", "-m", "sandbox/tools", "--tools", tool]) == 0
    out, err = capsys.readouterr()
    assert "clear" in out and "get_weather" in out and out.endswith("\n")
    assert err.startswith('meshtui: get_weather {"city": "Rome"} → {"sky": "clear') and "\x1b" not in err


def test_a_responder_in_a_tool_file_is_never_sent(tmp_path: Path, box: Sandbox) -> None:
    tool = put(tmp_path, "w.json", {**CLOCK, "output": {"type": "string"}, "responder": {"rules": [{"result": 1}]}})
    assert run_command(["run", "get_time", "-m", "sandbox/tools", "--tools", tool]) == 0
    assert box.requests[-1]["body"]["tools"] == [{"type": "function", "function": CLOCK}]


def test_a_call_that_no_rule_answers_ends_the_loop(
    tmp_path: Path, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = [put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"when": {"city": "Oslo"}, "result": 1}]}})]
    tools.append(put(tmp_path, "t.json", {**CLOCK, "responder": {"rules": [{"result": "noon"}]}}))
    options = [option for tool in tools for option in ("--tools", tool)]
    seen = len(box.requests)
    code, result, err = result_of(capsys, "get_weather and get_time in Rome", "-m", "sandbox/tools", *options)
    assert code == 0 and len(box.requests) - seen == 1
    assert [call["name"] for call in result["message"]["tool_calls"]] == ["get_weather", "get_time"]
    assert result["rounds"] == [] and result["total"]["requests"] == 1
    assert err == "meshtui: stopped at the call of get_weather: no rule answers these arguments\n"


@pytest.mark.parametrize(
    ("rules", "model", "reason"),
    [
        ({"get_weather": [{"when": {"city": "Oslo"}, "result": 1}]}, "tools", "no rule answers these arguments"),
        ([{"when": {"city": "Oslo"}, "result": 1}], "tools", "no rule answers these arguments"),
        ({"get_weather": 1}, "fault-half-json-args", "its arguments are not JSON"),
        ({"get_time": 1}, "tools", "nothing here answers this tool"),
        ({}, "tools", "nothing here answers this tool"),
    ],
)
def test_what_rules_given_apart_leave_open_is_said(
    tmp_path: Path, rules: Any, model: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--tools", put(tmp_path, "w.json", WEATHER), "--respond", put(tmp_path, "r.json", rules)]
    code, result, err = result_of(capsys, "get_weather in Rome", "-m", f"sandbox/{model}", *options)
    assert (code, result["rounds"], result["total"]["requests"]) == (0, [], 1)
    assert f"stopped at the call of get_weather: {reason}\n" in err


def test_the_loop_ends_at_its_limit(tmp_path: Path, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"result": 1}]}})
    options = ["get_weather", "-m", "sandbox/tools-9", "--tools", tool]
    seen = len(box.requests)
    code, result, err = result_of(capsys, *options)
    assert code == 0 and len(result["rounds"]) == 5 and len(box.requests) - seen == 6
    assert result["message"]["tool_calls"] and "limit of 5 rounds is reached" in err
    _, result, err = result_of(capsys, *options, "--max-rounds", "2")
    assert len(result["rounds"]) == 2 and "limit of 2 rounds" in err
    assert "limit of 1 round is reached" in result_of(capsys, *options, "--max-rounds", "1")[2]
    _, result, err = result_of(capsys, *options, "--max-rounds", "0")
    assert result["rounds"] == [] and result["message"]["tool_calls"]


def test_a_budget_that_is_reached_ends_the_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Path(os.environ["MESHTUI_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text('[budget]\nconversation = "0.0002"\n')
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"result": 1}]}})
    options = ["get_weather", "-m", "sandbox/tools-9", "--tools", tool, "--max-rounds", "9"]
    code, result, err = result_of(capsys, *options)
    assert code == 5 and 1 <= len(result["rounds"]) < 9 and "budget" in err
    assert result["message"]["tool_calls"]


def test_commands_run_only_where_the_command_line_allows_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "import json, os, sys; print(json.dumps([json.load(sys.stdin), sorted(os.environ)])); open('ran', 'w')"
    tool = put(
        tmp_path, "w.json", {**WEATHER, "responder": {"kind": "command", "argv": [sys.executable, "-c", program]}}
    )
    options = ["get_weather in Rome", "-m", "sandbox/tools", "--tools", tool]
    code, result, err = result_of(capsys, *options)
    assert code == 0 and result["rounds"] == [] and not (tmp_path / "ran").exists()
    assert "stopped at the call of get_weather: its command is not allowed" in err and "--allow-commands" in err
    code, result, err = result_of(capsys, *options, "--allow-commands")
    assert code == 0 and (tmp_path / "ran").exists()
    arguments, names = json.loads(result["rounds"][0]["results"][0]["content"])
    assert arguments == {"city": "Rome"} and not [name for name in names if name.startswith("MESH")]


def test_a_command_that_fails_is_told_and_the_model_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('no network')"]
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"kind": "command", "argv": argv}})
    code, result, err = result_of(capsys, "get_weather", "-m", "sandbox/tools", "--tools", tool, "--allow-commands")
    assert code == 0 and result["rounds"][0]["results"][0]["is_error"] and "ended with code 1" in err
    assert "no network" in result["message"]["content"]


def test_events_tell_of_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"result": 1}]}})
    assert run_command(["run", "get_weather", "-m", "sandbox/tools", "--tools", tool, "--events"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [event["event"] for event in events]
    assert names.index("tool_call") < names.index("tool_result") < names.index("round") < names.index("text")
    assert names[-1] == "end" and len(events[-1]["result"]["rounds"]) == 1
    told = events[names.index("tool_result")]
    assert (told["name"], told["content"], told["is_error"]) == ("get_weather", "1", False)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("{oops", "r.json, line 1, column 2: this is not JSON"),
        ("7", "r.json: rules are a list"),
        ('[{"when": {"a[": 1}, "result": 1}]', "r.json: 'a[' is no path"),
        ('[{"when": {}}]', "r.json: rule 1 has neither a result nor an error"),
        ('{"w": [{"when": {}}]}', "r.json: rule 1 of w has neither a result nor an error"),
        ('{"w": [{"result": 1}, {"whne": {}, "result": 2}]}', "r.json: rule 2 of w: 'whne' is no part of a rule"),
        ('{"w": {"when": {}, "result": 1, "latency_ms": 5}}', "r.json: rule 1 of w: 'latency_ms' is no part of a rule"),
    ],
)
def test_bad_rules_are_one_sentence(
    tmp_path: Path, rules: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["run", "hi", "--respond", put(tmp_path, "r.json", rules)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1


def test_a_rule_for_a_tool_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--tools", put(tmp_path, "w.json", WEATHER), "--respond", put(tmp_path, "r.json", {"get_wether": 1})]
    _, _, err = result_of(capsys, "hi", "-m", "sandbox/haiku", *options)
    assert "a rule answers get_wether, which no file given with --tools defines" in err


def test_stopping_while_a_command_runs_ends_it_and_keeps_everything(tmp_path: Path, box: Sandbox) -> None:
    program = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    tool = put(
        tmp_path, "w.json", {**WEATHER, "responder": {"kind": "command", "argv": [sys.executable, "-c", program]}}
    )
    options = ["get_weather", "-m", "sandbox/tools", "--tools", tool, "--allow-commands", "--json"]
    running = subprocess.Popen(
        [sys.executable, "-m", "meshtui", "run", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 30
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
        assert time.monotonic() < end and running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    result = json.loads(out)
    assert result["interrupted"] and result["message"]["tool_calls"] and result["rounds"] == []
    assert b"stopped" in err and b"Traceback" not in err
    with pytest.raises(OSError, match="No such process"):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    with Store.open(Path(os.environ["MESHTUI_HOME"]) / "data" / "history.db", time.time) as store:
        head = store.conversations()[0].head_id
        assert head is not None and store.history(head)[-1].message.tool_calls


def test_usage_that_nobody_told_is_null_in_the_total_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = put(tmp_path, "w.json", {**WEATHER, "responder": {"rules": [{"result": 1}]}})
    with Sandbox(Settings(switches={"usage": "nowhere"})) as silent:
        options = ["get_weather in Rome", "-m", "sandbox/tools", "--tools", tool, "--base-url", silent.url]
        _, result, _ = result_of(capsys, *options)
    assert [result["usage"], result["rounds"][0]["usage"], result["total"]["usage"]] == [None, None, None]


def test_what_a_check_finds_in_the_tools_is_told_and_they_are_sent(
    tmp_path: Path, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = put(tmp_path, "sound.json", WEATHER)
    run = ["run", "get_weather in Rome", "-m", "sandbox/tools", "--tools", sound]
    assert run_command(run) == 0
    assert "sound.json" not in capsys.readouterr().err, "advice for a strict mode that nobody asked for"
    wrong = {"type": "objet", "enum": "x", "required": "city", "minLength": -1, "pattern": "("}
    odd = put(tmp_path, "an odd one.json", {"name": "b", "parameters": {"type": "object", "properties": {"c": wrong}}})
    for more in ("--json", "--events"):
        assert run_command([*run, "--tools", odd, more]) == 0
        out, err = capsys.readouterr()
        assert all(isinstance(json.loads(line), dict) for line in out.splitlines()) and "odd one" not in out
        *told, last = [line for line in err.splitlines() if "odd one" in line]
        assert len(told) == 3 and all(line.startswith(f"meshtui: {odd}:1:") and ": error: " in line for line in told)
        assert last == f"meshtui: … and 2 more; `meshtui tools check '{odd}'` tells all"
        assert [tool["function"]["name"] for tool in box.requests[-1]["body"]["tools"]] == ["get_weather", "b"]


def test_what_a_check_finds_in_a_stored_tool_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".meshtui/tools").mkdir(parents=True)
    path = tmp_path / ".meshtui/tools/get_weather.toml"
    path.write_text('name = "get_weather"\n[parameters]\ntype = "array"\n')
    assert run_command(["run", "weather", "-m", "sandbox/tools", "--tools", "get_weather"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "get_weather.toml" in line]
    assert ".toml:3:1: error: the parameters of a tool have" in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "b"\n[parameters]\ntype = "array"\n', 3),
        ("""curl https://host.test -d '{"tools": [{"name": "b", "parameters": {"type": "array"}}]}'""", 1),
        ('{"name": "b",\n"parameters": {"type": "array"}}', 2),
    ],
    ids=["toml", "curl", "json"],
)
def test_a_file_without_an_ending_is_checked_as_what_it_is_read_as(
    tmp_path: Path, text: str, line: int, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = put(tmp_path, "odd", text)
    assert run_command(["run", "hi", "-m", "sandbox/echo", "--tools", odd]) == 0
    (said,) = [row for row in capsys.readouterr().err.splitlines() if odd in row]
    assert said.startswith(f"meshtui: {odd}:{line}:") and "error: the parameters of a tool have" in said
    assert run_command(["tools", "check", odd]) == 2
    assert capsys.readouterr().out.startswith(f"{odd}:{line}:")
