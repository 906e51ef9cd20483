"""How the workbench looks. `make snap` renews the pictures; look at them before they are committed."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from meshtui.sandbox import Sandbox, Script
from meshtui.ui.app import MeshApp
from tests.bench import Bench, is_open, make_app, shut
from tests.hostile import reply

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are made on Python 3.11: other versions lay text out otherwise"
)

NOW = 1_767_225_600.0
"""2026-01-01 00:00 UTC: what every clock shows here."""

ANSWER = """# Keeping a cache honest

A cache is a *promise*: what I hand you is **what you would have got anyway**, only ~~later~~ sooner.
See [the notes](https://example.test/notes) and `cache.get`.

1. First decide **what** to store.
2. Then *how long*:
   - answers an hour
   - lists a day
     - [x] measured
     - [ ] proved

> A stale answer that looks fresh is worse than no answer.

```python
def get(key: str) -> str | None:
    \"""Return what is stored, where it still holds.\"""
    entry = entries.get(key)
    return entry.value if entry and entry.expires > now() else None
```

| Workload | Hit rate | Saved |
|:---------|:--------:|------:|
| support  |   41 %   | $3.10 |
| search   |    7 %   | $0.22 |

---

That is *all*: 你好 🌍.
"""
RATE = Script(
    429,
    {"content-type": "application/json", "retry-after": "30"},
    (
        b'{"error": {"code": "rate_limit_exceeded", "message": "RPM limit reached: 100 requests per minute.",'
        b' "retry_after_seconds": 30}, "request_id": "req_01JDEMO0000000000000000429"}',
    ),
)
SPEND = Script(
    402,
    {"content-type": "application/json"},
    (
        b'{"error": {"code": "spend_limit_exceeded", "message": "Spend limit of this key reached: $10.00 of $10.00."},'
        b' "request_id": "req_01JDEMO0000000000000000402"}',
    ),
)
MIDWAY = Script(
    headers={"content-type": "text/event-stream", "x-request-id": "req_01JDEMO0000000000000000502"},
    chunks=(
        b'data: {"choices": [{"index": 0, "delta": {"content": "The first half of an answer that "}}]}\n\n',
        b'data: {"error": {"code": "upstream_error", "message": "Upstream provider returned an error."}}\n\n',
    ),
)
QUESTION = "How do I keep a cache honest?"

Run = Callable[[Bench], Awaitable[None]]


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always the same time, in the same time zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("meshtui.ui.screens.conversation_list.time", SimpleNamespace(time=lambda: NOW + 7200))


@pytest.fixture
def picture(snap_compare: Any, box: Sandbox, tmp_path: Path) -> Callable[..., bool]:
    """Return what runs the workbench, lets something be done in it, and compares its picture."""

    def compare(do: Run, *scripts: Script, size: tuple[int, int] = (80, 24), theme: str = "mesh-dark") -> bool:
        box.state.scripts.clear()
        box.script(*scripts)
        app: MeshApp = make_app(
            tmp_path / "home",
            box.url,
            "sandbox/haiku",
            theme=theme,
            now=lambda: NOW,
            clock=lambda: 0.0,
        )

        async def run(pilot: Pilot[str]) -> None:
            bench = await is_open(app, pilot)
            bench.prompt.cursor_blink = False
            await do(bench)
            await shut(app)
            await pilot.pause()

        return bool(snap_compare(app, terminal_size=size, run_before=run))

    return compare


async def ask(bench: Bench) -> None:
    """Ask the question, and wait for what comes of it."""
    await bench.answered(QUESTION)


async def nothing(bench: Bench) -> None:
    """Leave it as it opened."""


@pytest.mark.parametrize("theme", ["mesh-dark", "mesh-light"])
def test_empty(picture: Callable[..., bool], theme: str) -> None:
    assert picture(nothing, theme=theme)


@pytest.mark.parametrize("theme", ["mesh-dark", "mesh-light"])
def test_an_answer_with_every_kind_of_block(picture: Callable[..., bool], theme: str) -> None:
    assert picture(ask, answer(), size=(120, 60), theme=theme)


def test_an_answer_in_a_small_terminal(picture: Callable[..., bool]) -> None:
    assert picture(ask, answer(), size=(80, 24))


@pytest.mark.parametrize("script", [RATE, SPEND, MIDWAY], ids=["429", "402", "midway"])
def test_a_card(picture: Callable[..., bool], script: Script) -> None:
    assert picture(ask, script)


def test_the_list_of_conversations(picture: Callable[..., bool]) -> None:
    async def several(bench: Bench) -> None:
        for text in ("Name the release", "Why is the sky blue?", QUESTION):
            await bench.press("ctrl+n")
            await bench.answered(text)
        await bench.press("ctrl+r")
        await bench.wait("Conversations")
        await bench.type("e")
        await bench.wait("Name the release")

    assert picture(several, *(answer() for _ in range(3)), size=(120, 40))


def answer() -> Script:
    """Return the answer with every kind of block, after some reasoning."""
    return reply({"text": ANSWER}, {"content", "reasoning"})
