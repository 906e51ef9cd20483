"""From what the screen shows to files: an SVG that is the same everywhere, and a PNG that says from which SVG it is."""

from __future__ import annotations

import hashlib
import html
import re
import struct
import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
DIGEST = "svg-sha256"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
FONTS = '"Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'

_NUMBERED = re.compile(r"terminal-\d+")
"""Names that are to be unique where several pictures stand in one page; they hide what differs between two."""

_TEXT = re.compile(r'<text[^>]* y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def portable(svg: str, port: int) -> str:
    """Return an SVG that loads nothing: the fonts are those of whoever looks at it, the grid holds with any.

    The port of the simulated gateway, another each time, is shown as 40404.
    """
    svg = _NUMBERED.sub("terminal", _FONT_FACE.sub("", svg)).replace(
        "font-family: Fira Code, monospace", f"font-family: {FONTS}"
    )
    svg = svg.replace(f"127.0.0.1:{port}", "127.0.0.1:40404")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def rows_of(svg: str) -> list[str]:
    """Return what can be read on a picture, a line per row: what tells a reader how two pictures differ."""
    rows: dict[float, str] = {}
    for y, words in _TEXT.findall(svg):
        rows[float(y)] = rows.get(float(y), "") + html.unescape(words).replace("\xa0", " ")
    return [rows[y].rstrip() for y in sorted(rows)]


def png_of(svg: str) -> bytes:
    """Draw an SVG; the digest of its text is kept in the picture. Needs the package resvg-py and a monospace font."""
    import resvg_py

    fitted = svg.replace(FONTS, '"DejaVu Sans Mono", monospace')
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=fitted, monospace_family="DejaVu Sans Mono"))
    body = f"{DIGEST}\0{digest(svg)}".encode()
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    header = len(SIGNATURE) + 25  # the first chunk, IHDR, has 13 bytes of data
    return drawn[:header] + chunk + drawn[header:]


def digest(svg: str) -> str:
    """Return what tells one SVG from another."""
    return hashlib.sha256(svg.encode()).hexdigest()


def drawn_from(png: bytes) -> str:
    """Return the digest of the SVG that a PNG was drawn from, an empty text where it does not say."""
    mark = f"{DIGEST}\0".encode()
    _, found, rest = png.partition(mark)
    return rest[:64].decode("ascii", "replace") if found else ""
