"""Socket Mode: deliveries over WebSockets that the app opens with its app-level token."""

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]

_TYPES = {"event": "events_api", "command": "slash_commands", "interaction": "interactive"}
MOST_SOCKETS = 10


class NoSocket(Exception):
    """No socket is open, or it closed before it acknowledged."""


class Sockets:
    """Lives on the server's loop; each delivery goes to one open socket."""

    def __init__(self, app_token: str) -> None:
        self._app_token = app_token
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def count(self) -> int:
        return len(self._open)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        for socket in list(self._open):
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    def connections_open(self, token: str | None) -> Json:
        """apps.connections.open: a URL that is good for one connection."""
        if not token:
            return {"ok": False, "error": "not_authed"}
        if not token.startswith("xapp-"):
            return {"ok": False, "error": "not_allowed_token_type"}
        if token != self._app_token:
            return {"ok": False, "error": "invalid_auth"}
        if len(self._open) >= MOST_SOCKETS:
            return {"ok": False, "error": "too_many_websockets"}
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return {"ok": True, "url": f"ws://127.0.0.1:{self._port}/link?ticket={ticket}"}

    async def deliver(self, kind: str, payload: Json, number: int, reason: str) -> Json:
        """Send to one socket and wait for its acknowledgement. Out: the answer's payload.

        Raises NoSocket.
        """
        if not self._open:
            raise NoSocket
        socket = secrets.choice(self._open)
        envelope_id = secrets.token_hex(12)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = future
        envelope = {
            "envelope_id": envelope_id,
            "type": _TYPES[kind],
            "payload": payload,
            "accepts_response_payload": kind != "event",
        }
        if kind == "event":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        try:
            await socket.send_json(envelope)
            return await future
        except ConnectionError as error:
            raise NoSocket from error
        finally:
            del self._waiting[envelope_id]

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        self._open.append(socket)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._open),
                "connection_info": {"app_id": "A0INTERCOM"},
                "debug_info": {"host": "sandbox", "started": str(time.time())},
            }
        )
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(message.data))
        finally:
            self._open.remove(socket)
        return socket

    def _acknowledged(self, answer: Json) -> None:
        future = self._waiting.get(answer.get("envelope_id", ""))
        if future and not future.done():
            future.set_result(answer.get("payload") or {})
