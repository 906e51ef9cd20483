"""The sandbox's options, and the sandbox as a process and as a thread."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

import httpx
import pytest

from meshtui.cli import run_command
from meshtui.sandbox import SWITCHES, Sandbox, Settings
from meshtui.sandbox.options import add_arguments, settings_from
from tests.sandbox_caller import KEY, Caller

SERVE = "from meshtui.sandbox import Settings, serve; serve(Settings())"


def parse(*arguments: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return settings_from(parser.parse_args(arguments))


def test_no_option_means_the_settings_defaults() -> None:
    assert parse() == Settings()


def test_every_option_reaches_its_setting() -> None:
    settings = parse(
        *("--host", "::1", "--port", "8123", "--speed", "80", "--ttft", "0.25", "--seed", "7", "--rpm", "none"),
        *(
            "--rpd",
            "5",
            "--tpm",
            "1000",
            "--spend-cap",
            "$1.50",
            "--balance",
            "3",
            "--key",
            "rsk_one",
            "--fault",
            "cut",
        ),
        *("--fault", "503:2", "--set", "cost=string", "--set", "usage=nowhere", "--cache", "--models", "9"),
    )
    assert settings == Settings(
        host="::1",
        port=8123,
        speed=80,
        ttft=0.25,
        seed=7,
        rpm=None,
        rpd=5,
        tpm=1000,
        spend_cap=Decimal("1.50"),
        balance=Decimal(3),
        keys=("rsk_one",),
        faults=("cut", "503:2"),
        switches={"cost": "string", "usage": "nowhere"},
        cache=True,
        catalogue_rows=9,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "cutt"], "did you mean 'cut'?"),
        (["--fault", "cut:x"], "whole number"),
        (["--fault", "cut:²"], "whole number"),
        (["--set", "cost"], "NAME=VALUE"),
        (["--set", "cost=gold"], "one of absent, string, number, usage"),
        (["--set", "colour=red"], "no switch 'colour'"),
        (["--port", "70000"], "no port"),
        (["--port", "8²"], "no port"),
        (["--speed", "-1"], "0 or more"),
        (["--rpm", "lots"], "neither a whole number nor 'none'"),
        (["--rpm", "1²"], "neither a whole number nor 'none'"),
        (["--balance", "much"], "no amount of money"),
        (["--balance", "NaN"], "no amount of money"),
    ],
)
def test_a_bad_option_is_explained(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_list_faults_names_faults_and_switches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sandbox", "--list-faults"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("cut-clean", "429-rpm", "hostile", *SWITCHES))


@pytest.mark.parametrize(
    "bad", [{"speed": -1}, {"rpm": -5}, {"switches": {"no": "x"}}, {"faults": ("nope",)}, {"ttft": float("nan")}]
)
def test_settings_that_cannot_work_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Settings(**bad)  # type: ignore[arg-type]


def test_options_are_read_without_importing_a_web_framework() -> None:
    code = (
        "import sys; from meshtui.sandbox import Settings; import meshtui.sandbox.options; "
        "print([name for name in ('starlette', 'uvicorn', 'pydantic', 'asyncio') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def _started(code: str = SERVE) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("listening on http://127.0.0.1:"), line
    return process, line.removeprefix("listening on ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("model", ["sandbox/fault-hang", "sandbox/slow"])
def test_a_signal_ends_the_process_at_once_with_requests_open(number: signal.Signals, model: str) -> None:
    process, url = _started()
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "x"}]}
    failures: list[Exception] = []

    def call() -> None:
        try:
            httpx.post(f"{url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)
        except httpx.HTTPError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    seen: list[dict[str, object]] = []
    until = time.monotonic() + 30
    while not any(row["path"] == "/v1/chat/completions" for row in seen) and time.monotonic() < until:
        seen = httpx.get(f"{url}/sandbox/requests").json()
    begun = time.perf_counter()
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert time.perf_counter() - begun < 8, "neither request ends by itself"
    assert (process.returncode, out, err) == (0, "", "")
    thread.join(30)
    assert failures


def test_a_port_that_is_taken_is_said() -> None:
    with Sandbox() as box:
        port = int(box.url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            Sandbox(Settings(port=port)).start()


def test_a_thread_ends_at_once_with_streams_open() -> None:
    box = Sandbox(Settings(rpm=None))
    box.start()
    with Caller(box, timeout=30) as caller:
        body = {"model": "sandbox/slow", "stream": True, "messages": [{"role": "user", "content": "x"}]}
        with caller.http.stream("POST", "/v1/chat/completions", json=body):
            begun = time.perf_counter()
            box.stop()
            assert time.perf_counter() - begun < 8, "the stream takes longer"
        box.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox"]


def test_it_starts_quickly_and_answers_at_once() -> None:
    with Sandbox():
        pass  # the imports are paid here
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        with Sandbox() as box, Caller(box) as caller:
            assert caller.http.get("/v1/models").status_code == 200
        took.append(time.perf_counter() - begun)
    assert min(took) < 1, "a busy machine is not late each time"


def test_ipv6_has_brackets_in_its_url() -> None:
    try:
        with Sandbox(Settings(host="::1")) as box, Caller(box) as caller:
            assert box.url.startswith("http://[::1]:")
            assert caller.http.get("/v1/models").status_code == 200
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
