"""What may be taken a single time, such as the state of an authorization link."""

import time
from datetime import timedelta
from typing import Any, cast

from docket import Docket

from bot.state.engine import RedisSource

REMEMBERED = timedelta(hours=24)
"""For how long something that was taken can be told from something that never was there."""

TAKE = """
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 6) == 'value:' then
  redis.call('SET', KEYS[1], 'taken:' .. string.sub(value, 7), 'EX', ARGV[1])
end
return value
"""


class Unknown(Exception):
    """Nothing is kept under this key: its time is over, or it was never there."""


class AlreadyTaken(Exception):
    """It was taken before. `value` is what it was."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value


class Once:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket) -> None:
        self._engine = cast(RedisSource, docket)

    async def save(self, key: str, value: str, ttl: timedelta) -> None:
        async with self._engine.redis() as redis:
            await redis.set(key, f"value:{value}", ex=ttl)

    async def is_there(self, key: str) -> bool:
        """Whether it can still be taken."""
        async with self._engine.redis() as redis:
            found = await redis.get(key)
        return bool(found) and found.startswith(b"value:")

    async def look(self, key: str) -> str:
        """Like `take`, but it stays to be taken."""
        async with self._engine.redis() as redis:
            found = await redis.get(key)
        return _value(found)

    async def take(self, key: str) -> str:
        """What was kept under this key. Raises Unknown, or AlreadyTaken from the second time on."""
        async with self._engine.redis() as redis:
            ttl = str(int(REMEMBERED.total_seconds()))
            found = await redis.eval(TAKE, 1, key, ttl)
        return _value(found)

    async def use_up(self, key: str, value: str) -> None:
        """From now on it counts as taken, even if its time was over."""
        async with self._engine.redis() as redis:
            await redis.set(key, f"taken:{value}", ex=REMEMBERED)

    async def is_first(self, key: str, item: str, kept: timedelta, at_most: int) -> bool:
        """Whether `item` comes to this list for the first time; from now on it is on it.

        For what strangers may bring: the list keeps the latest `at_most` items for the time `kept`.
        """
        now = time.time()
        async with self._engine.redis() as redis:
            first = bool(await redis.zadd(key, {item: now}, nx=True))
            await redis.expire(key, kept)
            await redis.zremrangebyscore(key, "-inf", now - kept.total_seconds())
            too_many = await redis.zcard(key) - at_most
            if too_many > 0:
                await redis.zrem(key, *await redis.zrange(key, 0, too_many - 1))
        return first


def _value(found: Any) -> str:
    """Raises Unknown or AlreadyTaken."""
    if not found:
        raise Unknown
    kind, _, value = str(found.decode()).partition(":")
    if kind == "taken":
        raise AlreadyTaken(value)
    return value
