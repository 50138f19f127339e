"""What is kept for each teammate, by Scalekit identifier: the account as it was last seen, what
waits for it, preferences, recent requests."""

import json
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from docket import Docket

from bot.base_model import BaseModel
from bot.state.engine import RedisSource
from bot.state.models import (
    ConnectButton,
    Conversation,
    Owner,
    Preferences,
    RecentRequest,
    Teammate,
)
from bot.state.reading import parsed

M = TypeVar("M", bound=BaseModel)

STRICTEST = Preferences(approvals="writes", private=True)

RECENT = 10
KINDS = (
    "owner",
    "teammate",
    "tools",
    "connected-since",
    "button",
    "notice",
    "waiting",
    "preferences",
    "recent",
)


class Profiles:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, ttl: timedelta) -> None:
        """`ttl`: how long recent requests and waiting conversations are remembered."""
        self._engine = cast(RedisSource, docket)
        self._ttl = ttl

    # Who it is.

    async def save_owner(self, identifier: str, owner: Owner) -> None:
        """Remember whose identifier this is, as long as there may be an account."""
        async with self._engine.redis() as redis:
            await redis.set(f"owner:{identifier}", owner.model_dump_json())
            await redis.sadd(f"identifiers:{owner.team_id}", identifier)

    async def owner(self, identifier: str) -> Owner | None:
        return await self._get(f"owner:{identifier}", Owner)

    async def identifiers(self, team_id: str) -> list[str]:
        """Everybody of this workspace who ever asked something or began to connect."""
        async with self._engine.redis() as redis:
            members = await redis.smembers(f"identifiers:{team_id}")
        return sorted(member.decode() for member in members)

    # The account, as it was last seen.

    async def teammate(self, identifier: str) -> Teammate | None:
        return await self._get(f"teammate:{identifier}", Teammate)

    async def save_teammate(self, identifier: str, teammate: Teammate, ttl: timedelta) -> None:
        await self._set(f"teammate:{identifier}", teammate, ttl)

    async def tools(self, identifier: str) -> list[Any] | None:
        """The account's tools as JSON values."""
        async with self._engine.redis() as redis:
            value = await redis.get(f"tools:{identifier}")
        return list(json.loads(value)) if value else None

    async def save_tools(self, identifier: str, tools: list[Any], ttl: timedelta) -> None:
        async with self._engine.redis() as redis:
            await redis.set(f"tools:{identifier}", json.dumps(tools), ex=ttl)

    async def forget_account(self, identifier: str) -> None:
        """What was read from the account; it is read again when it is next needed."""
        await self._delete(f"teammate:{identifier}", f"tools:{identifier}")

    async def save_connected_since(self, identifier: str, since: datetime) -> None:
        async with self._engine.redis() as redis:
            await redis.set(f"connected-since:{identifier}", since.isoformat())

    async def connected_since(self, identifier: str) -> datetime | None:
        async with self._engine.redis() as redis:
            value = await redis.get(f"connected-since:{identifier}")
        return datetime.fromisoformat(value.decode()) if value else None

    # Connecting it.

    async def connect_button(self, identifier: str) -> ConnectButton | None:
        """The button that this teammate was sent last, as long as its link may be good."""
        return await self._get(f"button:{identifier}", ConnectButton)

    async def save_connect_button(
        self, identifier: str, button: ConnectButton, ttl: timedelta
    ) -> None:
        await self._set(f"button:{identifier}", button, ttl)

    async def forget_connect_button(self, identifier: str) -> None:
        await self._delete(f"button:{identifier}")

    async def connected_notice(self, identifier: str) -> ConnectButton | None:
        """The direct message that says as whom this teammate is connected."""
        return await self._get(f"notice:{identifier}", ConnectButton)

    async def save_connected_notice(self, identifier: str, notice: ConnectButton) -> None:
        await self._set(f"notice:{identifier}", notice, self._ttl)

    async def forget_connected_notice(self, identifier: str) -> None:
        await self._delete(f"notice:{identifier}")

    async def wait_for_connection(
        self, identifier: str, conversation: Conversation, since: datetime
    ) -> None:
        """Remember that this conversation goes on once `identifier` is connected. `since`: when
        what waits there was asked."""
        async with self._engine.redis() as redis:
            key = f"waiting:{identifier}"
            await redis.zadd(key, {conversation.key: since.timestamp()})
            await redis.expire(key, self._ttl)

    async def waiting_for_connection(self, identifier: str) -> list[Conversation]:
        """Those conversations, in the order in which was asked."""
        async with self._engine.redis() as redis:
            keys = await redis.zrangebyscore(f"waiting:{identifier}", "-inf", "+inf")
        return [Conversation.from_key(key.decode()) for key in keys]

    async def end_waiting(self, identifier: str, conversation: Conversation) -> None:
        async with self._engine.redis() as redis:
            await redis.zrem(f"waiting:{identifier}", conversation.key)

    # What they want and what they asked.

    async def preferences(self, identifier: str) -> Preferences:
        """What does not parse may have been as strict as can be, and counts as that."""
        key = f"preferences:{identifier}"
        found = await self._get(key, Preferences)
        async with self._engine.redis() as redis:
            lost = found is None and await redis.exists(key)
        return found or (STRICTEST if lost else Preferences())

    async def save_preferences(self, identifier: str, preferences: Preferences) -> None:
        async with self._engine.redis() as redis:
            await redis.set(f"preferences:{identifier}", preferences.model_dump_json())

    async def note_request(self, identifier: str, request: RecentRequest) -> None:
        """Remember a request, or how it stands by now; the oldest go."""
        key = f"recent:{identifier}"
        async with self._engine.redis() as redis:
            await redis.hset(key, request.reference, request.model_dump_json())
            await redis.expire(key, self._ttl)
        old = (await self.recent_requests(identifier))[RECENT:]
        if old:
            async with self._engine.redis() as redis:
                await redis.hdel(key, *(item.reference for item in old))

    async def recent_requests(self, identifier: str) -> list[RecentRequest]:
        """The latest first."""
        async with self._engine.redis() as redis:
            values = await cast(Awaitable[list[bytes]], redis.hvals(f"recent:{identifier}"))
        found = [parsed(RecentRequest, value, f"recent:{identifier}") for value in values]
        return sorted(
            (item for item in found if item), key=lambda item: item.received_at, reverse=True
        )

    async def erase(self, identifier: str) -> None:
        """All that is kept for this teammate here."""
        owner = await self.owner(identifier)
        if owner:
            async with self._engine.redis() as redis:
                await redis.srem(f"identifiers:{owner.team_id}", identifier)
        await self._delete(*(f"{kind}:{identifier}" for kind in KINDS))

    async def _get(self, key: str, model: type[M]) -> M | None:
        async with self._engine.redis() as redis:
            value = await redis.get(key)
        return parsed(model, value, key) if value else None

    async def _set(self, key: str, value: BaseModel, ttl: timedelta) -> None:
        async with self._engine.redis() as redis:
            await redis.set(key, value.model_dump_json(), ex=ttl)

    async def _delete(self, *keys: str) -> None:
        async with self._engine.redis() as redis:
            await redis.delete(*keys)
