"""The workbench without a screen: every use-case of a conversation, and the one path that streams a turn."""

from __future__ import annotations

from meshtui.session.gateway import Gateway, Target
from meshtui.session.session import CHECKPOINT_SECONDS, Session, new_id, retry_wait
from meshtui.store.db import Conversation, Node, StoreError

__all__ = [
    "CHECKPOINT_SECONDS",
    "Conversation",
    "Gateway",
    "Node",
    "Session",
    "StoreError",
    "Target",
    "new_id",
    "retry_wait",
]
