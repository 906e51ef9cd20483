"""The simulated gateway: the demo's backend and the double of everything in tests.

Imports Starlette and uvicorn only once something is served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .settings import SWITCHES, Settings

if TYPE_CHECKING:
    from .control import Script
    from .server import Sandbox, serve

__all__ = ["SWITCHES", "Sandbox", "Script", "Settings", "serve"]

_LATE = {"Sandbox": "server", "serve": "server", "Script": "control"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATE[name]}", __name__), name)
