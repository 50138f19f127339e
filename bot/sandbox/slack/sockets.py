"""Socket Mode: deliveries over WebSockets that the app opens with its app-level token."""

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import APP_ID

Json = dict[str, Any]
Disconnect = Literal["warning", "refresh_requested"]

_TYPES = {"event": "events_api", "command": "slash_commands", "interaction": "interactive"}
MOST_SOCKETS = 10


class NoSocket(Exception):
    """No socket is open, or it closed before it acknowledged."""


@dataclass(eq=False)
class _Socket:
    ws: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    """What it has to acknowledge, by envelope id; None says that it closed instead."""
    is_leaving: bool = False
    """It was told to disconnect."""


class Sockets:
    """Lives on the server's loop; each delivery goes to one open socket."""

    def __init__(self) -> None:
        self._tickets: set[str] = set()
        self._open: list[_Socket] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def count(self) -> int:
        return len(self._open)

    def methods(self) -> dict[str, Method]:
        return {"apps.connections.open": Method(self._connections_open, {})}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self.close()
        if self._runner:
            await self._runner.cleanup()

    async def close(self) -> None:
        """Close every socket from this side."""
        for socket in list(self._open):
            await socket.ws.close()

    async def disconnect(self, reason: Disconnect) -> None:
        """Tell every socket to go; each stays open until its app closes it, or `close` does."""
        for socket in list(self._open):
            socket.is_leaving = True
            with contextlib.suppress(ConnectionError):
                await socket.ws.send_json(
                    {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
                )

    async def deliver(self, kind: str, payload: Json, number: int, reason: str) -> Json:
        """Send to one socket and wait for its acknowledgement. Out: the answer's payload.

        Raises NoSocket.
        """
        usable = [socket for socket in self._open if not socket.ws.closed]
        staying = [socket for socket in usable if not socket.is_leaving]
        if not usable:
            raise NoSocket
        socket = secrets.choice(staying or usable)
        envelope_id = secrets.token_hex(12)
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        socket.waiting[envelope_id] = future
        envelope = {
            "envelope_id": envelope_id,
            "type": _TYPES[kind],
            "payload": payload,
            "accepts_response_payload": kind != "event",
        }
        if kind == "event":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        try:
            await socket.ws.send_json(envelope)
            answer = await future
        except ConnectionError as error:
            raise NoSocket from error
        finally:
            del socket.waiting[envelope_id]
        if answer is None:
            raise NoSocket
        return answer

    async def send(self, text: str) -> None:
        """Send a frame as it is to one socket. Raises NoSocket."""
        usable = [socket for socket in self._open if not socket.ws.closed]
        if not usable:
            raise NoSocket
        await secrets.choice(usable).ws.send_str(text)

    def _connections_open(self, args: Json) -> Json:
        """apps.connections.open: a URL that is good for one connection."""
        if len(self._open) >= MOST_SOCKETS:
            raise SlackError("too_many_websockets")
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return {"url": f"ws://127.0.0.1:{self._port}/link?ticket={ticket}"}

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden
        self._tickets.remove(ticket)
        socket = _Socket(web.WebSocketResponse(heartbeat=30))
        await socket.ws.prepare(request)
        self._open.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "sandbox", "started": str(time.time())},
        }
        try:
            with contextlib.suppress(ConnectionError):
                await socket.ws.send_json(hello)
            async for message in socket.ws:
                if message.type is WSMsgType.TEXT:
                    self._received(message.data)
        finally:
            self._open.remove(socket)
            for future in socket.waiting.values():
                _settle(future, None)
        return socket.ws

    def _received(self, text: str) -> None:
        """An acknowledgement settles its delivery, on whichever socket it comes: an app that has
        reconnected answers over its new one. Any other frame is left alone."""
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(frame, dict):
            return
        envelope_id, payload = frame.get("envelope_id"), frame.get("payload")
        if not isinstance(envelope_id, str) or not isinstance(payload, dict | None):
            return
        for socket in self._open:
            if envelope_id in socket.waiting:
                _settle(socket.waiting[envelope_id], payload or {})


def _settle(future: asyncio.Future[Json | None], answer: Json | None) -> None:
    if not future.done():
        future.set_result(answer)
