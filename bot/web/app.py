"""The ASGI app: Slack, the connect flow, health."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
import uvicorn
from redis.exceptions import RedisError
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.services import Services, open_services
from bot.settings import Settings
from bot.slack.listeners import MALFORMED, build_app
from bot.state.eviction import CURE, evicting
from bot.tracing import flush_traces
from bot.web.bodies import Refused, hung_up, refuse
from bot.web.connect import ConnectPages
from bot.web.metrics import MetricsPage, metrics_port
from bot.web.slack_verification import verified_body
from bot.web.starting import Starting
from bot.web.webhooks import Webhooks
from bot.worker import Jobs, work

log = structlog.get_logger()


AT_ONCE = 40
"""Requests of Slack's that are taken at a time, fewer than there are connections to Redis; others
wait a moment."""
SHAPELESS = (TypeError, ValueError, AttributeError, LookupError, RecursionError)
"""What Bolt raises at a payload of another shape. A listener's own errors end inside Bolt."""


class SocketMode(AsyncSocketModeHandler):
    """The same events over a connection of our own; what has another shape is not acknowledged."""

    def __init__(self, slack: AsyncApp, app_token: str, room: asyncio.Semaphore) -> None:
        super().__init__(slack, app_token)
        self._room = room

    async def handle(  # type: ignore[override]
        self, client: SocketModeClient, req: SocketModeRequest
    ) -> None:
        try:
            async with self._room:
                await super().handle(client, req)
        except SHAPELESS as error:
            log.warning("malformed_payload", why=type(error).__name__)


class Web:
    """The routes. What they need is opened when the server starts."""

    def __init__(self, services: Services, slack: AsyncApp, room: asyncio.Semaphore) -> None:
        self._services = services
        self._room = room
        self._slack = slack
        self._connect = ConnectPages(services)
        self._webhooks = Webhooks(services)
        self._metrics = MetricsPage(services)
        self._in_memory = services.settings.in_memory
        self._signing_secret = services.settings.slack_signing_secret.get_secret_value()

    def routes(self) -> list[Route]:
        return [
            Route("/slack/events", self.slack_events, methods=["POST"]),
            Route("/connect/start", self._connect.start),
            Route("/connect/slack", self._connect.slack),
            Route("/connect/verify", self._connect.verify),
            Route("/connect/not-me", self._connect.done.not_me, methods=["POST"]),
            Route("/scalekit/webhooks", self._webhooks.scalekit, methods=["POST"]),
            Route("/intercom/webhooks", self._webhooks.intercom, methods=["POST", "HEAD"]),
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self._metrics.public),
        ]

    async def slack_events(self, request: Request) -> Response:
        """Events, commands and interactivity."""
        body = await verified_body(request, self._signing_secret)
        try:
            async with self._room:
                answer = await self._slack.async_dispatch(to_async_bolt_request(request, body))
                return to_starlette_response(answer)
        except SHAPELESS as error:
            log.warning("malformed_payload", why=type(error).__name__)
            return PlainTextResponse(MALFORMED, status_code=400)

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(self, request: Request) -> Response:
        """200 when Redis takes writes, and keeps what it took."""
        try:
            await self._services.store.ping()
        except RedisError as error:
            log.warning("not_ready", why=type(error).__name__)
            return JSONResponse({"ready": False, "redis": "unreachable"}, status_code=503)
        policy = None if self._in_memory else await evicting(self._services.docket)
        if policy:
            words = f"maxmemory-policy is {policy}: {CURE}"
            return JSONResponse({"ready": False, "redis": words}, status_code=503)
        return JSONResponse({"ready": True})


async def _redis_error(request: Request, error: Exception) -> Response:
    log.error("redis_unavailable", path=request.url.path, why=type(error).__name__)
    return PlainTextResponse("The state store is unavailable. Try again.", status_code=503)


@asynccontextmanager
async def _open_routes(settings: Settings) -> AsyncIterator[list[Route]]:
    """Everything that needs Redis, and the routes that it serves."""
    async with (
        open_services(settings) as services,
        metrics_port(services, settings.bind_address),
    ):
        Jobs(services)
        slack = build_app(services)
        room = asyncio.Semaphore(AT_ONCE)
        socket_mode: SocketMode | None = None
        if settings.slack_app_token:
            token = settings.slack_app_token.get_secret_value()
            socket_mode = SocketMode(slack, token, room)
            await socket_mode.connect_async()  # type: ignore[no-untyped-call]
        worker = asyncio.create_task(work(services)) if settings.in_memory else None
        log.info("web_started", port=settings.port, socket_mode=bool(socket_mode))
        try:
            yield Web(services, slack, room).routes()
        finally:
            if socket_mode:
                await socket_mode.close_async()  # type: ignore[no-untyped-call]
            if worker:
                worker.cancel()
                with suppress(asyncio.CancelledError):
                    await worker
            flush_traces()


async def run_web(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was acknowledged.

    Raises RedisUnusable where waiting does not help; a Redis that is not there yet is waited for.
    """
    starting = Starting(settings.redis_url, lambda: _open_routes(settings))
    await starting.refuse_at_once()
    handlers = {RedisError: _redis_error, Refused: refuse, ClientDisconnect: hung_up}
    app = Starlette(
        lifespan=starting.lifespan, routes=starting.routes(), exception_handlers=handlers
    )
    config = uvicorn.Config(
        app,
        host=settings.bind_address,
        port=settings.port,
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)

    async def stop_when_it_failed() -> None:
        await starting.failed.wait()
        server.should_exit = True

    stopping = asyncio.create_task(stop_when_it_failed())
    await server.serve()
    stopping.cancel()
    if starting.error:
        raise starting.error
