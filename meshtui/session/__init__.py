"""The workbench without a screen: every use-case of a conversation, and the one path that streams a turn."""

from __future__ import annotations

from meshtui.session.answering import NOT_ALLOWED, Approval
from meshtui.session.comparison import MOST_LANES, Comparison, Figures, Lane
from meshtui.session.gateway import Gateway, ProfileRow, Profiles, Target
from meshtui.session.judge import DEFAULT_JUDGE, Judge
from meshtui.session.models import Models
from meshtui.session.remote_templates import Diverged, RemoteTemplate
from meshtui.session.request_check import key_refusal, request_faults
from meshtui.session.retry_queue import can_wait, needs_asking
from meshtui.session.round import Pending, Round
from meshtui.session.rounds import DEFAULT_LIMIT, OpenCalls
from meshtui.session.session import CHECKPOINT_SECONDS, Session
from meshtui.session.template_lanes import Choice, TemplateComparison
from meshtui.session.templates import MissingValues, Run, Templates
from meshtui.session.tool_command import Plan
from meshtui.session.tool_edits import ToolEdits
from meshtui.session.tools import Tools
from meshtui.session.votes import vote, votes_of, why_no_vote
from meshtui.store.folders import ChangedOutside, Deleted
from meshtui.store.history import Conversation, Node, StoreError
from meshtui.store.templates import OpenTemplate, TemplateFile
from meshtui.store.toml import ConfigError
from meshtui.store.tool_files import OpenTool, ToolFile, ToolFiles
from meshtui.store.usage import TurnUsage, UsageSum
from meshtui.store.versions import TemplateRun, Version

__all__ = [
    "Approval",
    "can_wait",
    "ChangedOutside",
    "CHECKPOINT_SECONDS",
    "Choice",
    "Comparison",
    "ConfigError",
    "Conversation",
    "DEFAULT_JUDGE",
    "DEFAULT_LIMIT",
    "Deleted",
    "Diverged",
    "Figures",
    "Gateway",
    "Judge",
    "Lane",
    "MissingValues",
    "Models",
    "MOST_LANES",
    "needs_asking",
    "Node",
    "NOT_ALLOWED",
    "OpenCalls",
    "OpenTemplate",
    "OpenTool",
    "Pending",
    "Plan",
    "ProfileRow",
    "Profiles",
    "RemoteTemplate",
    "key_refusal",
    "request_faults",
    "Round",
    "Run",
    "Session",
    "StoreError",
    "Target",
    "TemplateComparison",
    "TemplateFile",
    "TemplateRun",
    "Templates",
    "ToolEdits",
    "ToolFile",
    "ToolFiles",
    "Tools",
    "TurnUsage",
    "UsageSum",
    "Version",
    "vote",
    "votes_of",
    "why_no_vote",
]
