"""How many runs there are at once, and who is next: a bound for the deployment and a fair share for
each teammate. Who does not get in stands in line, in the order in which was asked."""

import time
from datetime import datetime
from typing import cast

from docket import Docket

from bot.state.engine import RedisSource
from bot.state.models import Conversation

ADMIT = """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[5])
return 1
"""


class Lines:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, at_once: int, for_a_teammate: int) -> None:
        self._engine = cast(RedisSource, docket)
        self._at_once = at_once
        self._for_a_teammate = for_a_teammate

    async def admit(
        self, identifier: str, conversation: Conversation, asked_at: datetime
    ) -> int | None:
        """Let a run begin there, or put it in line. Out: None if it may begin; its place in line,
        from 1, when it was just put there; 0 when it stands there already."""
        if await self._admitted(identifier, conversation):
            return None
        await self._drop_gone()
        if await self._admitted(identifier, conversation):
            return None
        async with self._engine.redis() as redis:
            member = _member(identifier, conversation)
            fresh = await redis.zadd("line", {member: asked_at.timestamp()})
            if not fresh:
                return 0
            line = await redis.zrangebyscore("line", "-inf", "+inf")
        return [item.decode() for item in line].index(member) + 1

    async def leave(self, identifier: str, conversation: Conversation) -> None:
        """The run has ended, or waits for its teammate."""
        async with self._engine.redis() as redis:
            await redis.zrem("running", conversation.key)
            await redis.zrem(f"running:{identifier}", conversation.key)

    async def drop(self, identifier: str, conversation: Conversation) -> None:
        """The conversation is gone: neither runs it, nor does it stand in line."""
        await self.leave(identifier, conversation)
        async with self._engine.redis() as redis:
            await redis.zrem("line", _member(identifier, conversation))

    async def next_ones(self) -> list[Conversation]:
        """Who may begin now, of those in line: the first of all, and the first of each teammate."""
        async with self._engine.redis() as redis:
            line = [item.decode() for item in await redis.zrangebyscore("line", "-inf", "+inf")]
        first: dict[str, str] = {}
        for item in line:
            identifier, _, key = item.partition("|")
            first.setdefault(identifier, key)
        return [Conversation.from_key(key) for key in first.values()]

    async def _admitted(self, identifier: str, conversation: Conversation) -> bool:
        async with self._engine.redis() as redis:
            admitted = await redis.eval(
                ADMIT,
                3,
                "running",
                f"running:{identifier}",
                "line",
                conversation.key,
                str(time.time()),
                str(self._at_once),
                str(self._for_a_teammate),
                _member(identifier, conversation),
            )
        return bool(admitted)

    async def _drop_gone(self) -> None:
        """Places of runs that are over, whose worker could not say so any more."""
        async with self._engine.redis() as redis:
            for item in await redis.zrangebyscore("running", "-inf", time.time() - 60):
                key = item.decode()
                if await redis.exists(f"run:{key}"):
                    continue
                await redis.zrem("running", key)
                async for name in redis.scan_iter(match="running:*"):
                    await redis.zrem(name, key)


def _member(identifier: str, conversation: Conversation) -> str:
    return f"{identifier}|{conversation.key}"
