"""The documentation says what is so: its examples are read by our own readers, its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from meshtui.core.slot_values import parse_values
from meshtui.core.tools.responder import rules_from
from meshtui.store.config import load
from meshtui.store.conversation_document import document_from
from meshtui.store.paths import find_paths
from meshtui.store.template_text import template_from
from meshtui.store.tool_text import tool_from
from meshtui.ui.keymap import read_keymap
from meshtui.ui.theming import read_theme
from screenshots.picture import digest, drawn_from
from tests.documents import KEYED, KEYS, PAGES, ROOT, Example, examples, with_keys

LINK = re.compile(r"\]\(([^)\s]+)\)")
SCREENSHOTS = ROOT / "screenshots"


@pytest.mark.parametrize("example", examples("config"), ids=str)
def test_a_config_example_is_one(example: Example, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(example.text)
    config = load(find_paths({}, str(tmp_path)))
    assert not config.notices
    assert not read_keymap(config.ui.keys).faults


@pytest.mark.parametrize("example", examples("template"), ids=str)
def test_a_template_example_is_one(example: Example) -> None:
    assert template_from(Path("example.toml"), example.text).system


@pytest.mark.parametrize("example", examples("values"), ids=str)
def test_values_are_read_from_every_format_alike(example: Example) -> None:
    parsed = parse_values(example.text, example.language)
    assert [one.name for one in parsed.sets] == ["angry", "lost"]
    assert [one.values["thing"] for one in parsed.sets] == ["refund", "parcel"]


@pytest.mark.parametrize("example", examples("tool"), ids=str)
def test_a_tool_example_is_one(example: Example) -> None:
    tool = tool_from(Path(f"example.{example.language}"), example.text)
    assert tool.name in ("weather", "count_lines") and tool.parameters
    assert tool.responder.rules or tool.responder.command


@pytest.mark.parametrize("example", examples("rules"), ids=str)
def test_canned_rules_are_read(example: Example) -> None:
    rules = rules_from(json.loads(example.text))
    assert rules[0].tool == "weather" and rules[0].when == {"city": "Rome"} and rules[0].result == {"degrees": 31}


@pytest.mark.parametrize("example", examples("sessions"), ids=str)
def test_a_document_of_conversations_is_read(example: Example) -> None:
    (conversation,) = document_from(json.loads(example.text), 0.0).conversations
    question, answer = conversation.nodes
    assert question.message.text == conversation.title and answer.turn is not None and answer.turn.ended


@pytest.mark.parametrize("example", examples("theme"), ids=str)
def test_a_theme_example_is_one(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "night.toml"
    path.write_text(example.text)
    assert read_theme(path).name == "night"


def test_the_example_files_are_what_the_pages_show() -> None:
    page = (ROOT / "docs" / "files-and-formats.md").read_text()
    for name in ("templates/refund-bot.toml", "templates/refund-bot.values.toml"):
        assert (ROOT / "docs" / "examples" / name).read_text() in page
    folder = ROOT / "docs" / "examples" / "tools"
    assert [tool_from(path, path.read_text()).name for path in sorted(folder.glob("*.toml"))] == ["weather"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    gone = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / unquote(path)) if path else page
        if not file.exists():
            gone.append(target)
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            gone.append(target)
    assert not gone


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have where it is shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_picture_is_shown_somewhere_and_in_both_forms() -> None:
    svgs = {path.stem for path in SCREENSHOTS.glob("*.svg")}
    pngs = {path.stem for path in SCREENSHOTS.glob("*.png")}
    assert svgs == pngs
    for name in svgs:
        svg = (SCREENSHOTS / f"{name}.svg").read_text(encoding="utf-8")
        assert drawn_from((SCREENSHOTS / f"{name}.png").read_bytes()) == digest(svg), f"{name}.png is of another SVG"
    told = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    unused = {name for name in svgs if f"screenshots/{name}.svg" not in told}
    assert svgs and not unused


def test_a_picture_loads_nothing_from_elsewhere() -> None:
    for path in SCREENSHOTS.glob("*.svg"):
        assert not re.search(r"url\((?!#)|@import|<image|href=", path.read_text(encoding="utf-8")), path.name


def test_every_shipped_theme_is_shown() -> None:
    shown = {path.stem.removeprefix("theme-") for path in SCREENSHOTS.glob("theme-*.svg")}
    assert shown | {"mesh-dark"} == {path.stem for path in (ROOT / "themes").glob("*.toml")}


@pytest.mark.parametrize("page", KEYED, ids=lambda page: page.name)
def test_the_keys_are_those_of_the_command_table(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == with_keys(page), "`make docs` renews the tables of keys"
    assert len(KEYS.findall(page.read_text(encoding="utf-8"))) == 1
