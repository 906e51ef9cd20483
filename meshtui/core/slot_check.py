"""What is doubtful about the slots of a text: missing, unused and repeated ones, and what was meant to be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from meshtui.core.template import Slot, scan

_BRACED = re.compile(r"\$?\{{1,3}[^\S\n]*([^\W\d][^{}\n\"':,;]{0,40}?)[^\S\n]*\}{1,3}")

_WORD = re.compile(r"\w+")


class Doubt(StrEnum):
    """What is doubtful about a name."""

    MISSING = "missing"
    UNUSED = "unused"
    REPEATED = "repeated"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class SlotDoubt:
    """One doubt: the name, and its place as offsets into text number `text`, None where it has no place.

    `hint` says in words what is wrong; `meant` is the slot that was probably meant.
    """

    doubt: Doubt
    name: str
    text: int | None = None
    start: int = 0
    end: int = 0
    hint: str = ""
    meant: str = ""

    @property
    def is_literal(self) -> bool:
        """Whether it is text that only looks like a slot."""
        return self.doubt is Doubt.NEAR and self.name[:1] in "{$"


def inspect(texts: Sequence[str], values: Mapping[str, str]) -> list[SlotDoubt]:
    """Return what is doubtful about `texts` with these values: missing first, near misses next, then the rest."""
    found = [(number, slot) for number, text in enumerate(texts) for slot in scan(text)]
    places: dict[str, list[tuple[int, Slot]]] = {}
    for number, slot in found:
        places.setdefault(slot.name, []).append((number, slot))
    doubts = []
    for name, rows in places.items():
        number, slot = rows[0]
        if name not in values:
            doubts.append(SlotDoubt(Doubt.MISSING, name, number, slot.start, slot.end, "has no value"))
    for number, text in enumerate(texts):
        doubts += _near_misses(number, text)
    doubts += _twins(places)
    for name in values:
        if name not in places:
            doubts.append(SlotDoubt(Doubt.UNUSED, name, hint="has a value, and no slot takes it"))
    for name, rows in places.items():
        if len(rows) > 1:
            number, slot = rows[1]
            hint = f"stands {len(rows)} times; each gets the same value"
            doubts.append(SlotDoubt(Doubt.REPEATED, name, number, slot.start, slot.end, hint))
    return doubts


def _near_misses(number: int, text: str) -> list[SlotDoubt]:
    """Return what looks like a slot and is none: `{{ user name }}`, `{user}`, `${user}`, `{{größe}}`."""
    slots = scan(text)
    doubts, place = [], 0
    for match in _BRACED.finditer(text):
        start, end = match.span()
        while place < len(slots) and slots[place].end <= start:
            place += 1
        if place < len(slots) and slots[place].start < end:
            continue
        doubled = match[0].startswith(("{{", "${{"))
        meant = slot_name(match[1])
        if meant and (doubled or _WORD.fullmatch(match[1])):
            hint = f"is literal text; {{{{{meant}}}}} would be a slot"
            doubts.append(SlotDoubt(Doubt.NEAR, match[0], number, start, end, hint, meant))
    return doubts


def _twins(places: Mapping[str, Sequence[tuple[int, Slot]]]) -> list[SlotDoubt]:
    """Return slots whose names differ in case or underscores alone."""
    doubts: list[SlotDoubt] = []
    seen: dict[str, str] = {}
    for name, rows in places.items():
        plain = name.casefold().replace("_", "")
        other = seen.setdefault(plain, name)
        if other != name:
            number, slot = rows[0]
            hint = f"is another slot than {other}"
            doubts.append(SlotDoubt(Doubt.NEAR, name, number, slot.start, slot.end, hint, other))
    return doubts


def slot_name(text: str) -> str:
    """Return the nearest name that a slot may have, or an empty text."""
    folded = unicodedata.normalize("NFKD", text.strip()).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", folded).strip("_")
