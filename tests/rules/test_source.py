"""Habits that the source keeps: sizes, docstrings, no private names of others, nothing that must not be published."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import textual

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "meshtui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree_of(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def named(file: Path) -> str:
    """Return a file's name from the root."""
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_files_and_functions_stay_short(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{named(file)} has {lines} lines: split it by topic"
    for node in ast.walk(tree_of(file)):
        if isinstance(node, Function):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{named(file)}:{node.lineno} {node.name} has {length} lines"


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Yield the public functions, classes and methods of a body with their names."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{prefix}{node.name}.")


def needs_words(node: Function | ast.ClassDef) -> bool:
    """Whether a definition says something of its own: an overload or a property's setter does not."""
    marks = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return not marks & {"overload", "setter", "override"}


@pytest.mark.parametrize("file", SOURCES, ids=named)
def test_every_public_thing_says_what_it_is_for(file: Path) -> None:
    tree = tree_of(file)
    silent = [name for name, node in public(tree.body) if needs_words(node) and not ast.get_docstring(node)]
    if tree.body and not ast.get_docstring(tree):
        silent.insert(0, "the module")
    assert not silent, f"{named(file)}: no docstring on {', '.join(silent)}"


# Private names of Textual


def defined_names(tree: ast.AST) -> set[str]:
    """Return every name that a tree defines or assigns, attributes, arguments and `__slots__` included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return names


PUBLIC_ALL_THE_SAME = {"_replace", "_asdict", "_fields", "_make", "_exit"}  # named tuples and os have no other names


def private_uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the private attributes that a tree uses, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            if node.attr not in PUBLIC_ALL_THE_SAME:
                yield node.lineno, node.attr


def test_only_one_file_touches_what_textual_keeps_to_itself() -> None:
    own = {name for file in SOURCES if file.name != "compat.py" for name in defined_names(tree_of(file))}
    found = [
        f"{named(file)}:{line} {name}"
        for file in SOURCES
        if file.name != "compat.py"
        for line, name in private_uses(tree_of(file))
        if name not in own
    ]
    assert not found, f"private names of others: {', '.join(found)}"


TEXTUAL = Path(textual.__file__).parent
SHARED = ("dom.py", "message_pump.py")
USED_BY = {"App": ("app.py",), "Screen": ("screen.py", "widget.py"), "": ("widget.py", "scroll_view.py")}


@cache
def textual_private_names(kind: str) -> frozenset[str]:
    """Return the private names that Textual's apps, screens or widgets define or set on themselves."""
    names = set()
    for file in (*SHARED, *USED_BY[kind]):
        names |= {name for owner in classes(tree_of(TEXTUAL / file)) for _, name in names_on(owner)}
    return frozenset(names)


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Yield the classes of a tree that derive from something."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.bases)


def names_on(owner: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Yield the private names that a class defines or sets on itself, with their lines."""
    for node in ast.walk(owner):
        name = ""
        if isinstance(node, Function):
            name = node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr if isinstance(node.value, ast.Name) and node.value.id == "self" else ""
        if name.startswith("_") and not name.endswith("__"):
            yield getattr(node, "lineno", 0), name


def test_no_name_of_ours_takes_the_place_of_one_of_textuals() -> None:
    found = []
    for file in sorted((PACKAGE / "ui").rglob("*.py")):
        for owner in classes(tree_of(file)) if file.name != "compat.py" else ():
            bases = " ".join(map(ast.unparse, owner.bases))
            theirs = textual_private_names(next(kind for kind in USED_BY if kind in bases))
            found += [f"{named(file)}:{line} {name}" for line, name in names_on(owner) if name in theirs]
    assert not found, f"Textual uses these names itself: {', '.join(found)}"


# What is published


def published() -> list[Path]:
    """Return the files under version control, or the package's where there is none."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    files = [ROOT / name for name in names if name] or [*SOURCES, *ROOT.glob("tests/**/*.py")]
    return [file for file in files if file.is_file() and file.suffix not in (".png", ".gif", ".svg", ".db")]


def text_of(file: Path) -> str:
    """Return the text of a file."""
    return file.read_text(encoding="utf-8", errors="replace")


def test_no_path_of_a_machine_is_published() -> None:
    folders = "|".join(("ro" + "ot", "wo" + "rk", r"ho" + r"me/\w+", r"Use" + r"rs/\w+"))
    pattern = re.compile(rf"(?<![\w.~}}])/(?:{folders})/\w+")
    found = [f"{named(file)}: {match[0]}" for file in published() for match in pattern.finditer(text_of(file))]
    assert not found


def test_no_key_but_a_plainly_false_one_is_published() -> None:
    pattern = re.compile(r"\b(?:rsk|mak|sk|hf|gsk|xai)[-_](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{16,}")
    plain = re.compile(r"DEMO|TEST|FAKE|SANDBOX|ABCDEF|(.)\1{5}", re.IGNORECASE)
    found = [
        f"{named(file)}: {match[0][:12]}…"
        for file in published()
        for match in pattern.finditer(text_of(file))
        if not plain.search(match[0])
    ]
    assert not found
