"""Commands that answer tool calls: whatever a program does is bounded in time and size, told, and over afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.tools.tool import Command
from meshtui.session.tool_command import KEPT, CannotRun, CommandRun, Outcome, Plan, environment, planned

KEY = "rsk_01JDEMO0000000000000009F2A"
ENVIRON = {**os.environ, "MESHAPI_API_KEY": KEY, "MESHTUI_HOME": "/x", "COLOUR": "red", "OTHER": "no", "COPY": KEY}


def is_secret(text: str) -> bool:
    return KEY in text


def plan_of(home: Path, argv: tuple[str, ...], **more: Any) -> Plan:
    return planned(Command(argv, **more), home / "tool.json", ENVIRON, is_secret)


def answer(home: Path, program: str, arguments: str = "{}", **more: Any) -> Outcome:
    """Run a Python program as the command of a tool."""
    plan = plan_of(home, (sys.executable, "-c", program), **more)
    return CommandRun(plan, arguments, environment(plan, ENVIRON, is_secret)).work()


def is_gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_for(holds: Any, what: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


def test_arguments_go_in_as_json_and_the_output_is_the_result(tmp_path: Path) -> None:
    got = answer(tmp_path, "import json, sys; print(json.load(sys.stdin)['city'].upper())", '{"city": "Málaga"}')
    assert got == Outcome("MÁLAGA")


def test_it_runs_in_the_folder_of_the_tool_or_one_named_from_there(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    program = "import os; print(os.getcwd())"
    assert answer(tmp_path, program).text == str(tmp_path)
    assert answer(tmp_path, program, folder="below").text == str(tmp_path / "below")
    with pytest.raises(CannotRun, match="nowhere of the command .* is not there"):
        plan_of(tmp_path, ("ls",), folder="nowhere")


def test_the_key_and_everything_not_named_stay_out_of_its_environment(tmp_path: Path) -> None:
    got = answer(tmp_path, "import json, os; print(json.dumps(dict(os.environ)))", environment=("COLOUR",))
    seen = json.loads(got.text)
    assert seen["COLOUR"] == "red" and seen["TERM"] == "dumb" and seen["PATH"]
    assert not {"MESHAPI_API_KEY", "MESHTUI_HOME", "OTHER", "COPY"} & set(seen) and KEY not in got.text
    for name in ("MESHAPI_API_KEY", "COPY"):
        with pytest.raises(CannotRun, match=f"{name} may hold a gateway's key"):
            plan_of(tmp_path, ("ls",), environment=(name,))


def test_there_is_no_shell(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, ("echo", "$HOME; touch pwned", "`id`"))
    assert CommandRun(plan, "{}", {}).work().text == "$HOME; touch pwned `id`"
    assert not (tmp_path / "pwned").exists()


def test_a_program_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    script = "sleep 600 & echo $$ $! > pids; echo begun; wait"  # a shell has begun long before its time is over
    plan = plan_of(tmp_path, ("/bin/sh", "-c", script), timeout=2.0)
    got = CommandRun(plan, "{}", environment(plan, ENVIRON, is_secret)).work()
    assert got.is_error and got.note.startswith("It did not end within 2 s and was stopped.")
    assert json.loads(got.text) == {"error": "it did not end within 2 s and was stopped", "output": "begun"}
    for pid in (tmp_path / "pids").read_text().split():
        wait_for(lambda pid=pid: is_gone(int(pid)), f"the end of {pid}")


def test_a_program_that_ignores_its_signals_is_stopped_all_the_same(tmp_path: Path) -> None:
    program = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    begun = time.monotonic()
    assert "did not end within 0.5 s" in answer(tmp_path, program, timeout=0.5).note
    assert time.monotonic() - begun < 30


def test_what_it_leaves_running_is_ended_and_holds_nothing_up(tmp_path: Path) -> None:
    program = "import subprocess, sys\nchild = subprocess.Popen(['sleep', '600'])\nprint(child.pid)"
    begun = time.monotonic()
    got = answer(tmp_path, program, timeout=60.0)
    assert not got.is_error and time.monotonic() - begun < 20
    wait_for(lambda: is_gone(int(got.text)), "the end of the child")


LEAVES = (
    "import os, subprocess, sys, time\n"
    "sleeps = [sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(600)']\n"
    "child = subprocess.Popen(sleeps, start_new_session=True, stdout=subprocess.PIPE, text=True)\n"
    "orphan = ['sh', '-c', 'setsid \"$0\" \"$@\" & wait', *sleeps]\n"
    "others = subprocess.Popen(orphan, stdout=subprocess.PIPE, text=True)\n"
    "pids = [os.getpid(), child.stdout.readline(), others.stdout.readline()]\n"
    "others.kill()\n"
    "print(*map(int, pids), flush=True)\n"
)
"""A program that starts others in sessions of their own, one of which has lost its parent."""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to whom they belong")


@on_linux
def test_what_left_the_group_is_ended_with_it_and_holds_nothing_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    got = answer(tmp_path, LEAVES, timeout=60.0)
    assert not got.is_error and time.monotonic() - begun < 20
    pids = [int(pid) for pid in got.text.split()]
    assert len(pids) == 3 and all(map(is_gone, pids)), "they are gone when the answer is there"


RUNS = """
import os, sys
from pathlib import Path
from meshtui.core.tools.tool import Command
from meshtui.session.tool_command import CommandRun, planned
folder, *argv = sys.argv[1:]
plan = planned(Command(tuple(argv)), Path(folder) / "tool.json", os.environ, lambda text: False)
CommandRun(plan, "{}", dict(os.environ)).work()
"""


@on_linux
def test_nothing_outlives_a_meshtui_that_was_killed(tmp_path: Path) -> None:
    leaves = LEAVES + "open('pids', 'w').write(' '.join(map(str, map(int, pids))))\ntime.sleep(600)"
    meshtui = subprocess.Popen([sys.executable, "-c", RUNS, str(tmp_path), sys.executable, "-c", leaves])
    file = tmp_path / "pids"
    try:
        wait_for(lambda: file.exists() and len(file.read_text().split()) == 3, "the programs")
    finally:
        meshtui.kill()
        meshtui.wait()
    for pid in map(int, file.read_text().split()):
        wait_for(lambda pid=pid: is_gone(pid), f"the end of {pid}")


def test_a_program_finds_its_surroundings_as_they_were_made(tmp_path: Path) -> None:
    """Not as the keeper between has them: its variables, its signals, its arguments."""
    look = (
        "import os, signal, sys; print(dict(os.environ), sys.argv[1:], os.listdir('/dev/fd'),"
        " [n for n in range(1, 32) if signal.getsignal(n) == signal.SIG_IGN], os.getsid(0) == os.getpid())"
    )
    argv = (sys.executable, "-I", "-S", "-c", look, "\udce9", "", "-I")
    env = {"PATH": os.environ["PATH"], "ONLY": "this"}
    shape = {"stdin": subprocess.PIPE, "capture_output": True, "text": True, "start_new_session": True}
    direct = subprocess.run(argv, env=env, cwd=tmp_path, **shape)  # type: ignore[call-overload]
    assert CommandRun(plan_of(tmp_path, argv), "{}", env).work().text == direct.stdout.strip()
    assert "'ONLY'" in direct.stdout and "udce9" in direct.stdout
    sees = plan_of(tmp_path, ("sh", "-c", "export -p"))
    assert "LC_CTYPE" not in CommandRun(sees, "{}", env).work().text


@pytest.mark.anyio
async def test_a_hundred_megabytes_are_counted_and_not_kept_and_nothing_waits_for_them(tmp_path: Path) -> None:
    program = "import sys\nfor _ in range(100): sys.stdout.write('x' * (1 << 20))"
    plan = plan_of(tmp_path, (sys.executable, "-c", program))
    run = CommandRun(plan, "{}", {})
    ticks, done = 0, asyncio.Event()

    async def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            await asyncio.sleep(0.001)
            ticks += 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tick())
        got = await asyncio.to_thread(run.work)
        done.set()
    assert not got.is_error and "100 MB: the first 256 kB are kept" in got.note
    assert len(got.text) < KEPT + 100 and got.text.endswith(f"[cut: {100 << 20} bytes in all]")
    assert ticks > 5, "it did not stand still meanwhile"


def test_output_without_end_is_stopped_at_its_time(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, ("yes", "y" * 4096), timeout=0.7)
    got = CommandRun(plan, "{}", environment(plan, ENVIRON, is_secret)).work()
    assert got.is_error and len(got.text) < KEPT + 5000 and "the first 256 kB are kept" in got.note
    assert "did not end within 0.7 s" in got.note or "wrote more than 1 GB" in got.note


@pytest.mark.parametrize(
    ("program", "error", "note"),
    [
        ("import sys; print('half'); sys.exit('no such city')", "the command ended with code 1", "no such city"),
        ("import os; os._exit(77)", "the command ended with code 77", "code 77"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV", "SIGSEGV"),
    ],
)
def test_a_failure_is_told_to_the_model_and_to_the_user(tmp_path: Path, program: str, error: str, note: str) -> None:
    got = answer(tmp_path, program)
    assert got.is_error and error in json.loads(got.text)["error"] and note in got.note
    if "half" in program:
        assert json.loads(got.text)["output"] == "half" and json.loads(got.text)["stderr"] == "no such city"


def test_escapes_reach_the_model_and_no_terminal(tmp_path: Path) -> None:
    got = answer(tmp_path, r"import sys; print('\x1b]0;owned\x07\x1b[31mred'); print('\x1b[2J', file=sys.stderr)")
    assert got.text == "\x1b]0;owned\x07\x1b[31mred" and not got.is_error
    assert "control characters" in got.note and "\x1b" not in got.note
    failed = answer(tmp_path, r"import sys; sys.exit('\x1b[2Jgone')")
    assert "\x1b" not in failed.note and "gone" in failed.note


def test_what_is_no_utf8_is_told(tmp_path: Path) -> None:
    got = answer(tmp_path, r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')")
    assert got.text == "caf\N{REPLACEMENT CHARACTER}" and "not UTF-8" in got.note


def test_a_character_cut_at_the_bound_is_no_fault(tmp_path: Path) -> None:
    got = answer(tmp_path, f"print('x' + 'é' * {KEPT})")
    assert "UTF-8" not in got.note and "\N{REPLACEMENT CHARACTER}" not in got.text


def test_silence_and_stderr_are_said(tmp_path: Path) -> None:
    assert answer(tmp_path, "pass") == Outcome("", False, "It wrote nothing.")
    got = answer(tmp_path, "import sys; print('ok'); print('careful', file=sys.stderr)")
    assert got == Outcome("ok", False, "It said on stderr: careful")


def test_arguments_that_nobody_reads_hold_nothing_up(tmp_path: Path) -> None:
    assert answer(tmp_path, "print('done')", json.dumps({"text": "x" * 5_000_000})).text == "done"
    both = "import sys\nsys.stdout.write('y' * 1_000_000)\nsys.stdout.write(sys.stdin.read()[-2:])"
    assert answer(tmp_path, both, json.dumps({"text": "x" * 5_000_000})).text.startswith("yyy")


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("no-such-program-here",), "There is no program no-such-program-here"),
        (("./missing.sh",), "There is no program ./missing.sh"),
        (("./plain.txt",), "no program that may be run"),
    ],
)
def test_a_program_that_cannot_run_is_one_sentence(tmp_path: Path, argv: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "plain.txt").write_text("hello")
    with pytest.raises(CannotRun, match=sentence):
        plan_of(tmp_path, argv)


def test_a_script_that_no_interpreter_takes_is_one_sentence(tmp_path: Path) -> None:
    script = tmp_path / "bad.sh"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    got = CommandRun(plan_of(tmp_path, ("./bad.sh",)), "{}", {}).work()
    assert got.is_error and "./bad.sh could not be started" in got.note


def test_stopping_ends_it_at_once(tmp_path: Path) -> None:
    program = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    run = CommandRun(plan_of(tmp_path, (sys.executable, "-c", program)), "{}", dict(os.environ))
    got: list[Outcome] = []
    thread = threading.Thread(target=lambda: got.append(run.work()))
    thread.start()
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the program")
    run.stop()
    thread.join(10)
    assert got and got[0].is_error and "was stopped" in got[0].note
    wait_for(lambda: is_gone(int((tmp_path / "pid").read_text())), "its end")
    early = CommandRun(plan_of(tmp_path, ("ls",)), "{}", {})
    early.stop()
    assert early.work().is_error


def test_the_digest_changes_with_everything_that_was_approved(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "answer.py").write_text("print(1)")
    argv = (sys.executable, "answer.py")
    plans = [
        plan_of(tmp_path, argv),
        plan_of(tmp_path, (*argv, "-x")),
        plan_of(tmp_path, argv, folder="other"),
        plan_of(tmp_path, argv, environment=("COLOUR",)),
        plan_of(tmp_path, argv, timeout=5.0),
        planned(Command(argv), tmp_path / "another.json", ENVIRON, is_secret),
    ]
    (tmp_path / "answer.py").write_text("print(2)")
    plans.append(plan_of(tmp_path, argv))
    assert len({plan.digest for plan in plans}) == len(plans)
    assert plan_of(tmp_path, argv).digest == plans[-1].digest


def test_stopping_waits_for_no_program_that_takes_long_to_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying, dead, wait = threading.Event(), threading.Event(), subprocess.Popen.wait

    def waits(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        dying.set()
        dead.wait(10)
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", waits)
    run = CommandRun(plan_of(tmp_path, ("true",)), "{}", dict(os.environ))
    working = threading.Thread(target=run.work)
    working.start()
    assert dying.wait(10)
    stopping = threading.Thread(target=run.stop)
    stopping.start()
    stopping.join(5)
    held = stopping.is_alive()
    dead.set()
    working.join(10)
    assert not held, "the screen would hang with it"


def test_what_was_found_on_a_relative_path_is_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a namesake in the tool's own folder, which nobody approved."""
    here, project = tmp_path / "here", tmp_path / "project"
    for folder in (here, project):
        (folder / "bin").mkdir(parents=True)
        program = folder / "bin" / "who"
        program.write_text(f"#!/bin/sh\necho {folder.name}\n")
        program.chmod(0o755)
    monkeypatch.chdir(here)
    surroundings = {**os.environ, "PATH": f"bin{os.pathsep}{os.environ['PATH']}"}
    plan = planned(Command(("who",)), project / "tool.json", surroundings, is_secret)
    assert plan.program == str(here / "bin" / "who")
    assert CommandRun(plan, "{}", surroundings).work().text.strip() == "here"


def test_a_change_of_a_large_file_asks_again(tmp_path: Path) -> None:
    large = tmp_path / "data.bin"
    large.write_bytes(b"a" * (17 << 20))
    before = plan_of(tmp_path, ("cat", "data.bin"))
    assert plan_of(tmp_path, ("cat", "data.bin")).digest == before.digest
    with large.open("ab") as file:
        file.write(b"b")
    assert plan_of(tmp_path, ("cat", "data.bin")).digest != before.digest


@pytest.mark.parametrize("more", [{"folder": "a\0b"}, {}], ids=["folder", "argv"])
def test_a_nul_character_is_one_sentence(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(CannotRun, match="holds a NUL character"):
        plan_of(tmp_path, ("cat",) if more else ("cat", "\0"), **more)
