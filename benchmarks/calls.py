"""What a piece of arguments costs while a tool call arrives: `python -m benchmarks.calls [--sizes 30000,1000000]`.

Arguments come in pieces of 20 characters, ten to a frame. Each frame they are checked against the schema, laid out, and
the rows in sight are made. Told are microseconds per piece over the last thousand pieces of each size, and how the
largest compares with the smallest: the cost must not grow with what came before (design, section 7, promise 7).
"""

from __future__ import annotations

import argparse
import gc
import json
import time

from meshtui.core.calls.verdict import LiveVerdict
from meshtui.ui.widgets.transcript_call import CallView
from meshtui.ui.widgets.transcript_calls import CallsLeaf
from meshtui.ui.widgets.transcript_values import ToolCall

PIECE, PER_FRAME, WIDTH, HEIGHT = 20, 10, 100, 30
LAST = 1_000

ITEM = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}, "required": ["id"]}
SCHEMAS = {
    "many members": {"type": "object", "properties": {"items": {"type": "array", "items": ITEM}}},
    "one long text": {"type": "object", "properties": {"text": {"type": "string"}}},
}


def arguments(kind: str, size: int) -> str:
    """Return arguments of about so many characters."""
    if kind == "many members":
        rows = [{"id": number, "name": f"thing {number}"} for number in range(size // 34 + 1)]
        return json.dumps({"items": rows})
    return json.dumps({"text": "words of a file that is written \n" * (size // 34 + 1)})


def cost(kind: str, size: int, unfolded: bool) -> float:
    """Return the microseconds per piece over the last pieces."""
    text = arguments(kind, size)
    check, leaf = LiveVerdict(SCHEMAS[kind]), CallsLeaf()
    view: CallView | None = None
    spent: list[float] = []
    for end in range(PIECE * PER_FRAME, len(text), PIECE * PER_FRAME):
        new, so_far = text[end - PIECE * PER_FRAME : end], text[:end]
        began = time.process_time()
        check.feed(new)
        call = ToolCall("c", "save", so_far, marks=tuple(fault.path for fault in check.verdict.faults), live=True)
        if view is None:
            view = CallView(call, unfolded)
            leaf.views = [view]
        else:
            view.update(call, unfolded)
        rows = leaf.measure(WIDTH)
        for row in range(max(rows - HEIGHT, 0), rows):
            leaf.row(row, WIDTH)
        spent.append(time.process_time() - began)
    last = spent[-LAST // PER_FRAME :]
    return sum(last) / len(last) / PER_FRAME * 1e6


def main() -> None:
    """Print a line for each kind of arguments, folded and unfolded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="30000,100000,1000000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    gc.set_threshold(50_000, 20, 50)  # as the application has it
    cost("many members", 5_000, True)  # what is imported late is imported now
    print(f"{'µs per piece':24}" + "".join(f"{size:>12,}" for size in sizes) + "   largest ÷ smallest")
    for kind in SCHEMAS:
        for unfolded in (False, True):
            found = [cost(kind, size, unfolded) for size in sizes]
            name = f"{kind}, {'whole' if unfolded else 'folded'}"
            print(f"{name:24}" + "".join(f"{one:12.1f}" for one in found) + f"   {found[-1] / found[0]:.2f}")


if __name__ == "__main__":
    main()
