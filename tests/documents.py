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


KEYS = re.compile(r"(<!-- keys: begin -->\n).*?(<!-- keys: end -->)", re.DOTALL)
"""Where the tables of keys stand; `make docs` writes them anew."""


def with_keys(page: Path) -> str:
    """Return the text of a page with its table of keys as the command table has it."""
    from meshtui.ui.key_table import as_markdown

    table = _keys_to_begin_with() if page.name == "README.md" else as_markdown()
    return KEYS.sub(lambda match: f"{match[1]}{table}{match[2]}", page.read_text(encoding="utf-8"))


BEGIN_WITH = (
    "prompt.send",
    "prompt.newline",
    "turn.stop",
    "turn.retry",
    "branch.other",
    "model.choose",
    "compare.open",
    "template.list",
    "template.pane",
    "params.show",
    "tools.show",
    "round.open",
    "conversation.new",
    "conversation.list",
    "conversation.find",
    "answer.copy",
    "usage.show",
    "pane.jump",
    "pane.zoom",
    "app.theme",
    "app.help",
    "app.palette",
    "app.quit",
)
"""The commands whose keys the README shows."""


def _keys_to_begin_with() -> str:
    """Return the keys to begin with, as one short table."""
    from meshtui.ui.key_table import key_rows

    by_id = {row.id: row for row in key_rows()}
    rows = [by_id[id] for id in BEGIN_WITH]
    lines = [f"| {' '.join(f'`{key}`' for key in row.words)} | {row.help} |" for row in rows]
    return "\n".join(["| key | does |", "|---|---|", *lines, ""])


KEYED = [ROOT / "README.md", ROOT / "docs" / "keys.md"]

if __name__ == "__main__":
    for page in KEYED:
        page.write_text(with_keys(page), encoding="utf-8")
