"""What every test gets: its own folders, no keys from outside, no animation, one event loop kind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from meshtui.sandbox import Sandbox, Settings

# A slow machine is no fault of the program; elsewhere than in CI each run tries other examples.
settings.register_profile(
    "meshtui", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("meshtui")

FOREIGN = ("MESH", "TEXTUAL", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "EDITOR", "VISUAL", "PAGER", "LESS")
"""How the names of variables begin that would change what the program does."""


def pytest_configure() -> None:
    """Keep what the caller's surroundings say away from all that is imported and started: sizes, colours, proxies."""
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN) and not name.startswith("TEXTUAL_SNAPSHOT")
        if foreign or name.upper().endswith("_PROXY"):
            del os.environ[name]


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only: Textual knows no other loop."""
    return "asyncio"


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the user's files and settings away from the tests, and the tests away from them; nothing glides."""
    monkeypatch.setenv("MESHTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")  # a plugin had Textual read it already
    yield


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """The sandbox without limits, as fast as it can."""
    with Sandbox(Settings(rpm=None, rpd=None)) as box:
        yield box


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    """The sandbox without limits, slow enough to be stopped in the middle."""
    with Sandbox(Settings(rpm=None, rpd=None, speed=60)) as box:
        yield box


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One folder that holds everything of a user."""
    return tmp_path / "home"
