"""JSON files that people edit: written so that what did not change stays as it stands."""

from __future__ import annotations

import json
import re
from typing import Any


def edited_json(text: str, value: Any) -> str:
    """Return `text` with `value` in it; an empty text is a new file. Raises ValueError where it is no JSON."""
    if text.strip():
        if json.dumps(json.loads(text)) == json.dumps(value):
            return text
        found = re.search(r"\n([ \t]+)", text)
        indent = found[1] if found else None
    else:
        indent = "  "
    result = json.dumps(value, ensure_ascii=False, indent=indent)
    return result if text and not text.endswith("\n") else result + "\n"
