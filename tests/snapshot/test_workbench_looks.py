"""How every kind of block in an answer looks. `make snap` renews the pictures; look at them then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from meshtui.sandbox import Sandbox
from screenshots.still import for_ever
from tests.bench import is_open, make_app
from tests.hands import shut
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


@pytest.mark.parametrize("theme", ["mesh-dark", "mesh-light"])
def test_an_answer_with_every_kind_of_block(
    snap_compare: Callable[..., bool], box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    box.state.scripts.clear()
    box.script(reply({"text": ANSWER}, {"content", "reasoning"}))
    still: dict[str, Any] = {"now": lambda: NOW, "clock": lambda: 0.0, "sleep": for_ever}  # so no bill comes
    app = make_app(tmp_path / "home", box.url, "sandbox/haiku", theme=theme, **still)

    async def ask(pilot: Pilot[str]) -> None:
        bench = await is_open(app)
        await bench.holds(lambda: bench.session.cards, "the prices")
        await bench.answered("How do I keep a cache honest?")
        await bench.wait("Keeping a cache honest", "[x] measured", "7 %", "That is all")
        await shut(app)
        bench.prompt.cursor_blink = False
        bench.prompt._pause_blink(visible=True)
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 60), run_before=ask)
