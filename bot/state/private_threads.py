"""Where in the direct messages a channel's thread is answered privately: one private thread for
each teammate and thread. It is kept with the teammate's conversation in that thread, and goes with
it."""

import time
from datetime import timedelta
from typing import cast

from docket import Docket

from bot.base_model import BaseModel
from bot.state.engine import RedisSource
from bot.state.models import Conversation

FIELD = "private"


class PrivateThread(BaseModel):
    channel_id: str
    thread_ts: str
    opened_for: str
    """The ts of the message that it was opened for, which is quoted at its top."""


class PrivateThreads:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, ttl: timedelta) -> None:
        self._engine = cast(RedisSource, docket)
        self._ttl = ttl

    async def get(self, conversation: Conversation) -> PrivateThread | None:
        async with self._engine.redis() as redis:
            value = await redis.hget(f"conversation:{conversation.key}", FIELD)
        return PrivateThread.model_validate_json(value) if value else None

    async def save(
        self, conversation: Conversation, thread: PrivateThread, identifier: str
    ) -> None:
        """The teammate has talked to the agent in the channel's thread, too, by this."""
        key = f"conversation:{conversation.key}"
        async with self._engine.redis() as redis:
            await redis.hset(key, FIELD, thread.model_dump_json())
            await redis.expire(key, self._ttl)
            await redis.zadd(f"conversations:{identifier}", {conversation.key: time.time()})
            await redis.expire(f"conversations:{identifier}", self._ttl)

    async def forget(self, conversation: Conversation) -> None:
        async with self._engine.redis() as redis:
            await redis.hdel(f"conversation:{conversation.key}", FIELD)

    async def carry_over(self, conversation: Conversation, private: Conversation) -> None:
        """Let a private conversation begin with what was said in the channel's thread, unless work
        goes on there or something was said privately already."""
        key, new = conversation.key, private.key
        async with self._engine.redis() as redis:
            if await redis.exists(f"run:{key}") or await redis.exists(f"messages:{new}"):
                return
            said = await redis.lrange(f"messages:{key}", 0, -1)
            if not said:
                return
            kept = {
                name: value
                for name in ("head", "size")
                if (value := await redis.hget(f"conversation:{key}", name))
            }
            async with redis.pipeline() as pipeline:
                pipeline.rpush(f"messages:{new}", *said)
                pipeline.expire(f"messages:{new}", self._ttl)
                if kept:
                    pipeline.hset(f"conversation:{new}", mapping=kept)
                    pipeline.expire(f"conversation:{new}", self._ttl)
                await pipeline.execute()
