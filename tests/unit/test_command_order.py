"""Options stand where a person puts them: before, between or behind what a command works with."""

from __future__ import annotations

import argparse
import itertools

import pytest

from meshtui.cli import build_parser

LINES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("tools", ("check", "a.json", "b.json"), ("--json",)),
    ("tools", ("import", "a.py"), ("--to", "yours")),
    ("templates", ("render", "refund-bot"), ("--json",)),
    ("models", ("show", "openai/gpt-4o"), ("--json",)),
    ("sessions", ("show", "a1b2"), ("--json",)),
    ("sessions", ("export", "a1b2", "c3d4"), ("--as", "markdown")),
    ("run", ("Say hello",), ("--model", "m")),
    ("compare", ("Say hello",), ("--model", "m")),
)


def parsed(*line: str) -> argparse.Namespace:
    """Return what a command line means."""
    return build_parser(line).parse_args(line)


@pytest.mark.parametrize(("command", "words", "option"), LINES)
def test_an_option_may_stand_anywhere(command: str, words: tuple[str, ...], option: tuple[str, ...]) -> None:
    for place, home in itertools.product(range(len(words) + 1), repeat=2):
        line = [*words[:place], *option, *words[place:]]
        behind = parsed(command, *words, *option, "--home", "h")
        assert parsed(command, *line, "--home", "h") == behind, line
        mixed = [*words[:home], "--home", "h", *words[home:]]
        assert parsed("--home", "h", command, *words) == parsed(command, *mixed), mixed


def test_two_dashes_end_the_options() -> None:
    assert parsed("run", "--json", "--", "--help").prompt == "--help"
    assert parsed("tools", "check", "--json", "--", "-odd.json").names == ["-odd.json"]


@pytest.mark.parametrize(
    "line", [("run", "one", "-m", "m", "two"), ("tools", "check", "--jsn", "a.json"), ("tools", "--json", "chek")]
)
def test_what_a_command_does_not_know_is_refused(line: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*line)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert any(word in said for word in ("two", "--jsn", "chek"))
