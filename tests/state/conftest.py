"""The embedded Redis and a server: every test of the state runs on both."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from docket import Docket

from bot.sandbox.processes import RedisServer
from bot.state.engine import open_engine


@pytest.fixture(scope="module", params=["embedded", "server"])
def redis_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "embedded":
        yield "memory://"
        return
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    server = RedisServer(Path(tmp_path_factory.mktemp("redis")))
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
async def docket(redis_url: str) -> AsyncIterator[Docket]:
    async with open_engine(redis_url, 5) as docket:
        async with docket.redis() as redis:
            for key in await redis.keys("*"):
                await redis.delete(key)
        yield docket
