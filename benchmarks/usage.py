"""How long the sums of the usage page take over 100,000 turns: `python -m benchmarks.usage [TURNS]`.

Each is told in milliseconds and as a ratio to counting the rows, which is what the disk and the machine allow.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from meshtui.store.history import Store

DAY = 86_400.0
NOW = 1_790_000_000.0


def fill(store: Store, turns: int) -> None:
    """Write so many turns over a year of 20 models, 500 conversations and 40 session ids, as wide as real ones."""
    chance = random.Random(7)
    with store._transaction() as execute:  # the benchmark stands in for a year of use
        execute("PRAGMA defer_foreign_keys = ON")
        for number in range(500):
            execute("INSERT INTO conversation (id, created_at, updated_at) VALUES (?, 0, 0)", (f"c{number}",))
        for number in range(turns):
            at = NOW - 365 * DAY * (1 - number / turns)
            conversation, model = f"c{number * 500 // turns}", f"provider/model-{chance.randrange(20)}"
            session_id = f"s{chance.randrange(40)}"
            execute(
                "INSERT INTO node (id, conversation_id, role, created_at, message_json)"
                " VALUES (?, ?, 'assistant', ?, ?)",
                (f"n{number}", conversation, at, '{"role":"assistant","content":"' + "x" * 200 + '"}'),
            )
            execute(
                "INSERT INTO turn (id, conversation_id, node_id, owner, state, profile, model, session_id, request_id,"
                " started_at, ended_at, headers_json) VALUES (?, ?, ?, '', 'done', 'default', ?, ?, ?, ?, ?, ?)",
                (f"t{number}", conversation, f"n{number}", model, session_id, f"req_{number}", at, at, "x" * 600),
            )
            day = int(time.strftime("%Y%m%d", time.localtime(at)))
            prompt, completion = chance.randrange(20, 8000), chance.randrange(5, 2000)
            price = prompt * 150_000 + completion * 600_000
            billed = price if number % 50 else None
            execute(
                "INSERT INTO usage (turn_id, conversation_id, day, started_at, profile, model, session_id, request_id,"
                " prompt, completion, cached, reasoning, first_at, total, estimate, billed)"
                " VALUES (?, ?, ?, ?, 'default', ?, ?, ?, ?, ?, 0, 0, 0.4, 3.2, ?, ?)",
                (
                    f"t{number}",
                    conversation,
                    day,
                    at,
                    model,
                    session_id,
                    f"req_{number}",
                    prompt,
                    completion,
                    price,
                    billed,
                ),
            )


def best(work: Callable[[], object]) -> float:
    """Return the milliseconds of the fastest of five times."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def main() -> None:
    """Fill a history and measure."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "history.db", lambda: NOW) as store:
        fill(store, turns)
        count = best(lambda: store.usage_total(NOW, NOW))
        month = NOW - 30 * DAY
        print(f"{turns:,} turns over a year; an empty sum takes {count:.2f} ms")
        for name, work in (
            ("today", lambda: store.usage_total(NOW - DAY)),
            ("this conversation", lambda: store.usage_total(conversation="c250")),
            ("last 40 turns", lambda: store.last_usage(40)),
            ("last 40 turns of a model", lambda: store.last_usage(40, model="provider/model-3")),
            ("unbilled", lambda: store.unbilled("default", month)),
            ("30 days by day", lambda: store.usage_by("day", month)),
            ("30 days by model", lambda: store.usage_by("model", month)),
            ("the year in one sum", lambda: store.usage_total()),
            ("the year by day", lambda: store.usage_by("day")),
            ("the year by model", lambda: store.usage_by("model")),
            ("the year by session", lambda: store.usage_by("session")),
            ("the page, a year by model", lambda: store.usage_apart("model")),
        ):
            print(f"{name:<26} {best(work):8.2f} ms")


if __name__ == "__main__":
    main()
