"""One run's 429 is a pause for all runs of the workspace."""

import time
from collections.abc import AsyncIterator

import pytest
from docket import Docket

from bot.state.engine import open_engine
from bot.state.pacing import Pacing


@pytest.fixture
async def docket() -> AsyncIterator[Docket]:
    async with open_engine("memory://", 2) as docket:
        yield docket


async def test_a_pause_holds_for_the_workspace_and_grows(docket: Docket) -> None:
    one, other = Pacing(docket), Pacing(docket)
    await one.limited("w1")
    await one.limited("w1")
    async with docket.redis() as redis:
        assert 1.0 < float(await redis.get("pause:w1")) - time.time() <= 2.0
        assert await redis.get("pause:w2") is None
        await redis.set("pause:w1", str(time.time() + 0.2))
    began = time.monotonic()
    await other.wait("w1")
    assert time.monotonic() - began >= 0.2
    async with docket.redis() as redis:
        await redis.delete("pause:w1")
    await other.calm("w1")
    async with docket.redis() as redis:
        assert await redis.hget("limited", "w1") is None
