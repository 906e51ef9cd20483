"""The lines of linear mode: how a stream is cut, how a template is cut and put together, the words for changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.cli.linear.commands import COMMANDS
from meshtui.cli.linear.loop import Linear
from meshtui.cli.linear.sentences import Sentences
from meshtui.cli.linear.templating import lines_of, with_lines
from meshtui.cli.linear.words import change_lines
from meshtui.core.chat import Message
from meshtui.core.template import Template

TEXT = (
    "The first sentence of this answer is rather long and then it ends. The second one follows it.\n"
    "```python\nx = 'A sentence in code is not cut, whatever it is that it says. So it stays. Whole.'\n```\n"
    "| a table row with many words in it. And a sentence. | stays whole in any case. Always. |\n"
    "Version 3.11 of it costs $0.15 e.g. and this goes on for a while until there is an end."
)


def cut(text: str, sizes: list[int]) -> list[str]:
    """Return the lines of a text that comes in pieces of these sizes, again and again."""
    sentences, lines, at, turn = Sentences(), list[str](), 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        lines += sentences.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    return lines + sentences.rest()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_however_it_comes_every_word_is_told_once_in_order(sizes: list[int]) -> None:
    lines = cut(TEXT, sizes)
    assert " ".join(lines).split() == TEXT.split()
    assert "x = 'A sentence in code is not cut, whatever it is that it says. So it stays. Whole.'" in lines
    assert "| a table row with many words in it. And a sentence. | stays whole in any case. Always. |" in lines


def test_a_long_paragraph_is_told_by_sentences_before_its_line_is_over() -> None:
    sentences = Sentences()
    assert sentences.feed("This is a sentence that is long enough to be told at once") == []
    assert sentences.feed(", as soon as it is over. And") == [
        "This is a sentence that is long enough to be told at once, as soon as it is over."
    ]
    assert sentences.feed(" this is the next") == [] and sentences.rest() == ["And this is the next"]


TEMPLATE = Template("t", system="You are {{tone}}.\nBe short.", messages=(Message("user", "Where?\n\nWhen?"),))


def test_lines_of_a_template_and_back() -> None:
    lines = lines_of(TEMPLATE)
    assert [line for _, line in lines] == ["You are {{tone}}.", "Be short.", "Where?", "", "When?"]
    assert with_lines(TEMPLATE, lines) == TEMPLATE
    changed = with_lines(TEMPLATE, [*lines[:1], (0, "Be kind."), *lines[2:4]])
    assert changed.system == "You are {{tone}}.\nBe kind." and changed.messages[0].text == "Where?\n"


def test_changes_are_told_with_the_words_before_them() -> None:
    lines = list(change_lines("The cat sat on the mat", "The cat lay on the red mat"))
    assert lines[0] == "after “The cat”, “sat” became: lay"
    assert lines[1] == "after “on the”, added: red"
    assert list(change_lines("same", "same")) == ["They are the same."]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_word_has_a_method_and_a_line_of_help(command: object) -> None:
    assert callable(getattr(Linear, command.method))  # type: ignore[attr-defined]
    assert "\n" not in command.line and command.line.startswith("/")  # type: ignore[attr-defined]


def test_linear_mode_loads_nothing_of_the_screen() -> None:
    program = "import meshtui.cli.linear, sys; print([name for name in ('textual', 'rich') if name in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_document_has_every_word_as_the_program_has_it() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "linear.md").read_text(encoding="utf-8")
    missing = [
        command.name
        for command in COMMANDS
        if f"| `/{command.name}{f' {command.takes}' if command.takes else ''}` | {command.help} |" not in text
    ]
    assert not missing
