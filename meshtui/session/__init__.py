"""The workbench without a screen: every use-case of a conversation, and the one path that streams a turn."""

from __future__ import annotations

from meshtui.session.comparison import Comparison, Figures, Lane, Variant, variants
from meshtui.session.gateway import Gateway, ProfileRow, Profiles, Route, Target
from meshtui.session.models import Models
from meshtui.session.retry_queue import can_wait, needs_asking, retry_wait
from meshtui.session.session import CHECKPOINT_SECONDS, Session, new_id
from meshtui.store.db import Conversation, Node, StoreError
from meshtui.store.toml import ConfigError

__all__ = [
    "CHECKPOINT_SECONDS",
    "Comparison",
    "ConfigError",
    "Conversation",
    "Figures",
    "Gateway",
    "Lane",
    "Models",
    "Node",
    "ProfileRow",
    "Profiles",
    "Route",
    "Session",
    "StoreError",
    "Target",
    "Variant",
    "can_wait",
    "needs_asking",
    "new_id",
    "retry_wait",
    "variants",
]
