"""What every test of a screen gets: a terminal of the same abilities, and no clipboard of this machine."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is copied go to the terminal, where a test can see it, whatever the caller's terminal is."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setattr("meshtui.ui.clipboard._by_tool", lambda text: False)
