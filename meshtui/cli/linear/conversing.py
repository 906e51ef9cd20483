"""Saying something, reading it again, and the conversations."""

from __future__ import annotations

import time
from collections.abc import Sequence

from meshtui.cli.linear.recovering import Recovering
from meshtui.cli.linear.words import end_words
from meshtui.core.attachments import file_words
from meshtui.core.chat import TextPart
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.session import Node, key_refusal

MOST_CONVERSATIONS = 20


class Conversing(Recovering):
    """One conversation after another."""

    _conversations: Sequence[str] = ()
    """The ids of the conversations as they were numbered last."""

    def say(self, text: str) -> None:
        """Send a message; it is on disk before it leaves. What looks like nothing but a key is not sent."""
        if refusal := key_refusal(text, "/key"):
            self.refuse(refusal)
        if self.may_send(self.session.drafted(text)):
            self.session.save_typed("")
            self.drive(self.session.say(text))
        else:
            self.session.save_typed(text)

    def answered(self, turn: Turn) -> None:
        """Tell of the files that came with an answer."""
        super().answered(turn)
        for part in turn.media:
            self.tell(f"A file came with it: {file_words(self.session.file(part))}.")

    # Reading

    def do_read(self, rest: str) -> None:
        """Read the last answer again."""
        turn = self.last_turn()
        if turn is None:
            self.refuse("There is no answer here yet.")
        self.tell(str(turn.content).rstrip() or "The answer has no text.")
        self.tell(end_words(turn) if turn.problem is None else f"It failed: {one_line(turn.problem.lasting, 400)}")

    def do_thought(self, rest: str) -> None:
        """Read the reasoning of the last answer."""
        turn = self.last_turn()
        self.tell(str(turn.reasoning).rstrip() if turn is not None and turn.reasoning else "There is no reasoning.")

    def do_history(self, rest: str) -> None:
        """Read the whole conversation."""
        if not self.session.nodes:
            self.refuse("This conversation is empty.")
        for node in self.session.nodes:
            self._read_message(node)

    def _read_message(self, node: Node) -> None:
        model = f", {one_line(node.turn.model, 80)}" if node.turn is not None and node.turn.model else ""
        self.tell(f"{node.role}{model}:")
        content = node.message.content
        for part in content if isinstance(content, tuple) else (TextPart(content or ""),):
            if not isinstance(part, TextPart):
                self.tell(file_words(self.session.file(part)))
            elif part.text:
                self.tell(part.text.rstrip())
        for call in node.message.tool_calls:
            self.tell(f"calls {one_line(call.name, 80)} with {one_line(call.arguments, 1000)}")
        if node.turn is None:
            return
        if node.turn.problem is not None:
            self.tell(f"It failed: {one_line(node.turn.problem.lasting, 400)}")
        elif node.turn.state is TurnState.STOPPED:
            self.tell("It was stopped here." if node.turn.has_output else "It was stopped before anything arrived.")

    def do_attach(self, rest: str) -> None:
        """Attach a file to the next message."""
        if not rest:
            self.refuse("/attach takes the path of a file, or a web address.")
        attachment = self.session.attach(rest)
        self.session.attached.append(attachment)
        warning = self.session.refusal(attachment)
        self.tell(f"Attached: {one_line(attachment.name, 120)}.{f' {warning}' if warning else ''}")

    # Conversations

    def do_new(self, rest: str) -> None:
        """Begin an empty conversation."""
        self.session.new()
        self.tell("A new conversation.")

    def do_conversations(self, rest: str) -> None:
        """List the conversations that hold some words."""
        rows = self.session.conversations(rest, MOST_CONVERSATIONS)
        if not rows:
            self.refuse("No conversation holds that." if rest else "There are no conversations yet.")
        self._conversations = [row.id for row in rows]
        lines = [
            f"{one_line(row.title, 80)}, {_day(row.updated_at)}, {row.turns} turn{'' if row.turns == 1 else 's'}"
            for row in rows
        ]
        self.offer_rows(lines, lambda place: self.do_open(str(place + 1)), "A number opens one.")

    def do_open(self, rest: str) -> None:
        """Open a conversation by its number."""
        if not self._conversations:
            self.do_conversations("")
        if not rest.isdecimal() or not 1 <= int(rest) <= len(self._conversations):
            self.refuse(f"/open takes a number from 1 to {len(self._conversations)}.")
        nodes = self.session.open(self._conversations[int(rest) - 1])
        title = self.session.conversation.title if self.session.conversation is not None else ""
        self.tell(f"Opened: {one_line(title, 120)}, {len(nodes)} messages. /history reads them.")


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
