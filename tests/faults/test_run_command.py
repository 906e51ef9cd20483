"""`meshtui run` as a script sees it: stdout, stderr, JSON, exit codes, against the sandbox over a real socket."""

from __future__ import annotations

import io
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
from meshtui.cli.printer import error_details
from meshtui.sandbox import Sandbox, Settings

KEY = "rsk_01JDEMO0000000000000009F2A"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


def result_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    code = run_command(["run", *arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_the_answer_is_all_that_stdout_carries(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "hello", "-m", "sandbox/haiku"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 3 and out.endswith("rests.\n")
    assert err == ""


def test_json_has_every_member_that_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = result_of(capsys, "hello", "-m", "sandbox/haiku")
    assert code == 0
    assert set(result) == {
        *("message", "finish_reason", "model", "request_id", "usage", "cost_usd", "timing", "interrupted", "error")
    }
    assert set(result["message"]) == {"role", "content", "reasoning", "tool_calls"}
    assert result["message"]["role"] == "assistant"
    assert result["finish_reason"] == "stop" and result["error"] is None and result["interrupted"] is False
    assert result["request_id"].startswith("req_")
    assert result["usage"]["completion_tokens"] > 0
    assert 0 <= result["timing"]["ttft_ms"] <= result["timing"]["total_ms"]


def test_without_streaming_the_same_answer_comes(capsys: pytest.CaptureFixture[str]) -> None:
    _, streamed, _ = result_of(capsys, "hello", "-m", "sandbox/haiku")
    _, whole, _ = result_of(capsys, "hello", "-m", "sandbox/haiku", "--no-stream")
    assert whole["message"] == streamed["message"]
    assert whole["usage"] == streamed["usage"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("401", 3),
        ("403", 3),
        ("429-rpm", 4),
        ("429-rpd", 4),
        ("upstream-429", 4),
        ("402", 5),
        ("500", 6),
        ("502", 6),
        ("503", 6),
        ("504", 6),
        ("html-502", 6),
        ("cut", 6),
        ("cut-clean", 6),
        ("empty", 6),
        ("error-first", 6),
        ("404", 7),
        ("400", 8),
        ("409", 8),
        ("413", 8),
        ("422", 8),
    ],
)
def test_each_failure_has_its_exit_code_and_says_so(capsys: pytest.CaptureFixture[str], fault: str, code: int) -> None:
    ended, result, err = result_of(capsys, "hello", "-m", f"sandbox/fault-{fault}")
    assert ended == code, err
    assert set(result["error"]) == {
        *("code", "status", "message", "retry_after_seconds", "request_id", "param", "details")
    }
    assert result["error"]["code"] and result["error"]["message"]
    assert err.startswith("meshtui: ") and "Traceback" not in err


@pytest.mark.parametrize("fault", ["cut", "cut-clean", "error-midway", "error-close", "error-in-chunk"])
def test_a_partial_answer_is_still_there(capsys: pytest.CaptureFixture[str], fault: str) -> None:
    code, result, _ = result_of(capsys, "hello", "-m", f"sandbox/fault-{fault}")
    assert code == 6
    assert result["message"]["content"] and result["interrupted"] is True


def test_a_rate_limit_is_told_with_its_wait(capsys: pytest.CaptureFixture[str]) -> None:
    _, result, _ = result_of(capsys, "hello", "-m", "sandbox/fault-429-rpm")
    assert result["error"]["status"] == 429
    assert 1 <= result["error"]["retry_after_seconds"] <= 60


@pytest.mark.parametrize(
    ("fault", "words"),
    [("429-long", "in 2 min 0 s."), ("429-rpd", "in 1 h 30 min."), ("upstream-429", "in 1 s."), ("429-bare", None)],
)
def test_a_person_reads_how_long_to_wait(capsys: pytest.CaptureFixture[str], fault: str, words: str | None) -> None:
    _, _, err = result_of(capsys, "hello", "-m", f"sandbox/fault-{fault}")
    assert ("can be tried again" in err) == (words is not None)
    assert words is None or f"It can be tried again {words}" in err


def test_details_of_another_shape_are_shown_as_they_are() -> None:
    rows: list[Any] = [{"loc": ["body", 0], "msg": "no"}, {"a": 1}, {"loc": "body", "msg": "no"}, 5]
    assert error_details({"details": rows}) == ["  body.0: no", '  {"a": 1}', '  {"loc": "body", "msg": "no"}']


def test_a_422_names_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    _, result, err = result_of(capsys, "hello", "-m", "sandbox/fault-422")
    where = ".".join(str(item) for item in result["error"]["details"][0]["loc"])
    assert where in err


def test_a_request_is_sent_again_only_as_often_as_asked(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(Settings(faults=("503:2",))) as flaky:
        assert run_command(["run", "hello", "--base-url", flaky.url, "--retries", "1"]) == 6
    with Sandbox(Settings(faults=("503:2",))) as flaky:
        assert run_command(["run", "hello", "--base-url", flaky.url, "--retries", "2"]) == 0
    assert "Trying again" in capsys.readouterr().err


def test_a_refused_connection_is_a_network_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "hello", "--base-url", "http://127.0.0.1:9"]) == 6
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_events_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run", "hello", "-m", "sandbox/reasoning", "--events"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "state" and kinds[-1] == "end" and "reasoning" in kinds
    assert kinds.index("reasoning") > events.index({"event": "state", "state": "streaming"})
    text = "".join(event["text"] for event in events if event["event"] == "text")
    assert text == events[-1]["result"]["message"]["content"] != ""


def test_the_prompt_may_come_from_stdin(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("größe\n".encode())))
    _, result, _ = result_of(capsys, "-", "-m", "sandbox/echo")
    assert "größe" in result["message"]["content"]


def test_system_params_and_session_id_reach_the_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    _, result, _ = result_of(
        capsys,
        *("hi", "-m", "sandbox/echo", "-s", "be brief", "--param", "temperature=0.5", "--param", "user=me"),
        *("--session-id", "s-1", "--tool-choice", "none"),
    )
    echoed = json.loads(result["message"]["content"])
    assert echoed["messages"][0] == {"role": "system", "content": "be brief"}
    assert (echoed["temperature"], echoed["user"], echoed["session_id"]) == (0.5, "me", "s-1")


def test_tools_come_from_files_and_calls_go_to_stdout(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tool = tmp_path / "weather.json"
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool.write_text(json.dumps({"name": "get_weather", "parameters": schema}))
    code, result, _ = result_of(capsys, "weather?", "-m", "sandbox/tools", "--tools", str(tool))
    call = result["message"]["tool_calls"][0]
    assert code == 0 and result["finish_reason"] == "tool_calls"
    assert call["name"] == "get_weather" and isinstance(call["parsed"]["city"], str)
    assert json.loads(call["arguments"]) == call["parsed"]
    assert run_command(["run", "weather?", "-m", "sandbox/tools", "--tools", str(tool)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["name"] == "get_weather"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{not json", "line 1, column 2"),
        ("[]", "holds no tool"),
        ('{"name": ""}', "no name"),
        ('{"name": 5}', "no name"),
        ('{"name": "a", "parameters": []}', "parameters is a list"),
        ('[{"type": "function"}]', "no function object"),
        ("3", "a number"),
    ],
)
def test_a_bad_tool_file_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "tool.json"
    path.write_text(content)
    assert run_command(["run", "hi", "--tools", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and str(path) in err and words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", ""], "prompt is empty"),
        (["run", "hi", "--param", "temperature=9"], "temperature"),
        (["run", "hi", "--param", "temperature"], "NAME=VALUE"),
        (["run", "hi", "-v", "a=b"], "--template"),
        (["run", "hi", "--tools", "/nowhere/tool.json"], "no such file"),
        (["run", "hi", "--profile", "nobody"], "nobody"),
        (["run", "hi", "--base-url", "ftp://example.test"], "--base-url"),
        (["run", "hi", "--base-url", ""], "--base-url is empty"),
    ],
)
def test_bad_usage_is_one_sentence_and_sends_nothing(
    box: Sandbox, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run_command(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err


def test_a_template_of_the_user_is_expanded_here(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(os.environ["MESHTUI_HOME"]) / "templates"
    folder.mkdir(parents=True)
    (folder / "refund.toml").write_text(
        'system = "You are {{ tone }} support for {{company}}. {a} {{x y}}"\nmodel = "sandbox/echo"\n'
        '[variables]\ntone = "friendly"\n'
    )
    _, result, _ = result_of(capsys, "hi", "-t", "refund", "-v", "company=Acme")
    assert "You are friendly support for Acme. {a} {{x y}}" in result["message"]["content"]
    assert run_command(["run", "hi", "-t", "refund"]) == 2
    assert "-v company=VALUE" in capsys.readouterr().err


def test_a_template_nobody_has_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = result_of(capsys, "hi", "-t", "no-such-template", "-m", "sandbox/echo")
    assert code == 7 and result["error"]["status"] == 404


def test_without_a_key_it_says_how_to_get_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESHAPI_API_KEY")
    assert run_command(["run", "hi"]) == 3
    assert "MESHAPI_API_KEY" in capsys.readouterr().err


def test_what_was_said_is_in_the_history(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["run", "remember me", "-m", "sandbox/haiku"])
    run_command(["run", "and me", "-m", "sandbox/fault-cut"])
    capsys.readouterr()
    assert run_command(["sessions", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["title"] for row in rows] == ["and me", "remember me"]
    assert run_command(["sessions", "show", rows[0]["id"], "--json"]) == 0
    messages = json.loads(capsys.readouterr().out)["messages"]
    assert messages[0]["content"] == "and me" and messages[1]["state"] == "failed" and messages[1]["content"]


def test_the_key_is_nowhere_on_disk(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["run", f"my key is {KEY}", "-m", "sandbox/echo"])
    home = Path(os.environ["MESHTUI_HOME"])
    assert [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


def process(box: Sandbox, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "meshtui", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "MESHAPI_BASE_URL": box.url},
    )


def test_ctrl_c_keeps_the_partial_answer_and_ends_with_130() -> None:
    with Sandbox(Settings(speed=50)) as slow:
        running = process(slow, "run", "hello", "-m", "sandbox/markdown", "--events")
        assert running.stdout is not None and running.stderr is not None
        for line in running.stdout:
            if json.loads(line)["event"] == "text":
                break
        running.send_signal(signal.SIGINT)
        rest, err = running.communicate(timeout=60)
    assert running.returncode == 130 and b"Traceback" not in err
    result = json.loads(rest.splitlines()[-1])["result"]
    assert result["interrupted"] is True and result["message"]["content"]


def test_a_closed_pipe_ends_cleanly_with_130(tmp_path: Path) -> None:
    with Sandbox(Settings(speed=20)) as slow:
        running = process(slow, "run", "hello", "-m", "sandbox/markdown")
        assert running.stdout is not None and running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        err = running.stderr.read()
        running.stderr.close()
        assert running.wait(60) == 130
    assert err in (b"", b"meshtui: stopped; what arrived is kept\n")
    assert run_command(["sessions", "list", "--json"]) == 0


def test_text_arrives_while_it_streams() -> None:
    with Sandbox(Settings(speed=4)) as slow:  # it would take a minute to its end
        running = process(slow, "run", "hello", "-m", "sandbox/markdown")
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.read(1)
        began = time.monotonic()
        assert running.poll() is None
        running.terminate()
        running.communicate(timeout=60)
        assert time.monotonic() - began < 30
        assert running.returncode == 130


def test_attachments_go_along(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    _, result, _ = result_of(
        capsys,
        "what?",
        "-m",
        "sandbox/echo",
        "--attach",
        str(picture),
        "--attach",
        "https://example.test/clip.mp4#fps=2",
    )
    parts = json.loads(result["message"]["content"])["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url", "video_url"]
    assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert parts[2] == {"type": "video_url", "video_url": {"url": "https://example.test/clip.mp4"}, "fps": "2"}


def test_a_template_that_the_gateway_refuses_leaves_no_conversation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    model = ("-m", "sandbox/haiku")
    assert run_command(["run", "-t", "nowhere", *model]) == 7
    assert run_command(["run", "-t", "summary", "-v", "sentence=2", *model]) == 8
    assert run_command(["run", "-t", "summary", "-v", "sentences=2", "-v", "reader=me", *model]) == 0
    assert run_command(["run", "-t", "nowhere", "Where am I?", *model]) == 7
    capsys.readouterr()
    assert run_command(["sessions", "list", "--json"]) == 0
    assert [row["title"] for row in json.loads(capsys.readouterr().out)] == ["Where am I?", "summary"]


def test_a_picture_that_comes_back_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    _, result, told = result_of(capsys, "a cat", "-m", "sandbox/image")
    assert "base64" not in json.dumps(result)
    files = [path for path in Path(os.environ["MESHTUI_HOME"]).rglob("*.png") if path.is_file()]
    assert len(files) == 1 and files[0].read_bytes().startswith(b"\x89PNG")
    size = f"{files[0].stat().st_size / 1024:.1f} KiB"
    assert f"kept image · image.png · {size} · {files[0]}" in told
    assert run_command(["sessions", "list", "--json"]) == 0
    [row] = [row for row in json.loads(capsys.readouterr().out) if row["title"] == "a cat"]
    assert run_command(["sessions", "show", row["id"]]) == 0
    assert f"image · image.png · {size} · {files[0]}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notes.txt", "not .txt files"),
        ("gone.png", "{}/gone.png does not exist"),
        ("gone", "{}/gone does not exist"),
        ("folder", "{}/folder is a folder"),
        ("notes.txt/x.png", "{}/notes.txt/x.png does not exist"),
        ("n" * 300, " cannot be read: File name too long"),
    ],
)
def test_what_cannot_be_attached_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    assert run_command(["run", "hi", "--attach", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words.format(tmp_path) in err


def test_the_clock_starts_when_the_request_leaves(box: Sandbox) -> None:
    parts = []
    for _ in range(5):
        began = time.monotonic()
        out, _ = process(box, "run", "hello", "-m", "sandbox/haiku", "--json").communicate(timeout=60)
        parts.append(json.loads(out)["timing"]["total_ms"] / 1000 / (time.monotonic() - began))
        if parts[-1] < 1 / 3:
            return
    pytest.fail(f"imports and TLS, which take longer, are no time of the gateway's: {parts}")


@pytest.mark.parametrize(
    ("fault", "requests"), [("500", 2), ("503", 3), ("500-job", 1), ("402", 1), ("429-long", 1), ("anthropic", 3)]
)
def test_what_is_tried_again_is_what_the_contract_says(fault: str, requests: int) -> None:
    with Sandbox(Settings(faults=(fault,))) as failing:
        assert run_command(["run", "hello", "--base-url", failing.url, "--retries", "2"]) != 0
        assert len([row for row in failing.requests if row["path"] == "/v1/chat/completions"]) == requests


def test_an_overloaded_provider_is_no_rate_limit(capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = result_of(capsys, "hello", "-m", "sandbox/fault-anthropic")
    assert result["error"]["status"] == 529 and code == 6


def test_a_tool_call_without_a_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["run", "hello", "-m", "sandbox/fault-nameless-tool"])
    assert "without a name" in capsys.readouterr().err


def test_retries_of_a_profile_are_between_flag_and_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESHTUI_RETRIES")
    config = Path(os.environ["MESHTUI_HOME"]) / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[profiles.patient]\nretries = 1\n")
    with Sandbox(Settings(faults=("503",))) as failing:
        run_command(["run", "hello", "--base-url", failing.url, "--profile", "patient"])
        assert len(failing.requests) == 2


def test_json_is_printed_also_where_nothing_could_be_sent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, result, err = result_of(capsys, "hi", "--param", "temperature=9")
    assert code == 2 and "temperature" in result["error"]["message"] and "temperature" in err
    monkeypatch.delenv("MESHAPI_API_KEY")
    code, result, _ = result_of(capsys, "hi")
    assert code == 3 and result["error"]["code"] == "no_key" and result["message"]["content"] == ""


@pytest.mark.parametrize("command", [["demo"], []])
def test_the_workbench_says_that_it_needs_a_terminal(box: Sandbox, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "meshtui", *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    assert done.returncode == 2 and done.stdout == b"" and b"needs a terminal" in done.stderr


def test_a_full_disk_under_stdout_is_one_sentence(box: Sandbox) -> None:
    with open("/dev/full", "wb") as full:
        running = process(box, "run", "hello", "-m", "sandbox/haiku", stdout=full.fileno())
        _, err = running.communicate(timeout=60)
    assert running.returncode == 2 and err.count(b"\n") == 1 and b"stdout cannot be written" in err
