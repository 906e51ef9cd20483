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


class Reply(BaseModel):
    """A value that we receive: unknown fields are kept, and a field of a wrong type counts as absent.

    A list keeps its good elements. Nothing that a provider sends inside an object makes reading fail.
    """

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, protected_namespaces=())

    @model_validator(mode="wrap")
    @classmethod
    def _without_what_is_wrong(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            return handler(_repaired(data, error))


def _repaired(data: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return `data` without the fields, or elements of list fields, that `error` names."""
    kept = dict(data)
    bad_elements: dict[str, set[int]] = {}
    for row in error.errors(include_url=False, include_context=False, include_input=False):
        name, *rest = row["loc"]
        if isinstance(kept.get(str(name)), list) and rest and isinstance(rest[0], int):
            bad_elements.setdefault(str(name), set()).add(rest[0])
        else:
            kept.pop(str(name), None)
    for name, places in bad_elements.items():
        if name in kept:
            kept[name] = [value for place, value in enumerate(kept[name]) if place not in places]
    return kept


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
