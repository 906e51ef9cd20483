"""What it costs to keep a turn on disk: begin, checkpoint and finish beside a bare SQLite insert.

    python -m benchmarks.checkpoint [--repeat N] [--json]

A checkpoint must cost the same however long the answer already is (design, section 7, promise 7); a begin must
not read the whole conversation again. Times are medians in microseconds; the ratio is to inserting the same text
into a table of the same kind of file (WAL, synchronous=NORMAL) in a transaction of its own.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meshtui.core.chat import Draft, Message
from meshtui.core.turn import TextDelta, Turn, TurnState
from meshtui.store.history import Store

TOKEN = "word "
PER_CHECKPOINT = 200
"""Tokens that arrive between two checkpoints: a second at 200 tokens per second."""


def median_us(action: Callable[[], object], repeat: int) -> float:
    """Return the median time of an action in microseconds."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def bare_insert(folder: Path, repeat: int) -> float:
    """Return the cost of one transaction with one insert of a checkpoint's text."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE piece (id INTEGER PRIMARY KEY, body TEXT)")
    text = TOKEN * PER_CHECKPOINT

    def insert() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO piece (body) VALUES (?)", (text,))
        connection.execute("COMMIT")

    insert()
    cost = median_us(insert, repeat)
    connection.close()
    return cost


def begun(store: Store, number: int, parent: str | None, history: list[Message]) -> tuple[Turn, Callable[[], object]]:
    """Return a turn and the action that begins it."""
    message = Message("user", f"{number} " + TOKEN * 100)
    turn = Turn(f"t{number}", Draft("m", (message,)).request(history), parent_id=parent)
    return turn, lambda: store.begin(turn, "c1", [(f"u{number}", message)], f"a{number}")


def ended(turn: Turn) -> Turn:
    """End a turn."""
    turn.end(TurnState.DONE, 1.0, 2.0)
    return turn


def checkpoints(store: Store, tokens: int, repeat: int) -> dict[str, float]:
    """Return the cost of a checkpoint, and of the finish, when `tokens` tokens of the answer are stored."""
    turn, begin = begun(store, tokens, None, [])
    begin()
    for _ in range(tokens // PER_CHECKPOINT):
        turn.apply(TextDelta(TOKEN * PER_CHECKPOINT))
        store.checkpoint(turn)

    def checkpoint() -> None:
        for _ in range(PER_CHECKPOINT):
            turn.content.append(TOKEN)
        started = time.perf_counter()
        store.checkpoint(turn)
        times.append(time.perf_counter() - started)

    times: list[float] = []
    for _ in range(repeat):
        checkpoint()
    ended(turn)
    return {"checkpoint_us": statistics.median(times) * 1e6, "finish_us": median_us(lambda: store.finish(turn), 1)}


def conversation(path: Path, messages: int, repeat: int) -> dict[str, float]:
    """Return the cost of begin and finish when a conversation has `messages` messages, and of opening it."""
    parent: str | None = None
    with Store.open(path, time.time) as store:
        for number in range(messages // 2):
            turn, begin = begun(store, number, parent, [])
            begin()
            turn.apply(TextDelta(TOKEN * 100))
            store.finish(ended(turn))
            parent = f"a{number}"
    begins, finishes = [], []
    with Store.open(path, time.time) as store:
        opened = median_us(lambda: store.history(parent or ""), 5)
        read = median_us(lambda: [(node.message, node.turn) for node in store.history(parent or "")], 5)
        history = [node.message for node in store.history(parent or "")]
        for number in range(messages, messages + repeat):
            turn, begin = begun(store, number, parent, history)
            begins.append(median_us(begin, 1))
            turn.apply(TextDelta(TOKEN * 100))
            started = time.perf_counter()
            store.finish(ended(turn))
            finishes.append((time.perf_counter() - started) * 1e6)
            parent = f"a{number}"
            history = [*history, Message("user", f"{number} " + TOKEN * 100), turn.reply()]
    return {
        "begin_first_us": begins[0],
        "begin_us": statistics.median(begins[1:]),
        "finish_us": statistics.median(finishes),
        "history_us": opened,
        "history_all_read_us": read,
    }


def measure(repeat: int) -> dict[str, Any]:
    """Return every figure."""
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_insert(Path(folder), max(repeat, 200))
        with Store.open(Path(folder) / "history.db", time.time) as store:
            answers = {tokens: checkpoints(store, tokens, repeat) for tokens in (1_000, 10_000, 50_000, 200_000)}
        talks = {
            count: conversation(Path(folder) / f"{count}.db", count, max(repeat // 5, 5))
            for count in (0, 200, 2_000, 10_000)
        }
    return {"bare_insert_us": bare, "by_tokens_stored": answers, "by_messages": talks}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What it costs to keep a turn on disk.")
    parser.add_argument("--repeat", type=int, default=100, help="checkpoints per length (default 100)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    figures = measure(options.repeat)
    if options.json:
        print(json.dumps(figures))
        return
    bare = figures["bare_insert_us"]
    print(f"bare insert of {PER_CHECKPOINT} tokens: {bare:.0f} µs\n")
    print("tokens stored   checkpoint   × bare   finish")
    for tokens, row in figures["by_tokens_stored"].items():
        cost = row["checkpoint_us"]
        print(f"{tokens:>13,} {cost:>9.0f} µs {cost / bare:>8.1f} {row['finish_us'] / 1000:>5.1f} ms")
    costs = [row["checkpoint_us"] for row in figures["by_tokens_stored"].values()]
    print(f"largest ÷ smallest checkpoint: {max(costs) / min(costs):.2f}\n")
    print("messages      begin, first after opening      begin     finish    history   all of it read")
    for count, row in figures["by_messages"].items():
        first, begin, finish = (row[name] / 1000 for name in ("begin_first_us", "begin_us", "finish_us"))
        opened, read = row["history_us"] / 1000, row["history_all_read_us"] / 1000
        print(f"{count:>8,} {first:>25.2f} ms {begin:>12.2f} ms {finish:>7.2f} ms {opened:>7.1f} ms {read:>12.1f} ms")


if __name__ == "__main__":
    main()
