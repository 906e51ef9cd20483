"""The part of the application that has the keys: those in force, what each runs now, and where one is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from textual import events
from textual.actions import parse
from textual.binding import ActiveBinding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input, TextArea

from meshtui.ui.commands import BY_ID, Where, key_words
from meshtui.ui.compat import binding_ids
from meshtui.ui.keymap import Keymap
from meshtui.ui.themed import ThemedApp


class Keying(ThemedApp, inherit_bindings=False):
    """Runs commands by keys, and says which keys those are."""

    keymap: Keymap
    typed_at = float("-inf")
    """When something was typed or pasted into a text last, by the monotonic clock."""

    @property
    def text_in_use(self) -> Input | TextArea | None:
        """The text that what is typed goes into."""
        return self.focused if isinstance(self.focused, (Input, TextArea)) else None

    def key_of(self, id: str) -> str:
        """Return the first key in force of a command as users read it, empty where it has none."""
        return key_words(next(iter(self.keymap.of(id)), ""))

    def keyed(self, text: str) -> str:
        """Return a text with the keys in force in place of commands, as in `{turn.stop} stops`."""
        return self.keymap.worded(text)

    async def action_run_command(self, id: str) -> None:
        """Run a command of the table by its id, where it holds now: a click on its name does this."""
        for active in self.active_on(self.screen).values():
            if active.binding.id == id and active.enabled:
                await self.run_action(active.binding.action, active.node)
                return
        await self.screen.run_action(BY_ID[id].action)

    async def on_event(self, event: events.Event) -> None:
        """Let a command that the user put on a key of the text's go before the text; note when something is typed."""
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            if _is_typing(event) and self.text_in_use is not None:
                self.typed_at = time.monotonic()
        if not (isinstance(event, events.Key) and not event.is_forwarded and await self._run_before_text(event.key)):
            await super().on_event(event)

    async def _run_before_text(self, key: str) -> bool:
        commands = self.keymap.before_text(key)
        active = self.active_on(self.screen).get(key) if commands else None
        if active is None or not active.enabled or BY_ID.get(active.binding.id or "") not in commands:
            return False
        return await self.run_action(active.binding.action, active.node)

    def active_on(self, screen: Screen[object]) -> Mapping[str, ActiveBinding]:
        """Return what each key runs now: Textual's bindings, and before them what the user put on keys of a text's."""
        active = dict(screen.active_bindings)
        for id in self.keymap.chosen:
            for key in self.keymap.of(id):
                first = BY_ID[id] in self.keymap.before_text(key) and not (
                    key in active and active[key].binding.priority
                )
                if first and (found := self._held(id, key, screen)) is not None:
                    active[key] = found
        return active

    def _held(self, id: str, key: str, screen: Screen[object]) -> ActiveBinding | None:
        """Return the binding of a command on a key, where it holds now."""
        binding = BY_ID[id].binding().with_key(key)
        space, name, parameters = parse(binding.action)
        for node in _with_focus(screen):
            if id in binding_ids(node):
                target: DOMNode = {"screen": screen, "app": self}.get(space, node)
                able = target.check_action(name, parameters)
                return ActiveBinding(node, binding, bool(able), binding.tooltip) if able is not False else None
            if node.is_modal:
                break
        return None

    def keys_here(self) -> Keymap:
        """Return the keys in force without those that something else takes where the focus is now."""
        active = self.active_on(self.screen)
        held = {id for node in _with_focus(self.screen) for id in binding_ids(node) if id in BY_ID}

        def runs(id: str, key: str) -> bool:
            if id not in held or key not in active:
                return True
            other = BY_ID.get(active[key].binding.id or "")
            return other is not None and other.where == BY_ID[id].where

        keys = {id: tuple(key for key in keys if runs(id, key)) for id, keys in self.keymap.keys.items()}
        return self.keymap._replace(keys=keys)

    def places_held(self, screen: Screen[object]) -> list[Where]:
        """Return where the commands that keys run on a screen hold, the nearest to the focus first."""
        ids = (id for node in _with_focus(screen) for id in binding_ids(node) if id in BY_ID)
        return [*dict.fromkeys(BY_ID[id].where for id in ids)]

    def places_in_use(self) -> tuple[Where, ...]:
        """Return where commands hold now, the nearest to the focus first, the whole program last."""
        places = self.places_held(self.screen)
        if "typing" in places:
            places.insert(0, "prompt")
        places += getattr(self.screen, "PLACES", ())
        last: tuple[Where, ...] = ("anywhere", "everywhere")
        found = [place for place in dict.fromkeys(places) if place not in last]
        return (*found, *(place for place in last if place == "everywhere" or place in places))


def _is_typing(event: events.Key | events.Paste) -> bool:
    if isinstance(event, events.Paste) or event.key in ("backspace", "delete"):
        return True
    return event.is_printable and not event.key.startswith(("alt+", "ctrl+"))


def _with_focus(screen: Screen[object]) -> Sequence[DOMNode]:
    """Return what has the focus on a screen, and what it stands in."""
    return screen.focused.ancestors_with_self if screen.focused is not None else [screen, screen.app]
