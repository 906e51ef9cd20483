"""The key doctor in a real terminal: it tells of each key, leaves on q twice and gives the terminal back."""

from __future__ import annotations

from pathlib import Path

from tests.terminal import Terminal


def test_the_doctor_tells_of_each_key_and_leaves(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text('[ui.keys]\n"conversation.new" = "alt+7"\n"foo.bar" = "f5"\n')
    with Terminal("keys", home=home, size=(120, 30)) as terminal:
        terminal.wait("q twice or ctrl+c leaves", "TERM is xterm-256color", "there is no command 'foo.bar'")
        terminal.write(b"\x1b[1;3D")
        terminal.wait("ESC [ 1 ; 3 D", "alt+left", "pane.previous")
        terminal.write(b"\x1b7")
        terminal.wait("alt+7", "conversation.new")
        terminal.write(b"\x1b")
        terminal.wait("escape", "turn.stop", "more")
        terminal.write(b"q")
        terminal.wait("standings.close")
        terminal.write(b"q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()


def test_the_doctor_leaves_on_ctrl_c(home: Path) -> None:
    with Terminal("keys", home=home) as terminal:
        terminal.wait("q twice or ctrl+c leaves")
        terminal.write(b"\x03")
        assert terminal.wait_end() == 0
        terminal.assert_restored()
