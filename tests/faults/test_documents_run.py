"""The command lines of the documentation, run as they stand by a real shell against the sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from tests.documents import ROOT, Example, examples

KEY = "rsk_01JDEMO0000000000000009F2A"
BASH = shutil.which("bash")


def lines() -> Iterator[tuple[Example, str]]:
    """Yield each command line of the examples that can be run; a pipe into a program is part of it."""
    for example in examples("run"):
        for line in example.text.splitlines():
            if line.strip() and not line.startswith("#"):
                yield example, line


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, rpd=None)) as box:
        yield box


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the examples' templates and tools, a program `meshtui`, a home, and something said before."""
    place = tmp_path_factory.mktemp("documents")
    shutil.copytree(ROOT / "docs" / "examples", place / "project" / ".meshtui")
    (place / "bin").mkdir()
    program = place / "bin" / "meshtui"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m meshtui "$@"\n')
    program.chmod(0o755)
    (place / "bin" / "git").write_text("#!/bin/sh\necho '+ a changed line'\n")
    (place / "bin" / "git").chmod(0o755)
    return place


def run(place: Path, box: Sandbox, line: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in the project."""
    assert BASH is not None
    environ = {
        **os.environ,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "MESHTUI_HOME": str(place / "home"),
        "MESHAPI_BASE_URL": box.url,
        "MESHAPI_API_KEY": KEY,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [BASH, "-o", "pipefail", "-c", line],
        cwd=place / "project",
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(("example", "line"), lines(), ids=str)
def test_a_command_line_of_the_documentation_works(example: Example, line: str, place: Path, box: Sandbox) -> None:
    for program in ("jq", "sqlite3"):
        if program in line and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not (place / "home").is_dir():
        assert run(place, box, 'meshtui run "Name a fruit" -m openai/gpt-4o-mini').returncode == 0
        assert run(place, box, "meshtui sessions export > conversations.json").returncode == 0
    done = run(place, box, line)
    # a refusal that is shown on purpose ends with its code, and `head` leaves before the rest is written
    assert done.returncode == 0 or "fault-" in line or "| head" in line, done.stderr
    assert done.stdout.strip(), done.stderr
    assert "Traceback" not in done.stderr and "jq: error" not in done.stderr
