"""An ASGI app on uvicorn, on loopback, in a thread and an event loop of its own.

The stand-ins run beside the tests or the demo in one process; each is reached over the wire only.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette

from bot.sandbox.same_origin import SameOrigin

T = TypeVar("T")


class Serving:
    """A running server. `start` returns once it accepts connections; `stop` once it is gone."""

    def __init__(self, app: Starlette, port: int = 0) -> None:
        """`port` 0 lets the system pick a free one. Raises OSError when the port is taken."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            SameOrigin(app), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=f"serving-{self.port}", daemon=True)
        self._ready = threading.Event()
        self.loop = asyncio.new_event_loop()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._ready.set)
        self.loop.run_until_complete(self._server.serve(sockets=[self._socket]))

    def start(self) -> None:
        self._socket.listen(128)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def call(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """Run a coroutine on the server's loop, from any other thread, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def soon(self, work: Callable[[], object]) -> None:
        """Run a function on the server's loop, without waiting."""
        self.loop.call_soon_threadsafe(work)
