"""The first and the last line of the workbench: what is in use, and which keys work now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from meshtui.core.text import one_line
from meshtui.ui.columns import LEAST_HEIGHT, LEAST_WIDTH
from meshtui.ui.commands import BY_ID, key_words, short_key

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

HELP = "Help"
GAP = "  "


class Front(NamedTuple):
    """What is in use, as it may be shown: profile, masked key, model, the title of the conversation."""

    profile: str
    masked_key: str
    model: str = ""
    title: str = ""
    demo: bool = False


class TopLine(Static):
    """What is in use; the model stays readable where the line is too narrow for all."""

    def __init__(self, front: Front, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._front = front

    def show(self, front: Front) -> None:
        """Say something else."""
        self._front = front
        self._draw()

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self._draw()

    def _draw(self) -> None:
        front, width = self._front, max(_width(self) - 2, 1)
        if self.app.size.width < LEAST_WIDTH or self.app.size.height < LEAST_HEIGHT:
            self.update(Content(f"too small: {LEAST_WIDTH}×{LEAST_HEIGHT} is the least, 80×24 is better"))
            return
        badge = Content.styled(" DEMO · simulated gateway ", "bold reverse $warning") if front.demo else Content("")
        used = Content.assemble(
            (f"{one_line(front.profile, 24)} · {one_line(front.masked_key, 16)} · ", "$text-muted"),
            (one_line(front.model, 48) or "the gateway's default model", "bold"),
        )
        if front.demo and 9 + badge.cell_length + 12 + used.cell_length > width:
            badge = Content.styled(" DEMO ", "bold reverse $warning")
        room = width - len("meshtui ── ") - badge.cell_length - used.cell_length - 4
        name = Content.assemble(("meshtui", "bold $primary"))
        if room > 6:
            name = Content.assemble(name, " ── ", one_line(front.title or "new conversation", room))
        gap = max(width - name.cell_length - badge.cell_length - used.cell_length - 1, 1)
        self.update(Content.assemble(name, " ", badge, " " * gap, used))


class KeyLine(Static):
    """The keys that work now, each clickable; as many as fit, and always the one for help, which has them all."""

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self._show(self.screen)

    def _follow(self, screen: Screen[object]) -> None:
        if self.app.screen is screen:  # behind a dialog Textual asks that whether an action can be done
            self._show(screen)

    def _show(self, screen: Screen[object]) -> None:
        parts: dict[str, Content] = {}
        app = cast("MeshApp", self.app)
        keymap, bindings = app.keymap, app.active_on(screen)
        nodes = (screen.focused or screen).ancestors_with_self
        table = {id: place for place, id in enumerate(BY_ID)}

        def order(active: ActiveBinding) -> tuple[int, int]:
            """The nearest first, then as in the table: Textual puts a key that was changed last."""
            return nodes.index(active.node), table.get(active.binding.id or "", 0)

        for active in sorted(bindings.values(), key=order):
            binding: Binding = active.binding
            if not binding.show or not active.enabled or binding.description in parts:
                continue
            keys = keymap.of(binding.id or "") if binding.id in BY_ID else (binding.key,)
            if not keys:
                continue  # the user took the key away
            first = keys[0]
            if binding.key != first and first in bindings and bindings[first].binding.id == binding.id:
                continue  # Textual puts keys of its own, such as tab, before the others
            name = binding.description
            words = Content.assemble((short_key(key_words(binding.key)), "bold $primary"), " ", name.lower())
            parts[name] = words.stylize(Style.from_meta({"@click": f"app.run_command({binding.id!r})"}))
        last = parts.pop(HELP, Content(""))
        room, shown = _width(self) - 2 - last.cell_length, []
        for part in parts.values():
            room -= part.cell_length + len(GAP)
            if room < 0:
                break
            shown.append(part)
        self.update(Content(GAP).join([*shown, last]))


def _width(line: Widget) -> int:
    """Return the cells of a line over the whole screen, also before it is laid out: it is painted as it is then."""
    return line.size.width or line.app.size.width - 2
