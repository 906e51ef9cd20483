"""Putting tool calls together from fragments, whatever members a provider leaves out or gets wrong.

The rules: a fragment with a new id begins a call, even under an index already used; else its index decides;
else it joins the latest call. An empty id is no id, a name said again is not appended, a known id under another index
with another name, or after a whole call, is another call. What was repaired is noted on the call (contract, section 3,
quirks 1 to 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meshtui.core.chat import ToolCall
from meshtui.core.json.text import is_json
from meshtui.core.text import Growing

NO_INDEX = "no index was sent: grouped by id and order"
NO_ID = "no id was sent: one was made here"
WRONG_INDEX = "arguments came under another index"
SAME_ID = "its id was another call's: one was made here"
SAME_INDEX = "several calls came under one index"
NO_NAME = "no name was sent"


@dataclass(slots=True)
class PartialCall:
    """A call in the making."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: Growing = field(default_factory=Growing)
    extra: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say, once, what was repaired."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are complete JSON already, so that more text cannot belong to them."""
        text = str(self.arguments).strip()
        return text[-1:] in tuple('}]"elE0123456789') and is_json(text)


class CallAssembler:
    """The tool calls of one reply, in order of their beginning. `made_for` seeds the ids made where none came."""

    __slots__ = ("_made_for", "partial", "version")

    def __init__(self, made_for: str = "") -> None:
        self._made_for = made_for
        self.partial: list[PartialCall] = []
        self.version = 0

    def __bool__(self) -> bool:
        return bool(self.partial)

    def add(
        self,
        index: int | None,
        id: str | None,
        name: str | None,
        arguments: str | None,
        extra: Mapping[str, Any],
    ) -> None:
        """Take one fragment in."""
        self.version += 1
        call = self._call_for(index, id or "", name or "", arguments or "")
        if index is None:
            call.note(NO_INDEX)
        if id and not call.id:
            call.id = id
        if name and name != call.name:
            call.name += name
        if arguments:
            call.arguments.append(arguments)
        call.extra.update(extra)

    def _call_for(self, index: int | None, id: str, name: str, arguments: str) -> PartialCall:
        if id and (known := self._with_id(index, id, name)) is not None:
            return known
        under_index = self._under(index)
        if under_index is None:
            return self._without_index(index, id, name, arguments)
        if id and under_index.id:
            return self._begin(index, SAME_INDEX)
        if name and under_index.name and under_index.is_whole:
            return self._begin(index, SAME_INDEX)
        latest = self.partial[-1]
        if arguments and not name and under_index is not latest and under_index.is_whole and not latest.is_whole:
            latest.note(WRONG_INDEX)
            return latest
        return under_index

    def _with_id(self, index: int | None, id: str, name: str) -> PartialCall | None:
        """Return the call that an id stands for; a new one where a provider gives several calls the same id."""
        known = [call for call in self.partial if call.id == id]
        if not known:
            return None
        call = next((call for call in known if call.index == index), known[-1])
        elsewhere = index is not None and call.index is not None and call.index != index
        if elsewhere and name and call.name and (name != call.name or call.is_whole):
            return self._begin(index)
        return call

    def _under(self, index: int | None) -> PartialCall | None:
        if index is not None:
            for call in reversed(self.partial):
                if call.index == index:
                    return call
        return None

    def _without_index(self, index: int | None, id: str, name: str, arguments: str) -> PartialCall:
        """Return the call for a fragment whose index is missing or never seen."""
        latest = self.partial[-1] if self.partial else None
        if latest is None or (id and latest.id):
            return self._begin(index)
        if name and latest.name and (index is not None or name != latest.name or latest.is_whole):
            return self._begin(index)
        if index is not None:
            if name or not latest.name or (not arguments and not id):
                return self._begin(index)
            latest.note(WRONG_INDEX)
        return latest

    def _begin(self, index: int | None, note: str = "") -> PartialCall:
        call = PartialCall(index)
        if note:
            call.note(note)
        self.partial.append(call)
        return call

    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls so far; those without a name can be neither run nor sent back and are left out."""
        made: list[ToolCall] = []
        taken, used = {call.id for call in self.partial}, set[str]()
        for number, call in enumerate(self.partial, 1):
            if not call.name:
                continue
            notes = list(call.notes)
            id = call.id
            if not id or id in used:
                notes.append(SAME_ID if id else NO_ID)
                id = f"call_{self._made_for[-12:]}_{number}" if self._made_for else f"call_{number}"
                while id in taken:
                    id += "x"
            used.add(id)
            made.append(ToolCall(id, call.name, str(call.arguments), dict(call.extra), tuple(notes)))
        return tuple(made)

    @property
    def dropped(self) -> int:
        """How many calls came without a name."""
        return sum(1 for call in self.partial if not call.name)
