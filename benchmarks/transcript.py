"""Cost of drawing a streamed answer: CPU per token and key latency, against Textual's `Markdown.get_stream`.

The program runs in a real pty of 120 × 40, this driver outside of it; each on a core of its own where there are
two. An answer of N tokens stands in the view, then more stream in at 200 tokens a second, taken over 20 times a
second, while keys are typed into a prompt. A key's time is from the press to its character in the output.
Times are those of this machine: compare the columns of one run.

    python benchmarks/transcript.py [--sizes 2000,20000] [--seconds 5] [--no-rival] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import gc
import json
import os
import pty
import random
import resource
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

FRAME, RATE = 1 / 20, 200
KEYS = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω"
WORDS = (
    "the model answers each request with tokens that arrive in small pieces and the view draws them as they come "
    "so that a reader can follow without waiting for the end of a long reply about limits keys and prices"
).split()


def document(tokens: int, seed: int = 7) -> str:
    """Return Markdown of about so many tokens (four characters each), with blocks of every kind."""
    rng = random.Random(seed)
    pieces: list[str] = []
    size = 0
    while size < tokens * 4:
        piece = _block(rng)
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces)[: tokens * 4]


def _words(rng: random.Random, count: int) -> str:
    words = rng.choices(WORDS, k=count)
    for _ in range(count // 12):
        place = rng.randrange(count)
        words[place] = rng.choice(["**{}**", "*{}*", "`{}`", "[{}](https://example.com/a)"]).format(words[place])
    return " ".join(words)


def _block(rng: random.Random) -> str:
    kind = rng.choice(["text"] * 5 + ["list", "list", "code", "table", "heading", "quote"])
    if kind == "text":
        return _words(rng, rng.randint(30, 90)) + ".\n\n"
    if kind == "heading":
        return "## " + _words(rng, 5) + "\n\n"
    if kind == "list":
        return "".join(f"- {_words(rng, rng.randint(4, 20))}\n" for _ in range(rng.randint(3, 8))) + "\n"
    if kind == "quote":
        return "> " + _words(rng, 40) + "\n\n"
    if kind == "code":
        lines = [
            f"    {rng.choice(WORDS)} = call({rng.randint(0, 99)}, 'text')  # {rng.choice(WORDS)}" for _ in range(12)
        ]
        return "```python\ndef work():\n" + "\n".join(lines) + "\n```\n\n"
    rows = [f"| {_words(rng, 3)} | {rng.randint(0, 999)} | {_words(rng, 4)} |" for _ in range(8)]
    return "| name | count | note |\n|---|---:|---|\n" + "\n".join(rows) + "\n\n"


# The program under test ------------------------------------------------------------------------------------


def run_child(options: argparse.Namespace) -> None:
    """Run the application of one variant; its figures go to a file."""
    import meshtui.ui  # noqa: F401  (sets what Textual reads when it is imported)
    from textual.app import App, ComposeResult
    from textual.containers import VerticalScroll
    from textual.widgets import Input, Markdown

    from meshtui.ui.widgets.transcript import Transcript
    from meshtui.ui.widgets.transcript_values import Entry

    text = document(options.tokens)
    extra = document(int(RATE * (options.seconds + 30)), seed=11)

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            if options.child == "ours":
                yield Transcript(id="view")
            else:
                with VerticalScroll(id="view"):
                    yield Markdown(id="markdown")
            yield Input()

        async def on_mount(self) -> None:
            self.query_one(Input).focus()
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            if options.child == "ours" and not options.messages:
                self.run_worker(self.stream_ours())
            elif options.child == "ours":
                self.open_many()
            else:
                self.run_worker(self.stream_rival())

        def open_many(self) -> None:
            body = document(150)
            entries = [Entry(str(n), "assistant" if n % 2 else "user", text=body) for n in range(options.messages)]
            view = self.query_one(Transcript)
            empty = _memory()
            started = time.perf_counter()
            view.show(entries)

            def painted() -> None:
                self.figures = {"first paint ms": (time.perf_counter() - started) * 1000, "empty": empty}
                self.run_worker(self.settle())

            self.call_after_refresh(painted)

        async def settle(self) -> None:
            lag = Lag()
            lag.start(self)
            started = time.process_time()
            view = self.query_one(Transcript)
            while view.is_busy:
                await asyncio.sleep(0.1)
            gc.collect()
            self.figures["settled CPU s"] = time.process_time() - started
            self.figures["memory MB"] = _memory() - self.figures.pop("empty")
            self.figures |= lag.figures()
            _write(options.out, self.figures)

        async def stream_ours(self) -> None:
            view = self.query_one(Transcript)
            empty = _memory()
            view.show([Entry("q", "user", text="question"), Entry("a", "assistant", text=text)])
            while view.is_busy:
                await asyncio.sleep(0.05)

            async def write(piece: str) -> None:
                view.append_text("a", piece)

            await self.stream(write, empty)

        async def stream_rival(self) -> None:
            markdown = self.query_one(Markdown)
            self.query_one(VerticalScroll).anchor()
            empty = _memory()
            await markdown.update(text)
            await asyncio.sleep(0.5)
            stream = Markdown.get_stream(markdown)
            await self.stream(stream.write, empty)

        async def stream(self, write: Any, empty: float) -> None:
            memory = _memory() - empty
            lag = Lag()
            Path(options.out + ".ready").touch()
            await asyncio.sleep(0.3)
            lag.start(self)
            cpu, started, at = time.process_time(), time.perf_counter(), 0
            while (now := time.perf_counter() - started) < options.seconds:
                due = int(now * RATE) * 4
                if due > at:
                    await write(extra[at:due])
                    at = due
                await asyncio.sleep(FRAME)
            elapsed = time.perf_counter() - started
            figures = {
                "cpu us/token": (time.process_time() - cpu) * 1e6 / (at / 4),
                "tokens/s": at / 4 / elapsed,
                "memory MB": memory,
                **lag.figures(),
            }
            if options.child == "ours":
                figures["resize ms"] = await self.resized()
            _write(options.out, figures)

        async def resized(self) -> float:
            view = self.query_one(Transcript)
            started = time.perf_counter()
            view.styles.width = 70
            view.refresh(layout=True)
            painted = asyncio.Event()
            view.call_after_refresh(painted.set)
            await painted.wait()
            return (time.perf_counter() - started) * 1000

    app = Bench()
    app.figures = {}  # type: ignore[attr-defined]
    app.run()


class Lag:
    """How late a ticker of 10 ms comes."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._due = 0.0

    def start(self, app: Any) -> None:
        """Begin to tick."""
        self._due = time.perf_counter() + 0.01
        asyncio.get_running_loop().call_later(0.01, self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(now - self._due)
        self._due = now + 0.01
        asyncio.get_running_loop().call_later(0.01, self._tick)

    def figures(self) -> dict[str, float]:
        """Return what was seen."""
        late = sorted(self.late) or [0.0]
        return {"lag p95 ms": late[int(len(late) * 0.95)] * 1000, "lag worst ms": late[-1] * 1000}


def _memory() -> float:
    """Return the resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() / 1e6


def _write(path: str, figures: dict[str, float]) -> None:
    Path(path + ".part").write_text(json.dumps(figures))
    os.replace(path + ".part", path)


# The driver ------------------------------------------------------------------------------------------------


def drive(variant: str, tokens: int, seconds: float, messages: int = 0, limit: float = 120) -> dict[str, float]:
    """Run one variant in a pty and type into it; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "figures")
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        command = [sys.executable, __file__, "--child", variant, "--tokens", str(tokens)]
        command += ["--seconds", str(seconds), "--messages", str(messages), "--out", out]
        environment = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
        child = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, close_fds=True)
        os.close(side)
        _pin(child.pid)
        latencies: list[float] = []
        began = time.perf_counter()
        try:
            _watch(main, out, latencies, began + limit)
        finally:
            child.kill()
            child.wait()
            os.close(main)
        if not os.path.exists(out):
            return {}
        figures: dict[str, float] = json.loads(Path(out).read_text())
        if latencies:
            latencies.sort()
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
                figures[f"key {name} ms"] = latencies[int(len(latencies) * share)] * 1000
        return figures


def _watch(main: int, out: str, latencies: list[float], until: float) -> None:
    """Read what the program writes, and type a key each 60 ms once it streams."""
    waiting: tuple[bytes, float] | None = None
    next_key, number, seen = 0.0, 0, b""
    while time.perf_counter() < until and not os.path.exists(out):
        ready, _, _ = select.select([main], [], [], 0.002)
        now = time.perf_counter()
        if ready:
            try:
                data = os.read(main, 1 << 16)
            except OSError:
                return
            if waiting is not None:
                seen = (seen + data)[-100_000:]
                if waiting[0] in seen:
                    latencies.append(now - waiting[1])
                    waiting = None
        if waiting is None and now >= next_key and os.path.exists(out + ".ready"):
            key = KEYS[number % len(KEYS)].encode()
            number += 1
            os.write(main, key)
            waiting, seen, next_key = (key, now), b"", now + 0.06


def _pin(pid: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(pid, {cores[1]})
            os.sched_setaffinity(0, {cores[0]})


COLUMNS = ("cpu us/token", "key p50 ms", "key p95 ms", "key p99 ms", "lag p95 ms", "lag worst ms", "memory MB")


def main() -> None:
    """Run all variants and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,10000,20000,50000,200000", help="tokens already shown")
    parser.add_argument("--rival-sizes", default="2000,10000,20000", help="the same for Markdown.get_stream")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--messages", type=int, default=10_000, help="0 leaves this part out")
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--json", help="write the figures to this file")
    for hidden in ("--child", "--tokens", "--out"):
        parser.add_argument(hidden, help=argparse.SUPPRESS, type=int if hidden == "--tokens" else str)
    options = parser.parse_args()
    if options.child:
        run_child(options)
        return
    results: dict[str, dict[str, float]] = {}
    print(f"{'':24}" + "".join(f"{name:>14}" for name in (*COLUMNS, "resize ms")))
    sizes = [("ours", int(size)) for size in options.sizes.split(",") if size]
    if not options.no_rival:
        sizes += [("get_stream", int(size)) for size in options.rival_sizes.split(",") if size]
    for variant, size in sizes:
        figures = drive(variant, size, options.seconds)
        results[f"{variant} {size}"] = figures
        cells = "".join(f"{figures.get(name, float('nan')):>14.1f}" for name in (*COLUMNS, "resize ms"))
        print(f"{variant:12}{size:>10,}  {cells}", flush=True)
    _print_ratios(results)
    if options.messages:
        figures = drive("ours", 10, 1, messages=options.messages, limit=150)
        results[f"open {options.messages}"] = figures
        print(f"opening {options.messages:,} messages: " + ", ".join(f"{k} {v:.1f}" for k, v in figures.items()))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))


def _print_ratios(results: dict[str, dict[str, float]]) -> None:
    ours = {name: f["cpu us/token"] for name, f in results.items() if name.startswith("ours") and f}
    if ours:
        print(f"largest ÷ smallest CPU per token: {max(ours.values()) / min(ours.values()):.2f} (target ≤ 1.2)")
    for name, figures in results.items():
        own = results.get(name.replace("get_stream", "ours"))
        if name.startswith("get_stream") and figures and own:
            ratio = own["cpu us/token"] / figures["cpu us/token"]
            print(f"{name.split()[1]} tokens: CPU per token is 1/{1 / ratio:.1f} of get_stream's")


if __name__ == "__main__":
    main()
