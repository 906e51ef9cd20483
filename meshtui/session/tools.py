"""Which tools go out with a conversation: on or off, which of them must be called, read again before each sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshtui.core.calls.rounds import with_tools
from meshtui.core.text import one_line
from meshtui.core.tools.tool import Tool
from meshtui.session.per_conversation import PerConversation
from meshtui.session.tool_edits import ToolEdits
from meshtui.store.folders import ChangedOutside
from meshtui.store.history import StoreError
from meshtui.store.toml import ConfigError
from meshtui.store.tool_files import OpenTool, ToolFile, ToolFiles

if TYPE_CHECKING:
    from meshtui.session.session import Session

CHOICES = ("auto", "none", "required")
"""What `tool_choice` can be beside the name of a tool that must be called."""


class Tools:
    """The tools of one session. What is on is named by the key of its file, and kept per conversation.

    Without `files` the tools are those `given`, all of them on: what a command line names.
    """

    def __init__(self, session: Session, files: ToolFiles | None, given: Sequence[OpenTool] = ()) -> None:
        self.files = files
        self._session, self._given = session, given
        self._edits = ToolEdits(session)
        self._on = PerConversation(session, "tools on", [])
        self._choice = PerConversation(session, "tool choice", None)
        self._told: set[str] = set()

    def known(self) -> Sequence[ToolFile]:
        """Return every tool file in force, unreadable ones with their fault."""
        return self.files.list() if self.files is not None else []

    # On and off

    @property
    def on(self) -> tuple[str, ...]:
        """The keys of the tools that are on in this conversation, in the order in which they were turned on."""
        return tuple(key for key in self._on.value if isinstance(key, str))

    def is_on(self, key: str) -> bool:
        """Whether a tool is on."""
        return key in self.on

    def turn(self, key: str, on: bool) -> None:
        """Turn a tool on or off for this conversation."""
        self.turn_only((*(known for known in self.on if known != key), *([key] if on else [])))

    def turn_only(self, keys: Iterable[str]) -> None:
        """Let exactly these tools be on."""
        self._told.clear()
        self._on.put(list(dict.fromkeys(keys)))
        self.apply()

    def renamed(self, old: str, new: str) -> None:
        """Follow a file that has another key now."""
        if self.is_on(old):
            self.turn_only(new if key == old else key for key in self.on)

    # The choice

    @property
    def choice(self) -> Any:
        """`tool_choice` as a request has it: None where nothing was chosen, a word, or an object that names a tool."""
        kept = self._choice.value
        if isinstance(kept, Mapping) and isinstance(name := kept.get("tool"), str):
            return {"type": "function", "function": {"name": name}}
        return kept if kept in CHOICES else None

    @property
    def forced(self) -> str:
        """The name of the tool that must be called, an empty text where none is named."""
        kept = self._choice.value
        return str(kept.get("tool", "")) if isinstance(kept, Mapping) else ""

    def choose(self, choice: str | None, tool: str = "") -> None:
        """Take another `tool_choice`: a word of `CHOICES`, None to leave it to the gateway, or the name of a `tool`."""
        self._choice.put({"tool": tool} if tool else choice if choice in CHOICES else None)
        self.apply()

    # What is sent

    def ready(self) -> None:
        """Something is about to be sent: what is edited is saved, where it is sound, and goes into the draft."""
        self.apply(self._save_edits())

    def _save_edits(self) -> list[str]:
        """Write the edits of the tools that are on into their files; return which stay edits, and why."""
        faults: list[str] = []
        for key in self.on:
            path = self.files.find(key) if self.files is not None else None
            if path is None or self.files is None or not self._edits.is_kept(path):
                continue
            try:
                opened = self.files.open(path)
                tool = self._edits.sound(opened)
                if isinstance(tool, str):
                    faults.append(f"The edit of {one_line(key)} is not saved, its file is sent: {one_line(tool, 200)}")
                elif tool is not None:
                    self._edits.keep(self.files.save(opened, tool), None)
                    self._session.on_notice(f"{path.name} is saved, and sent as it was edited.")
            except (ConfigError, ChangedOutside, StoreError) as error:
                faults.append(f"The edit of {one_line(key)} is not saved: {error}")
        return faults

    def apply(self, unsaved: Iterable[str] = ()) -> None:
        """Put the tools that are on, as their files are now, into the session's draft; say which cannot be sent.

        What is said of edits that stay `unsaved` is said with it.
        """
        faults = [*unsaved]
        sent = self._sent(faults)
        choice = self.choice
        if self.forced and all(one.tool.name != self.forced for one in sent):
            if sent:
                faults.append(f"The tool {one_line(self.forced)} must be called, but is not on: the model may choose.")
            choice = None
        definitions = tuple(one.tool.definition for one in sent)
        self._session.draft = replace(
            self._session.draft, tools=definitions, tool_choice=choice if definitions else None
        )
        for sentence in faults:
            if sentence not in self._told:
                self._session.on_notice(sentence)
        self._told = set(faults)

    def renewed(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a request with the tools that are on, as their files are now.

        Where nobody decided on the tools of this conversation, what was offered is offered again.
        """
        if self.files is None or not self._on.is_own:
            return request
        self.ready()
        return with_tools(request, self._session.draft.tools, self._session.draft.tool_choice)

    def sent(self) -> Sequence[OpenTool]:
        """Return the tools that go out with what is sent now; those that cannot be read are left out."""
        return self._sent([])

    def _sent(self, faults: list[str]) -> Sequence[OpenTool]:
        if self.files is None:
            return self._given
        found: list[OpenTool] = []
        for key in self.on:
            try:
                one = self._open(key)
            except ConfigError as error:
                faults.append(f"The tool {one_line(key)} is not sent: {error}")
                continue
            if one is None:
                if self._session.conversation is None:
                    continue  # it was on in another conversation, perhaps in another project
                faults.append(f"The tool {one_line(key)} is on, but its file is gone: it is not sent.")
            elif any(other.tool.name == one.tool.name for other in found):
                name = one_line(one.tool.name)
                faults.append(f"Two tools that are on are called {name}: only the first is sent, {key} is not.")
            else:
                found.append(one)
        return found

    def _open(self, key: str) -> OpenTool | None:
        """Return a tool as its file is now; None where it is gone. Raises ConfigError."""
        assert self.files is not None  # noqa: S101 - asked only where there are files
        path = self.files.find(key)
        return None if path is None else self.files.latest(path)

    def settle(self) -> None:
        """Something is sent: this conversation stays with what holds now, and the next new one begins with it."""
        if self.files is not None:
            self._on.settle()
            self._choice.settle()
            self._session.rounds.settle()

    # Finding the tool of a call

    def named(self, name: str) -> OpenTool | None:
        """Return the tool that the model calls by a name: one that is on, else any that is known."""
        for one in self.sent():
            if one.tool.name == name:
                return one
        for file in self.known():
            if file.tool is not None and file.tool.name == name:
                return OpenTool(file.key, file.path, file.place, "", file.tool)
        return None

    def tool_named(self, name: str) -> Tool | None:
        """Return the definition and responder of a tool by the name that the model calls; None where it is unknown."""
        found = self.named(name)
        return None if found is None else found.tool
