"""Talks to a sandbox over its socket, with httpx alone: the tests of the sandbox trust no client of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from meshtui.sandbox import Sandbox, Settings

KEY = "rsk_01JDEMO000000000000000000"


@dataclass(frozen=True)
class Streamed:
    """A streamed reply: its response, its body as it came, and what an ordinary reader makes of it."""

    response: httpx.Response
    raw: bytes

    @property
    def payloads(self) -> list[str]:
        """The data of each event, for streams in ordinary framing."""
        events = self.raw.decode().split("\n\n")
        return [event.partition("data: ")[2] for event in events if "data: " in event]

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and data of each event, [DONE] left out."""
        pairs = []
        for event in self.raw.decode().split("\n\n"):
            head, _, data = event.partition("data: ")
            if data and data != "[DONE]":
                pairs.append((head.removeprefix("event: ").strip(), json.loads(data)))
        return pairs

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The JSON chunks, [DONE] left out."""
        return [json.loads(payload) for payload in self.payloads if payload != "[DONE]"]

    @property
    def done(self) -> bool:
        """Whether the last event was [DONE]."""
        return self.payloads[-1:] == ["[DONE]"]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        """The delta of each chunk that has one."""
        return [choice["delta"] for chunk in self.chunks for choice in chunk.get("choices", ())]

    @property
    def text(self) -> str:
        """All string content, joined."""
        return "".join(delta["content"] for delta in self.deltas if isinstance(delta.get("content"), str))

    @property
    def finishes(self) -> list[str]:
        """Every finish_reason that is not null."""
        reasons = [choice["finish_reason"] for chunk in self.chunks for choice in chunk.get("choices", ())]
        return [reason for reason in reasons if reason]

    @property
    def usages(self) -> list[dict[str, Any]]:
        """Every usage object."""
        return [chunk["usage"] for chunk in self.chunks if chunk.get("usage")]


class Caller:
    """Sends requests to one sandbox with one key."""

    def __init__(self, box: Sandbox, key: str = KEY, timeout: float = 60.0) -> None:
        self.box = box
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=box.url, headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def body(self, model: str | None, prompt: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A chat request; fields may replace the messages."""
        named = {} if model is None else {"model": model}
        return {**named, "messages": [{"role": "user", "content": prompt}], **fields}

    def post(
        self,
        model: str | None = "sandbox/haiku",
        prompt: str = "hello",
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> httpx.Response:
        """A chat request that is not streamed."""
        return self.http.post("/v1/chat/completions", json=self.body(model, prompt, fields), headers=headers)

    def reply(self, model: str | None = "sandbox/haiku", prompt: str = "hello", **fields: Any) -> dict[str, Any]:
        """The body of a reply that must be fine."""
        response = self.post(model, prompt, **fields)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def text(self, model: str | None = "sandbox/haiku", prompt: str = "hello", **fields: Any) -> str:
        """The text of a reply."""
        content = self.reply(model, prompt, **fields)["choices"][0]["message"]["content"]
        assert isinstance(content, str)
        return content

    def stream(
        self,
        model: str | None = "sandbox/haiku",
        prompt: str = "hello",
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> Streamed:
        """A streamed reply, read to its end."""
        body = {**self.body(model, prompt, fields), "stream": True}
        with self.http.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
            return Streamed(response, b"".join(response.iter_raw()))

    def refused(self, *arguments: Any, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Status and error object of a request that must be refused with the standard envelope."""
        response = self.post(*arguments, **fields)
        body = response.json()
        assert body["request_id"] == response.headers["x-request-id"]
        return response.status_code, body["error"]


@contextmanager
def calling(settings: Settings | None = None, key: str = KEY, timeout: float = 60.0) -> Iterator[Caller]:
    """A sandbox of one's own and a caller for it; fails where the sandbox itself crashed."""
    with Sandbox(settings or Settings(rpm=None)) as box, Caller(box, key, timeout) as caller:
        yield caller
        assert box.state.crashes == []
