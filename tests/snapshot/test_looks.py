"""How every pane and page looks, at each size, dark and light. `make snap` renews the pictures; look at them then."""

from __future__ import annotations

import random
import secrets
import sys
import time
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from screenshots.picture import rows_of
from screenshots.still import stand_still
from tests.snapshot.looks import LOOKS, Look, pictures_of, words_of

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are made on Python 3.11: other versions lay text out otherwise"
)

KEPT = Path(__file__).parent / "__snapshots__" / "test_looks"
CASES = [pytest.param(look, size, id=f"{look.name}-{size[0]}x{size[1]}") for look in LOOKS for size in look.sizes]


@pytest.fixture
def standstill(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing differs from run to run: clocks, ids and chance stand still, and go on afterwards."""
    for name in ("time", "time_ns", "localtime"):
        monkeypatch.setattr(time, name, getattr(time, name))  # so that it is put back
    monkeypatch.setattr(secrets, "randbits", secrets.randbits)
    chance = random.getstate()
    for name, value in {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    stand_still()
    yield
    monkeypatch.undo()
    time.tzset()
    random.setstate(chance)


@pytest.mark.parametrize(("look", "size"), CASES)
def test_look(look: Look, size: tuple[int, int], standstill: None, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    kept = snapshot.use_extension(SVGImageExtension)
    taken = pictures_of(look, size, tmp_path / "home")
    for picture in taken.values():
        words = words_of(picture)
        assert [text for text in look.sees if "".join(text.split()) not in words] == [], "\n".join(rows_of(picture))
    case = f"{look.name}-{size[0]}x{size[1]}"
    stale = [difference(case, theme, picture) for theme, picture in taken.items() if kept(name=theme) != picture]
    assert stale == [], "\n".join(stale)


def difference(case: str, theme: str, picture: str) -> str:
    """Return the rows in which a picture differs from the one that is kept."""
    path = KEPT / f"test_look[{case}][{theme}].svg"
    kept = rows_of(path.read_text(encoding="utf-8")) if path.is_file() else []
    rows = unified_diff(kept, rows_of(picture), path.name, "now", n=0, lineterm="")
    return "\n".join(rows) or f"{path.name}: only looks differ"
