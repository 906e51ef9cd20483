"""`meshtui sessions export`: conversations whole as JSON, or as Markdown for a reader."""

from __future__ import annotations

import argparse
import base64
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from meshtui.cli.output import OK, emit, emit_json, refuse, say
from meshtui.cli.surroundings import Surroundings
from meshtui.core.attachments import digests, media_type
from meshtui.core.text import mask_key
from meshtui.session import Conversation, Session
from meshtui.store.conversation_document import FORMAT, VERSION
from meshtui.store.credentials import known_keys
from meshtui.store.database import SHORTEST_SECRET
from meshtui.store.exchange import Exchange


def export_sessions(
    arguments: argparse.Namespace, here: Surroundings, session: Session, named: Sequence[Conversation]
) -> int:
    """Print conversations, all, oldest first, where none is named; return the exit code. No known key is among it."""
    chosen = named if arguments.names else session.conversations(limit=-1)[::-1]
    keys = [secret.reveal() for secret in known_keys(here.config.profiles.values(), here.paths, os.environ)]
    keys += [here.key.value.reveal()] if here.key is not None else []
    if arguments.form == "markdown":
        if arguments.json:
            refuse("--as markdown prints no JSON: leave out --json")
        from meshtui.cli.conversation_markdown import conversation_markdown

        for number, conversation in enumerate(chosen):
            text = conversation_markdown(session, conversation)
            emit(_without(text if not number else f"\n---\n\n{text}", keys), end="")
    else:
        with Exchange(here.paths.history_file, time.time) as history:
            for key in keys:
                history.withhold(key)
            _document(history, [conversation.id for conversation in chosen])
    if not chosen:
        say("there are no conversations yet")
    return OK


def _document(history: Exchange, ids: Iterable[str]) -> None:
    """Print the document, piece by piece: only one conversation or file is in memory at a time."""
    emit(f'{{"format": "{FORMAT}", "version": {VERSION}, "conversations": [', end="")
    files: dict[str, None] = {}
    for number, id in enumerate(ids):
        conversation = history.exported(id)
        for node in conversation["nodes"]:
            files |= dict.fromkeys(sorted(digests({"messages": [node["message"]]})))
            body = ((node["turn"] or {}).get("request") or {}).get("body") or {}
            files |= dict.fromkeys(sorted(digests({"messages": _literal(body.get("messages"))})))
        emit(",\n" if number else "\n", end="")
        emit_json(conversation, end="")
    emit('\n], "files": {', end="")
    missing = 0
    for number, hash in enumerate(files):
        path = history.blob_path(hash)
        data = None if path is None else _bytes_of(path)
        missing += data is None
        emit(f'{"," if number else ""}\n"{hash}": ', end="")
        if path is None or data is None:
            emit_json({"missing": True}, end="")
            continue
        text = base64.b64encode(data).decode("ascii")
        emit_json({"suffix": path.suffix, "media_type": media_type(path.suffix), "data": text}, end="")
    emit("\n}}")
    if missing:
        say(f"{missing} attached file{'s are' if missing > 1 else ' is'} no longer there; the document says which")


def _without(text: str, keys: Iterable[str]) -> str:
    """Return a text with each key masked."""
    for key in sorted(keys, key=len, reverse=True):  # one may begin with another
        text = text.replace(key, mask_key(key)) if len(key) >= SHORTEST_SECRET else text
    return text


def _literal(messages: object) -> list[object]:
    """Return the messages that a packed request holds itself."""
    return [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
