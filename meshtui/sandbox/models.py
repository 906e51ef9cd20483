"""GET /v1/models and what hangs under it (contract section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .catalogue import Model
from .errors import Refusal, json_response

if TYPE_CHECKING:
    from .state import Exchange

PAGE = 50
PAGE_MAX = 1000


async def list_models(exchange: Exchange) -> Response:
    """GET /v1/models?free=&type=&provider=: a bare array, or OpenAI's object by switch."""
    models: Iterable[Model] = exchange.state.catalogue.models
    free, kind, provider = (exchange.query.get(name) for name in ("free", "type", "provider"))
    if free is not None:
        models = [model for model in models if model.free == _truth(free, "free")]
    if kind is not None:
        models = [model for model in models if model.kind == kind]
    if provider is not None:
        models = [model for model in models if model.provider == provider]
    return _listing(exchange, models)


async def free_models(exchange: Exchange) -> Response:
    """GET /v1/models/free."""
    return _listing(exchange, [model for model in exchange.state.catalogue.models if model.free])


async def paid_models(exchange: Exchange) -> Response:
    """GET /v1/models/paid."""
    return _listing(exchange, [model for model in exchange.state.catalogue.models if not model.free])


def _listing(exchange: Exchange, models: Iterable[Model]) -> Response:
    if exchange.settings.switch("models-shape") == "array":
        return json_response([model.row() for model in models])
    rows = [{"id": m.id, "object": "model", "created": 1_700_000_000, "owned_by": m.provider} for m in models]
    return json_response({"object": "list", "data": rows})


async def get_model(exchange: Exchange) -> Response:
    """GET /v1/models/{id}: slashes stay slashes; an unknown id is FastAPI's own 404."""
    model = exchange.state.catalogue.find(exchange.params["id"])
    if model is None:
        return json_response({"detail": f"Model '{exchange.params['id']}' not found"}, 404)
    return json_response(model.row())


async def search_models(exchange: Exchange) -> Response:
    """GET /v1/models/search: filters, order, one page, and what else there is."""
    query = exchange.query
    models: list[Model] = list(exchange.state.catalogue.models)
    if words := query.get("q", "").casefold().split():
        models = [m for m in models if all(w in f"{m.id} {m.name} {m.description}".casefold() for w in words)]
    for name, keep in _FILTERS.items():
        if wanted := query.getlist(name):
            models = [model for model in models if keep(model, wanted)]
    if query.get("sort") == "price" and len(query.getlist("output_modality")) != 1:
        raise _bad_query("sort", "price goes with exactly one output_modality", "value_error")
    reverse = query.get("order", "asc") == "desc"
    models.sort(key=_order(query.get("sort", "name")), reverse=reverse)
    limit = _whole(query.get("limit"), "limit", PAGE, 1, PAGE_MAX)
    offset = _whole(query.get("offset"), "offset", 0, 0, None)
    brands = sorted({model.brand for model in models})
    return json_response(
        {
            "items": [model.row() for model in models[offset : offset + limit]],
            "total": len(models),
            "limit": limit,
            "offset": offset,
            "brands": brands,
            "facets": {"free": sum(model.free for model in models)},
        }
    )


_FILTERS: dict[str, Callable[[Model, Sequence[str]], bool]] = {
    "free": lambda model, wanted: model.free == _truth(wanted[-1], "free"),
    "discounted": lambda model, wanted: bool(model.pricing.get("discount_pct")) == _truth(wanted[-1], "discounted"),
    "input_modality": lambda model, wanted: all(name in model.inputs for name in wanted),
    "output_modality": lambda model, wanted: any(name in model.outputs for name in wanted),
    "brand": lambda model, wanted: model.brand.casefold() in [name.casefold() for name in wanted],
}


def _order(name: str) -> Callable[[Model], Any]:
    orders: dict[str, Callable[[Model], Any]] = {
        "brand": lambda model: (model.brand, model.id),
        "name": lambda model: (model.name.casefold(), model.id),
        "id": lambda model: model.id,
        "context_length": lambda model: (model.context or 0, model.id),
        "price": lambda model: (model.prompt is None, model.prompt or 0, model.id),
    }
    if name not in orders:
        raise _bad_query("sort", f"Input should be {', '.join(map(repr, orders))}", "literal_error")
    return orders[name]


def _truth(text: str, name: str) -> bool:
    if text.lower() in ("true", "1", "yes", "on"):
        return True
    if text.lower() in ("false", "0", "no", "off"):
        return False
    raise _bad_query(name, "Input should be a valid boolean, unable to interpret input", "bool_parsing")


def _whole(text: str | None, name: str, default: int, least: int, most: int | None) -> int:
    if text is None:
        return default
    if not text.removeprefix("-").isdecimal():
        raise _bad_query(name, "Input should be a valid integer", "int_parsing")
    value = int(text)
    if value < least:
        raise _bad_query(name, f"Input should be greater than or equal to {least}", "greater_than_equal")
    return value if most is None else min(value, most)


def _bad_query(name: str, message: str, kind: str) -> Refusal:
    row = {"loc": ["query", name], "msg": message, "type": kind}
    return Refusal("validation_error", "Request validation failed.", details=[row])
