"""What Slack said a little while ago, kept in Redis for all processes together."""

import hashlib
from datetime import timedelta
from typing import TypeVar, cast

from docket import Docket
from pydantic import ValidationError

from bot.base_model import BaseModel
from bot.state.engine import RedisSource

M = TypeVar("M", bound=BaseModel)


class NotCached(Exception):
    """Slack would have to be asked, which the caller has no time for."""


class Cache:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, bot_token: str) -> None:
        self._engine = cast(RedisSource, docket)
        self._workspace = hashlib.sha256(bot_token.encode()).hexdigest()[:8]

    async def get(self, kind: str, id: str, model: type[M]) -> M | None:
        """None for what is not there, or was written by a release with other fields."""
        async with self._engine.redis() as redis:
            value = await redis.get(self._key(kind, id))
        try:
            return model.model_validate_json(value) if value else None
        except ValidationError:
            return None

    async def put(self, kind: str, id: str, value: BaseModel, ttl: timedelta) -> None:
        async with self._engine.redis() as redis:
            await redis.set(self._key(kind, id), value.model_dump_json(), ex=ttl)

    async def drop(self, kind: str, id: str) -> None:
        async with self._engine.redis() as redis:
            await redis.delete(self._key(kind, id))

    def _key(self, kind: str, id: str) -> str:
        return f"slack:{self._workspace}:{kind}:{id}"
