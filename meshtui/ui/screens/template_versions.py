"""The versions of a template: what each said, what came of it, and what changed from one to another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.template import Template
from meshtui.core.text import clean, one_line
from meshtui.session import StoreError, TemplateRun, Templates, Version
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.differences import diff_content, side_by_side
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (
    ("versions.mark", "compares with it"),
    ("⏎", "goes back", "go_back"),
    ("versions.beside", "side by side"),
    ("versions.note", "note"),
    ("versions.close", "closes"),
)
OUTPUT = 1200
"""Characters of an answer that are shown where there is nothing to compare it with."""


class TemplateVersions(ModalScreen[Template | None]):
    """Returns the version to go back to, None for none."""

    PLACES: ClassVar[tuple[Where, ...]] = ("versions",)
    BINDINGS = bindings("versions")

    def __init__(self, templates: Templates, path: Path, now: Template) -> None:
        super().__init__()
        self._templates, self._path, self._now = templates, path, now
        self._versions: list[Version] = []
        self._base: Version | None = None
        self._beside = False

    def compose(self) -> ComposeResult:
        """The versions over what the one under the cursor changed and gave."""
        with Vertical(classes="dialog -wide"):
            yield Static("Versions", classes="title", markup=False)
            yield OptionList(markup=False)
            yield Input(placeholder="a note for this version", id="version-note")
            with VerticalScroll(id="change"):
                yield Static("", id="changed", markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Show them, the newest first."""
        self.query_one("#version-note", Input).display = False
        self.query_one(OptionList).styles.max_height = 8
        self.query_one("#change").styles.height = "1fr"
        self.query_one("#change").styles.min_height = 8
        self._show(first=True)

    def _show(self, *, first: bool = False) -> None:
        options = self.query_one(OptionList)
        place = options.highlighted or 0
        try:
            self._versions = self._templates.versions(self._path)
        except StoreError as error:
            self.query_one("#changed", Static).update(Content(clean(str(error))))
            return
        options.clear_options()
        base = self._base.hash if self._base else ""
        options.add_options([Option(_row(row, row.hash == self._now.hash, row.hash == base)) for row in self._versions])
        options.highlighted = min(place, len(self._versions) - 1) if self._versions else None
        if first and len(self._versions) > 1 and self._versions[0].hash == self._now.hash:
            options.highlighted = 1  # the newest is the text as it stands: the one before is what to compare with
        options.focus()
        if not self._versions:
            self.query_one("#changed", Static).update(Content("No run yet: each run keeps the exact text it used."))

    @property
    def _chosen(self) -> Version | None:
        place = self.query_one(OptionList).highlighted
        return self._versions[place] if place is not None and place < len(self._versions) else None

    def action_beside(self) -> None:
        """Show differences side by side, or in one text."""
        self._beside = not self._beside
        self._moved()

    def on_resize(self) -> None:
        """Fit the columns of both sides."""
        if self._beside:
            self.call_after_refresh(self._moved)

    def _difference(self, old: str, new: str, *, whole: bool = False) -> Content:
        if not self._beside:
            return diff_content(old, new, whole=whole)
        return side_by_side(old, new, self.query_one("#changed").size.width, whole=whole)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.show_runs()
        self.query_one("#change", VerticalScroll).scroll_home(animate=False)

    def show_runs(self) -> None:
        """Show what the version under the cursor gave and says, as far as it is known now."""
        version = self._chosen if self.is_mounted else None
        if version is None:
            return
        base = self._base.template if self._base else self._now
        name = f"version {self._base.hash[:8]}" if self._base else "the text as it stands"
        old, new = self._templates.plain_text(version.template), self._templates.plain_text(base)
        parts = [Content.styled(f"what they gave, from this version to {name}\n", "bold $primary")]
        parts.append(self._outputs(version))
        parts.append(Content.styled("\n\nwhat they say\n", "bold $primary"))
        parts.append(Content("no difference") if old == new else self._difference(old, new))
        self.query_one("#changed", Static).update(Content("").join(parts))

    def _outputs(self, version: Version) -> Content:
        """Return the answers of both versions to the same values as a diff, else those of this one."""
        mine = self._templates.runs(self._path, version.hash)
        other = self._templates.runs(self._path, self._base.hash if self._base else self._now.hash)
        if version.hash == (self._base.hash if self._base else self._now.hash):
            other = []
        pairs = _pairs(mine, other)
        if pairs:
            shown = []
            for one, two in pairs[:5]:
                shown.append(Content.styled(f"{_values(one)}\n", "$text-muted"))
                shown.append(self._difference(one.answer, two.answer, whole=True))
            return Content("\n").join(shown)
        rows = [
            Content.assemble(
                (f"{_values(run)} · {run.model} · {run.state}\n", "$text-muted"), clean(run.answer[:OUTPUT])
            )
            for run in mine[:5]
        ]
        note = [Content("the other version has no run with the same values")] if other else []
        return Content("\n").join([*note, *rows]) if rows or note else Content("no run of it is stored any more")

    def action_mark(self) -> None:
        """Compare the others with this version, or with the text as it stands again."""
        version = self._chosen
        self._base = None if self._base is not None and version == self._base else version
        self._show()

    def action_page(self, pages: int) -> None:
        """Scroll what changed."""
        scroll = self.query_one("#change", VerticalScroll)
        (scroll.scroll_page_down if pages > 0 else scroll.scroll_page_up)(animate=False)

    @on(OptionList.OptionSelected)
    def _back_to(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._versions[event.option_index].template)

    def action_go_back(self) -> None:
        """Go back to the version under the cursor."""
        if self._chosen is not None:
            self.dismiss(self._chosen.template)

    def action_note(self) -> None:
        """Write a note to this version."""
        if self._chosen is not None:
            line = self.query_one("#version-note", Input)
            line.display = True
            line.value = self._chosen.note
            line.focus()

    @on(Input.Submitted)
    def _noted(self, event: Input.Submitted) -> None:
        if self._chosen is not None:
            try:
                self._templates.note(self._path, self._chosen.template, event.value.strip())
            except StoreError as error:
                self.query_one(".note", Static).update(Content(clean(str(error))))
                return
        event.input.display = False
        self._show()

    def action_back(self) -> None:
        """Leave the note, or the versions."""
        line = self.query_one("#version-note", Input)
        if line.display:
            line.display = False
            self.query_one(OptionList).focus()
        else:
            self.dismiss(None)


def _pairs(mine: Sequence[TemplateRun], other: Sequence[TemplateRun]) -> list[tuple[TemplateRun, TemplateRun]]:
    """Return the newest run of each side for every row of values that both have."""
    newest = {tuple(sorted(run.values.items())): run for run in reversed(other)}
    seen, pairs = set(), []
    for run in mine:
        key = tuple(sorted(run.values.items()))
        if key in newest and key not in seen:
            seen.add(key)
            pairs.append((run, newest[key]))
    return pairs


def _values(run: TemplateRun) -> str:
    values = run.set_name or " · ".join(f"{name} {one_line(value, 24)}" for name, value in run.values.items())
    return one_line(values, 100) or "no values"


def _row(row: Version, now: bool, base: bool) -> Content:
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created_at))
    runs = f"{row.runs} run" + ("" if row.runs == 1 else "s")
    mark = "◆ " if base else "● " if now else "  "
    return Content.assemble(
        mark,
        (row.hash[:8], "bold"),
        f"  {at}  {runs:<9}",
        (one_line(row.note, 60), "$text-muted"),
        "  now" if now else "",
    )
