"""What can be set on the sandbox. Imports nothing heavy: the command line reads it to build its help."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Switch:
    """One open point of the contract: its allowed values (none listed = any text), the default first."""

    summary: str
    values: tuple[str, ...] = ()
    default: str = ""

    def initial(self) -> str:
        """The value that holds unless the switch is set."""
        return self.values[0] if self.values else self.default


def number_from(text: str) -> float:
    """Read a number of 0 or more; raises ValueError, one sentence, for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise ValueError(f"{text!r} is no number of 0 or more")
    return value


# Points that the contract leaves open, or where gateways were seen to differ.
SWITCHES: Mapping[str, Switch] = MappingProxyType(
    {
        "cost": Switch("where the price of a reply is told", ("absent", "string", "number", "usage")),
        "usage": Switch(
            "where the token counts of a stream arrive",
            ("empty-choices", "last-delta", "with-finish", "every-chunk", "nowhere"),
        ),
        "reasoning": Switch(
            "name of the reasoning deltas",
            ("reasoning_content", "reasoning", "reasoning_details", "both", "think"),
        ),
        "ratelimit-headers": Switch("names of the x-ratelimit-* headers", ("openai", "mesh", "absent")),
        "missing-variable": Switch(
            "error code of a missing template variable", ("unprocessable_entity", "validation_error")
        ),
        "compare-done": Switch("a [DONE] after the last event of a comparison", ("absent", "present")),
        "error-end": Switch("what follows an in-band error", ("done", "close")),
        "error-request-id": Switch("request_id beside an in-band error", ("present", "absent")),
        "default-model": Switch("what a request without any model gets", ("openai/gpt-4o", "refused")),
        "template-id": Switch("style of template ids", ("uuid", "tmpl")),
        "template-list": Switch("whether GET /v1/templates lists global ones", ("with-global", "own")),
        "delete-status": Switch("status of a template deletion", ("204", "200")),
        "bill-cancelled": Switch("what a cancelled stream costs", ("generated", "nothing")),
        "models-shape": Switch("shape of GET /v1/models", ("array", "openai")),
        "served-model": Switch("model name in replies", ("build", "asked")),
        "images": Switch("how an image reply arrives", ("parts", "data-uri")),
        "prompt-cache": Switch("cached prompt tokens in usage", ("on", "off")),
        "router-fallback": Switch(
            "why the auto router fell back",
            ("none", "classifier_timeout", "classifier_error", "invalid_response", "empty_registry"),
        ),
        "fault-scope": Switch("which requests --fault touches", ("chat", "all")),
        "redirect-to": Switch("base URL that the fault `redirect` points at (empty: another name of this host)"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that shapes one sandbox.

    speed is in tokens per second (0: as fast as possible), ttft in seconds. rpm, rpd, tpm, spend_cap:
    None means no such limit; rpm and rpd default to the gateway's own. Money is in US dollars.
    keys: only these are known; empty means any well-formed `rsk_` key is. catalogue_rows: None for the
    built-in catalogue, else exactly that many rows. faults hold for every chat request, written NAME or
    NAME:COUNT (only the first COUNT requests). switches: names and values of SWITCHES.
    """

    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 0.0
    ttft: float = 0.0
    seed: int = 0
    rpm: int | None = 100
    rpd: int | None = 10_000
    tpm: int | None = None
    spend_cap: Decimal | None = None
    balance: Decimal = Decimal("25")
    keys: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    switches: Mapping[str, str] = field(default_factory=dict)
    cache: bool = False
    catalogue_rows: int | None = None
    compare_timeout: float = 120.0
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        """Refuse what cannot work, in one sentence that names the setting."""
        for name, value in self.switches.items():
            check_switch(name, value)
        for name in ("speed", "ttft", "compare_timeout"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("rpm", "rpd", "tpm", "catalogue_rows"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} must be 0 or more, not {value}")
        if self.faults:
            from .faults import parse_fault

            for text in self.faults:
                parse_fault(text)

    def switch(self, name: str) -> str:
        """The value of a switch, set or default."""
        return self.switches.get(name) or SWITCHES[name].initial()


def check_switch(name: str, value: str) -> None:
    """Raise ValueError, naming the choices, for an unknown switch or value."""
    if name not in SWITCHES:
        raise ValueError(f"there is no switch {name!r}; there are {', '.join(SWITCHES)}")
    allowed = SWITCHES[name].values
    if allowed and value not in allowed:
        raise ValueError(f"{name} cannot be {value!r}; it is one of {', '.join(allowed)}")
