"""The two kinds of model: what we send is checked, what we receive is taken as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)


class Request(BaseModel):
    """A value that we send: types, ranges and words are checked, unknown fields are kept and sent.

    Only what the caller set is sent, so no default of ours can override one of the gateway's. A known
    field set to None is left out, except those named in `null_is_sent`.
    """

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, protected_namespaces=())

    null_is_sent: ClassVar[frozenset[str]] = frozenset()
    always_sent: ClassVar[frozenset[str]] = frozenset({"type"})

    @model_serializer(mode="wrap")
    def _sent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        known = type(self).model_fields
        return {name: value for name, value in values.items() if name not in known or self._is_sent(name, value)}

    def _is_sent(self, name: str, value: Any) -> bool:
        if value is None:
            return name in self.null_is_sent and name in self.model_fields_set
        return name in self.model_fields_set or name in self.always_sent

    def body(self) -> dict[str, Any]:
        """Return the JSON object to send."""
        return self.model_dump(mode="json")


class ReplyPart(BaseModel):
    """A value inside a reply: every field optional, unknown ones kept, a number taken where a text is meant."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, protected_namespaces=())


class Reply(ReplyPart):
    """A value that we receive: whatever in it has a wrong type counts as absent, and never makes reading fail.

    Of a list only the wrong elements go.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _without_what_is_wrong(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            return handler(_without(data, {row["loc"] for row in error.errors(include_url=False)}))


def _without(data: Any, paths: set[tuple[str | int, ...]]) -> Any:
    """Return `data` without what `paths` lead to; a path that leads nowhere takes away the last thing it reaches."""
    below: dict[str | int, set[tuple[str | int, ...]]] = {}
    for path in paths:
        below.setdefault(path[0], set()).add(path[1:])
    items = enumerate(data) if isinstance(data, list) else data.items()
    kept = []
    for key, value in items:
        rests = below.get(key)
        if rests is not None:
            if not isinstance(value, list | Mapping) or not all(rest and _reaches(value, rest[0]) for rest in rests):
                continue
            value = _without(value, rests)
        kept.append((key, value))
    return [value for _, value in kept] if isinstance(data, list) else dict(kept)


def _reaches(value: list[Any] | Mapping[Any, Any], key: str | int) -> bool:
    return isinstance(key, int) and key < len(value) if isinstance(value, list) else key in value


def explain(error: ValidationError, data: Any) -> list[dict[str, Any]]:
    """Return the faults of a request as rows `{"loc": [...], "msg": "...", "type": "..."}`.

    Same shape as the gateway's own 422 details. `loc` is a path into `data` as the caller wrote it.
    """
    rows = []
    for row in error.errors(include_url=False, include_context=False):
        loc = _path_in(data, row["loc"], missing=row["type"] == "missing")
        message = row["msg"].removeprefix("Value error, ")
        shown = repr(row["input"])
        if row["type"] not in ("missing", "value_error") and len(shown) <= 60:
            message += f", not {shown}"
        rows.append({"loc": loc, "msg": message, "type": row["type"]})
    return rows


def _path_in(data: Any, loc: tuple[str | int, ...], *, missing: bool) -> list[str | int]:
    """Drop from `loc` what is no key of `data` but the name of a variant that was tried."""
    path: list[str | int] = []
    at: Any = data.model_dump() if isinstance(data, BaseModel) else data
    for place, key in enumerate(loc):
        if isinstance(at, Mapping) and key in at:
            at = at[key]
        elif isinstance(at, list | tuple) and isinstance(key, int) and key < len(at):
            at = at[key]
        elif not (missing and place == len(loc) - 1):
            continue
        path.append(key)
    return path
