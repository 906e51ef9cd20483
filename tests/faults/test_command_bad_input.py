"""What a script gets wrong, or what goes wrong around it: one sentence, the right exit code, stdout for data alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from meshtui.cli import run_command
from meshtui.sandbox import Sandbox, Settings
from tests.client_calls import free_port
from tests.workbench import until

KEY = "rsk_01JDEMO0000000000000009F2A"


@pytest.fixture(autouse=True)
def at_the_sandbox(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHAPI_BASE_URL", f"{box.url}/v1")
    monkeypatch.setenv("MESHAPI_API_KEY", KEY)
    monkeypatch.setenv("MESHTUI_RETRIES", "0")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said of a command line that ends with 2, whether or not its options could be read."""
    try:
        code: object = run_command(arguments)
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert code == 2 and out == "", (code, out)
    return str(err.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "hi", "-m", ""), "-m/--model: it is empty"),
        (("run", "hi", "-t", " "), "-t/--template: it is empty"),
        (("run", "hi", "--home", ""), "--home: it is empty"),
        (("run", "hi", "--profile", ""), "--profile: it is empty"),
        (("compare", "hi", "-m", "sandbox/haiku", "-m", ""), "-m/--model: it is empty"),
        (("run", "hi", "--set", "angry"), "--set fills in a template: name one with -t"),
        (("run", "hi", "--values", "set.json"), "--values fills in a template: name one with -t"),
        (("run", "hi", "--param", "messages=[]"), "--param takes no messages"),
        (("compare", "hi", "-m", "a", "--vary", "temperature"), "--vary takes NAME=VALUE, not 'temperature'"),
        (("compare", "hi", "-m", "a", "--vary-var", "x=1"), "--vary-var fills in a template"),
        (("compare", "hi", "-m", "a", "--samples", "0"), "--samples: '0' is no whole number from 1 up"),
        (("sessions", "--limit", "0"), "--limit: '0' is no whole number from 1 up"),
        (("sessions", "--limit", "x"), "--limit: 'x' is no whole number from 1 up"),
    ],
)
def test_a_bad_option_is_named_with_what_to_do(
    box: Sandbox, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in refusal(capsys, *arguments)


def test_values_for_the_gateways_template_may_come_from_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "values.json").write_text('{"text": "Rain.", "sentences": "2", "reader": "a child"}')
    arguments = ["run", "-t", "summary", "-m", "sandbox/echo", "--values", str(tmp_path / "values.json"), "hi"]
    assert run_command(arguments) == 0
    assert "a child" in capsys.readouterr().out


def shell(line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `meshtui` is this program."""
    line = line.replace("meshtui", f"{sys.executable} -m meshtui")
    return subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30, env={**os.environ, **environ}
    )


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_a_stderr_that_takes_nothing_changes_neither_stdout_nor_the_exit_code(stderr: str) -> None:
    done = shell(f"meshtui run hi -m sandbox/fault-404 {stderr}")
    assert (done.returncode, done.stdout) == (7, "")


@pytest.mark.parametrize("stdout", [">&-", ">/dev/full"])
def test_a_list_that_cannot_be_written_is_one_sentence(stdout: str) -> None:
    done = shell(f"meshtui sandbox --list-faults {stdout}")
    assert done.returncode == 2 and done.stderr.startswith("meshtui: stdout ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_comparison_that_is_interrupted_ends_with_130_though_a_lane_is_done(arguments: list[str]) -> None:
    with Sandbox(Settings()) as quick:
        running = subprocess.Popen(
            [sys.executable, "-m", "meshtui", "compare", "hi", "-m", "sandbox/haiku", "-m", "sandbox/fault-hang"]
            + arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "MESHAPI_BASE_URL": quick.url},
        )
        assert running.stderr is not None
        for line in running.stderr:
            if "sandbox/haiku: done" in line:
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 130 and "sandbox/fault-hang: stopped" in err
    assert "sandbox/haiku" in out and "stopped" in out


def test_ctrl_c_while_it_is_still_being_imported_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise KeyboardInterrupt\n")
    done = shell("meshtui run hi", PYTHONPATH=f"{tmp_path}{os.pathsep}{os.getcwd()}")
    assert done.returncode == 130 and done.stderr == ""


@pytest.mark.parametrize(
    ("command", "word"), [("models", "haiku"), ("templates", "refund"), ("tools", "weather"), ("sessions", "fruit")]
)
def test_every_list_is_searched_by_the_same_word(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "refund.toml").write_text('system = "Hello"\n')
    (tmp_path / "weather.toml").write_text('name = "weather"\n')
    assert run_command(["templates", "import", "refund.toml"]) == run_command(["tools", "import", "weather.toml"]) == 0
    assert run_command(["run", "Name a fruit", "-m", "sandbox/echo"]) == 0
    capsys.readouterr()
    assert run_command([command, "search", word]) == 0
    found = capsys.readouterr().out
    assert word in found.casefold()
    assert run_command([command, "search", "nothingofthesort"]) == 0
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("meshtui: ")
    assert run_command([command, "search", "nothingofthesort", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("broken", ["home is a file", "history is a folder", "history is no database"])
def test_a_home_that_cannot_be_used_is_bad_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, broken: str
) -> None:
    home = tmp_path / "place"
    if broken == "home is a file":
        home.write_text("x")
    else:
        (home / "data").mkdir(parents=True)
        history = home / "data" / "history.db"
        history.mkdir() if broken == "history is a folder" else history.write_bytes(b"no database" * 500)
    said = refusal(capsys, "run", "hi", "-m", "sandbox/haiku", "--home", str(home))
    assert str(home) in said
    assert str(home) in refusal(capsys, "sessions", "--home", str(home))


@pytest.mark.parametrize("command", [["run"], ["run", "--json"], ["compare", "-m", "sandbox/echo"]])
def test_ctrl_c_before_anything_was_sent_is_an_end_like_others(
    box: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    async def interrupted(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    monkeypatch.setattr(f"meshtui.cli.{command[0]}.check_budget", interrupted)
    before = len(box.requests)
    assert run_command([*command, "hi", "-m", "sandbox/haiku"]) == 130
    out, err = capsys.readouterr()
    assert len(box.requests) == before and "Traceback" not in err
    if "--json" in command:
        assert json.loads(out)["interrupted"] is True
    elif command == ["run"]:
        assert (out, err) == ("", "meshtui: stopped; nothing was sent\n")


def test_a_folder_that_is_gone_has_no_project(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    package = f"{Path(__file__).parents[2]}"
    done = shell(f"cd {gone} && rmdir {gone} && meshtui run hi -m sandbox/haiku", PYTHONPATH=package)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout


def test_an_encoding_that_lacks_a_character_is_no_fault() -> None:
    done = shell("meshtui run 'caf\u00e9 \u2014 \U0001f600' -m sandbox/echo", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "") and "caf? ? ?" in done.stdout
    done = shell("meshtui run 'caf\u00e9 \u2014 \U0001f600' -m sandbox/echo --json", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "caf\u00e9 \u2014 \U0001f600" in json.loads(done.stdout)["message"]["content"]
    command = f"{sys.executable} -m meshtui run 'это café' -m sandbox/echo"  # 8 bits that have other characters than é
    line = ["/bin/sh", "-c", command]
    raw = subprocess.run(line, capture_output=True, timeout=60, env={**os.environ, "PYTHONIOENCODING": "koi8-r"})
    assert (raw.returncode, raw.stderr) == (0, b"") and "это caf?" in raw.stdout.decode("koi8-r")


@pytest.mark.parametrize("stdout", [">&-", ">/dev/full"])
def test_linear_mode_says_where_nothing_can_be_written(stdout: str) -> None:
    done = shell(f"echo hi | meshtui --linear {stdout}")
    assert done.returncode == 2 and done.stderr.startswith("meshtui: stdout ") and done.stderr.count("\n") == 1


def test_a_sandbox_that_cannot_say_where_it_listens() -> None:
    done = shell("meshtui sandbox >/dev/full")
    assert done.returncode == 2 and done.stderr.startswith("meshtui: stdout cannot be written: ")
    port = free_port()
    line = ["/bin/sh", "-c", f"exec {sys.executable} -m meshtui sandbox --port {port} >&-"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as silent:
        asyncio.run(until(lambda: silent.poll() is not None or listens(port), "a sandbox"))
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=20).status_code == 200
        silent.terminate()
        assert silent.wait(20) == 0 and silent.stderr is not None and silent.stderr.read() == ""


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0
