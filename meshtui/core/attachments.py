"""Attached files as content parts: pictures, video and sound, by URL or by the hash of what is stored here.

A stored file stands in a message as `blob:HASH.SUFFIX#NAME`; only the request that leaves holds its bytes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from meshtui.core.catalogue import ModelCard
from meshtui.core.chat import AudioPart, ImagePart, Part, TextPart, VideoPart, part_from_wire

BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of a request's body that the gateway takes (contract, section 1)."""

_IMAGES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp", "bmp": "bmp"}
_VIDEOS = {"mp4": "mp4", "mov": "quicktime", "webm": "webm", "mkv": "x-matroska", "mpeg": "mpeg", "mpg": "mpeg"}
_SOUNDS = ("wav", "mp3", "aiff", "aac", "ogg", "flac", "m4a", "pcm16", "pcm24")
_BLOB = re.compile(r"blob:([0-9a-f]{64})(\.[A-Za-z0-9]{1,10})?(?:#(.*))?\Z", re.DOTALL)


class NotAttachable(ValueError):
    """A file or URL cannot be attached; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached thing: the part that goes into the message, a name, and its size in bytes where it is known."""

    part: Part
    name: str
    kind: str
    size: int | None = None

    @property
    def label(self) -> str:
        """Name, kind and size, as a chip shows them."""
        return f"{self.name} · {self.kind}" + (f" · {size_words(self.size)}" if self.size is not None else "")


def size_words(size: int) -> str:
    """Return a number of bytes in words."""
    for unit, limit in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= limit:
            return f"{size / limit:.1f} {unit}"
    return f"{size} B"


def kind_of(name: str) -> tuple[str, str]:
    """Return what a file is by its ending, and the wire's word for its format. Raises NotAttachable."""
    suffix = PurePath(name).suffix.lstrip(".").lower()
    if suffix in _IMAGES:
        return "image", _IMAGES[suffix]
    if suffix in _VIDEOS:
        return "video", _VIDEOS[suffix]
    if suffix == "aif":
        return "audio", "aiff"
    if suffix in _SOUNDS:
        return "audio", suffix
    endings = ", ".join((*_IMAGES, *_VIDEOS, *_SOUNDS))
    raise NotAttachable(f"{name}: a message takes pictures, video and sound ({endings}), not .{suffix or '?'} files")


def media_type(suffix: str) -> str:
    """Return the media type of a stored file by its suffix, such as `.png`."""
    try:
        kind, form = kind_of(f"file{suffix}")
    except NotAttachable:
        return "application/octet-stream"
    return f"{kind}/{form}"


def from_url(url: str) -> Attachment:
    """Return the attachment for an http(s) URL; the gateway fetches it, nothing is fetched here."""
    path = urlsplit(url).path
    name = unquote(path.rpartition("/")[2]) or url
    try:
        kind, form = kind_of(name)
    except NotAttachable:
        kind, form = "image", ""  # many picture URLs have no ending; the gateway says so where it is none
    return Attachment(_part(kind, form, url, "url"), name, kind)


def from_blob(name: str, digest: str, size: int) -> Attachment:
    """Return the attachment for a file stored under its hash. Raises NotAttachable."""
    kind, form = kind_of(name)
    check_file_size(name, size)
    url = f"blob:{digest}{PurePath(name).suffix.lower()}#{quote(name)}"
    return Attachment(_part(kind, form, url, "data"), name, kind, size)


def _part(kind: str, form: str, url: str, source: str) -> Part:
    if kind == "video":
        return VideoPart(url)
    if kind == "audio":
        return AudioPart(form, "data" if source == "data" else "url", url)
    return ImagePart(url)


def check_file_size(name: str, size: int) -> None:
    """Raise NotAttachable where one file of this size alone passes what a request may hold."""
    if size * 4 / 3 > BODY_LIMIT:
        raise NotAttachable(
            f"{name}: {size_words(size)} grow to {size_words(size * 4 // 3)} on the way; a request may have 32 MiB"
        )


def check_size(attached: Sequence[Attachment], before: int = 0) -> None:
    """Raise NotAttachable where attachments together pass what a request may hold.

    `before` are the bytes attached earlier in the conversation: they go with every request of it again.
    """
    size = (sum(attachment.size or 0 for attachment in attached) + before) * 4 // 3
    if size <= BODY_LIMIT:
        return
    grown = f"grow to {size_words(size)} on the way; a request may have 32 MiB."
    if before:
        words = f"With the {size_words(before)} attached earlier in this conversation, the attachments {grown}"
        raise NotAttachable(f"{words} Attach less, or begin a new conversation.")
    raise NotAttachable(f"The attachments {grown}")


def content_of(text: str, attached: Sequence[Attachment]) -> str | tuple[Part, ...]:
    """Return the content of a message: plain text, or its parts where something is attached."""
    if not attached:
        return text
    parts: list[Part] = [TextPart(text)] if text else []
    return (*parts, *(attachment.part for attachment in attached))


def refusal(attachment: Attachment, card: ModelCard | None) -> str | None:
    """Say why a model cannot take an attachment; None where it can, or where the catalogue does not say."""
    if card is None or not card.inputs or attachment.kind in card.inputs:
        return None
    return (
        f"{card.id} takes {', '.join(card.inputs)}, not {attachment.kind}: choose another model for {attachment.name}"
    )


def address(part: Part) -> str | None:
    """Return the URL or blob reference that a part carries."""
    match part:
        case ImagePart(url) | VideoPart(url):
            return url
        case AudioPart(_, _, value):
            return value
        case _:
            return None


def display(part: Part) -> str:
    """Return a part as one line: what it is and what it is called, never its bytes."""
    if isinstance(part, TextPart):
        return part.text
    kind = {ImagePart: "image", VideoPart: "video", AudioPart: "audio"}.get(type(part), "attachment")
    where = address(part) or ""
    blob = _BLOB.match(where)
    if blob:
        return f"{kind}: {unquote(blob[3] or '') or blob[1][:12]}"
    if where.startswith("data:"):
        head = where[5:60].partition(",")[0].partition(";")[0]
        return f"{kind}: {head or 'data'} · about {size_words(len(where) * 3 // 4)}"
    return f"{kind}: {where[:200]}" if where else kind


def expand(request: Mapping[str, Any], load: Callable[[str], bytes | None]) -> tuple[dict[str, Any], list[str]]:
    """Return `request` with every stored file put in as bytes, and the names of those that are gone.

    `load` returns the bytes for a hash, or None. A file that is gone becomes a line of text that says so.
    """
    gone: list[str] = []
    messages = []
    for message in request.get("messages") or ():
        content = message.get("content") if isinstance(message, Mapping) else None
        if isinstance(content, list):
            message = {**message, "content": [_expanded(part, load, gone) for part in content]}
        messages.append(message)
    return {**request, "messages": messages}, gone


def _expanded(part: Any, load: Callable[[str], bytes | None], gone: list[str]) -> Any:
    if not isinstance(part, Mapping):
        return part
    for member, key in (("image_url", "url"), ("video_url", "url"), ("input_audio", "data")):
        inner = part.get(member)
        blob = _BLOB.match(str(inner.get(key, ""))) if isinstance(inner, Mapping) else None
        if blob is None or not isinstance(inner, Mapping):
            continue
        name, data = unquote(blob[3] or "") or blob[1][:12], load(blob[1])
        if data is None:
            gone.append(name)
            return {"type": "text", "text": f"[the attached file {name} is no longer there]"}
        text = base64.b64encode(data).decode("ascii")
        if member != "input_audio":
            family, forms = ("image", _IMAGES) if member == "image_url" else ("video", _VIDEOS)
            suffix = (blob[2] or "").lstrip(".").lower()
            text = f"data:{family}/{forms.get(suffix, suffix or 'octet-stream')};base64,{text}"
        return {**part, member: {**inner, key: text}}
    return part


def take_in(part: Part, put: Callable[[bytes, str], str]) -> Part:
    """Return a received part with its bytes stored by `put` (data, suffix → hash); one without bytes as it is."""
    match part:
        case ImagePart(url) | VideoPart(url) if url.startswith("data:"):
            head, comma, text = url[5:].partition(",")
            kind, _, form = head.partition(";")[0].partition("/")
            suffix = _suffix(form)
            data = _decoded(text) if comma and head.endswith(";base64") else None
            if data is None:
                return part
            return replace(part, url=f"blob:{put(data, suffix)}{suffix}#{kind or 'image'}{suffix}")
        case AudioPart(form, "data", text) if not text.startswith("blob:"):
            data, suffix = _decoded(text), _suffix(form)
            return part if data is None else replace(part, value=f"blob:{put(data, suffix)}{suffix}#audio{suffix}")
        case _:
            return part


def _suffix(form: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", form.lower().removeprefix("x-"))[:10]
    return f".{word}" if word else ".bin"


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class File:
    """A part as a file: what it is and where. No `path` and no `size` for what lies at a URL, or is gone."""

    name: str
    kind: str
    place: str
    size: int | None = None
    gone: bool = False


def file_words(file: File) -> str:
    """Return a file as one line: what it is, what it is called, its size and where it lies."""
    name = file.name if file.name != file.place else ""
    where = "the file is no longer there" if file.gone else file.place
    size = size_words(file.size) if file.size is not None else ""
    return " · ".join(filter(None, (file.kind, name, size, where)))


def file_of(part: Part, find: Callable[[str], PurePath | None], size: Callable[[PurePath], int]) -> File:
    """Return what can be said of a part that is not text; `find` locates a stored file by its hash."""
    kind = {ImagePart: "image", VideoPart: "video", AudioPart: "audio"}.get(type(part), "attachment")
    where = address(part) or ""
    blob = _BLOB.match(where)
    if blob is None:
        return File(display(part).partition(": ")[2] or kind, kind, "" if where.startswith("data:") else where)
    name, path = unquote(blob[3] or "") or blob[1][:12], find(blob[1])
    if path is None:
        return File(name, kind, "", gone=True)
    return File(name, kind, str(path), size(path))


def digests(request: Mapping[str, Any]) -> set[str]:
    """Return the hashes of the stored files that a request refers to."""
    found = set()
    for message in request.get("messages") or ():
        content = message.get("content") if isinstance(message, Mapping) else None
        for part in content if isinstance(content, list) else ():
            blob = _BLOB.match(address(part_from_wire(part)) or "") if isinstance(part, Mapping) else None
            if blob is not None:
                found.add(blob[1])
    return found


_OPTION = re.compile(r"#(detail=(?:auto|low|high)|fps=[0-9]+(?:\.[0-9]+)?)\Z")


def split_option(where: str) -> tuple[str, str]:
    """Split `PLACE#detail=low` or `PLACE#fps=2` into the place and the option; the option is empty without one."""
    found = _OPTION.search(where)
    return (where[: found.start()], found[1]) if found else (where, "")


def with_option(attachment: Attachment, option: str) -> Attachment:
    """Return the attachment with a picture's detail or a video's frames per second set. Raises NotAttachable."""
    if not option:
        return attachment
    name, _, value = option.partition("=")
    part = attachment.part
    if name == "detail" and isinstance(part, ImagePart):
        return replace(attachment, part=replace(part, detail=value))
    if name == "fps" and isinstance(part, VideoPart):
        return replace(attachment, part=replace(part, fps=value))
    raise NotAttachable(f"{attachment.name} is {attachment.kind}: detail is for pictures, fps for videos.")
