"""Completion as real shells do it: the script is loaded, and tab asked for what it offers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meshtui.cli import COMMANDS, run_command
from meshtui.store.catalogues import Catalogues

BASH = shutil.which("bash")
MODELS = ("openai/gpt-4o", "openai/gpt-4o-mini", "deepseek/r1:free", "deepseek/r1:paid")
CONFIG = """\
default_profile = "work"
[profiles.work]
base_url = "http://127.0.0.1:9"
needs_key = false
[profiles.local]
base_url = "http://127.0.0.1:8"
needs_key = false
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with two profiles, a template, a tool and a model list of the default profile's gateway."""
    home = tmp_path / "own home"
    (home / "templates").mkdir(parents=True)
    (home / "tools").mkdir()
    (home / "config.toml").write_text(CONFIG)
    (home / "templates" / "refund-bot.toml").write_text('system = "hello"\n')
    (home / "tools" / "weather.json").write_text("{}")
    Catalogues(home / "state" / "catalogues").write("http://127.0.0.1:9", [{"id": id} for id in MODELS], time.time())
    return home


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with a program `meshtui` in it, for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "meshtui").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m meshtui "$@"\n')
    (folder / "meshtui").chmod(0o755)
    return folder


def offered(line: str, home: Path, program: Path) -> list[str]:
    """Return what bash offers for a line at whose end tab is pressed."""
    words = line.split(" ")
    asks = f"""
eval "$(meshtui completion bash)"
COMP_LINE={json.dumps(line)}; COMP_POINT=${{#COMP_LINE}}
COMP_WORDS=({" ".join(json.dumps(word) for word in words)}); COMP_CWORD={len(words) - 1}
_meshtui; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    assert BASH is not None
    environ = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}", "MESHTUI_HOME": str(home)}
    done = subprocess.run(
        [BASH, "--norc", "-c", asks], env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("meshtui ", ["run", "compare", "completion"], ["--json"]),
        ("meshtui co", ["compare", "config", "completion"], ["run"]),
        ("meshtui run --t", ["--tools", "--template", "--tool-choice"], ["--samples"]),
        ("meshtui usage --by ", ["day", "model", "session", "profile"], []),
        ("meshtui templates p", ["push", "pull"], ["list"]),
        ("meshtui templates show re", ["refund-bot"], []),
        ("meshtui sessions ", ["export", "import", "show"], ["refund-bot"]),
        ("meshtui sessions export --as ", ["json", "markdown"], []),
        ("meshtui run -t ", ["refund-bot"], []),
        ("meshtui run --tools ", ["weather"], []),
        ("meshtui tools show ", ["weather"], []),
        ("meshtui run -m openai/", ["openai/gpt-4o", "openai/gpt-4o-mini"], ["deepseek/r1:free"]),
        ("meshtui run -m deepseek/r1:f", ["free"], ["paid", "deepseek/r1:free"]),
        ("meshtui run --model=openai/gpt-4o-", ["openai/gpt-4o-mini"], ["openai/gpt-4o"]),
        ("meshtui --profile ", ["work", "local"], []),
        ("meshtui --profile local run -m ", [], ["openai/gpt-4o"]),
        ("meshtui compare hello run -m a -m openai/gpt-4o-", ["openai/gpt-4o-mini"], []),
        ("meshtui help priv", ["privacy"], ["keys"]),
        ("meshtui run -s ", [], ["run", "--json", "refund-bot"]),
    ],
)
def test_bash_offers(line: str, some: list[str], none: list[str], home: Path, program: Path) -> None:
    found = offered(line, home, program)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_their_script(shell: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["completion", shell]) == 0
    script = capfd.readouterr().out
    assert all(name in script for name in COMMANDS)
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: its script was made, not run")
    path = tmp_path / "script"
    path.write_text(script)
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("profiles", {"default", "work", "local"}),
        ("templates", {"refund-bot"}),
        ("tools", {"weather"}),
        ("models", set(MODELS)),
    ],
)
def test_words_come_from_the_disk(
    kind: str, expected: set[str], home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESHTUI_HOME", str(home))
    assert run_command(["completion", "--words", kind]) == 0
    found = set(capfd.readouterr().out.split())
    assert expected >= found >= expected - {"default"}


def test_a_broken_config_offers_nothing_and_says_nothing(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("= broken")
    assert run_command(["--home", str(home), "completion", "--words", "models"]) == 0
    assert capfd.readouterr() == ("", "")


def test_looking_words_up_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom meshtui.cli import run_command\nrun_command(['completion', '--words', 'models'])\n"
        "print(sorted({'textual', 'rich', 'httpx', 'pydantic', 'tomlkit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
