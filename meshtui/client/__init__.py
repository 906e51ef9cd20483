"""The client of the Mesh API, usable without the rest of meshtui; names as in the official SDK where it has one.

    async with AsyncMeshAPI(base_url="https://api.meshapi.ai", token="rsk_…") as client:
        async for chunk in client.chat.completions.stream(ChatCompletionParams(model="auto", messages=[…])):
            …

Importing this package loads nothing: each name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshtui.client.api import AsyncMeshAPI as AsyncMeshAPI
    from meshtui.client.errors import MeshAPIError as MeshAPIError
    from meshtui.client.errors import problem_from as problem_from
    from meshtui.client.exchange import WireEvent as WireEvent
    from meshtui.client.gateway import Gateway as Gateway
    from meshtui.client.limits import Retries as Retries
    from meshtui.client.limits import Timeouts as Timeouts
    from meshtui.client.types import *  # noqa: F403 - the one list of their names is there

_HOME = {
    "AsyncMeshAPI": "api",
    "Gateway": "gateway",
    "MeshAPIError": "errors",
    "Retries": "limits",
    "Timeouts": "limits",
    "WireEvent": "exchange",
    "problem_from": "errors",
}
"""The module of each name; what is not here is a type of requests and replies."""


def _names() -> list[str]:
    return sorted({*_HOME, *importlib.import_module(f"{__name__}.types").__all__})


def __getattr__(name: str) -> Any:
    if name == "__all__":
        value: Any = _names()
    elif name in _HOME or (not name.startswith("_") and name in _names()):
        value = getattr(importlib.import_module(f"{__name__}.{_HOME.get(name, 'types')}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_names()})
