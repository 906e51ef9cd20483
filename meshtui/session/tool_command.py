"""Running a command that answers a tool call: no shell, bounded in time and output, none of the gateway's keys.

It runs in a thread, so that a program that writes without end keeps nothing waiting, and under a keeper: a small
program that kills it and what it started as soon as the answer is there, its time is over, nobody wants it any more, or
meshtui is gone, be it by `kill -9`.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from meshtui.core.calls.rounds import failure_text
from meshtui.core.text import clean, one_line
from meshtui.core.tools.tool import Command

KEPT = 256 * 1024
"""Bytes of output that become the result; the rest is counted."""

KEPT_OF_ERRORS = 8 * 1024
MOST = 1 << 30
"""Bytes after which a command is stopped."""

LINGER = 0.5
"""Seconds in which a program that has ended may still be read from; its children may hold the pipe for ever."""

PASSED = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})
_LOOK = 0.05
_KEEPER = str(Path(__file__).with_name("command_keeper.py"))
_HASHED = 16 << 20
"""Bytes up to which the content of a named file is looked at; of a larger one, its size and time."""


class CannotRun(Exception):
    """A command cannot be run at all: one sentence."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A command as it would be run, shown to whoever approves it.

    `program` is what `argv[0]` was found to be, `environment` the names let through beyond the usual, `file` the tool's
    file that names the command. `digest` changes when any of them does, or a file that `argv` names.
    """

    argv: tuple[str, ...]
    program: str
    folder: Path
    environment: tuple[str, ...]
    timeout: float
    file: Path
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answered: the result for the model, and a sentence for the user where there is one to say."""

    text: str
    is_error: bool = False
    note: str = ""


def planned(command: Command, file: Path, environ: Mapping[str, str], is_secret: Callable[[str], bool]) -> Plan:
    """Return a command ready to be run; raises CannotRun. `is_secret` says of a variable's value that it is a key."""
    if any("\0" in text for text in (command.folder, *command.argv)):
        raise CannotRun(f"The command of {file} holds a NUL character, which no program can be given: take it out.")
    folder = Path(os.path.realpath(file.parent / os.path.expanduser(command.folder)))
    if not os.path.isdir(folder):
        raise CannotRun(f"The folder {folder} of the command {command.argv[0]} is not there.")
    for name in command.environment:
        if _is_ours(name) or is_secret(environ.get(name, "")):
            raise CannotRun(f"The variable {name} may hold a gateway's key: take it out of the tool's environment.")
    first = command.argv[0]
    found = str(folder / first) if "/" in first else shutil.which(first, path=environ.get("PATH", os.defpath))
    # A PATH may hold relative folders: what was found from here must not be looked up again from the tool's folder.
    found = found and os.path.abspath(found)
    if found is None or not os.path.isfile(found):
        raise CannotRun(f"There is no program {first}: name one that is on the PATH, or give its path.")
    if not os.access(found, os.X_OK):
        raise CannotRun(f"{found} is no program that may be run: make it executable, or name its interpreter first.")
    plan = Plan(command.argv, found, folder, command.environment, command.timeout, file.absolute())
    return replace(plan, digest=_digest(plan))


def _digest(plan: Plan) -> str:
    import hashlib  # late: OpenSSL takes a while to load

    digest = hashlib.blake2b(repr(plan).encode(errors="surrogatepass"), digest_size=16)
    named = [plan.folder / item for item in plan.argv[1:]]
    for path in [Path(plan.program), *named] if "/" in plan.argv[0] else named:
        try:
            if path.is_file():
                facts = path.stat()
                large = facts.st_size > _HASHED
                digest.update(f"{facts.st_size} {facts.st_mtime_ns}".encode() if large else path.read_bytes())
        except (OSError, ValueError):
            digest.update(b"unreadable")
    return digest.hexdigest()


def _is_ours(name: str) -> bool:
    return name.upper().startswith("MESH")


def environment(plan: Plan, environ: Mapping[str, str], is_secret: Callable[[str], bool]) -> dict[str, str]:
    """Return the variables that a command sees."""
    passed = {*PASSED, *plan.environment}
    kept = {
        name: value
        for name, value in environ.items()
        if (name in passed or name.startswith("LC_")) and not _is_ours(name) and not is_secret(value)
    }
    return {**kept, "TERM": "dumb"}


@dataclass(slots=True)
class _Kept:
    """The beginning of a stream, and how long all of it is."""

    most: int
    size: int = 0
    pieces: list[bytes] = field(default_factory=list)

    def take(self, piece: bytes) -> None:
        left = self.most - self.size
        if left > 0:
            self.pieces.append(piece[:left])
        self.size += len(piece)

    def text(self) -> tuple[str, bool]:
        """Return what is kept as text, and whether it is UTF-8."""
        data = b"".join(self.pieces)
        decoder = getincrementaldecoder("utf-8")
        try:
            return decoder().decode(data, final=self.size <= self.most), True
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace"), False


class CommandRun:
    """One run of a command. `work` blocks and belongs in a thread; `stop` may be called from anywhere."""

    def __init__(self, plan: Plan, arguments: str, env: Mapping[str, str]) -> None:
        self._plan, self._env = plan, env
        self._left = memoryview(arguments.encode("utf-8", "replace"))
        self._out, self._errors = _Kept(KEPT), _Kept(KEPT_OF_ERRORS)
        self._lock = threading.Lock()
        self._keeper: socket.socket | None = None
        self._said = b""
        self._stopped = False
        self._why = ""

    def stop(self) -> None:
        """End the program and everything it started, at once."""
        with self._lock:
            self._stopped = True
            if self._keeper is not None:
                _hang_up(self._keeper)

    def work(self) -> Outcome:
        """Run the program to its end; return what it answered. Never raises for what the program does."""
        ours, its = socket.socketpair()
        with ours:
            with its, self._lock:
                if self._stopped:
                    return self._failed("it was stopped")
                try:
                    process = self._started(its.fileno())
                except (OSError, ValueError) as error:
                    return self._unstarted(error.strerror if isinstance(error, OSError) else str(error))
                self._keeper = ours
            try:
                self._talk(process, ours)
            finally:
                with self._lock:
                    self._keeper = None
                _hang_up(ours)
                process.wait()  # it ends when nothing is left
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream is not None and not stream.closed:
                        stream.close()
        said = self._said.decode().strip("+\n")
        if said.startswith("!"):
            return self._unstarted(os.strerror(int(said[1:])))
        return self._outcome(int(said) if said else -signal.SIGKILL)

    def _started(self, keeper: int) -> subprocess.Popen[bytes]:
        plan = self._plan
        how = (str(keeper), "1" if "LC_CTYPE" in self._env else "0", plan.program)
        return subprocess.Popen(  # noqa: S603 - the user approved exactly this, and there is no shell
            (sys.executable, "-I", "-S", _KEEPER, *how, *plan.argv),
            cwd=plan.folder,
            env=dict(self._env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            pass_fds=(keeper,),
        )

    def _unstarted(self, reason: str | None) -> Outcome:
        return self._failed(f"{self._plan.argv[0]} could not be started: {(reason or 'no reason is known').lower()}")

    def _talk(self, process: subprocess.Popen[bytes], keeper: socket.socket) -> None:
        """Give the arguments, read what comes, until the program has ended or has to."""
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None  # noqa: S101
        deadline, begun, ended = float("inf"), False, False
        answering = {process.stdout.fileno(), process.stderr.fileno()}
        with selectors.DefaultSelector() as watched:
            for stream, events in (
                (process.stdin, selectors.EVENT_WRITE),
                (process.stdout, selectors.EVENT_READ),
                (process.stderr, selectors.EVENT_READ),
                (keeper, selectors.EVENT_READ),
            ):
                os.set_blocking(stream.fileno(), False)
                watched.register(stream, events)
            while True:
                for key, _ in watched.select(_LOOK):
                    self._move(watched, key.fileobj, process)  # type: ignore[arg-type]
                reading = any(fd in answering for fd in watched.get_map())
                if not begun and self._said:
                    begun, deadline = True, time.monotonic() + self._plan.timeout
                if not ended and keeper.fileno() not in watched.get_map():
                    ended, deadline = True, time.monotonic() + LINGER
                if self._out.size + self._errors.size > MOST:
                    self._why = f"it wrote more than {_bytes(MOST)} and was stopped"
                elif time.monotonic() > deadline and not ended:
                    self._why = f"it did not end within {self._plan.timeout:g} s and was stopped"
                if self._why or self._stopped or (ended and (not reading or time.monotonic() > deadline)):
                    return

    def _move(
        self, watched: selectors.BaseSelector, stream: IO[bytes] | socket.socket, process: subprocess.Popen[bytes]
    ) -> None:
        if isinstance(stream, socket.socket):
            words = _words_of(stream)
            self._said += words
            if not words or self._said.strip(b"+\n"):
                watched.unregister(stream)  # it ended, or somebody killed the keeper
            return
        try:
            if stream is process.stdin:
                self._left = self._left[os.write(stream.fileno(), self._left[:65536]) :] if self._left else self._left
                done = not self._left
            else:
                piece = os.read(stream.fileno(), 262144)
                (self._out if stream is process.stdout else self._errors).take(piece)
                done = not piece
        except BlockingIOError:
            return
        except OSError:
            done = True  # it does not read what it is given, or is gone: its exit code says more
        if done:
            watched.unregister(stream)
            stream.close()

    def _failed(self, sentence: str, **more: str) -> Outcome:
        return Outcome(failure_text(sentence, **more), True, f"{clean(sentence)[:1].upper()}{clean(sentence)[1:]}.")

    def _outcome(self, code: int) -> Outcome:
        text, readable = self._out.text()
        errors, _ = self._errors.text()
        text, notes = text.removesuffix("\n"), []
        if self._out.size > KEPT:
            notes.append(f"Its output was {_bytes(self._out.size)}: the first {_bytes(KEPT)} are kept.")
            text += f"\n[cut: {self._out.size} bytes in all]"
        if not readable:
            notes.append("Its output is not UTF-8 text: what cannot be read is replaced by \N{REPLACEMENT CHARACTER}.")
        elif clean(text) != text:
            notes.append(
                "Its output has control characters: they go to the model as they are; here you see symbols for them."
            )
        if self._stopped and not self._why:
            self._why = "it was stopped"
        if self._why or code:
            failed = self._failed(self._why or _ending(code), stderr=errors.strip()[-2000:], output=text[-4000:])
            said = one_line(errors.strip().rpartition("\n")[2], 160)
            return Outcome(failed.text, True, " ".join(filter(None, (failed.note, said, *notes))))
        if errors.strip():
            notes.append(f"It said on stderr: {one_line(errors.strip(), 160)}")
        if not self._out.size:
            notes.append("It wrote nothing.")
        return Outcome(text, False, " ".join(notes))


def _hang_up(keeper: socket.socket) -> None:
    """Let the keeper end what is left; the socket stays open for who reads it."""
    try:
        keeper.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone


def _words_of(keeper: socket.socket) -> bytes:
    try:
        return keeper.recv(64)
    except OSError:
        return b""


def _ending(code: int) -> str:
    if code > 0:
        return f"the command ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"the command was ended by the signal {name}"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.{0 if count % size == 0 else 1}f} {unit}"
    return f"{count} bytes"
