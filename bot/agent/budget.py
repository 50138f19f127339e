"""What may be spent: on one request, after which Claude sums up, and by one person in a day."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from redis.exceptions import RedisError

from bot.agent.prompt import zone
from bot.settings import Settings
from bot.state.daily_tokens import DailyTokens
from bot.state.models import Run

log = structlog.get_logger()

TWENTIETHS = {"input": 20, "cache_creation": 25, "cache_read": 2, "output": 100}
"""What a token of each kind costs, in twentieths of a token of input: writing to the cache for five
minutes costs 1.25 times as much, reading from it a tenth (for some models less), output five times
as much for every current model: platform.claude.com/docs/en/about-claude/pricing"""
OUTPUT_EXPECTED = 2_000
"""Tokens that a turn is expected to write, thinking included."""
CHARACTERS_PER_TOKEN = 4
HOLD = timedelta(minutes=6)
"""A turn has a deadline of five minutes."""


def spent(run: Run, settings: Settings) -> str:
    """What is spent, in words for Claude; empty as long as there is enough of everything."""
    if run.turn >= settings.run_turns:
        return f"{settings.run_turns} turns"
    if run.seconds >= settings.run_minutes * 60:
        return f"{settings.run_minutes} minutes of work"
    if run.tokens >= settings.run_tokens:
        return f"{settings.run_tokens} tokens"
    return ""


def sum_up(what: str) -> str:
    """The later system message that ends the work."""
    return (
        f"The budget for this request is spent: {what}. Call no more tools. Tell the teammate "
        "what you found and did so far, what is still open, and how to go on."
    )


def cost(tokens_by_kind: dict[str, int]) -> int:
    """What a call cost, in tokens of input."""
    twentieths = sum(TWENTIETHS[kind] * tokens for kind, tokens in tokens_by_kind.items())
    return -(-twentieths // 20)


def expected_cost(prompt: list[Any], tokens_before: int) -> int:
    """What a call is likely to cost, before it is made.

    Args:
        prompt: all that Claude will read.
        tokens_before: how many tokens the conversation had the last time, which are probably
            read from the cache.
    """
    characters = len(json.dumps(prompt, ensure_ascii=False))
    total = characters // CHARACTERS_PER_TOKEN
    cached = min(tokens_before, total)
    return cost({"cache_read": cached, "cache_creation": total - cached, "output": OUTPUT_EXPECTED})


def end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """The next midnight where the teammate is, whatever the clocks do that day."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


class DayBudget:
    """What each person may spend in a day of theirs."""

    def __init__(self, tokens: DailyTokens) -> None:
        self._tokens = tokens

    @asynccontextmanager
    async def call(
        self, identifier: str, run: Run, time_zone: str, expected: int
    ) -> AsyncIterator[dict[str, int]]:
        """One call of Claude's: tokens are reserved for it before, and what it cost is spent after.

        Yields:
            The call's tokens by kind, for whoever makes it to fill in. If it breaks off, what is
            known by then counts; with nothing known, nothing.

        Raises:
            DaySpent: too little is left today; nothing may be asked.
        """
        now = datetime.now(UTC)
        reservation = await self._tokens.reserve(
            identifier,
            run.reference,
            expected,
            now=now,
            day_ends=end_of_day(now, zone(time_zone)),
            hold=HOLD,
        )
        used: dict[str, int] = {}
        try:
            yield used
        finally:
            try:
                await self._tokens.settle(reservation, cost(used))
            except RedisError as error:
                log.warning("tokens_not_settled", tokens=cost(used), why=type(error).__name__)
