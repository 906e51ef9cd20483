"""The programs that `benchmarks/transcript.py` measures: a view of an answer and a prompt below it.

`ours` shows the answer in a `Transcript`, `get_stream` in Textual's `Markdown`. Run by the driver, in a pty.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import meshtui.ui  # noqa: F401, I001  (sets what Textual reads when it is imported)

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Markdown

from meshtui.ui.widgets.transcript import Transcript
from meshtui.ui.widgets.transcript_values import Entry

FRAME, RATE = 1 / 20, 200
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


class Bench(App[None]):
    """A view, a prompt that has the focus, and figures that go to a file."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options
        self.figures: dict[str, float] = {}
        self.lag = Lag()

    def compose(self) -> ComposeResult:
        """The view of the variant above the prompt."""
        yield from self.view()
        yield Input()

    def view(self) -> ComposeResult:
        """The view."""
        raise NotImplementedError

    async def work(self) -> None:
        """Do what is measured."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Begin as the real program does: with the garbage collector tamed."""
        self.query_one(Input).focus()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        self.run_worker(self.run_all())

    async def run_all(self) -> None:
        """Work, then hand over the figures."""
        await self.work()
        hand_over(self.options.out, {**self.figures, **self.lag.figures()})

    async def stream(self, write: Callable[[str], Awaitable[None]]) -> None:
        """Write 200 tokens a second in 20 frames: first undisturbed, for the cost, then while keys come."""
        source = document(int(RATE * (2 * self.options.seconds + 10)), seed=11)
        await asyncio.sleep(0.3)
        cpu, started = time.process_time(), time.perf_counter()
        written = await self.write_for(self.options.seconds, write, source)
        tokens = written / 4
        self.figures["cpu us/token"] = (time.process_time() - cpu) * 1e6 / tokens
        self.figures["tokens/s"] = tokens / (time.perf_counter() - started)
        mark_ready(self.options.out)
        self.lag.start()
        await self.write_for(self.options.seconds, write, source[written:])

    async def write_for(self, seconds: float, write: Callable[[str], Awaitable[None]], source: str) -> int:
        """Write for so long; return how many characters."""
        started, at = time.perf_counter(), 0
        while (now := time.perf_counter() - started) < seconds:
            due = int(now * RATE) * 4
            if due > at:
                await write(source[at:due])
                at = due
            await asyncio.sleep(FRAME)
        return at


class Rival(Bench):
    """The answer in Textual's Markdown, streamed by `Markdown.get_stream`."""

    def view(self) -> ComposeResult:
        """A scroll of one Markdown widget."""
        with VerticalScroll():
            yield Markdown()

    async def work(self) -> None:
        """Show the answer so far, then stream."""
        markdown = self.query_one(Markdown)
        self.query_one(VerticalScroll).anchor()
        empty = memory()
        await markdown.update(document(self.options.tokens))
        await asyncio.sleep(0.5)
        self.figures["memory MB"] = memory() - empty
        await self.stream(Markdown.get_stream(markdown).write)


class Ours(Bench):
    """The answer in the transcript."""

    def view(self) -> ComposeResult:
        """The transcript."""
        yield Transcript()

    async def settled(self) -> None:
        """Wait until everything is laid out."""
        view = self.query_one(Transcript)
        await asyncio.sleep(0.1)
        while view.is_busy:  # noqa: ASYNC110 - a view has no event for this, and needs none
            await asyncio.sleep(0.05)

    async def work(self) -> None:
        """Show the answer so far, stream, then become narrower."""
        view = self.query_one(Transcript)
        empty = memory()
        view.show([Entry("q", "user", text="question"), Entry("a", "assistant", text=document(self.options.tokens))])
        await self.settled()
        self.figures["memory MB"] = memory() - empty

        async def write(piece: str) -> None:
            view.append_text("a", piece)

        await self.stream(write)
        started = time.perf_counter()
        view.styles.width = 70
        view.refresh(layout=True)
        painted = asyncio.Event()
        view.call_after_refresh(painted.set)
        await painted.wait()
        self.figures["resize ms"] = (time.perf_counter() - started) * 1000


class Many(Ours):
    """A conversation of thousands of messages."""

    async def work(self) -> None:
        """Open it, and wait until all of it is measured."""
        view = self.query_one(Transcript)
        body = document(150)
        entries = [
            Entry(str(number), "assistant" if number % 2 else "user", text=body)
            for number in range(self.options.messages)
        ]
        await asyncio.sleep(0.3)
        empty = memory()
        self.lag.start()
        started = time.perf_counter()
        view.show(entries)
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()
        self.figures["first paint ms"] = (time.perf_counter() - started) * 1000
        cpu = time.process_time()
        await self.settled()
        self.figures["measured in the background, CPU s"] = time.process_time() - cpu
        self.figures["memory MB"] = memory() - empty


class Lag:
    """How late a ticker of 10 ms comes."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._due = 0.0

    def start(self) -> None:
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


def memory() -> float:
    """Return the resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() / 1e6


def hand_over(path: str, figures: dict[str, float]) -> None:
    """Give the figures to the driver."""
    Path(path + ".part").write_text(json.dumps(figures))
    os.replace(path + ".part", path)


def mark_ready(path: str) -> None:
    """Tell the driver that the keys may come."""
    Path(path + ".ready").touch()


def main() -> None:
    """Run one variant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=["ours", "get_stream", "many"])
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    {"ours": Ours, "get_stream": Rival, "many": Many}[options.variant](options).run()


if __name__ == "__main__":
    main()
