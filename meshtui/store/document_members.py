"""The members of an object in a document from elsewhere, each checked as it is taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, overload

from meshtui.core.json.text import kind_of
from meshtui.core.money import balance_from

NEEDED: Any = object()
"""Stands where a member has no default: it must be there."""

_LATEST = 1e11
"""Seconds since the epoch that any calendar knows."""


class BadDocument(ValueError):
    """A document is not what it should be: the place in it, and what is wrong there."""

    def __init__(self, place: str, sentence: str) -> None:
        super().__init__(f"{place} {sentence}" if place else sentence)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "a text"),
    "switch": (lambda value: isinstance(value, bool), "true or false"),
    "whole": (lambda value: type(value) is int and 0 <= value < 2**31, "a whole number from 0 up"),
    "number": (lambda value: _is_number(value) and abs(value) < _LATEST, "a number"),
    "time": (lambda value: _is_number(value) and 0 <= value < _LATEST, "seconds since 1970"),
    "list": (lambda value: isinstance(value, list), "a list"),
    "object": (lambda value: isinstance(value, Mapping), "an object"),
}


class Members:
    """An object of the document and its place in it; null counts as a member that is not there."""

    __slots__ = ("_place", "raw")

    def __init__(self, raw: object, place: str = "") -> None:
        if not isinstance(raw, Mapping):
            raise BadDocument(place, f"is {kind_of(raw)}, not an object")
        self.raw: Mapping[str, Any] = raw
        self._place = place

    def place(self, name: str) -> str:
        """Return where a member stands, such as `conversations[0].nodes[3].id`."""
        return f"{self._place}.{name}" if self._place else name

    def take(self, name: str, kind: str, otherwise: Any = NEEDED) -> Any:
        """Return a member of a kind (a key of the table above), or `otherwise`; raises BadDocument."""
        value = self.raw.get(name)
        if value is None:
            if otherwise is NEEDED:
                raise BadDocument(self.place(name), "is missing")
            return otherwise
        fits, words = _KINDS[kind]
        if not fits(value):
            found = kind_of(value)
            raise BadDocument(self.place(name), f"must be {words}" + (f", not {found}" if found != words else ""))
        return value

    @overload
    def inner(self, name: str) -> Members: ...

    @overload
    def inner(self, name: str, otherwise: Mapping[str, Any] | None) -> Members | None: ...

    def inner(self, name: str, otherwise: Any = NEEDED) -> Members | None:
        """Return the members of an object in this one."""
        value = self.take(name, "object", otherwise)
        return None if value is None else Members(value, self.place(name))

    def rows(self, name: str, otherwise: Any = NEEDED) -> Iterator[tuple[str, Any]]:
        """Yield the items of a list with their places."""
        for number, value in enumerate(self.take(name, "list", otherwise)):
            yield f"{self.place(name)}[{number}]", value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; one that is not there is empty."""
        found = []
        for place, value in self.rows(name, ()):
            if not isinstance(value, str):
                raise BadDocument(place, f"must be a text, not {kind_of(value)}")
            found.append(value)
        return found

    def table(self, name: str, kind: str) -> dict[str, Any]:
        """Return an object whose members are all of a kind; one that is not there is empty."""
        inner = self.inner(name, {})
        return {} if inner is None else {key: inner.take(key, kind) for key in inner.raw}

    def amount(self, name: str) -> Decimal | None:
        """Return an amount in US dollars, written as a text."""
        text = self.take(name, "text", None)
        amount = balance_from(text)
        if text is not None and amount is None:
            raise BadDocument(self.place(name), "must be an amount in dollars, as a text")
        return amount
