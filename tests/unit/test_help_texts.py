"""What `--help` and `meshtui help` teach: an example for each command that is right, each topic a page, plain text."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pexpect
import pytest

from meshtui.cli import COMMANDS, build_parser, run_command
from meshtui.cli.lessons import EXIT_CODES, LESSONS
from meshtui.cli.pages import TOPICS, page
from meshtui.cli.plain_text import plain_text
from meshtui.sandbox import Sandbox
from tests.documents import PAGES


def help_of(capfd: pytest.CaptureFixture[str], *command: str) -> str:
    """Return what `--help` prints of a command."""
    with pytest.raises(SystemExit) as left:
        run_command([*command, "--help"])
    assert left.value.code == 0
    return capfd.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_says_what_it_is_for_and_has_examples(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    text = help_of(capfd, name)
    assert 2 <= len(LESSONS[name].examples) <= 4
    assert "examples:" in text
    for command, what in LESSONS[name].examples:
        assert f"  {command}\n" in text.replace(" \\\n     ", "")
        assert what.split()[0] in text
    about = " ".join(text.partition("positional arguments:")[0].partition("options:")[0].split())
    assert LESSONS[name].about in about


def test_the_programs_own_help_has_examples_too(capfd: pytest.CaptureFixture[str]) -> None:
    text = help_of(capfd)
    assert "meshtui demo" in text and all(f"    {name} " in text for name in COMMANDS)


@pytest.mark.parametrize(("name", "command"), [(n, e[0]) for n, lesson in LESSONS.items() for e in lesson.examples])
def test_an_example_is_a_command_line_that_is_understood(name: str, command: str) -> None:
    assert not name or name in COMMANDS
    words = shlex.split(command)
    while "meshtui" in words:
        words = words[words.index("meshtui") + 1 :]
        ends = [place for place, word in enumerate(words) if word in ("|", ">", "<") or word.endswith(")")]
        mine = [word.rstrip(")") for word in words[: ends[0] + words[ends[0]].endswith(")")]] if ends else words
        parsed = build_parser(mine).parse_args(mine)
        assert callable(parsed.command)


def test_exit_codes_are_told_in_the_same_words_everywhere() -> None:
    told = page(TOPICS["exit-codes"], 100)
    for code, words in EXIT_CODES:
        assert any(line.split()[:1] == [str(code)] and words in line for line in told.splitlines()), (code, words)


@pytest.mark.parametrize("name", TOPICS)
def test_each_topic_has_a_page_that_fits_the_terminal(name: str) -> None:
    for width in (60, 80, 100):
        text = page(TOPICS[name], width)
        assert len(text) > 200
        prose = [line for line in text.splitlines() if not line.startswith("    ") and " " in line.strip()]
        assert [line for line in prose if len(line) > width and "http" not in line] == []
        assert "](" not in text and "![" not in text and "```" not in text


def test_without_a_topic_all_are_named_and_a_wrong_one_leads_to_the_right_one(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["help"]) == 0
    told = capfd.readouterr().out
    assert all(f"  {name}" in told for name in TOPICS)
    assert run_command(["help", "exitcodes"]) == 2
    assert "did you mean 'exit-codes'?" in capfd.readouterr().err


@pytest.mark.parametrize(("topic", "paged"), [("keys", True), ("exit-codes", False)])
def test_a_long_page_goes_through_the_pager_of_a_terminal(topic: str, paged: bool, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED\nhead -3\n")
    pager.chmod(0o755)
    child = pexpect.spawn(
        sys.executable,
        ["-m", "meshtui", "help", topic],
        dimensions=(24, 80),
        env={**os.environ, "PAGER": shlex.quote(str(pager))},
        encoding="utf-8",
        timeout=30,
    )
    child.expect(pexpect.EOF)
    assert ("PAGED" in child.before) is paged
    assert ("Keys" if paged else "130") in child.before


def test_markdown_becomes_text() -> None:
    source = """# Head

![a picture](x.svg)

Some `code` and **bold** [words](other.md), see [here](https://example.test/a).

- one
  - two is long enough to be wrapped somewhere in the middle of the line
1. first

```sh
meshtui run "a very long command line that is never wrapped, whatever the width may be" --json
```

| key | does |
|---|---|
| `enter` | sends what stands in the prompt, and more words than fit in the column |

## Next

More.
"""
    text = plain_text(source, 50)
    assert text.splitlines()[:2] == ["Head", "===="]
    assert "picture" not in text
    assert "Some code and bold words, see here\n(https://example.test/a)." in text
    assert "- one\n  - two is long" in text and "1. first" in text
    long = '    meshtui run \\\n        "a very long command line that is never wrapped, whatever the width may be"'
    assert f"{long} \\\n        --json\n" in text
    assert "enter  sends what stands" in text
    assert plain_text(source, 50, "Next") == "Next\n----\n\nMore.\n"


def test_every_model_of_the_sandbox_that_is_named_is_there(box: Sandbox) -> None:
    texts = {name: f"{lesson.about} {lesson.examples}" for name, lesson in LESSONS.items()}
    texts |= {path.name: path.read_text(encoding="utf-8") for path in PAGES}
    named = [
        (where, id)
        for where, text in texts.items()
        for id in re.findall(r"(?<![\w/])sandbox/[a-z0-9]+(?:-[a-z0-9]+)*(?![\w.])", text)
    ]
    assert any(id.startswith("sandbox/fault-") for _, id in named)
    assert not [f"{where}: {id}" for where, id in named if box.state.catalogue.find(id) is None]
