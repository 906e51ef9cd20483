"""What is typed wrong on the command line: one sentence, what was probably meant, where all is explained."""

from __future__ import annotations

import pytest

from meshtui.cli import run_command
from meshtui.cli.folding import folded_code, folded_command


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("rnu hi", "there is no command 'rnu'; did you mean 'run'? `meshtui --help` explains"),
        ("run hi --modle x", "there is no option --modle; did you mean '--model'? `meshtui run --help` explains"),
        ("-m x hello", "-m stands behind no command, as in `meshtui run -m …`; `meshtui --help` explains"),
        (
            "--homee x run hi",
            "there is no option --homee; did you mean '--home'? `meshtui run --help` explains",
        ),
        ("version", "there is no command 'version'; did you mean `meshtui --version`? `meshtui --help` explains"),
        (
            "run hi --version",
            "--version stands alone, without a command: `meshtui --version`; `meshtui run --help` explains",
        ),
        (
            "explain",
            "there is no command 'explain'; `meshtui run` sends a message, `meshtui` alone opens the workbench;"
            " `meshtui --help` explains",
        ),
        ("run hi --zzz=x", "there is no option --zzz; `meshtui run --help` explains"),
        ("run hi -z", "there is no option -z; `meshtui run --help` explains"),
        (
            "run hi there",
            "this is one word too many: there (texts with blanks want quotes); `meshtui run --help` explains",
        ),
        ("run hi --respond", "--respond needs a value behind it; `meshtui run --help` explains"),
        ("tools chek", "meshtui tools takes no 'chek'; did you mean 'check'? `meshtui tools --help` explains"),
        (
            "usage --by hour",
            "--by takes no 'hour'; there are day, model, session, profile. `meshtui usage --help` explains",
        ),
        ("run hi --x\x1b[2J", "there is no option --x␛[2J; `meshtui run --help` explains"),
    ],
)
def test_a_fault_is_one_sentence(line: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command(line.split(" "))
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err == f"meshtui: {sentence}\n"


def test_a_command_is_folded_so_that_a_shell_reads_it_as_one() -> None:
    line = '  meshtui run "one quoted text" --tools weather.toml --json | jq -r .message.content'
    assert folded_command(line, 100) == [line]
    lines = folded_command(line, 40)
    assert lines == [
        '  meshtui run "one quoted text" \\',
        "      --tools weather.toml --json | jq \\",
        "      -r .message.content",
    ]
    assert " ".join(part.removesuffix(" \\").strip() for part in lines) == line.strip()
    assert folded_command("meshtui 'one text that is far too long to fit'", 20) == [
        "meshtui \\",
        "    'one text that is far too long to fit'",
    ]


def test_comments_stand_above_and_json_is_parted_at_its_commas() -> None:
    assert folded_code('key = "a # b"   # what this is for', "toml", 30) == ["# what this is for", 'key = "a # b"']
    assert folded_code('key = "it # is one text"', "toml", 10) == ['key = "it # is one text"']
    assert folded_code('  "a": {"b": 1, "c": "d, e"}', "json", 20) == ['  "a": {"b": 1,', '    "c": "d, e"}']
    assert folded_code("x = 1,  # Python stays as it is, whatever its width", "python", 10) == [
        "x = 1,  # Python stays as it is, whatever its width"
    ]
