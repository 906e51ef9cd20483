"""The real program in a pseudo-terminal, with a screen that can be read: start, type, wait, resize, kill.

Every wait is for something to be seen, with a deadline; nothing sleeps.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 30.0
"""The seconds after which a wait is in vain: a limit for slow machines, not what anything should take."""

LOOK_SECONDS = 0.25
"""So often a condition is looked at that has to do with more than the screen."""

MARK = b"\0"
"""Written into the terminal once the program has ended, behind all that it wrote; a screen shows nothing of it."""

# The terminal becomes the controlling one before the program begins: signals and sizes then reach it.
_LAUNCH = (
    "import fcntl,os,signal,sys,termios;fcntl.ioctl(0,termios.TIOCSCTTY,0);"
    "signal.signal(signal.SIGINT,signal.SIG_DFL);"  # ignored where the tests run behind a shell that does not wait
    "os.execv(sys.executable,sys.argv[1:])"
)

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "alt+up": "\x1b[1;3A",
    "alt+down": "\x1b[1;3B",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "delete": "\x1b[3~",
    **{f"f{n}": f"\x1bO{letter}" for n, letter in zip(range(1, 5), "PQRS", strict=True)},
    **{f"f{n}": f"\x1b[{code}~" for n, code in zip(range(5, 11), (15, 17, 18, 19, 20, 21), strict=True)},
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghjklmnopqrstuvwxyz"},
}

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])[0-9]*u")
_KITTY_TEXT = re.compile(r"\x1b\[[<>=?][0-9;]*u")


class Terminal:
    """A program of ours in a terminal of `size` (columns, rows); `command` is what Python is to run.

    A terminal that does not control it sends it no signals.
    """

    def __init__(
        self,
        *arguments: str,
        home: Path,
        env: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
        command: Sequence[str] = ("-m", "meshtui"),
        controls: bool = True,
    ) -> None:
        self._screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._seen = threading.Condition()
        self._held = ""
        self.raw = bytearray()
        self._master, self._slave = os.openpty()
        self._set_size(size)
        self.modes_before = termios.tcgetattr(self._slave)
        surroundings = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MESH", "TEXTUAL", "NO_COLOR", "COLUMNS", "LINES", "TMUX", "EDITOR", "VISUAL"))
        }
        surroundings |= {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "MESHTUI_HOME": str(home),
            "TEXTUAL_ANIMATIONS": "none",
            "PYTHONPATH": str(ROOT),
            **(env or {}),
        }
        home.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, *(("-SEc", _LAUNCH, sys.executable) if controls else ()), *command, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            close_fds=True,
            cwd=home,
            env=surroundings,
        )
        self._open = True
        self._has_all = False
        self._over, self._end_reader = os.pipe()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    # Reading

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._over], [], [])
            if self._master in ready:
                try:
                    data = os.read(self._master, 65536)
                except OSError:
                    return
                with self._seen:
                    self.raw += data
                    self._draw(self._decoder.decode(data))
                    self._seen.notify_all()
            elif self._over in ready:
                return

    def _draw(self, text: str) -> None:
        """Feed the screen, without the keyboard protocol's sequences: it would show them as letters."""
        text = self._held + text
        cut = text.rfind("\x1b", max(len(text) - 16, 0))
        self._held = ""
        if cut >= 0 and re.fullmatch(r"\x1b(\[[<>=?]?[0-9;]*)?", text[cut:]):
            text, self._held = text[:cut], text[cut:]
        self._stream.feed("".join(filter(_has_cell, _KITTY_TEXT.sub("", text))))

    @property
    def display(self) -> str:
        """What the screen shows, a line per row, trailing blanks cut."""
        with self._seen:
            return self._shown()

    def _shown(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def flat(self) -> str:
        """What the screen shows as one text, all white space left out: wraps do not matter then."""
        return "".join(self.display.split())

    def wait_for(self, holds: Callable[[str], object], what: str, seconds: float = DEADLINE) -> str:
        """Wait until the screen shows what is asked for; return the screen."""
        end = time.monotonic() + seconds
        while True:
            ended = self._process.poll() is not None
            if ended:
                self._read_all()
            shown = self.display
            if holds(shown):
                return shown
            left = end - time.monotonic()
            if left <= 0 or ended:
                state = f", it ended with {self._process.returncode}" if ended else ""
                raise AssertionError(f"not seen in {seconds:g} s{state}: {what}\n{shown}")
            with self._seen:
                self._seen.wait_for(lambda shown=shown: self._shown() != shown, min(left, LOOK_SECONDS))  # type: ignore[misc]

    def wait(self, *texts: str, seconds: float = DEADLINE) -> str:
        """Wait until the screen shows every one of the texts."""
        return self.wait_for(lambda shown: all(text in shown for text in texts), " and ".join(texts), seconds)

    def wait_gone(self, text: str, seconds: float = DEADLINE) -> str:
        """Wait until the screen shows a text no longer."""
        return self.wait_for(lambda shown: text not in shown, f"{text} gone", seconds)

    def wait_end(self, seconds: float = DEADLINE) -> int:
        """Wait until the program has ended and all it wrote is read; return its exit code."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on after {seconds:g} s\n{self.display}") from None
        self._read_all()
        return code

    def _read_all(self) -> None:
        """Read what a program that has ended wrote: what comes before a mark that is written behind it."""
        if self._open and not self._has_all:
            os.write(self._slave, MARK)
            with self._seen:
                self._has_all = self._seen.wait_for(lambda: self.raw.endswith(MARK), DEADLINE)
                assert self._has_all, "what was written last does not come out of the terminal"
                del self.raw[-len(MARK) :]

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def worked(self) -> float:
        """Return how many seconds of a processor the program has used; where that is not told, of the clock."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return time.monotonic()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # Acting

    def write(self, data: bytes) -> None:
        """Send bytes as the terminal would."""
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._master], [], DEADLINE)
            if not ready:
                raise AssertionError("the program does not read what is typed")
            view = view[os.write(self._master, view[:1024]) :]

    def send(self, text: str) -> None:
        """Type a text."""
        self.write(text.encode())

    def press(self, *keys: str) -> None:
        """Press keys by their names."""
        for key in keys:
            self.write(KEYS.get(key, key).encode())

    def paste(self, text: str) -> None:
        """Paste a text in brackets."""
        self.write(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def ask(self, text: str) -> None:
        """Type a message and send it, once it stands in the prompt."""
        self.send(text)
        self.wait(text)
        self.press("enter")

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        with self._seen:
            self._screen.resize(rows, columns)
        self._set_size((columns, rows))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGWINCH)

    def _set_size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self._process.pid, number)

    # The end

    def modes(self) -> dict[str, bool]:
        """Return every private mode that the program touched, by number, and whether it is on now."""
        modes: dict[str, bool] = {}
        for numbers, switch in _MODE.findall(bytes(self.raw)):
            for number in numbers.split(b";"):
                modes[number.decode()] = switch == b"h"
        return modes

    def keyboard_depth(self) -> int:
        """Return how many keyboard protocols stand pushed."""
        return sum(1 if push == b">" else -1 for push in _KITTY.findall(bytes(self.raw)))

    def assert_restored(self) -> None:
        """Fail where the terminal was not left as it was found."""
        modes = self.modes()
        for number, what in (
            ("1049", "alternate screen"),
            ("1000", "mouse"),
            ("1002", "mouse drag"),
            ("1003", "mouse motion"),
            ("1006", "mouse coding"),
            ("1015", "mouse coding"),
            ("1016", "mouse pixels"),
            ("1004", "focus reports"),
            ("2004", "bracketed paste"),
            ("2026", "synchronized output"),
            ("2048", "size reports"),
        ):
            assert not modes.get(number, False), f"{what} is left on"
        assert modes.get("25", True), "the cursor is left hidden"
        assert self.keyboard_depth() <= 0, "a keyboard protocol is left on"
        assert termios.tcgetattr(self._slave) == self.modes_before, "echo and line mode are not as they were"

    def hang_up(self) -> int:
        """Close the terminal under the program, as a closed window does; return its exit code when it has ended."""
        self._stop_reading()
        os.close(self._slave)
        os.close(self._master)
        self._open = False
        return self._process.wait(DEADLINE)

    def _stop_reading(self) -> None:
        os.write(self._end_reader, b"x")
        self._reader.join(DEADLINE)

    def close(self) -> None:
        """End the program, however it is, and give everything back."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(DEADLINE)
        if self._open:
            self._stop_reading()
            os.close(self._master)
            os.close(self._slave)
        os.close(self._over)
        os.close(self._end_reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None and isinstance(error, AssertionError):
            error.add_note(f"The screen:\n{self.display}")
        self.close()


def _has_cell(character: str) -> bool:
    """Whether the screen can take a character: it stops at those that have no width and are no accents."""
    if character < "\u0300":
        return True
    return unicodedata.category(character) not in ("Cf", "Me", "Mn") or unicodedata.combining(character) > 0


def at(url: str, key: str = "rsk_01JDEMO0000000000000009F2A") -> dict[str, Any]:
    """Return the environment that points the program at a gateway."""
    return {"MESHAPI_BASE_URL": url, "MESHAPI_API_KEY": key}
