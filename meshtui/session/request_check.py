"""What of a request the gateway would refuse, said before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
