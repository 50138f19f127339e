"""Signed requests to the bot, with Slack's retries."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.sockets import NoSocket, Sockets

Json = dict[str, Any]
Kind = Literal["event", "command", "interaction"]


@dataclass(frozen=True)
class Attempt:
    at: float
    headers: dict[str, str]
    status: int | None
    body: str
    failure: str | None
    """http_timeout, connection_failed or http_error."""


@dataclass(eq=False)
class Delivery:
    """One thing that Slack tells the bot. `done` is set once no further attempt will come."""

    kind: Kind
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def status(self) -> int | None:
        return self.attempts[-1].status if self.attempts else None

    @property
    def body(self) -> str:
        return self.attempts[-1].body if self.attempts else ""

    @property
    def accepted(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].failure is None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Courier:
    """Delivers on the server's loop. Commands and interactions get a single attempt."""

    def __init__(
        self,
        signing_secret: str,
        retry_delays: tuple[float, ...],
        ack_timeout: float,
        changed: Callable[[], None],
        sockets: Sockets,
        *,
        socket_mode: bool = False,
    ) -> None:
        """`socket_mode` sends over sockets only, even if there is a URL."""
        self.url = ""
        self.sockets = sockets
        self._socket_mode = socket_mode
        self.deliveries: list[Delivery] = []
        self._secret = signing_secret
        self._retry_delays = retry_delays
        self._ack_timeout = ack_timeout
        self._changed = changed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[None]] = set()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def stop(self) -> None:
        """Gives up what is under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        for task in running:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def send(
        self,
        delivery: Delivery,
        *,
        headers: dict[str, str] | None = None,
        sign: bool = True,
        body: bytes | None = None,
        then: Callable[[Delivery], Awaitable[None]] | None = None,
    ) -> Delivery:
        """Sends without waiting. `headers` win over the usual ones; `body` replaces the payload's
        encoding; `then` runs after the last attempt. Without a way to the bot nothing is sent."""
        self.deliveries.append(delivery)
        has_way = self._socket_mode or self.url or self.sockets.count
        if not has_way or self._loop is None:
            delivery.done.set()
            return delivery
        content = body if body is not None else _encode(delivery)
        work = self._run(delivery, content, headers or {}, sign, then)
        self._loop.call_soon_threadsafe(self._begin, work)
        return delivery

    def _begin(self, work: Any) -> None:
        # The loop itself holds tasks weakly: a set keeps them alive until they are done.
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(
        self,
        delivery: Delivery,
        body: bytes,
        headers: dict[str, str],
        sign: bool,
        then: Callable[[Delivery], Awaitable[None]] | None,
    ) -> None:
        delays = self._retry_delays if delivery.kind == "event" else ()
        try:
            for number, delay in enumerate((0.0, *delays)):
                await asyncio.sleep(delay)
                sent = self._headers(delivery, body, sign, number) | headers
                if self._socket_mode or not self.url:
                    attempt, go_on = await self._over_socket(delivery, number, sent)
                else:
                    attempt, go_on = await self._attempt(body, sent)
                delivery.attempts.append(attempt)
                self._changed()
                if not go_on:
                    break
            if then:
                await then(delivery)
        finally:
            delivery.done.set()
            self._changed()

    def _headers(self, delivery: Delivery, body: bytes, sign: bool, number: int) -> dict[str, str]:
        is_event = delivery.kind == "event"
        form = "application/x-www-form-urlencoded"
        headers = {
            "Content-Type": "application/json" if is_event else form,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        if sign:
            timestamp = str(int(time.time()))
            headers["X-Slack-Request-Timestamp"] = timestamp
            headers["X-Slack-Signature"] = signature(self._secret, timestamp, body)
        if number:
            headers["X-Slack-Retry-Num"] = str(number)
            headers["X-Slack-Retry-Reason"] = delivery.attempts[-1].failure or ""
        return headers

    async def _over_socket(
        self, delivery: Delivery, number: int, headers: dict[str, str]
    ) -> tuple[Attempt, bool]:
        """Socket Mode: an acknowledgement is all that can come back."""
        reason = headers.get("X-Slack-Retry-Reason", "")
        try:
            async with asyncio.timeout(self._ack_timeout):
                answer = await self.sockets.deliver(delivery.kind, delivery.payload, number, reason)
        except NoSocket:
            return Attempt(time.time(), headers, None, "", "connection_failed"), True
        except TimeoutError:
            return Attempt(time.time(), headers, None, "", "http_timeout"), True
        text = json.dumps(answer) if answer else ""
        return Attempt(time.time(), headers, 200, text, None), False

    async def _attempt(self, body: bytes, headers: dict[str, str]) -> tuple[Attempt, bool]:
        """What came of it, and whether Slack would try again."""
        status, text, failure, go_on = None, "", None, True
        timeout = aiohttp.ClientTimeout(total=self._ack_timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self.url, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                status, text = response.status, await response.text()
                failure = None if 200 <= status < 300 else "http_error"
                go_on = failure is not None and response.headers.get("X-Slack-No-Retry") != "1"
        except TimeoutError:
            status, failure = None, "http_timeout"
        except aiohttp.ClientError:
            status, failure = None, "connection_failed"
        return Attempt(time.time(), headers, status, text, failure), go_on


def _encode(delivery: Delivery) -> bytes:
    match delivery.kind:
        case "event":
            return json.dumps(delivery.payload).encode()
        case "command":
            return urlencode(delivery.payload).encode()
        case "interaction":
            return urlencode({"payload": json.dumps(delivery.payload)}).encode()
