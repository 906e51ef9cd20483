"""Working with templates: open, edit, run with values, versions; the files and the history are beneath."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from meshtui.core.chat import Draft, Message
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.core.turn import Turn
from meshtui.session.remote_templates import RemoteTemplate, RemoteTemplates
from meshtui.session.request_check import request_faults
from meshtui.store.folders import file_name
from meshtui.store.history import StoreError
from meshtui.store.template_text import written
from meshtui.store.templates import OpenTemplate, TemplateFiles
from meshtui.store.versions import TemplateRun, Version

if TYPE_CHECKING:
    from meshtui.session.session import Session

Expand = Literal["here", "gateway"]


class MissingValues(Exception):
    """Slots have no value; `names` has them in order of appearance."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(f"{name}: no value for {', '.join(names)}")
        self.names = tuple(names)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a template is made of."""

    template: Template
    values: Mapping[str, str]
    prompt: str = ""
    set_name: str = ""
    expand: Expand = "here"


class Templates:
    """The templates of one session. Faults of files are ConfigErrors, of the history StoreErrors."""

    def __init__(self, session: Session, files: TemplateFiles) -> None:
        self.files = files
        self.remote = RemoteTemplates(session)
        self._session = session

    # Drafts of edits: what is typed is kept before it is saved

    def keep_edit(self, opened: OpenTemplate, template: Template | None) -> None:
        """Keep an edit that is not saved yet, with the text it began with; None where there is none any more."""
        kept = None if template is None else {"text": opened.text, "template": template.to_json()}
        self._session.keep(f"template edit {opened.path}", kept)

    def kept_edit(self, opened: OpenTemplate) -> tuple[Template, bool] | None:
        """Return an edit that was never saved, and whether the file is still the one that it began with."""
        kept = self._session.recall(f"template edit {opened.path}")
        if not isinstance(kept, dict):
            return None
        return Template.from_json(kept["template"]), kept["text"] == opened.text

    def keep_values(self, path: Path, values: Mapping[str, str], set_name: str) -> None:
        """Keep the values in the slots for the next time."""
        self._session.keep(f"template values {path}", {"values": dict(values), "set": set_name})

    def kept_values(self, path: Path) -> tuple[dict[str, str], str]:
        """Return the values that stood in the slots, and the set they came from."""
        kept: Any = self._session.recall(f"template values {path}") or {}
        return dict(kept.get("values", {})), str(kept.get("set", ""))

    # Files, with the history following them

    def rename(self, opened: OpenTemplate, key: str) -> OpenTemplate:
        """Move a template, its value sets and its versions to another key."""
        new = self.files.rename(opened.path, key)
        self._session.store.move_versions(str(opened.path), str(new))
        for name in ("edit", "values"):
            self._session.keep(f"template {name} {new}", self._session.recall(f"template {name} {opened.path}"))
            self._session.keep(f"template {name} {opened.path}", None)
        return self.files.open(new)

    # Running

    def draft(self, run: Run) -> Draft:
        """Return what a run sends; raises MissingValues. Parameters of the session's draft win over the template's."""
        template = run.template
        missing = template.missing(run.values)
        if missing:
            raise MissingValues(template.name, missing)
        base = self._session.ready_draft()
        said = (Message("user", run.prompt),) if run.prompt.strip() else ()
        draft = replace(base, model=base.model or template.model, params={**template.params, **base.params})
        if run.expand == "gateway":
            values = {name: text for name, text in {**template.variables, **run.values}.items() if name}
            return replace(draft, messages=said, template=template.name, variables=values)
        return replace(draft, messages=(*template.rendered(run.values), *said))

    def start(self, path: Path, run: Run) -> Turn:
        """Begin a run as a branch of its own, in the conversation of this template's runs; `session.run` then sends it.

        Raises MissingValues; StoreError where nothing could be written: then nothing was sent.
        """
        session = self._session
        session.ready_draft(sending=True)
        draft = self.draft(run)
        here, nodes = session.conversation, session.nodes
        if here is not None and session.store.template_of(here.id) != str(path):
            session.new()
        is_new = session.conversation is None
        try:
            turn = session.begin_anew(draft)
            self._pin(turn, path, run)
        except StoreError:
            session.conversation, session.nodes = here, nodes
            session.ready_draft()
            raise
        session.quietly(lambda: session.remember(run.prompt))
        if is_new and (begun := session.conversation) is not None:
            said = next((message.text for message in reversed(draft.messages) if message.role == "user"), "")
            title = one_line(" · ".join(filter(None, (run.template.name, said))), 80)
            session.quietly(lambda: session.rename(begun.id, title))
        return turn

    def _pin(self, turn: Turn, path: Path, run: Run) -> None:
        values = {**run.template.variables, **run.values}
        try:
            self._session.store.pin(turn.id, str(path), run.template, values, run.set_name)
        except StoreError:
            self._session.stop(turn)
            raise

    def preview(self, run: Run) -> Sequence[Message]:
        """Return the messages of a run as they go out, filled in here; raises MissingValues."""
        return self.draft(replace(run, expand="here")).messages

    def quote(self, run: Run) -> str:
        """Return in words what a run would take; raises MissingValues."""
        draft = self.draft(replace(run, expand="here"))
        with self._anew() as session:
            return str(session.quote_of(draft))

    def price_together(self, runs: Iterable[Run]) -> str:
        """Return in words what these runs would cost together; raises MissingValues."""
        drafts = [self.draft(replace(run, expand="here")) for run in runs]
        with self._anew() as session:
            return session.price_together(drafts)

    @contextmanager
    def _anew(self) -> Iterator[Session]:
        """The session as a run begins: what was said before does not count."""
        session = self._session
        nodes, session.nodes = session.nodes, []
        try:
            yield session
        finally:
            session.nodes = nodes

    def fault(self, run: Run) -> str:
        """Say what of a run's parameters the gateway would refuse, an empty text where it would take them."""
        return "; ".join(request_faults(run.template.params))

    # The gateway's

    def fetch(self, remote: RemoteTemplate) -> OpenTemplate:
        """Open the copy of a gateway's template that is here; where there is none, write one."""
        template = remote.template
        key = file_name(template.name, "template")
        path = self.files.find(key)
        if path is not None:
            return self.files.open(path)
        opened = self.files.create(key, template)
        if not remote.is_global:
            self.remote.pulled(str(opened.path), remote)
        return opened

    def as_text(self, opened: OpenTemplate, template: Template) -> str:
        """Return what the file would hold with this template in it."""
        return written(opened.text, template, opened.path.stem)

    def plain_text(self, template: Template) -> str:
        """Return a template as a new file would hold it, to be compared with another."""
        return written("", replace(template, description="", variables={}), template.name)

    # Versions

    def versions(self, path: Path) -> list[Version]:
        """Return the texts that runs of a template used, newest first."""
        return self._session.store.versions(str(path))

    def runs(self, path: Path, hash: str | None = None) -> list[TemplateRun]:
        """Return the runs of a template or of one version, newest first."""
        return self._session.store.runs(str(path), hash)

    def note(self, path: Path, template: Template, note: str) -> None:
        """Write a note to a version."""
        self._session.store.note_version(str(path), template, note)
