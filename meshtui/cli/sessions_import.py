"""`meshtui sessions import`: conversations from a document, or from the messages of a request."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meshtui.cli import inputs
from meshtui.cli.output import FAULT, OK, emit_json, refuse, say
from meshtui.cli.stdin import MARK, once, read_stdin
from meshtui.cli.surroundings import Surroundings
from meshtui.core.attachments import size_words
from meshtui.core.text import one_line
from meshtui.session import StoreError
from meshtui.store.conversation_document import ConversationCopy, Document, document_from
from meshtui.store.document_members import BadDocument
from meshtui.store.exchange import Exchange, Taken, TakenIn

MOST_BYTES = 512 * 1024 * 1024
"""Bytes of all files of one import together: read, they take about three times as much memory."""


def import_sessions(arguments: argparse.Namespace, here: Surroundings) -> int:
    """Take in what files hold, each conversation whole or not at all; return the exit code.

    All files are read before anything is written: a bad one leaves everything as it was.
    """
    names = arguments.names or refuse("sessions import takes files; - reads stdin")
    once([name for name in names if name == MARK])
    documents = _read(names)
    rows: list[dict[str, Any]] = []
    try:
        with Exchange(here.paths.history_file, time.time) as history:
            if here.key is not None:
                history.withhold(here.key.value.reveal())
            for shown, document in documents:
                for suffix, data in document.files.values():
                    history.put_blob(data, suffix)
                for conversation in document.conversations:
                    row = _taken_in(history, conversation, shown)
                    say(f"{shown}: {_words(conversation.id, row)}")
                    rows.append(_row(shown, conversation.id, row))
    except StoreError as error:
        refuse(str(error), FAULT)
    finally:
        if arguments.json:
            emit_json(rows)
    return OK


def _taken_in(history: Exchange, conversation: ConversationCopy, shown: str) -> TakenIn:
    try:
        return history.take_in(conversation)
    except RecursionError:
        refuse(f"{shown}: conversation {conversation.id} is nested too deeply to be stored")


def _read(names: Sequence[str]) -> list[tuple[str, Document]]:
    """Return the document of each file, with the name that it is called by."""
    left, documents = MOST_BYTES, []
    for name in names:
        if name == MARK:
            text, shown = read_stdin("the conversations", left), "stdin"
        else:
            path = Path(name).expanduser()
            shown, size = str(path), path.stat().st_size if path.is_file() else 0
            if size <= left:
                text = inputs.read_text(path)
                size = max(size, len(text))  # of a pipe nothing was known before
            if size > left:
                refuse(
                    f"{shown} has {size_words(size)}: at most {size_words(MOST_BYTES)} are read at once;"
                    " export fewer conversations into one file, by their ids"
                )
        left = max(left - len(text), 0)
        documents.append((shown, _document(text, shown)))
    return documents


def _document(text: str, shown: str) -> Document:
    from meshtui.core.json.text import json_value

    try:
        value = json_value(text)
    except ValueError as error:
        where = f"{shown}{',' if str(error).startswith('line ') else ':'} {error}"
        refuse(f"{where}; import takes the JSON that `meshtui sessions export` prints")
    try:
        document = document_from(value, time.time())
    except BadDocument as error:
        refuse(f"{shown}: {error}; nothing was imported")
    except RecursionError:
        refuse(f"{shown}: nested too deeply to be read; nothing was imported")
    if not document.conversations:
        say(f"{shown}: there is no conversation in it")
    return document


def _row(shown: str, id: str, row: TakenIn) -> dict[str, Any]:
    found = {"file": shown, "id": row.id, "title": row.title, "taken": row.taken.value}
    return found | {"messages": row.messages, "restored": row.restored, "was": id}


def _words(id: str, row: TakenIn) -> str:
    """Say what became of a conversation."""
    title = f"{row.id} “{one_line(row.title, 40)}”"
    count = f"{row.messages} message{'s' * (row.messages != 1)}"
    restored = "; it was deleted here, and is back" if row.restored else ""
    match row.taken:
        case Taken.NEW:
            return f"{title}: {count} taken in"
        case Taken.MORE:
            return f"{title} was here already: {count} added to it{restored}"
        case Taken.COPY:
            return f"{title}: {count} taken in beside {id}, which goes on otherwise here"
        case _:
            return f"{title} is here already, nothing was changed{restored}"
