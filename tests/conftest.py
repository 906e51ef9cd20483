"""What every test gets: its own folders, no keys from outside, no animation, one event loop kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only: Textual knows no other loop."""
    return "asyncio"


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the user's files, keys and settings away from the tests, and the tests away from them."""
    for name in ("MESHAPI_API_KEY", "MESH_API_KEY", "MESHAPI_TOKEN", "MESHAPI_BASE_URL", "MESHTUI_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MESHTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    yield
