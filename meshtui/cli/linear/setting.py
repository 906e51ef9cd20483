"""The parameters of a request: what is set, what there is, each with what it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meshtui.cli import inputs
from meshtui.cli.linear.choosing import Choosing
from meshtui.core.nearest import did_you_mean
from meshtui.core.params import BY_NAME, PARAMS, Param, param_faults
from meshtui.core.text import clean, one_line


class Setting(Choosing):
    """Setting parameters."""

    @property
    def template_params(self) -> Mapping[str, Any]:
        """What the open template sets; what is set here goes before it."""
        return {}

    def do_param(self, rest: str) -> None:
        """Set or remove a parameter, or list what is set."""
        name, equals, value = (part.strip() for part in rest.partition("="))
        if equals and (value or not name):
            self._put(inputs.params([f"{name}={value}"], "/param"))
        elif name:
            self._remove(name)
        params = self.session.draft.params
        rows = [f"{one_line(key, 60)} = {_short(value)}" for key, value in params.items()]
        rows += [
            f"{one_line(key, 60)} = {_short(value)}, as the template says"
            for key, value in self.template_params.items()
            if key not in params
        ]
        self.tell("; ".join(rows) if rows else "No parameters are set. /params lists what there is.")

    def _put(self, params: Mapping[str, Any]) -> None:
        draft = self.session.draft
        self.session.draft = replace(draft, params={**draft.params, **params})
        for name, words in param_faults(params).items():
            self.tell(f"The gateway will refuse {name} = {_short(params[name])}: {words}.")
        for name in params:
            if name not in BY_NAME:
                hint = did_you_mean(name, BY_NAME, "/params lists them.")
                self.tell(f"No parameter {one_line(name, 40)} is known here, it is sent all the same; {hint}")

    def _remove(self, name: str) -> None:
        draft = self.session.draft
        if name not in draft.params:
            where = ": the template sets it" if name in self.template_params else ""
            self.refuse(f"There is no parameter {one_line(name, 40)} to remove{where}. /param NAME=VALUE sets one.")
        self.session.draft = replace(draft, params={key: row for key, row in draft.params.items() if key != name})

    def do_params(self, rest: str) -> None:
        """List every parameter that has some words in its name or help."""
        words = rest.casefold().split()
        found = [one for one in PARAMS if all(word in f"{one.name} {one.help}".casefold() for word in words)]
        if not found:
            self.refuse("No parameter has that; /params alone lists all.")
        rows = [self._row(param) for param in found]
        self.offer_rows(rows, lambda place: self._ask_for(found[place]), "A number sets one.")

    def _row(self, param: Param) -> str:
        draft, template = self.session.draft.params, self.template_params
        now = ""
        if param.name in draft:
            now = f" is {_short(draft[param.name])}"
        elif param.name in template:
            now = f" is {_short(template[param.name])}, as the template says"
        default = f", default {param.default}" if param.default else ""
        return f"{param.name}{now}: {param.wants}{default}. {param.help}"

    def _ask_for(self, param: Param) -> None:
        """Ask for the value of one; an empty line removes it."""
        value = self.session.draft.params.get(param.name)
        typed = self.question(
            f"{param.name}, {param.wants}; empty for none: ", "" if value is None else clean(param.text(value))
        )
        if typed is None:
            return
        if typed.strip():
            try:
                self._put({param.name: param.read(typed)})
            except ValueError as error:
                self.refuse(f"{param.name}: {error}. It stays as it was.")
        elif value is not None:
            self._remove(param.name)
        self.do_param("")


def _short(value: Any) -> str:
    return one_line(json.dumps(value, ensure_ascii=False), 200)
