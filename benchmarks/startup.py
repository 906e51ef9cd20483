"""Cold start in a real terminal: to the first paint and to the first key that is accepted.

    python -m benchmarks.startup [--runs N] [--json] [-- COMMAND …]

COMMAND is started in a pseudo-terminal of 120×40, turn by turn with an empty Textual app (one line to type into);
without one it is `python -m meshtui demo`. First paint is the first visible character after the alternate screen
was entered. From then on a letter that no screen shows is typed until it appears. Medians over the runs; the ratio
to the empty app is what counts, since milliseconds belong to the machine.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

COLUMNS, ROWS = 120, 40
LETTER = "ж"
LONGEST = 30.0
AGAIN = 0.01
"""Seconds between two attempts to type."""

EMPTY_APP = """
from textual.app import App
from textual.widgets import Input

class Empty(App):
    def compose(self):
        yield Input(placeholder="type")

Empty().run()
"""

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X].*?(?:\x07|\x1b\\)|[ -/]*[0-~])", re.DOTALL)


def environment(home: str) -> dict[str, str]:
    """Return the surroundings of a fresh user on a common terminal.

    Nothing of Python's own goes along: where it may not keep bytecode, reading the source would be measured.
    """
    own = ("MESH", "PYTHON", "TEXTUAL", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {"HOME": home, "MESHTUI_HOME": f"{home}/mesh", "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def start(command: list[str], home: str) -> tuple[int, int]:
    """Start a command in a terminal of its own; return its process id and the terminal's descriptor."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment(home))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return pid, terminal


def visible(output: bytes) -> bool:
    """Whether anything can be seen on the alternate screen."""
    _, entered, painted = output.partition(b"\x1b[?1049h")
    return bool(entered) and bool(_SEQUENCE.sub(b"", painted).strip(b" \r\n\t\0\x1b"))


def one_run(command: list[str]) -> tuple[float, float]:
    """Return the seconds to the first paint and to the first accepted key. Raises SystemExit where none comes."""
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        pid, terminal = start(command, home)
        output, painted, typed = b"", 0.0, 0.0
        try:
            while True:
                now = time.perf_counter() - started
                if now > LONGEST:
                    raise SystemExit(f"{command}: nothing after {LONGEST:.0f} s. Its output ends: {output[-300:]!r}")
                if painted and now - typed > AGAIN:
                    os.write(terminal, LETTER.encode())
                    typed = now
                if not select.select([terminal], [], [], AGAIN if painted else 0.2)[0]:
                    continue
                try:
                    output += os.read(terminal, 1 << 16)
                except OSError:
                    raise SystemExit(f"{command} ended by itself. Its output ends: {output[-300:]!r}") from None
                now = time.perf_counter() - started
                if not painted and visible(output):
                    painted = now
                if painted and LETTER.encode() in output:
                    return painted, now
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)


def measure(command: list[str], runs: int) -> dict[str, list[tuple[float, float]]]:
    """Run the empty app and the command in turn; the first round only warms the caches and is left out."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY_APP)
        commands = {"empty": [sys.executable, str(empty)], "command": command}
        rounds = [{name: one_run(words) for name, words in commands.items()} for _ in range(runs + 1)]
    return {name: [one[name] for one in rounds[1:]] for name in commands}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Cold start beside an empty Textual app.")
    parser.add_argument("--runs", type=int, default=7, help="runs of each (default 7)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("command", nargs="*", help="what to start (default: the demo)")
    options = parser.parse_args()
    command = options.command or [sys.executable, "-m", "meshtui", "demo"]
    times = measure(command, options.runs)
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in times.items()}
    ratios = [own / empty for own, empty in zip(medians["command"], medians["empty"], strict=True)]
    if options.json:
        print(json.dumps({"medians_s": medians, "ratios": ratios, "runs_s": times}))
        return
    print(f"{'':24}{'first paint':>14}{'first key':>14}   (medians of {options.runs})")
    for name, label in (("empty", "empty Textual app"), ("command", Path(command[0]).name)):
        paint, key = (f"{seconds * 1000:.0f} ms" for seconds in medians[name])
        print(f"{label:24}{paint:>14}{key:>14}")
    print(f"{'ratio':24}{ratios[0]:>14.2f}{ratios[1]:>14.2f}   (targets 1.15 and 1.25)")


if __name__ == "__main__":
    main()
