"""The sets of values of a template: listed, taken, kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshtui.cli.linear.templating import Templating
from meshtui.core.nearest import did_you_mean
from meshtui.core.slot_values import ValueSet
from meshtui.core.text import one_line


class Valuing(Templating):
    """Filling the slots with a set."""

    def do_values(self, rest: str) -> None:
        """List the sets of the open template, take one, or keep or delete one."""
        opened, _ = self.open_template()
        sets = self.templates.files.sets(opened.path)
        verb, _, name = rest.strip().partition(" ")
        if not rest.strip():
            self._list_sets(sets)
        elif verb == "save" and name.strip():
            self._save_set(name.strip(), sets)
        elif verb == "delete" and name.strip():
            self._delete_set(self._set_of(name.strip(), sets))
        else:
            self._take_set(self._set_of(rest.strip(), sets))

    def _list_sets(self, sets: Sequence[ValueSet]) -> None:
        if not sets:
            self.refuse("This template has no sets of values yet; /values save NAME keeps what the slots have now.")
        rows = [
            f"{one_line(row.name, 80)}{', in use' if row.name == self.set_name else ''}: {_pairs(row.values)}"
            for row in sets
        ]
        self.offer_rows(rows, lambda place: self._take_set(sets[place]), "A number takes one, /run runs with it.")

    def _set_of(self, name: str, sets: Sequence[ValueSet]) -> ValueSet:
        named = {row.name: row for row in sets}
        if name in named:
            return named[name]
        if name.isdecimal() and 1 <= int(name) <= len(sets):
            return sets[int(name) - 1]
        hint = did_you_mean(name, named, "") if named else "this template has none yet; /values save NAME keeps one."
        self.refuse(f"There is no set {one_line(name, 60)}; {hint}")

    def _take_set(self, row: ValueSet) -> None:
        _, template = self.open_template()
        self.take_values(row.values, row.name)
        self.tell(f"Values of {one_line(row.name, 80)}.")
        for slot in template.slots:
            self.tell(self.slot_words(template, slot))

    def _save_set(self, name: str, sets: Sequence[ValueSet]) -> None:
        opened, template = self.open_template()
        values = {slot: text for slot in template.slots if (text := self.value_of(slot)) is not None}
        if not values:
            self.refuse("No slot has a value yet: /set NAME=VALUE gives one.")
        is_there = any(row.name == name for row in sets)
        if is_there and not self.confirm(f"There is a set {one_line(name, 60)} already. Replace it?"):
            self.refuse("Nothing was saved.")
        self.templates.files.save_set(opened.path, name, values)
        self.take_values(values, name)
        self.tell(f"Saved as {one_line(name, 80)}: {_pairs(values)}.")

    def _delete_set(self, row: ValueSet) -> None:
        opened, _ = self.open_template()
        if not self.confirm(f"Delete the set {one_line(row.name, 60)} for good?"):
            self.refuse("Nothing was deleted.")
        self.templates.files.save_set(opened.path, row.name, None)
        self.tell(f"The set {one_line(row.name, 80)} is deleted.")


def _pairs(values: Mapping[str, str]) -> str:
    return one_line(", ".join(f"{name} = {text or 'empty'}" for name, text in values.items()) or "no values", 300)
