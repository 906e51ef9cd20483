"""The Textual application: themes, keys, clipboard, leaving. What the user does with it is the screens' business."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.actions import parse
from textual.app import SystemCommand
from textual.command import CommandPalette, Provider
from textual.screen import Screen

from meshtui.core.text import clean, mask_secrets, one_line
from meshtui.ui import clipboard
from meshtui.ui.columns import MEDIUM, WIDE
from meshtui.ui.commands import COMMANDS, Command, bindings
from meshtui.ui.keying import Keying
from meshtui.ui.keymap import read_keymap
from meshtui.ui.screens.opening import Opening
from meshtui.ui.themed import Look
from meshtui.ui.ticker import Ticker
from meshtui.ui.widgets.top import Front

if TYPE_CHECKING:
    from meshtui.session import Profiles, Session

__all__ = ["Look", "MeshApp"]

LATE_STYLES = [Path(__file__).parent / "styles" / name for name in ("base.tcss", "workbench.tcss")]
"""What the first paint does not need."""

LAST_SECONDS = 2.0
"""How long a program that was told to end may take for it; all is on disk before that."""


def _palette() -> type[Provider]:
    from meshtui.ui.palette import InOrder

    return InOrder


class MeshApp(Keying, inherit_bindings=False):
    """The workbench, which opens in two steps so that it takes keys at once.

    First a screen is painted that shows `front`. Then the rest is imported, `start` opens the history and
    returns the session, and the workbench is put over it with whatever was typed until then. `accept_key`
    checks and keeps an API key; `profiles` are those to switch to, None in the demo; `first_run` says why a key is
    asked for at once. Returns `demo` where the user
    asked for the demo, otherwise nothing. What `start` raised is in `failure`.
    """

    TITLE = "meshtui"
    CSS_PATH = "styles/opening.tcss"
    BINDINGS = bindings("everywhere")
    COMMANDS = {_palette}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (MEDIUM, "-medium"), (WIDE, "-wide")]
    NOTIFICATION_TIMEOUT = 4

    def __init__(
        self,
        start: Callable[[], Session],
        look: Look,
        accept_key: Callable[[Session, str], Awaitable[str | None]],
        *,
        front: Front,
        profiles: Profiles | None = None,
        first_run: str = "",
        notices: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.session: Session | None = None
        self.failure: Exception | None = None
        self.look = look
        self.keymap = read_keymap(look.keys)
        self.accept_key = accept_key
        self.profiles = profiles
        self.first_run = first_run
        self.notices = notices
        self.ticker = Ticker(self)
        self._start = start
        self._front = front
        self.is_leaving = False
        """Whether the history is closed already."""
        self._theme_fault = self.wear()

    def get_default_screen(self) -> Screen[object]:
        """Begin with what takes keys at once."""
        return self.fitted(Opening(self._front))

    def on_mount(self) -> None:
        """Take the keys and the signals of the system; the rest comes after the first paint."""
        self.set_keymap(self.keymap.changes())
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            try:
                loop.add_signal_handler(getattr(signal, name), self._end_for, getattr(signal, name))
            except (AttributeError, NotImplementedError, RuntimeError, ValueError):
                break  # no such signal here, or not the main thread (the tests' pilot)
        self._take_sizes_in_order(loop)
        if sys.platform == "linux" and not self.is_headless and os.isatty(0):
            threading.Thread(target=self._watch_terminal, args=(loop,), name="terminal", daemon=True).start()
        self.call_after_refresh(self._begin_to_open)

    def _begin_to_open(self) -> None:
        self.run_worker(self._open(), group="open", exit_on_error=True, description="open the workbench")

    async def _open(self) -> None:
        """Import the rest while keys are taken, open the history, and let the workbench take over."""
        await asyncio.to_thread(importlib.import_module, "meshtui.ui.screens.workbench")
        from meshtui.ui.screens.workbench import Workbench

        self.stylesheet.read_all(LATE_STYLES)
        if self.session is not None:
            return  # it was left meanwhile
        try:
            session = self._start()
        except Exception as error:
            self.failure = error
            self.exit(return_code=1)
            return
        session.on_change = lambda turn, delta: self.ticker.mark(turn.id)
        session.on_notice = self.say
        self.session = session
        opening = self.screen
        assert isinstance(opening, Opening)  # noqa: S101 - nothing else can be opened before the session is there
        await self.push_screen(Workbench(session, opening.take))
        self._tell([*filter(None, (*self.notices, self._theme_fault, *self.keymap.faults))])
        self.call_after_refresh(self._settle)

    def _tell(self, faults: Sequence[str]) -> None:
        """Show what is wrong in the user's files: all of it, or the first of it and where the rest is told."""
        told = [clean(fault) for fault in faults]
        if not self.have_room(told):
            for most in (2, 1):
                more = len(faults) - most
                last = f"{f'{more} more: ' if more > 0 else ''}`meshtui config check` tells all."
                told = [self.cut_notice(clean(fault), 3 if most == 2 else 1) for fault in faults[:most]] + [last]
                if self.have_room(told):
                    break
        for notice in told:
            self.say(notice)

    def _settle(self) -> None:
        """After the first paint: the rest of the themes, and garbage collection out of the way of keys."""
        self.take_themes()
        # Long pauses of the collector are the tail of the key latency; what was made until now stays.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        gc.enable()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Open nothing over the first screen: the workbench takes its place in a moment."""
        return self.session is not None if action in ("help", "command_palette") else True

    def action_help(self) -> None:
        """Say what the pane in use is for, with its keys first; on the help page itself, leave it."""
        from meshtui.ui.screens.help import HelpPage

        if isinstance(self.screen, HelpPage):
            self.screen.dismiss(None)
        elif isinstance(self.screen, CommandPalette):
            self.say("Type a part of a command's name, then press enter. esc leaves.")
        else:
            self.push_screen(HelpPage(self.keymap, self.keys_here(), self.places_in_use()))

    def say(self, sentence: str) -> None:
        """Show one sentence that concerns no single turn."""
        self.notify(clean(sentence), markup=False)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what is selected in any line or text as everything is copied; what is hidden stays in meshtui."""
        if getattr(self.focused, "password", False):
            self.keep_copied(text)
            self.say("What is hidden is not copied out of meshtui.")
        elif text:
            self.copy(text, "Selection")

    def copy(self, text: str, what: str) -> None:
        """Copy text out and say how it was done; ctrl+v puts it into a text here from now on."""
        self.keep_copied(text)

        async def work() -> None:
            self.say(f"{what}: {await clipboard.copy(self, text, self.look.state_folder)}")

        self.run_worker(work(), group="disk", exit_on_error=False, description="copy")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what can be done now in the palette, with its key, before Textual's own.

        What holds where the focus is comes first, and of that what the key line shows.
        """
        if self.session is None:
            return
        held = self.places_held(screen)

        def order(command: Command) -> tuple[int, bool]:
            return held.index(command.where) if command.where in held else len(held), not command.shown

        for command in sorted(COMMANDS, key=order):
            space, name, parameters = parse(command.action)
            target = self if space == "app" else screen
            here = command.where in (*getattr(screen, "PLACES", ()), "everywhere")
            if command.in_palette and here and target.check_action(name, parameters):
                key = self.key_of(command.id)
                title = f"{command.title}  ({key})" if key else command.title
                yield SystemCommand(title, self.keyed(command.help), _caller(screen, command.action))
        for system in super().get_system_commands(screen):
            if system.title == "Screenshot":
                yield system

    def is_past(self, error: Exception) -> bool:
        """Whether something, a timer say, only read the history after it was closed for leaving."""
        from meshtui.session import StoreError

        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, StoreError):
            cause = cause.__context__
        return self.is_leaving and cause is not None

    def last_words(self) -> Text:
        """Keep what streams and what is typed, write down where it failed, and say so in one sentence."""
        self._close_session()
        kind, error, _ = sys.exc_info()
        path = self.look.state_folder / "crash.log"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.touch(0o600)  # what an error says may be of the user's texts
            path.write_text(mask_secrets(traceback.format_exc()), encoding="utf-8")
            where = f"the details are in {path}"
        except OSError as fault:
            where = f"the details could not be written: {fault}"
        name = kind.__name__ if kind else "an unknown error"
        said = mask_secrets(one_line(str(error), 200))
        return Text(f"meshtui: a fault of meshtui's own, {name}: {said}; what was said is kept, {where}")

    def _take_sizes_in_order(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let Textual look at the terminal's size from the loop too.

        From a signal it does so in the middle of the last look: of two sizes in quick succession the first would hold.
        """
        look = signal.getsignal(signal.SIGWINCH) if hasattr(signal, "SIGWINCH") else None
        if callable(look) and not self.is_headless:
            loop.add_signal_handler(signal.SIGWINCH, look, signal.SIGWINCH, None)

    def _watch_terminal(self, loop: asyncio.AbstractEventLoop) -> None:
        """End with the terminal, also where no signal comes: one that does not control this process sends none."""
        watched = select.poll()
        watched.register(0, 0)  # nothing is asked for but that it is gone
        watched.poll()
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(self._end_for, signal.SIGHUP)

    def _end_for(self, number: int) -> None:
        """End for a signal. Where the terminal is gone, Textual's last writes to it may wait for ever: not so we."""
        self.leave()
        last = threading.Timer(LAST_SECONDS, os._exit, (128 + number,))
        last.daemon = True
        last.start()

    def leave(self) -> None:
        """Keep what is typed, stop what streams and keep it, and go: called by the signals of the system."""
        self._close_session()
        self.exit()

    def _keep_typed_early(self) -> None:
        """Keep what was typed before the workbench was there to take it; the history is opened for that."""
        opening = self.screen_stack[0] if self.screen_stack else None
        if self.failure is not None or not isinstance(opening, Opening) or not opening.is_mounted:
            return
        text = "".join(opening.take())
        if not text:
            return
        try:
            self.session = self.session or self._start()
            self.session.open()
            self.session.save_typed(self.session.typed() + text)
        except Exception as error:
            self.failure = error

    def on_exit_app(self) -> None:
        """Keep everything also where somebody else ends the app: a browser's tab was closed, say."""
        self._close_session()

    def _close_session(self) -> None:
        if self.is_leaving:
            return
        self.is_leaving = True
        for screen in self.screen_stack:
            save = getattr(screen, "save_typed", None)
            if save is not None:
                save()
        self._keep_typed_early()
        if self.session is not None:
            self.session.close()

    async def action_quit(self) -> None:
        """Stop what streams, keep it, and go, once what was typed before is taken in."""
        (self.focused or self.screen).call_later(self.leave)


def _caller(screen: Screen[object], action: str) -> Callable[[], Awaitable[None]]:
    async def call() -> None:
        await screen.run_action(action)

    return call
