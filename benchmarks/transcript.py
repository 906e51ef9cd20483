"""Cost of drawing a streamed answer: CPU per token and key latency, against Textual's `Markdown.get_stream`.

The program runs in a real pty of 120 × 40, this driver outside of it; each on a core of its own where there are
two. An answer of N tokens stands in the view, then more stream in at 200 tokens a second, taken over 20 times a
second: for some seconds undisturbed, which gives the CPU per token, then while keys are typed into a prompt and
a ticker looks how late the event loop is. A key's time is from the press to its character in the output.
Times are those of this machine: compare the columns of one run.

    python benchmarks/transcript.py [--sizes 2000,20000] [--seconds 5] [--no-rival] [--json FILE]
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
from pathlib import Path

KEYS = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω"
PROGRAM = Path(__file__).with_name("transcript_app.py")


def drive(variant: str, tokens: int, seconds: float, messages: int = 0, limit: float = 120) -> dict[str, float]:
    """Run one variant in a pty and type into it; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "figures")
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        command = [sys.executable, str(PROGRAM), variant, "--tokens", str(tokens)]
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


COLUMNS = (
    "cpu us/token",
    "tokens/s",
    "key p50 ms",
    "key p95 ms",
    "key p99 ms",
    "lag p95 ms",
    "lag worst ms",
    "memory MB",
)


def main() -> None:
    """Run all variants and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,10000,20000,50000,200000", help="tokens already shown")
    parser.add_argument("--rival-sizes", default="2000,20000,50000", help="the same for Markdown.get_stream")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=2, help="runs of ours, of which the cheapest counts")
    parser.add_argument("--messages", type=int, default=10_000, help="0 leaves this part out")
    parser.add_argument("--no-rival", action="store_true")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    print(f"{'':24}" + "".join(f"{name:>14}" for name in (*COLUMNS, "resize ms")))
    sizes = [("ours", int(size)) for size in options.sizes.split(",") if size]
    if not options.no_rival:
        sizes += [("get_stream", int(size)) for size in options.rival_sizes.split(",") if size]
    for variant, size in sizes:
        runs = [drive(variant, size, options.seconds) for _ in range(options.repeats if variant == "ours" else 1)]
        figures = min(runs, key=lambda run: run.get("cpu us/token", float("inf")))
        results[f"{variant} {size}"] = figures
        cells = "".join(f"{figures.get(name, float('nan')):>14.1f}" for name in (*COLUMNS, "resize ms"))
        print(f"{variant:12}{size:>10,}  {cells}", flush=True)
    _print_ratios(results)
    if options.messages:
        figures = drive("many", 0, 1, messages=options.messages, limit=150)
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
