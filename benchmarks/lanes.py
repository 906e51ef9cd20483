"""Cost of comparing: the program with N lanes that stream, against as many `Markdown.get_stream` columns.

The program runs in a real pty on one core, a sandbox that streams to it and this driver on another. While all lanes
stream keys are pressed; a key's time is from the press to its effect in the output. The CPU share is that of the
program alone, client and disk included. The rival is fed inside its own process: it has neither to pay. Times are
those of this machine: compare the rows of one run.

    python -m benchmarks.lanes [--seconds 8] [--no-rival] [--json FILE]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = ((8, 100, (200, 60)), (8, 100, (80, 24)), (4, 500, (200, 60)))
"""Lanes, tokens per second of each, columns and rows."""
KEY_SECONDS = 0.06
COLUMNS = ("cpu %", "key p50 ms", "key p95 ms", "key p99 ms", "tokens on time %", "memory MB")
SANDBOX = """
import sys, time
from meshtui.sandbox import Sandbox, Settings
with Sandbox(Settings(speed=float(sys.argv[1]), rpm=100_000)) as box:
    print(box.url, flush=True)
    time.sleep(600)
"""


class Pty:
    """A program in a pseudo-terminal, pinned to a core of its own."""

    def __init__(self, command: list[str], size: tuple[int, int], environment: dict[str, str]) -> None:
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", **environment}
        self.child = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, close_fds=True)
        os.close(side)
        self.seen = b""
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(self.child.pid, {cores[-1]})

    def read(self, seconds: float) -> bytes:
        """Read what comes within so long."""
        if not select.select([self.main], [], [], seconds)[0]:
            return b""
        data = os.read(self.main, 1 << 16)
        self.seen = (self.seen + data)[-300_000:]
        return data

    def wait(self, text: bytes, seconds: float = 20) -> None:
        """Read on until a text was seen."""
        end = time.perf_counter() + seconds
        while text not in self.seen:
            self.read(0.05)
            if time.perf_counter() > end:
                raise TimeoutError(f"{text!r} was never shown; last {self.seen[-600:]!r}")

    def press(self, keys: bytes) -> None:
        """Type, and forget what was seen before."""
        self.seen = b""
        os.write(self.main, keys)

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the program took so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def measure(self, seconds: float, keys: Callable[[int], tuple[bytes, bytes]]) -> dict[str, float]:
        """Press keys for so long; `keys` gives each key and what shows its effect."""
        latencies: list[float] = []
        began, cpu = time.perf_counter(), self.cpu
        number = 0
        while time.perf_counter() - began < seconds:
            key, effect = keys(number)
            number += 1
            pressed = time.perf_counter()
            self.press(key)
            while effect not in self.seen and time.perf_counter() - pressed < 5:
                self.read(0.5)
            latencies.append(time.perf_counter() - pressed)
            rest = pressed + KEY_SECONDS
            while (left := rest - time.perf_counter()) > 0:
                self.read(left)
        took = time.perf_counter() - began
        figures = {"cpu %": (self.cpu - cpu) / took * 100, "memory MB": self.memory}
        latencies.sort()
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            figures[f"key {name} ms"] = latencies[int(len(latencies) * share)] * 1000
        return figures

    def close(self) -> None:
        """End the program."""
        self.child.kill()
        self.child.wait()
        os.close(self.main)


def ours(lanes: int, speed: int, size: tuple[int, int], seconds: float) -> dict[str, float]:
    """Compare lanes in the program itself, over HTTP, with its history on disk."""
    from meshtui.store.history import Store

    tokens = int(speed * (seconds + 4))
    box = subprocess.Popen([sys.executable, "-c", SANDBOX, str(speed)], stdout=subprocess.PIPE, text=True)
    assert box.stdout is not None
    url = box.stdout.readline().strip()
    os.sched_setaffinity(box.pid, {sorted(os.sched_getaffinity(0))[0]})
    with tempfile.TemporaryDirectory() as home:
        history = Path(home) / "data" / "history.db"
        with Store.open(history, time.time) as store:
            store.save_state("compared", [f"sandbox/long-{tokens}"] * lanes)
        surroundings = {
            "MESHTUI_HOME": home,
            "MESHAPI_BASE_URL": url,
            "MESHAPI_API_KEY": "rsk_01JDEMO0000000000000009F2A",
        }
        program = Pty([sys.executable, "-m", "meshtui"], size, surroundings)
        try:
            program.wait(b"compare")
            program.press(b"go\x0c")
            program.wait(b"take")
            program.read(0.5)
            program.press(b"\r")
            program.wait(b"scroll")
            program.wait(b"streaming")
            words = (b"alone", b"together")
            figures = program.measure(seconds, lambda number: (b"l", words[number % 2]))
            figures["tokens on time %"] = _on_time(history, program, lanes, tokens, speed)
        finally:
            program.close()
            box.kill()
            box.wait()
            box.stdout.close()
    return figures


def _on_time(history: Path, program: Pty, lanes: int, tokens: int, speed: int) -> float:
    """Wait for the end of all lanes; return how much of the time that they should take they took, the slowest."""
    from meshtui.store.history import Store

    ended: list[Any] = []
    end = time.perf_counter() + 60
    with Store.open(history, time.time) as store:
        while time.perf_counter() < end and len(ended) < lanes:
            for _ in range(20):
                program.read(0.05)
            ended = [facts for facts in store.turns(0, 1e12) if facts.total is not None and facts.state.value == "done"]
    if len(ended) < lanes:
        return 0.0
    slowest = max(facts.total - (facts.first_at or 0.0) for facts in ended)
    return float(min(tokens / speed / slowest, 1.0) * 100)


def rival(lanes: int, speed: int, size: tuple[int, int], seconds: float) -> dict[str, float]:
    """Show the same in columns of Textual's own Markdown, each with its stream."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures"
        program = Pty(
            [sys.executable, "-m", "benchmarks.lanes", "--rival-app", f"{lanes},{speed},{seconds + 2},{out}"], size, {}
        )
        try:
            program.wait(b"ready")
            letters = [letter.encode() for letter in "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω"]
            figures = program.measure(seconds, lambda number: (letters[number % len(letters)],) * 2)
            end = time.perf_counter() + 60
            while not out.exists() and time.perf_counter() < end:
                program.read(0.1)
            figures["tokens on time %"] = float(out.read_text()) if out.exists() else 0.0
        finally:
            program.close()
    return figures


def rival_app(lanes: int, speed: int, seconds: float, out: str) -> None:
    """The rival program: an input line over columns of Markdown that stream."""
    import asyncio

    from textual.app import App, ComposeResult
    from textual.containers import Horizontal, VerticalScroll
    from textual.widgets import Input, Markdown

    from meshtui.sandbox.texts import SHOWCASE as text

    def note(share: float) -> None:
        Path(out).write_text(str(share))

    class Rival(App[None]):
        CSS = "VerticalScroll { width: 1fr; }"

        def compose(self) -> ComposeResult:
            yield Input(placeholder="ready")
            with Horizontal():
                for _ in range(lanes):
                    with VerticalScroll() as column:
                        column.anchor()
                        yield Markdown()

        def on_mount(self) -> None:
            self.run_worker(self.stream_all())

        async def stream_all(self) -> None:
            pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
            began = time.perf_counter()

            async def one(view: Markdown) -> int:
                stream, count = Markdown.get_stream(view), 0
                while (now := time.perf_counter() - began) < seconds:
                    while count < now * speed:
                        await stream.write(pieces[count % len(pieces)])
                        count += 1
                    await asyncio.sleep(1 / speed)
                return count

            counts = await asyncio.gather(*(one(view) for view in self.query(Markdown)))
            took = time.perf_counter() - began
            note(min(sum(counts) / (speed * lanes * took), 1.0) * 100)

    Rival().run()


def main() -> None:
    """Run every case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--rival-app", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rival_app:
        lanes, speed, seconds, out = options.rival_app.split(",", 3)
        rival_app(int(lanes), int(speed), float(seconds), out)
        return
    results: dict[str, dict[str, float]] = {}
    print(f"{'':34}" + "".join(f"{name:>18}" for name in COLUMNS))
    for lanes, speed, size in CASES:
        for name, drive in (("ours", ours), *(() if options.no_rival else (("get_stream", rival),))):
            case = f"{name:11}{lanes} × {speed} tok/s, {size[0]}×{size[1]}"
            figures = results[case] = drive(lanes, speed, size, options.seconds)
            print(f"{case:34}" + "".join(f"{figures.get(column, 0.0):>18.1f}" for column in COLUMNS), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
