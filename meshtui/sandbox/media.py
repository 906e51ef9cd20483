"""Small pictures and sounds, made on the spot."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from typing import Any

from .errors import Refusal

SIDE = 64
RATE = 8_000
SECONDS = 0.5
AUDIO_FORMATS = ("wav", "pcm16")


def picture(mark: str) -> str:
    """A PNG of 64 x 64 pixels, a gradient whose colours come from the mark, as a data URI."""
    red, green, blue = (int(mark[i : i + 2], 16) for i in (0, 2, 4))
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)
        for x in range(SIDE):
            rows += bytes(((red + 2 * x) % 256, (green + 2 * y) % 256, (blue + x + y) % 256))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    png += _chunk(b"IDAT", zlib.compress(bytes(rows))) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sound(mark: str, format_: str, transcript: str) -> dict[str, Any]:
    """Half a second of one note, whose pitch comes from the mark, as the `audio` object of a message."""
    if format_ not in AUDIO_FORMATS:
        raise Refusal(
            "unsupported_operation",
            f"The sandbox makes {' and '.join(AUDIO_FORMATS)} only, not {format_}.",
            param="audio.format",
            upstream=True,
        )
    pitch = 220 + int(mark[:2], 16)
    count = int(RATE * SECONDS)
    samples = [int(12_000 * math.sin(2 * math.pi * pitch * n / RATE) * (1 - n / count)) for n in range(count)]
    data = struct.pack(f"<{count}h", *samples)
    if format_ == "wav":
        sizes = (16, 1, 1, RATE, RATE * 2, 2, 16)
        head = struct.pack("<4sI8sIHHIIHH", b"RIFF", 36 + len(data), b"WAVEfmt ", *sizes)
        head += struct.pack("<4sI", b"data", len(data))
        data = head + data
    encoded = base64.b64encode(data).decode()
    return {"id": f"audio_{mark[:16]}", "data": encoded, "transcript": transcript, "expires_at": 4_102_444_800}
