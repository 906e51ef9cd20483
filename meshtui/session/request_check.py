"""What is not sent: a key that was typed as a message, and what of a request the gateway would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.core.text import looks_like_key

MOST = 3
"""Faults that are told at once."""


def request_faults(body: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the body of a chat request, each as `path: sentence`; messages may be missing."""
    from pydantic import ValidationError

    from meshtui.client.types import ChatCompletionParams, explain

    whole = {"messages": [], **body}
    try:
        ChatCompletionParams.model_validate(whole)
    except ValidationError as error:
        return [f"{'.'.join(str(key) for key in row['loc'])}: {row['msg']}" for row in explain(error, whole)[:MOST]]
    return []


def key_refusal(text: str, takes_key: str) -> str:
    """Say why a message is not sent that is nothing but an API key, and what takes one; nothing for any other text."""
    if not looks_like_key(text):
        return ""
    return f"This looks like an API key, so it was not sent. {takes_key} takes one, and does not show it."
