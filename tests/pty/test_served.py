"""The workbench served to a browser: the web driver over pipes, as `textual serve` runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte
import pytest

from meshtui.sandbox import Sandbox
from tests.terminal import DEADLINE, KEYS, ROOT, at
from tests.workbench import new_session

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the web driver reads stdin as POSIX systems do")

KITTY = re.compile(r"\x1b\[[<>=?][0-9;]*u")


class Served:
    """The program as a server of browsers sees it: packets of a letter, a length and a payload, both ways."""

    def __init__(self, *arguments: str, home: Path, env: dict[str, Any]) -> None:
        self.screen = pyte.Screen(100, 30)
        self._stream = pyte.Stream(self.screen)
        self.raw = bytearray()
        self.meta: list[dict[str, Any]] = []
        self._seen = threading.Condition()
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("MESH", "TEXTUAL"))}
        surroundings |= {"COLUMNS": "100", "ROWS": "30", "MESHTUI_HOME": str(home), "PYTHONPATH": str(ROOT), **env}
        surroundings |= {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver", "TERM": "dumb", "EDITOR": "vi"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "meshtui", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while (line := stdout.readline()) and line != b"__GANGLION__\n":
            pass
        while len(head := stdout.read(5)) == 5:
            payload = stdout.read(int.from_bytes(head[1:], "big"))
            with self._seen:
                if head[:1] == b"D":
                    self.raw += payload
                    self._stream.feed(KITTY.sub("", payload.decode("utf-8", "replace")))
                elif head[:1] == b"M":
                    self.meta.append(json.loads(payload))
                self._seen.notify_all()

    def _packet(self, kind: bytes, payload: bytes) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
        stdin.flush()

    def send(self, text: str) -> None:
        """Type a text."""
        self._packet(b"D", text.encode())

    def tell(self, **meta: object) -> None:
        """Send what the server says of the browser."""
        self._packet(b"M", json.dumps(meta).encode())

    def wait(self, text: str) -> None:
        """Wait until the screen shows a text."""
        self.wait_for(lambda: any(text in line for line in self.screen.display), text)

    def wait_for(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + DEADLINE
        with self._seen:
            while not holds():
                shown = "\n".join(line.rstrip() for line in self.screen.display)
                assert time.monotonic() < end, f"not seen: {what}\n{shown}"
                self._seen.wait(0.2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # it is gone, as asked


@pytest.fixture
def served(home: Path, box: Sandbox) -> Any:
    home.mkdir()
    (home / "config.toml").write_text('[profiles.default]\nmodel = "sandbox/haiku"\n')
    with Served(home=home, env=at(box.url)) as served:
        served.tell(type="focus")
        served.wait("Type a message below")
        yield served


def test_what_is_typed_at_once_is_not_lost(home: Path, box: Sandbox) -> None:
    home.mkdir()
    with Served(home=home, env=at(box.url)) as served:
        served.wait("type a message")
        served.send("early")
        served.wait("early")
        served.wait("tok")
        served.send(" bird")
        served.wait("early bird")


def test_it_is_typed_in_answered_and_resized(served: Served) -> None:
    served.send("hello\r")
    served.wait("first word")
    served.screen.resize(24, 80)
    served.tell(type="resize", width=80, height=24)
    served.wait("sandbox/haiku")
    assert served.process.poll() is None


def test_an_editor_is_said_to_be_not_there(served: Served) -> None:
    served.send("a draft")
    served.wait("a draft")
    served.send(KEYS["f4"])
    served.wait("Editor and pager are not there in a browser")
    served.send(" goes on")
    served.wait("a draft goes on")


def test_copies_go_to_the_browser_not_to_this_machine(served: Served) -> None:
    served.send("hello\r")
    served.wait("first word")
    served.wait("f5 retry")
    served.send(KEYS["f8"])
    served.wait("sent to the browser's clipboard")
    assert b"\x1b]52;c;" in served.raw


def test_a_closed_tab_keeps_what_is_typed(served: Served, home: Path, box: Sandbox) -> None:
    served.send("not sent yet")
    served.wait("not sent yet")
    served.tell(type="quit")
    assert served.process.wait(DEADLINE) == 0
    session = new_session(home, box.url)
    session.open()
    assert session.typed() == "not sent yet"
    session.close()


def test_quitting_tells_the_browser(served: Served) -> None:
    served.send(KEYS["ctrl+q"])
    served.wait_for(lambda: {"type": "exit"} in served.meta, "the end")
    assert served.process.wait(DEADLINE) == 0


def test_it_does_not_outlive_its_server(served: Served, home: Path, box: Sandbox) -> None:
    served.send("kept all the same")
    served.wait("kept all the same")
    for pipe in (served.process.stdin, served.process.stdout):
        assert pipe is not None
    served.process.stdin.close()  # type: ignore[union-attr]
    os.close(os.dup(served.process.stdout.fileno()))  # type: ignore[union-attr]
    served.process.terminate()
    served.process.wait(DEADLINE)
    session = new_session(home, box.url)
    session.open()
    assert session.typed() == "kept all the same"
    session.close()
