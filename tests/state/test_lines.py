"""Who may begin a run, and who stands in line: on both kinds of Redis."""

from datetime import UTC, datetime, timedelta

from docket import Docket

from bot.state.lines import Lines
from bot.state.models import Conversation

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def thread(number: int, user: str = "U1") -> Conversation:
    return Conversation("T1", "C1", f"{number}.1", user)


async def test_a_teammate_has_a_share_and_others_pass_by(docket: Docket) -> None:
    lines = Lines(docket, at_once=10, for_a_teammate=2)
    places = [await lines.admit("maya", thread(n), NOW + timedelta(seconds=n)) for n in range(4)]
    assert places == [None, None, 1, 2]
    assert await lines.admit("maya", thread(3), NOW) == 0
    assert await lines.admit("tom", thread(9, "U2"), NOW) is None
    assert await lines.admit("maya", thread(0), NOW) is None
    assert await lines.next_ones() == [thread(3)]
    await lines.leave("maya", thread(0))
    assert await lines.admit("maya", thread(2), NOW) is None
    assert await lines.admit("maya", thread(3), NOW) == 0
    await lines.drop("maya", thread(3))
    assert await lines.next_ones() == []


async def test_the_deployment_has_a_bound(docket: Docket) -> None:
    lines = Lines(docket, at_once=2, for_a_teammate=2)
    assert await lines.admit("maya", thread(1), NOW) is None
    assert await lines.admit("tom", thread(2), NOW) is None
    assert await lines.admit("aisha", thread(3), NOW) == 1
    await lines.leave("maya", thread(1))
    assert await lines.next_ones() == [thread(3)]
    assert await lines.admit("aisha", thread(3), NOW) is None
    assert await lines.next_ones() == []


async def test_places_of_runs_that_are_gone_are_given_away(docket: Docket) -> None:
    lines = Lines(docket, at_once=1, for_a_teammate=1)
    assert await lines.admit("maya", thread(1), NOW) is None
    async with docket.redis() as redis:
        await redis.zadd("running", {thread(1).key: 1.0})
    assert await lines.admit("tom", thread(2, "U2"), NOW) is None
