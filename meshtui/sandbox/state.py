"""What one running sandbox remembers, and one request on its way through it."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshtui.core.text import mask_key

from .catalogue import Catalogue
from .errors import Refusal
from .fault import Fault
from .faults import parse_fault
from .ids import request_id
from .limits import SUSPENDED, UNKNOWN, Account, key_is
from .settings import Settings, number_from
from .templates import TemplateShelf

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.datastructures import Headers, QueryParams
    from starlette.requests import Request

    from .control import Script

SERVED_VERSIONS = ("2026-08", "2026-09")
KEPT_REQUESTS = 200
KEPT_BODY_BYTES = 256 * 1024

_KEY = re.compile(r"rsk_[A-Za-z0-9_-]{4,}")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class State:
    """One sandbox's memory. Used from the server's event loop only, except where a method says otherwise."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings.catalogue_rows)
        self.templates = TemplateShelf(settings.switch("template-id"), settings.clock)
        self.accounts: dict[str, Account] = {}
        self.scripts: deque[Script] = deque()
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.played: Counter[str] = Counter()
        self.crashes: list[Exception] = []
        self.port = settings.port

    def account(self, key: str) -> Account:
        """The account of a key, opened at its first use."""
        if key not in self.accounts:
            self.accounts[key] = Account.opened(key, self.settings)
        return self.accounts[key]

    def now(self) -> float:
        """The sandbox's clock, in seconds since 1970."""
        return self.settings.clock()

    def due_faults(self, names: list[str]) -> list[Fault]:
        """The faults of these names; those written NAME:COUNT only as often as they say."""
        due = []
        for name in names:
            try:
                fault, count = parse_fault(name)
            except ValueError as error:
                raise Refusal("bad_request", f"X-Sandbox-Fault: {error}.") from None
            if count is not None:
                self.played[name] += 1
                if self.played[name] > count:
                    continue
            due.append(fault)
        return due


@dataclass(slots=True)
class Exchange:
    """One request: what came in, who sent it, what is to go wrong with it."""

    state: State
    method: str
    path: str
    headers: Headers
    query: QueryParams
    body: bytes
    record: dict[str, Any]
    id: str = field(default_factory=request_id)
    params: dict[str, str] = field(default_factory=dict)
    version: str = SERVED_VERSIONS[0]
    faults: list[Fault] = field(default_factory=list)
    edge: bool = False
    account: Account = field(init=False)

    @property
    def redirect_to(self) -> str:
        """Where the fault `redirect` points: this path at another origin; empty once it has been followed."""
        base = self.settings.switch("redirect-to")
        host = self.headers.get("host", "").partition(":")[0]
        if base:
            return base.rstrip("/") + self.path
        return "" if host == "localhost" else f"http://localhost:{self.state.port}{self.path}"

    def number(self, header: str, default: float) -> float:
        """A number of 0 or more from a header of the sandbox's own."""
        text = self.headers.get(header)
        if text is None:
            return default
        try:
            return number_from(text)
        except ValueError as error:
            raise Refusal("bad_request", f"{header}: {error}.") from None

    def note_failure(self, refusal: Refusal) -> None:
        """Put a refused chat request on the usage list, at no cost."""
        if not hasattr(self, "account") or not self.path.startswith("/v1/chat/"):
            return
        self.account.book(self.id, self.state.now(), refusal.code, failure_stage=refusal.stage)

    @property
    def settings(self) -> Settings:
        """The settings of the sandbox."""
        return self.state.settings

    def check_version(self) -> None:
        """X-Mesh-Version, checked before auth (contract section 1)."""
        asked = set(self.headers.getlist("x-mesh-version"))
        if not asked:
            return
        served = ", ".join(SERVED_VERSIONS)
        if len(asked) > 1 or not asked <= set(SERVED_VERSIONS):
            said = ", ".join(sorted(repr(value) for value in asked))
            raise Refusal(
                "invalid_api_version",
                f"X-Mesh-Version {said} is not served. Served versions: {served}.",
                param="X-Mesh-Version",
                stage="version",
            )
        (self.version,) = asked

    def check_key(self) -> None:
        """Who is asking: 401 for a missing, malformed or unknown key, 403 for a suspended one."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        key = key.strip()
        if not key:
            raise Refusal("unauthorized", "Missing API key. Send Authorization: Bearer rsk_...", stage="auth")
        if scheme.lower() != "bearer" or not _KEY.fullmatch(key):
            raise Refusal("unauthorized", "Malformed API key. A key reads rsk_<ULID>.", stage="auth")
        known = self.settings.keys
        if key_is(key, UNKNOWN) or (known and key not in known):
            raise Refusal("unauthorized", "Invalid API key.", stage="auth")
        self.account = self.state.account(key)
        if key_is(key, SUSPENDED):
            raise Refusal("forbidden", "This key is suspended.", stage="auth")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; 422 where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            place = error.pos if isinstance(error, json.JSONDecodeError) else 0
            raise _invalid([{"loc": ["body", place], "msg": "JSON decode error", "type": "json_invalid"}]) from None
        if not isinstance(value, dict):
            row = {"loc": ["body"], "msg": "Input should be a valid dictionary", "type": "model_attributes_type"}
            raise _invalid([row])
        return _joined(value) if _LONE_SURROGATE.search(self.body) else value

    def validated(self, model: type[BaseModel], body: dict[str, Any]) -> None:
        """422 with one row of details for each fault in the body (contract section 8)."""
        from pydantic import ValidationError

        from meshtui.client.types.base import explain

        try:
            model.model_validate(body)
        except ValidationError as error:
            rows = [{**row, "loc": ["body", *row["loc"]]} for row in explain(error, body)]
            raise _invalid(rows) from None


def _invalid(rows: list[dict[str, Any]]) -> Refusal:
    return Refusal("validation_error", "Request validation failed.", details=rows)


def _joined(value: Any) -> Any:
    """Surrogate halves joined, lone ones replaced: neither can be encoded again."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_joined(item) for item in value]
    if isinstance(value, dict):
        return {_joined(name): _joined(item) for name, item in value.items()}
    return value


def exchange_of(request: Request) -> Exchange:
    """The exchange that the gate made for this request."""
    found: Exchange = request.scope["exchange"]
    return found


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they may be recorded: the key masked."""
    shown = dict(headers)
    if "authorization" in shown:
        scheme, _, key = shown["authorization"].partition(" ")
        shown["authorization"] = f"{scheme} {mask_key(key)}"
    return shown


def shown_body(body: bytes) -> object:
    """A body as it is recorded: JSON where it is, text where not, its size where it is large."""
    if not body:
        return None
    if len(body) > KEPT_BODY_BYTES:
        return {"bytes": len(body)}
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
