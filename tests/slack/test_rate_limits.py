"""Slack's limits are one budget for all processes, on a Redis server and embedded alike."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from docket import Docket

from bot.sandbox.processes import RedisServer
from bot.slack.limits import MINUTE, TIERS, UPDATE, UPDATE_SECONDS, NoRoom, SlackLimits

APPEND = "chat.appendStream"
START = "chat.startStream"


@pytest.fixture(params=["embedded", "server"])
async def docket(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Docket]:
    if request.param == "embedded":
        async with Docket(name="limits-test", url="memory://") as docket:
            yield docket
        return
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with Docket(name="limits-test", url=server.url) as docket:
            yield docket
    finally:
        server.stop()


async def room(limits: SlackLimits, method: str, *, progress: bool = False) -> int:
    """How often the method may be called at once."""
    for taken in range(1_000):
        try:
            await limits.wait(method, "", 0, progress=progress)
        except NoRoom:
            return taken
    raise AssertionError("no end of it")


async def test_all_processes_share_a_methods_minute(docket: Docket) -> None:
    one, other = SlackLimits(docket, "xoxb-1", 1), SlackLimits(docket, "xoxb-1", 1)
    for _ in range(TIERS[START] // 2):
        await one.wait(START, "", 0)
    assert await room(other, START) == TIERS[START] // 2
    assert await room(one, START) == 0
    assert await room(other, APPEND) == TIERS[APPEND]


async def test_another_workspace_has_its_own(docket: Docket) -> None:
    assert await room(SlackLimits(docket, "xoxb-1", 1), START) == TIERS[START]
    assert await room(SlackLimits(docket, "xoxb-2", 1), START) == TIERS[START]


async def test_progress_leaves_room_for_endings(docket: Docket) -> None:
    limits = SlackLimits(docket, "xoxb-1", 1)
    assert await room(limits, APPEND, progress=True) == 80
    assert await room(limits, APPEND) == 20


async def test_updates_leave_more_room_since_cards_and_approvals_are_updates_too(
    docket: Docket,
) -> None:
    limits = SlackLimits(docket, "xoxb-1", 1)
    assert await room(limits, UPDATE, progress=True) == 35
    assert await room(limits, UPDATE) == 15


async def test_the_more_threads_are_live_the_longer_is_the_interval_of_each(
    docket: Docket,
) -> None:
    one, other = SlackLimits(docket, "xoxb-1", 1), SlackLimits(docket, "xoxb-1", 1)
    assert await one.seconds_between_updates("C1", "1.0") == UPDATE_SECONDS
    for thread in range(20):
        await other.seconds_between_updates("C1", f"{thread}.0")
    between = await one.seconds_between_updates("C1", "1.0")
    assert 20 * MINUTE / between <= 35, "all of them together keep within the room of a minute"
    for thread in range(2, 20):
        await other.no_longer_live("C1", f"{thread}.0")
    assert await one.seconds_between_updates("C1", "1.0") < between / 5
    assert await SlackLimits(docket, "xoxb-2", 1).seconds_between_updates("C1", "1.0") == (
        UPDATE_SECONDS
    )


async def test_who_waits_gets_the_next_place_and_none_is_given_twice(docket: Docket) -> None:
    limits = SlackLimits(docket, "xoxb-1", 1)
    assert await room(limits, START) == TIERS[START]
    with pytest.raises(NoRoom):
        await limits.wait(START, "", MINUTE - 5)
    waiting = asyncio.create_task(limits.wait(START, "", MINUTE + 5))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    waiting.cancel()


async def test_a_429_pauses_the_method_for_everybody(docket: Docket) -> None:
    one, other = SlackLimits(docket, "xoxb-1", 1), SlackLimits(docket, "xoxb-1", 1)
    await one.pause(APPEND, 30)
    with pytest.raises(NoRoom):
        await other.wait(APPEND, "", 20)
    await other.wait(START, "", 0)
    await SlackLimits(docket, "xoxb-2", 1).wait(APPEND, "", 0)


async def test_a_pause_is_over_when_its_time_is(docket: Docket) -> None:
    limits = SlackLimits(docket, "xoxb-1", 1)
    await limits.pause(APPEND, 1)
    before = time.monotonic()
    await limits.wait(APPEND, "", 5)
    assert time.monotonic() - before > 0.9


async def test_messages_are_posted_about_once_a_second_in_a_channel(docket: Docket) -> None:
    limits = SlackLimits(docket, "xoxb-1", 1)
    await limits.wait("chat.postMessage", "C1", 0)
    await limits.wait("chat.postMessage", "C2", 0)
    with pytest.raises(NoRoom):
        await limits.wait("chat.postMessage", "C1", 0.5)
    before = time.monotonic()
    await limits.wait("chat.postMessage", "C1", 5)
    assert time.monotonic() - before > 0.5
