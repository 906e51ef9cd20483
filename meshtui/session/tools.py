"""Which tools go out with a conversation: on or off, which of them must be called, read again before each sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshtui.core.calls.rounds import with_tools
from meshtui.core.text import one_line
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
        return _keys(self._on.value)

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
        return _choice(self._choice.value)

    @property
    def forced(self) -> str:
        """The name of the tool that must be called, an empty text where none is named."""
        return _forced(self._choice.value)

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
        definitions, choice = self._offer(self.on, self._choice.value, faults)
        self._session.draft = replace(self._session.draft, tools=definitions, tool_choice=choice)
        for sentence in faults:
            if sentence not in self._told:
                self._session.on_notice(sentence)
        self._told = set(faults)

    def _offer(self, keys: Iterable[str], kept: Any, faults: list[str]) -> tuple[tuple[Mapping[str, Any], ...], Any]:
        """Return the definitions of tools and the choice among them; `kept` is the choice as it is kept."""
        sent, choice, forced = self._sent(keys, faults), _choice(kept), _forced(kept)
        if forced and all(one.tool.name != forced for one in sent):
            if sent:
                faults.append(f"The tool {one_line(forced)} must be called, but is not on: the model may choose.")
            choice = None
        return tuple(one.tool.definition for one in sent), choice if sent else None

    def renewed(self, request: Mapping[str, Any], conversation_id: str | None = None) -> Mapping[str, Any]:
        """Return a request with the tools that are on, as their files are now.

        They are those of the conversation named, else of the current one. Where nobody decided on them, what was
        offered is offered again.
        """
        here = self._session.conversation
        elsewhere = conversation_id if here is None or conversation_id != here.id else None
        if self.files is None or not self._on.is_own(elsewhere or (here.id if here is not None else None)):
            return request
        if elsewhere is not None:  # what is edited is saved by what is sent from the screen, not by this
            keys, choice = _keys(self._on.value_of(elsewhere)), self._choice.value_of(elsewhere)
            return with_tools(request, *self._offer(keys, choice, []))
        self.ready()
        return with_tools(request, self._session.draft.tools, self._session.draft.tool_choice)

    def sent(self) -> Sequence[OpenTool]:
        """Return the tools that go out with what is sent now; those that cannot be read are left out."""
        return self._sent(self.on, [])

    def _sent(self, keys: Iterable[str], faults: list[str]) -> Sequence[OpenTool]:
        if self.files is None:
            return self._given
        found: list[OpenTool] = []
        for key in keys:
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

    def named(self, name: str, conversation_id: str) -> OpenTool | None:
        """Return the tool that the model calls by a name: one that is on in a conversation, else any that is known."""
        for one in self._sent(_keys(self._on.value_of(conversation_id)), []):
            if one.tool.name == name:
                return one
        for file in self.known():
            if file.tool is not None and file.tool.name == name:
                return OpenTool(file.key, file.path, file.place, "", file.tool)
        return None


def _keys(kept: Any) -> tuple[str, ...]:
    return tuple(key for key in kept if isinstance(key, str))


def _choice(kept: Any) -> Any:
    """Return `tool_choice` as a request has it."""
    if isinstance(kept, Mapping) and isinstance(name := kept.get("tool"), str):
        return {"type": "function", "function": {"name": name}}
    return kept if kept in CHOICES else None


def _forced(kept: Any) -> str:
    return str(kept.get("tool", "")) if isinstance(kept, Mapping) else ""
