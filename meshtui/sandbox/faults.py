"""Every fault the sandbox can play, in one table: `--fault NAME`, `X-Sandbox-Fault: NAME`, `sandbox/fault-NAME`.

Light on imports: the command line reads the names, the catalogue lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from .answers import ANSWERS
from .fault import Fault
from .spoilers import SPOILERS

_REFUSALS = tuple(Fault(name, answer.summary, answer=name) for name, answer in ANSWERS.items())

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (*_REFUSALS, *SPOILERS)}


def parse_fault(text: str) -> tuple[Fault, int | None]:
    """Read NAME or NAME:COUNT; raises ValueError with the near names for an unknown one."""
    name, colon, count = text.partition(":")
    fault = FAULTS.get(name)
    if fault is None:
        near = get_close_matches(name, FAULTS, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "--list-faults names them"
        raise ValueError(f"there is no fault {name!r}; {hint}")
    if not colon:
        return fault, None
    if not count.isdigit():
        raise ValueError(f"the count in {text!r} must be a whole number")
    return fault, int(count)
