"""What a teammate has spent today, and what calls under way hold of it: on both kinds of Redis."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from docket import Docket

from bot.state.daily_tokens import DailyTokens, DaySpent, Reservation

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
HOLD = timedelta(minutes=6)


class Day:
    """One teammate's, with 1,000 tokens a day."""

    def __init__(self, docket: Docket, who: str = "maya") -> None:
        self.tokens = DailyTokens(docket, 1_000)
        self._docket = docket
        self._who = who

    async def reserve(
        self, run: str, tokens: int, now: datetime = NOW, ends: datetime = MIDNIGHT
    ) -> Reservation:
        return await self.tokens.reserve(self._who, run, tokens, now=now, day_ends=ends, hold=HOLD)

    async def spend(self, run: str, tokens: int) -> None:
        await self.tokens.settle(await self.reserve(run, tokens), tokens)

    async def spent(self) -> int:
        async with self._docket.redis() as redis:
            return int(await redis.hget(f"tokens:{self._who}", "spent"))

    async def held(self) -> int:
        async with self._docket.redis() as redis:
            return int(await redis.zcard(f"tokens-held:{self._who}"))


@pytest.fixture
def day(docket: Docket) -> Day:
    return Day(docket)


async def test_a_call_is_reserved_and_then_costs_what_it_cost(day: Day) -> None:
    reservation = await day.reserve("r1", 600)
    assert await day.spent() == 0
    await day.tokens.settle(reservation, 700)
    assert (await day.spent(), await day.held()) == (700, 0)
    with pytest.raises(DaySpent) as caught:
        await day.reserve("r2", 301)
    assert caught.value.until == MIDNIGHT
    assert await day.reserve("r2", 300)


async def test_two_runs_at_the_edge_cannot_both_have_the_last_tokens(day: Day) -> None:
    await day.spend("r0", 500)
    tried = await asyncio.gather(
        *(day.reserve(f"r{number}", 400) for number in range(1, 9)), return_exceptions=True
    )
    assert len([it for it in tried if isinstance(it, Reservation)]) == 1
    assert len([it for it in tried if isinstance(it, DaySpent)]) == 7


async def test_settling_twice_counts_once(day: Day) -> None:
    reservation = await day.reserve("r1", 100)
    for _ in range(2):
        await day.tokens.settle(reservation, 100)
    assert await day.spent() == 100


async def test_a_call_that_did_not_happen_costs_nothing(day: Day) -> None:
    await day.tokens.settle(await day.reserve("r1", 1_000), 0)
    assert await day.reserve("r2", 1_000)


async def test_what_a_crashed_worker_held_is_free_when_its_run_goes_on(day: Day) -> None:
    left = await day.reserve("r1", 900)
    again = await day.reserve("r1", 900)
    assert await day.held() == 1
    await day.tokens.settle(again, 50)
    await day.tokens.settle(left, 50)
    assert (await day.spent(), await day.held()) == (50, 0)


async def test_what_a_crashed_worker_held_is_free_after_a_while_though_its_run_is_gone(
    day: Day,
) -> None:
    await day.reserve("r1", 900)
    with pytest.raises(DaySpent):
        await day.reserve("r2", 900, NOW + HOLD - timedelta(seconds=1))
    assert await day.reserve("r2", 900, NOW + HOLD)


async def test_a_new_day_begins_with_nothing_spent_and_nothing_held(day: Day) -> None:
    await day.spend("r1", 900)
    late = await day.reserve("r2", 100, MIDNIGHT - timedelta(seconds=1))
    with pytest.raises(DaySpent):
        await day.reserve("r3", 1, MIDNIGHT - timedelta(seconds=1))
    tomorrow = MIDNIGHT + timedelta(days=1)
    assert await day.reserve("r3", 1_000, MIDNIGHT, tomorrow)
    await day.tokens.settle(late, 100)
    assert await day.spent() == 0, "what was begun yesterday is yesterday's"


async def test_nobody_gets_a_new_day_by_changing_time_zones(day: Day) -> None:
    await day.spend("r1", 1_000)
    for ends in (MIDNIGHT - timedelta(hours=11), MIDNIGHT + timedelta(hours=9)):
        with pytest.raises(DaySpent) as caught:
            await day.reserve("r2", 1, NOW, ends)
        assert caught.value.until == MIDNIGHT


async def test_each_teammate_has_a_day_of_their_own(day: Day, docket: Docket) -> None:
    await day.spend("r1", 1_000)
    assert await Day(docket, "tom").reserve("r2", 1_000)


async def test_a_run_whose_name_begins_like_anothers_is_another(day: Day) -> None:
    await day.reserve("r11", 900)
    with pytest.raises(DaySpent):
        await day.reserve("r1", 900)


async def test_nothing_of_it_is_kept_longer_than_the_day(day: Day, docket: Docket) -> None:
    await day.spend("r1", 10)
    await day.reserve("r2", 10)
    async with docket.redis() as redis:
        for key in ("tokens:maya", "tokens-held:maya"):
            assert 0 < await redis.ttl(key) <= 12 * 3600 + 60
