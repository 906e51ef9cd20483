"""The line over a list, which filters it."""

from __future__ import annotations

from textual.widgets import Input


class FilterLine(Input):
    """A line to type in: del edits its text, and is a key of the list where there is none."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave del to the list where it could delete no text."""
        if action == "delete_right" and not self.value:
            return False
        return super().check_action(action, parameters)
