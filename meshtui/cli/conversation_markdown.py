"""A conversation as Markdown for a reader: the branch that it shows, each text exactly as it was said."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence

from meshtui.core.attachments import display
from meshtui.core.chat import Message, TextPart
from meshtui.core.json.text import is_json
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.core.usage import tokens_of
from meshtui.session import Conversation, Node, Session, StoreError


def conversation_markdown(session: Session, conversation: Conversation) -> str:
    """Return a conversation with its messages under their roles, calls and results as code, a footer per answer."""
    nodes = session.store.history(conversation.head_id) if conversation.head_id else []
    blocks = [f"# {one_line(conversation.title, 200) or 'Conversation'}", _when(conversation)]
    names: dict[str, str] = {}
    systems = _systems(nodes)
    for node in nodes:
        if node.id in systems:
            blocks += ["## system", systems[node.id]]
        blocks += _message(node, names)
        names |= {call.id: call.name for call in node.message.tool_calls}
        node.rest()
    return "\n\n".join(blocks) + "\n"


def _when(conversation: Conversation) -> str:
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(conversation.created_at))
    return f"{at} · {inline_code(conversation.id)}"


def _systems(nodes: Sequence[Node]) -> dict[str, str]:
    """Return the system texts that stand in requests alone, by the id of the message before which each began."""
    found: dict[str, str] = {}
    here = {node.message.text for node in nodes if node.role == "system"}
    system, asked = "", ""
    for node in nodes:
        asked = node.id if node.role == "user" else asked
        said = _system_of(node.turn)
        if said and said != system and said not in here:
            found[asked or node.id] = said
        system = said or system
    return found


def _system_of(turn: Turn | None) -> str:
    """Return the system text that a request began with; it stands in no message of the conversation."""
    try:
        messages = turn.request.get("messages") if turn is not None else None
    except StoreError:
        return ""
    first = messages[0] if isinstance(messages, list) and messages else None
    content = first.get("content") if isinstance(first, Mapping) and first.get("role") == "system" else None
    return content if isinstance(content, str) else ""


def _message(node: Node, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the blocks of one message; `names` are those of the tools by the ids of their calls."""
    message = node.message
    if message.role == "tool":
        name = names.get(message.tool_call_id or "") or message.name or ""
        yield "## tool" + (f" {inline_code(one_line(name, 100))}" if name else "")
        if message.notes:
            yield one_line(" · ".join(message.notes), 200)
        yield code_block(message.text)
        yield from _others(message)
        return
    yield f"## {message.role}"
    if message.reasoning:
        yield f"Reasoning:\n\n{code_block(message.reasoning)}"
    if message.text:
        yield message.text
    yield from _others(message)
    for call in message.tool_calls:
        yield f"Calls {inline_code(one_line(call.name, 100))}:\n\n{code_block(call.arguments)}"
    if node.turn is not None:
        yield _footer(node.turn)


def _others(message: Message) -> Iterator[str]:
    parts = message.content if isinstance(message.content, tuple) else ()
    for part in parts:
        if not isinstance(part, TextPart):
            yield f"- {one_line(display(part), 300)}"


def _footer(turn: Turn) -> str:
    """Return model, tokens, price and time of an answer, and what went wrong; `~` marks an estimate."""
    tokens = tokens_of(turn.usage, turn.meta)
    model = one_line(turn.served_model or turn.model, 100)
    facts = [inline_code(model) if model else ""]
    if tokens.prompt is not None or tokens.completion is not None:
        facts.append(f"{_count(tokens.prompt)} → {_count(tokens.completion)} tokens")
    facts.append(turn.charge.as_price)
    facts.append(f"{turn.total:.1f} s" if turn.total is not None else "")
    facts.append(turn.state.value if turn.state is not TurnState.DONE else "")
    line = "— " + " · ".join(filter(None, facts))
    return line if turn.problem is None else f"{line}\n\n> {one_line(str(turn.problem), 500)}"


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def code_block(text: str) -> str:
    """Return a text as a code block whose fence is longer than any in it."""
    fence = "`" * max(_longest_ticks(text) + 1, 3)
    language = "json" if text.lstrip()[:1] in ("{", "[") and is_json(text) else ""
    return f"{fence}{language}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"


def inline_code(text: str) -> str:
    """Return one line as code within a line, whatever ticks are in it."""
    ticks = "`" * (_longest_ticks(text) + 1)
    gap = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def _longest_ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
