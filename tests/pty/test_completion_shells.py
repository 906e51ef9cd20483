"""Tab in real shells: what is typed, tab, enter; then what the shell hands to the program."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from meshtui.store.catalogues import Catalogues
from tests.terminal import Terminal

SHELLS = ("bash", "zsh", "fish")
TEMPLATES = ("refund-bot", "my template", "it's", "ärger-größe", "cost$HOME", "semi;colon & more", "sub/deep")
TOOLS = ("weather", "net/ping me")
MODELS = ("openai/gpt-4o", "deepseek/r1:free", "deepseek/r1:paid", "odd/$(touch PWNED)", "two words/`touch PWNED`")
CONFIG = """\
[profiles.work]
base_url = "http://127.0.0.1:9"
needs_key = false
[profiles.local]
base_url = "http://127.0.0.1:8"
needs_key = false
"""

START = {
    "bash": ("bash", "--noprofile", "--rcfile", "bashrc", "-i"),
    "zsh": ("zsh", "-d", "-i"),
    "fish": ("fish", "-i"),
}
SETTINGS = {
    "bash": {"bashrc": "PS1='ready> '\nbind 'set bell-style none'\neval \"$(meshtui completion bash)\"\n"},
    "zsh": {
        ".zshrc": "PS1='ready> '\nunsetopt beep\nautoload -Uz compinit && compinit -u\n"
        'eval "$(meshtui completion zsh)"\n'
    },
    "fish": {
        "fish/config.fish": "set -g fish_greeting\nfunction fish_prompt; printf 'ready> '; end\n"
        "meshtui completion fish | source\n"
    },
}

# What is typed before tab, and the arguments that the program gets.
LINES = [
    ("comple", ["completion"]),
    ("--profile lo", ["--profile", "local"]),
    ("--profile local ru", ["--profile", "local", "run"]),
    ("compare 'hello run' --samp", ["compare", "hello run", "--samples"]),
    ("run --respo", ["run", "--respond"]),
    ("models --vis", ["models", "--vision"]),
    ("models --tools sh", ["models", "--tools", "show"]),
    ("usage --by mod", ["usage", "--by", "model"]),
    ("tools che", ["tools", "check"]),
    ("tools --shape ant", ["tools", "--shape", "anthropic"]),
    ("help priv", ["help", "privacy"]),
    ("run -t refu", ["run", "-t", "refund-bot"]),
    ("run -t my", ["run", "-t", "my template"]),
    ("run --template=my", ["run", "--template=my template"]),
    ("run -t 'my", ["run", "-t", "my template"]),
    ('run -t "my', ["run", "-t", "my template"]),
    ("run -t it", ["run", "-t", "it's"]),
    ("run -t är", ["run", "-t", "ärger-größe"]),
    ("run -t cost", ["run", "-t", "cost$HOME"]),
    ('run -t "cost', ["run", "-t", "cost$HOME"]),
    ("run -t semi", ["run", "-t", "semi;colon & more"]),
    ("templates show sub", ["templates", "show", "sub/deep"]),
    ("templates --json show refu", ["templates", "--json", "show", "refund-bot"]),
    ("run --tools wea", ["run", "--tools", "weather"]),
    ("run --tools net", ["run", "--tools", "net/ping me"]),
    ("run -m deepseek/r1:f", ["run", "-m", "deepseek/r1:free"]),
    ("run --model=deepseek/r1:f", ["run", "--model=deepseek/r1:free"]),
    ("run -m odd", ["run", "-m", "odd/$(touch PWNED)"]),
    ("run -m two", ["run", "-m", "two words/`touch PWNED`"]),
    ("compare -m openai/gpt-4o -m deepseek/r1:p", ["compare", "-m", "openai/gpt-4o", "-m", "deepseek/r1:paid"]),
    ("run --respond my", ["run", "--respond", "my file.json"]),
    ("run --tools my", ["run", "--tools", "my file.json"]),
    ("tools check my", ["tools", "check", "my file.json"]),
    ("tools check wea", ["tools", "check", "weather"]),
    ("templates import my", ["templates", "import", "my file.json"]),
    ("sessions import my", ["sessions", "import", "my file.json"]),
    ("sessions export --as mark", ["sessions", "export", "--as", "markdown"]),
    ("--home other", ["--home", "other home"]),
    ("--home 'other home' run -t only", ["--home", "other home", "run", "-t", "only-there"]),
    (
        "compare -t only --home 'other home' -t only",
        ["compare", "-t", "only", "--home", "other home", "-t", "only-there"],
    ),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home, another home, a file to name, and a program `meshtui` that keeps what it was given."""
    place = tmp_path_factory.mktemp("it's a place")
    for home, templates in (("home", TEMPLATES), ("other home", ("only-there",))):
        for kind, keys, ending, text in (
            ("templates", templates, ".toml", 'system = "hello"\n'),
            ("tools", TOOLS, ".json", "{}"),
        ):
            for key in keys:
                path = place / home / kind / (key + ending)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    (place / "home" / "config.toml").write_text(f'default_profile = "work"\n{CONFIG}')
    Catalogues(place / "home" / "state" / "catalogues").write(
        "http://127.0.0.1:9", [{"id": id} for id in MODELS], time.time()
    )
    (place / "my file.json").write_text("{}")
    program = place / "bin" / "meshtui"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" completion "?*) exec {quote(sys.executable)} -m meshtui "$@" ;; esac\n'
        f"{{ printf '%s\\037' \"$@\"; echo; }} >> {quote(str(place / 'given'))}\n"
    )
    program.chmod(0o755)
    return place


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, place: Path) -> Iterator[Terminal]:
    """A shell at its prompt, with the completion loaded as its help says."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    for file, text in SETTINGS[name].items():
        (place / file).parent.mkdir(exist_ok=True)
        (place / file).write_text(text)
    starts = f"import os;os.chdir({str(place)!r});os.execvp({START[name][0]!r},{list(START[name])!r})"
    env = {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "ZDOTDIR": str(place),
        "XDG_CONFIG_HOME": str(place),
        "XDG_DATA_HOME": str(place / "data"),
    }
    with Terminal(home=place / "home", env=env, size=(120, 50), command=("-c", starts)) as terminal:
        terminal.wait("ready>", seconds=60)
        yield terminal


def given(shell: Terminal, place: Path, count: int) -> list[str]:
    """Wait until the program ran so often; return what it was given last. Where it does not run the line is left."""
    path, end = place / "given", time.monotonic() + 30
    while time.monotonic() < end:
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        if len(lines) >= count:
            return lines[-1].split("\x1f")[:-1]
        time.sleep(0.02)
    shell.press("ctrl+c")
    raise AssertionError("the program did not run")


@pytest.mark.parametrize(("typed", "expected"), LINES, ids=[typed for typed, _ in LINES])
def test_tab_completes(typed: str, expected: list[str], shell: Terminal, place: Path) -> None:
    path = place / "given"
    count = path.read_text().count("\n") if path.exists() else 0
    shell.wait_for(lambda shown: shown.rstrip().endswith("ready>"), "the prompt", seconds=60)
    shell.send(f"meshtui {typed}\t\r")
    assert [
        word.removesuffix("/") for word in given(shell, place, count + 1)
    ] == expected  # zsh takes the slash of a folder back
    assert not (place / "PWNED").exists(), "a name was run as a command"
