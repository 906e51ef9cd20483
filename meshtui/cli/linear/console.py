"""Lines in, lines out: nothing is ever drawn over, and nothing but text leaves."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence

from meshtui.cli.output import emit
from meshtui.core.text import clean

MARK = "> "


class Console:
    """A terminal, or pipes. `complete` is asked for what a beginning may become, where lines can be edited.

    What comes by a pipe is repeated behind its prompt, so that what is written down reads like a conversation.
    """

    def __init__(self) -> None:
        for stream in (sys.stdin, sys.stdout):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        self.interactive = sys.stdin is not None and sys.stdin.isatty()
        self.complete: Callable[[str], Sequence[str]] = lambda beginning: ()
        self._ready = False
        self._wanted = ""

    def tell(self, text: str = "") -> None:
        """Write a text, made harmless, and a line end."""
        emit(clean(text))

    def end_line(self) -> None:
        """End the line in which the terminal showed ctrl+c."""
        if self.interactive:
            self.tell()

    def ask(self, prompt: str = MARK, wanted: str = "") -> str | None:
        """Return the next line, None where there is none any more; raises KeyboardInterrupt where ctrl+c gives it up.

        `wanted` stands in the line already, where lines can be edited.
        """
        if not self.interactive:
            line = sys.stdin.readline() if sys.stdin is not None else ""
            if line:
                self.tell(f"{prompt}{line.rstrip(chr(10))}")
            return line.rstrip("\r\n") if line else None
        self._make_ready()
        self._wanted = wanted
        # What runs a turn takes ctrl+c as the wish to stop it; while a line is typed it is for the line.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return input(clean(prompt))
        except EOFError:
            print(flush=True)
            return None
        finally:
            signal.signal(signal.SIGINT, before)
            self._wanted = ""

    def ask_hidden(self, prompt: str) -> str:
        """Return a line that is not shown while it is typed."""
        if not self.interactive:
            return sys.stdin.readline().strip() if sys.stdin is not None else ""
        from getpass import getpass

        try:
            return getpass(prompt).strip()
        except EOFError:
            return ""

    def _make_ready(self) -> None:
        """Let lines be edited, recalled and completed, where that can be had."""
        if self._ready:
            return
        self._ready = True
        try:
            import readline
        except ImportError:  # no line editing in this Python: the terminal's own must do
            return
        readline.set_completer_delims(" ")
        readline.set_completer(self._completion)
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        readline.set_startup_hook(lambda: readline.insert_text(self._wanted) if self._wanted else None)

    def _completion(self, beginning: str, number: int) -> str | None:
        found = self.complete(beginning)
        return found[number] if number < len(found) else None
