"""The gateway as a session sees it: a request goes in, deltas come out. Everything else is `meshtui.client.api`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from meshtui.client.connection import Connection
from meshtui.client.errors import MeshAPIError
from meshtui.client.exchange import OnEvent, opened
from meshtui.core.turn import Delta, Opened

CHAT_PATH = "/v1/chat/completions"


class Gateway(Connection):
    """One gateway with one key. Give it the arguments of `Connection`; close it with `aclose` or `async with`."""

    async def __aenter__(self) -> Gateway:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def stream(
        self,
        request: Mapping[str, Any],
        *,
        stream: bool = True,
        on_event: OnEvent | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Send one chat request and yield what comes of it; never sent twice.

        `Opened` comes first. A failure is a MeshAPIError, after the deltas that came before it. A reply that ends with
        neither [DONE] nor a finish_reason is the failure `stream_interrupted`; one without any part of a reply is
        `empty_reply`. A finish_reason without any text is no failure here. Close the generator to stop.
        `on_event` is told everything that arrives, before it is read.
        """
        body = {**request, "stream": stream}
        async with opened(self, CHAT_PATH, body, on_event=on_event, headers=headers) as exchange:
            yield Opened(exchange.status, exchange.request_id or None, exchange.headers)
            reader = exchange.reader
            async for event in exchange.events:
                data = event.data
                if on_event is not None and data:
                    exchange.note(event.event, data)
                if (text := reader.text_delta(data)) is not None:
                    yield text
                    continue
                for delta in reader.read(data, event.event):
                    yield delta
                if reader.complete or reader.error is not None:
                    break
            async for event in exchange.tail():
                for delta in reader.read(event.data, event.event):
                    yield delta
            for delta in reader.end():
                yield delta
            exchange.judge()

    async def catalogue(self) -> list[dict[str, Any]]:
        """Fetch the rows of the model list that have an id; none where the gateway has no such list (404, 405)."""
        try:
            payload, _ = await self.request("GET", "/v1/models")
        except MeshAPIError as error:
            if error.status in (404, 405, 501):
                return []
            raise
        return [
            row for row in rows_of(payload) if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]
        ]


def rows_of(payload: Any) -> list[Any]:
    """Return the rows of a list that came bare, or under data, models or items."""
    if isinstance(payload, dict):
        lists = (payload.get(name) for name in ("data", "models", "items"))
        payload = next((rows for rows in lists if isinstance(rows, list)), [])
    return payload if isinstance(payload, list) else []
