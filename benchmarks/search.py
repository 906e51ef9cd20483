"""Time to find models while a query is typed, and beside a plain look through every row.

    python -m benchmarks.search [--rounds N]

Each query is typed letter by letter, as the picker does it. The figures are milliseconds per key: the median and the
worst over all keys and rounds. A frame of 60 per second lasts 16 ms. Making the index happens once per catalogue.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Sequence
from decimal import Decimal

from meshtui.core.catalogue import ModelCard, cards_from
from meshtui.core.model_search import Filter, ModelIndex, Sort
from meshtui.sandbox.catalogue import Catalogue

FRAME = 16.0
QUERIES = ("m", "model 00", "vendor12/model-03", "claude sonnet", "gpt4omini", "zzz", "anthropic/claude-sonnet-4.5")
FIRST = ("openai/gpt-4o-mini", "sandbox/haiku", "vendor03/model-00040")


def cards_of(rows: int) -> list[ModelCard]:
    """Return the sandbox's catalogue with descriptions as long as real ones."""
    words = " It reads long documents, calls functions, and answers in many languages." * 4
    return cards_from(
        {**model.row(), "description": (model.description or "") + words} for model in Catalogue(rows).models
    )


def typed(index: ModelIndex, filter: Filter, sort: Sort) -> list[float]:
    """Return the milliseconds of each key of every query."""
    times = []
    for query in QUERIES:
        for end in range(len(query) + 1):
            began = time.perf_counter()
            index.find(query[:end], filter, sort, FIRST)
            times.append((time.perf_counter() - began) * 1000)
    return times


def plain(cards: Sequence[ModelCard]) -> list[float]:
    """Return the milliseconds of each key where every row is made searchable anew."""
    times = []
    for query in QUERIES:
        for end in range(1, len(query) + 1):
            began = time.perf_counter()
            words = query[:end].casefold().split()
            for card in cards:
                text = f"{card.id} {card.name} {card.provider} {card.description}".casefold()
                all(word in text for word in words)
            times.append((time.perf_counter() - began) * 1000)
    return times


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as the workbench sets it
    print(f"search: ms per key, target <= {FRAME:.0f} at 5,000 rows")
    filter = Filter(tools=True, context=32_000, price=Decimal(10))
    for rows in (1_000, 5_000):
        cards = cards_of(rows)
        began = time.perf_counter()
        index = ModelIndex(cards)
        made = (time.perf_counter() - began) * 1000
        base = statistics.median(time for _ in range(options.rounds) for time in plain(cards))
        print(f"\n{rows} rows; the index takes {made:.1f} ms; looking through plainly {base:.2f} ms per key")
        for name, asked, sort in (
            ("no filter", Filter(), Sort.MATCH),
            ("tools, context, price", filter, Sort.MATCH),
            ("by price", Filter(), Sort.PRICE),
        ):
            times = [time for _ in range(options.rounds) for time in typed(index, asked, sort)]
            middle, worst = statistics.median(times), max(times)
            late = "" if worst <= FRAME or rows < 5_000 else "  LATE"
            print(f"  {name:<24} median {middle:6.2f}  worst {worst:6.2f}  x{middle / base:5.2f} of plain{late}")


if __name__ == "__main__":
    main()
