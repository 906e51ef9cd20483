"""The name of the open template; another one renames its file."""

from __future__ import annotations

from textual import on
from textual.message import Message
from textual.widgets import Input


class NameLine(Input):
    """Shows a name. Enter asks for what stands there as the new one."""

    class Renamed(Message):
        """Another name was entered."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, placeholder="name; enter renames")
        self._shown = ""

    def show(self, name: str) -> None:
        """Show the name; one that is being typed stays while the name is the same."""
        if name != self._shown:
            self._shown = name
            with self.prevent(Input.Changed):
                self.value = name

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.value.strip() != self._shown:
            self.post_message(self.Renamed(self.value.strip()))
