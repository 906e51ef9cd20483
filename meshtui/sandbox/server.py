"""Running the sandbox: blocking (`serve`) or in a thread of this process (`Sandbox`)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import Gate
from .settings import Settings
from .state import State

if TYPE_CHECKING:
    from .control import Script

BACKLOG = 256
JOIN_SECONDS = 5.0


class _Protocol(H11Protocol):
    """uvicorn's own, with the transport within reach of the application: some faults break it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self.app_state = {"transport": transport}


class _Server(uvicorn.Server):
    """uvicorn without its ten ticks a second, its signal handlers and its patience at the end."""

    def __init__(self, state: State, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            Gate(state),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
        )
        super().__init__(config)
        self._on_ready = on_ready
        self._stopped = asyncio.Event()
        # uvicorn logs as errors the connections that our faults break on purpose.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    def stop(self) -> None:
        """End the server; call it from its own event loop."""
        self._stopped.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self._on_ready()
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close at once, whatever streams: what is still open is of no use to anybody."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in sockets or ():
            listener.close()


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits for a delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM; prints `listening on URL` once requests are answered.

    Raises OSError where the address cannot be had.
    """
    listener = _listener(settings)
    state = State(settings)
    state.port = listener.getsockname()[1]

    logging.basicConfig(level=logging.WARNING)

    def announce() -> None:
        if sys.stdout is None:
            return  # closed: nobody reads it, and who named a port knows where this listens
        try:
            sys.stdout.write(f"listening on {_url(listener)}\n")
            sys.stdout.flush()
        except OSError as error:
            raise OSError(error.errno, f"stdout cannot be written: {(error.strerror or str(error)).lower()}") from None

    async def run() -> None:
        server = _Server(state, announce)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop)
        loop.call_soon(_warm_up)
        await server.serve(sockets=[listener])

    asyncio.run(run())


def _warm_up() -> None:
    """Import what the first chat request needs, so that it is not the slow one."""
    import meshtui.client.types  # noqa: F401


class Sandbox:
    """A sandbox in a thread of this process: `with Sandbox(Settings()) as box: box.url`.

    port 0 takes a free one. Leaving the block ends it at once, whatever is open.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.state = State(self.settings)
        self.url = ""
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and answer; returns when it does."""
        listener = _listener(self.settings)
        self.url = _url(listener)
        self.state.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener,), name="sandbox", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise RuntimeError("the sandbox did not start") from self._failure

    def _run(self, listener: socket.socket) -> None:
        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            self._server = _Server(self.state, self._ready.set)
            await self._server.serve(sockets=[listener])

        try:
            asyncio.run(run())
        except Exception as error:
            self._failure = error
        finally:
            self._ready.set()

    def stop(self) -> None:
        """End it, open streams included."""
        if self._thread is None or self._loop is None or self._server is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(JOIN_SECONDS)
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The last requests seen, oldest first, keys masked."""
        return list(self.state.requests)

    def script(self, *scripts: Script) -> None:
        """Queue exact answers for the next chat requests."""
        self.state.scripts.extend(scripts)
