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


async def let_it_pass(docket: Docket) -> None:
    async with docket.redis() as redis:
        await redis.delete("pause:w1")


async def test_a_pause_holds_for_the_workspace_and_nobody_else(docket: Docket) -> None:
    one, other = Pacing(docket), Pacing(docket)
    await one.limited("w1")
    assert 0.5 < await other.left("w1") <= 1.0
    assert await other.left("w2") == 0
    await other.pause("w1", 0.2)
    began = time.monotonic()
    await other.wait("w1")
    assert time.monotonic() - began >= 0.2


async def test_it_grows_each_time_in_a_row_up_to_one_window(docket: Docket) -> None:
    pacing = Pacing(docket)
    pauses = []
    for _ in range(6):
        await pacing.limited("w1")
        pauses.append(round(await pacing.left("w1")))
        await let_it_pass(docket)
    assert pauses == [1, 2, 4, 8, 10, 10]
    await pacing.calm("w1")
    await pacing.limited("w1")
    assert round(await pacing.left("w1")) == 1


async def test_the_calls_of_one_moment_are_one_pause(docket: Docket) -> None:
    pacing = Pacing(docket)
    for _ in range(20):
        await pacing.limited("w1")
    assert round(await pacing.left("w1")) == 1
