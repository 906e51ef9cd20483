"""The part of the session that takes files in: those attached to the next message, and those that answers bring."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from meshtui.core.attachments import (
    Attachment,
    File,
    NotAttachable,
    check_file_size,
    digests,
    expand,
    file_of,
    from_blob,
    from_url,
    kind_of,
    refusal,
    split_option,
    take_in,
    with_option,
)
from meshtui.core.chat import Message, Part, TextPart
from meshtui.session.accounts import Accounts
from meshtui.store.history import StoreError


class Attaching(Accounts):
    """Files as parts of messages; `attached` goes with the next one."""

    attached: list[Attachment]

    def attach(self, where: str) -> Attachment:
        """Return a file or a web address as an attachment; a file is stored, once by its content.

        `#detail=low` behind a picture and `#fps=2` behind a video say how the model shall see it. Raises
        NotAttachable, also where the file cannot be read, and StoreError where it cannot be stored.
        """
        try:
            return self._attach(where)
        except (OSError, RuntimeError) as error:  # the home of somebody who has none here is a RuntimeError
            reason = getattr(error, "strerror", None) or error
            raise NotAttachable(f"{where} cannot be read: {reason}") from None

    def _attach(self, where: str) -> Attachment:
        option = ""
        if not Path(where).expanduser().exists():
            where, option = split_option(where)
        if where.startswith(("http://", "https://")):
            return with_option(from_url(where), option)
        path = Path(where).expanduser()
        if not path.exists():
            raise NotAttachable(f"{where} does not exist")
        if path.is_dir():
            raise NotAttachable(f"{where} is a folder: attach the files in it, each for itself")
        kind_of(where)
        check_file_size(path.name, path.stat().st_size)
        if not path.is_file():
            raise NotAttachable(f"{where} is not a file")  # reading a pipe would wait for ever
        data = path.read_bytes()
        stored = from_blob(path.name, self.store.put_blob(data, path.suffix.lower()), len(data))
        return with_option(stored, option)

    def file(self, part: Part) -> File:
        """Return what can be said of a part that is not text: its name, kind, size, and where it lies."""
        return file_of(part, self.store.blob_path, lambda path: Path(path).stat().st_size)

    async def _with_files(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a request with the stored files in it; of one that is gone its message says so."""
        stored = {digest: self.store.blob_path(digest) for digest in digests(request)}
        if not stored:
            return request
        whole, gone = await asyncio.to_thread(expand, request, lambda digest: _bytes_of(stored.get(digest)))
        for name in gone:
            self.on_notice(f"The attached file {name} is no longer there; the message says so in its place.")
        return whole

    def _taken_in(self, part: Part) -> Part:
        """Store the bytes of a received part as a file; without a place to store them they stay in the message."""
        try:
            return take_in(part, self.store.put_blob)
        except StoreError as error:
            self.on_notice(str(error))
            return part

    def refusal(self, attachment: Attachment) -> str | None:
        """Say why the chosen model cannot take an attachment, as far as the catalogue tells."""
        return refusal(attachment, self.models.card(self.draft.model))

    def files_of(self, message: Message) -> list[Attachment]:
        """Return what a message has beside its text, so that it can be attached to another."""
        found = [(part, self.file(part)) for part in _others(message)]
        return [Attachment(part, file.name, file.kind, file.size) for part, file in found]

    def size_of_files(self, messages: Iterable[Message]) -> int:
        """Return the bytes of the stored files in messages: every request that holds these messages carries them."""
        return sum(self.file(part).size or 0 for message in messages for part in _others(message))


def _others(message: Message) -> list[Part]:
    content = message.content
    return [part for part in content if not isinstance(part, TextPart)] if isinstance(content, tuple) else []


def _bytes_of(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError:
        return None
