"""Where /metrics is served, and to whom: over the wire, on an embedded Redis."""

import asyncio
import socket
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.error import HTTPError

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox.processes import free_port
from bot.services import open_services
from bot.settings import Settings
from bot.web.metrics import MetricsPage, metrics_port

TOKEN = "a-token-for-the-scraper"
GOOD = f"Bearer {TOKEN}"


@asynccontextmanager
async def served(**changes: Any) -> AsyncIterator[tuple[str, str]]:
    """The page on the public port and on METRICS_PORT, with these settings. Yields both URLs."""
    settings = Settings(
        _env_file=None,
        slack_bot_token="xoxb-1",
        slack_signing_secret="s",
        slack_client_id="c",
        slack_client_secret="s",
        anthropic_api_key="k",
        scalekit_environment_url="https://x.example",
        scalekit_client_id="c",
        scalekit_client_secret="s",
        redis_url="memory://",
        public_url="https://bot.example",
        **changes,
    )
    async with open_services(settings) as services, metrics_port(services, "127.0.0.1"):
        app = Starlette(routes=[Route("/metrics", MetricsPage(services).public)])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(server._serve([listening]))
            public = f"http://127.0.0.1:{listening.getsockname()[1]}"
            yield public, f"http://127.0.0.1:{settings.metrics_port}"
            server.should_exit = True
            await serving


async def status(url: str, authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    request = urllib.request.Request(f"{url}/metrics", headers=headers)

    def ask() -> int:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert b"intercom_agent_conversations" in answer.read()
                return int(answer.status)
        except HTTPError as error:
            return 500 if b"intercom_agent" in error.read() else error.code

    return await asyncio.to_thread(ask)


async def test_without_a_token_or_a_port_there_are_no_metrics() -> None:
    async with served() as (public, _):
        assert await status(public) == 404
        assert await status(public, "Bearer anything") == 404


async def test_with_a_token_they_are_for_whoever_has_it() -> None:
    async with served(metrics_token=TOKEN) as (public, _):
        assert await status(public, GOOD) == 200
        assert await status(public, f"bearer {TOKEN}") == 200
        for wrong in (
            "",
            "Bearer",
            "Bearer wrong",
            f"Basic {TOKEN}",
            TOKEN,
            f"{GOOD}x",
            "Bearer ÿ",
        ):
            assert await status(public, wrong) == 401, wrong


async def test_a_port_of_their_own_needs_no_token_and_leaves_the_public_one_without() -> None:
    async with served(metrics_port=free_port()) as (public, own):
        assert await status(own) == 200
        assert await status(public) == 404


async def test_on_a_port_of_their_own_a_token_that_is_set_is_asked_for() -> None:
    async with served(metrics_port=free_port(), metrics_token=TOKEN) as (public, own):
        assert await status(own) == 401
        assert await status(own, GOOD) == 200
        assert await status(public, GOOD) == 404


async def test_a_port_that_is_taken_is_an_error_at_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            async with served(metrics_port=port):
                pass
