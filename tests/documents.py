"""The documentation as the tests read it: its pages, and the examples in them with what they are examples of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Example:
    """A fenced block: its page, its first line's number, its language, and what it is (`config`, `run`, …)."""

    page: Path
    line: int
    language: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


_FENCE = re.compile(r"^```(\w+)[ ]?([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(*kinds: str) -> Iterator[Example]:
    """Yield the examples of some kinds, page by page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if match[2] in kinds:
                yield Example(page, text.count("\n", 0, match.start()) + 1, match[1], match[2], match[3])
