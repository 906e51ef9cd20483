"""What each layer may import, looked at in a fresh interpreter and in the source."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "meshtui"
SCREEN = {"textual", "rich"}
WIRE = {"httpx", "httpx_sse", "pydantic"}
SERVER = {"starlette", "uvicorn"}
LATE = {"tomlkit", "platformdirs", "pyperclip"}


def modules_of(layer: str) -> list[str]:
    """Return the dotted names of a layer's modules."""
    folder = PACKAGE / layer
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{layer}.py"]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def loaded_by(*modules: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after importing some."""
    program = (
        "import importlib, json, sys\nbefore = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def layers(*names: str) -> set[str]:
    """Return the dotted names of layers."""
    return {f"meshtui.{name}" for name in names}


@pytest.mark.parametrize(
    ("layer", "forbidden"),
    [
        ("core", SCREEN | WIRE | SERVER | LATE | {"sqlite3", "asyncio", "tomllib"}
            | layers("store", "client", "session", "ui", "cli", "sandbox")),
        ("store", SCREEN | WIRE | SERVER | LATE | {"asyncio"} | layers("client", "session", "ui", "cli", "sandbox")),
        # httpx itself loads rich where its own command line is installed, Textual loads platformdirs.
        ("client", {"textual"} | SERVER | LATE | {"sqlite3"} | layers("store", "session", "ui", "cli", "sandbox")),
        ("session", {"textual"} | SERVER | LATE | layers("ui", "cli", "sandbox")),
        ("sandbox", {"textual"} | LATE | {"sqlite3"} | layers("store", "session", "ui", "cli")),
        ("ui", SERVER | {"tomlkit", "pyperclip"} | layers("cli", "sandbox")),
    ],
)  # fmt: skip
def test_a_layer_loads_nothing_that_is_not_its_own(layer: str, forbidden: set[str]) -> None:
    found = loaded_by(*modules_of(layer)) & forbidden
    assert not found, f"meshtui.{layer} loads {sorted(found)}"


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("meshtui") == {"meshtui"}


@pytest.mark.parametrize(
    ("entry", "forbidden"),
    [
        ("meshtui.store.config", SCREEN | WIRE | SERVER | LATE | {"sqlite3", "asyncio", "subprocess", "tomllib"}),
        ("meshtui.session", WIRE | LATE | {"meshtui.client"}),
        ("meshtui.ui.app", WIRE | SERVER | {"tomlkit", "pyperclip", "json", "meshtui.client", "meshtui.sandbox"}),
        ("meshtui.cli.workbench", SCREEN | {"json", "shlex", "tomllib", "meshtui.core.money", "meshtui.session"}),
        ("meshtui.ui.screens.workbench", WIRE | SERVER | {"plotext", "textual_plotext"}),
        ("meshtui.cli", SCREEN | WIRE | SERVER | LATE),
        ("meshtui.__main__", SCREEN | WIRE | SERVER | LATE),
    ],
)
def test_the_way_to_the_first_paint_is_short(entry: str, forbidden: set[str]) -> None:
    found = loaded_by(entry) & forbidden
    assert not found, f"{entry} loads {sorted(found)} before anything is on the screen"


def imports_of(file: Path) -> set[str]:
    """Return the dotted names that a file imports anywhere, functions included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def below(names: set[str], forbidden: set[str]) -> set[str]:
    """Return the names that are, or lie below, a forbidden one."""
    return {name for name in names if any(name == bad or name.startswith(f"{bad}.") for bad in forbidden)}


@pytest.mark.parametrize("file", sorted((PACKAGE / "ui").rglob("*.py")), ids=lambda file: file.name)
def test_the_screen_reaches_wire_and_disk_only_through_the_session(file: Path) -> None:
    reached = below(imports_of(file), WIRE | {"sqlite3"} | layers("client", "store", "sandbox", "cli"))
    assert not reached, f"{file.relative_to(ROOT)} imports {sorted(reached)}"


@pytest.mark.parametrize("layer", ["core", "store", "client", "session", "sandbox"])
def test_only_the_screen_knows_textual(layer: str) -> None:
    folder = PACKAGE / layer
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{layer}.py"]
    found = [file.name for file in files if below(imports_of(file), SCREEN)]
    assert files and not found


@pytest.mark.parametrize("file", sorted((PACKAGE / "sandbox").rglob("*.py")), ids=lambda file: file.name)
def test_the_sandbox_knows_only_the_core_and_the_schema(file: Path) -> None:
    own = {name for name in imports_of(file) if name == "meshtui" or name.startswith("meshtui.")}
    foreign = own - below(own, layers("core", "sandbox", "client.types")) - {"meshtui", "meshtui.__version__"}
    assert not foreign, f"{file.relative_to(ROOT)} imports {sorted(foreign)}"
