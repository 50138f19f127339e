"""The state in Redis: conversations, runs, requests and what waits for a connection.

Whoever works on a conversation holds its fencing token; every change made for a run names the
token and fails with `Superseded` once somebody else has taken over. The scripts keep to the
commands that the embedded Redis knows too.
"""

import hashlib
import time
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, NamedTuple, Protocol, cast

from docket import Docket

from bot.state.models import (
    ConnectButton,
    Conversation,
    Head,
    Request,
    Run,
    Teammate,
)

SEEN_TTL = timedelta(hours=25)
"""Slack repeats a delivery within minutes, and for up to a day where delayed events are on."""

ACCEPT = """
local fresh = 1
for i = 4, #KEYS do
  if not redis.call('SET', KEYS[i], '1', 'NX', 'EX', ARGV[1]) then fresh = 0 end
end
if fresh == 1 then
  redis.call('HSET', KEYS[1], 'known', '1')
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('RPUSH', KEYS[2], ARGV[3])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4])
end
return fresh
"""

TAKE = """
local token = redis.call('HINCRBY', KEYS[1], 'fence', 1)
return {tostring(token), redis.call('GET', KEYS[2]) or '', redis.call('LRANGE', KEYS[3], 0, -1)}
"""

COMMIT = """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
local ttl, taken, run = ARGV[2], tonumber(ARGV[3]), ARGV[4]
if taken > 0 then redis.call('LTRIM', KEYS[3], taken, -1) end
for i = 7, #ARGV do redis.call('RPUSH', KEYS[4], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ttl)
redis.call('EXPIRE', KEYS[4], ttl)
if run ~= '' then
  redis.call('SET', KEYS[2], run, 'EX', ttl)
  redis.call('ZADD', KEYS[5], ARGV[6], ARGV[5])
else
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[1], 'stop')
  if redis.call('LLEN', KEYS[3]) == 0 then redis.call('ZREM', KEYS[5], ARGV[5]) end
end
return 1
"""

SIGNALS = """
return {redis.call('HGET', KEYS[1], 'fence') or '', redis.call('HGET', KEYS[1], 'stop') or ''}
"""

STOP = """
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'stop', '1')
return 1
"""

GET_AND_DELETE = """
local value = redis.call('GET', KEYS[1])
if value then redis.call('DEL', KEYS[1]) end
return value
"""


class Superseded(Exception):
    """Another worker has taken this conversation over: nothing more may be done for it here."""


class Taken(NamedTuple):
    """What one gets with a conversation: the token, its run if one is under way, its inbox."""

    token: str
    run: Run | None
    inbox: list[Request]


class Signals(NamedTuple):
    superseded: bool
    stopped: bool


class _Engine(Protocol):
    def redis(self) -> AbstractAsyncContextManager[Any]: ...


class Store:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, conversation_ttl: timedelta) -> None:
        self._engine: _Engine = cast(_Engine, docket)
        self._ttl = int(conversation_ttl.total_seconds())

    async def accept(self, request: Request, seen: list[str]) -> bool:
        """Store a request in its conversation's inbox unless one of its `seen` ids is known.

        Out: whether it was new. A repeat changes nothing.
        """
        key = request.conversation.key
        keys = [f"conversation:{key}", f"inbox:{key}", "open", *(f"seen:{name}" for name in seen)]
        fresh = await self._script(
            ACCEPT,
            keys,
            int(SEEN_TTL.total_seconds()),
            self._ttl,
            request.model_dump_json(),
            key,
            int(time.time()),
        )
        return bool(fresh)

    async def first_time(self, name: str) -> bool:
        """Whether `name` comes up for the first time within a day; from now on it is known."""
        async with self._engine.redis() as redis:
            return bool(await redis.set(f"seen:{name}", "1", nx=True, ex=SEEN_TTL))

    async def knows(self, conversation: Conversation) -> bool:
        """Whether this teammate has talked to the agent in this thread before."""
        async with self._engine.redis() as redis:
            return bool(await redis.exists(f"conversation:{conversation.key}"))

    async def left_lying(self, idle: timedelta) -> list[Conversation]:
        """The conversations in which something is to do and nothing was done for `idle`."""
        until = time.time() - idle.total_seconds()
        async with self._engine.redis() as redis:
            keys = await redis.zrangebyscore("open", "-inf", until)
        return [Conversation.from_key(key.decode()) for key in keys]

    async def take(self, conversation: Conversation) -> Taken:
        """Become the one who works on this conversation; whoever did so before is superseded."""
        key = conversation.key
        token, run, inbox = await self._script(
            TAKE, [f"conversation:{key}", f"run:{key}", f"inbox:{key}"]
        )
        return Taken(
            token.decode(),
            Run.model_validate_json(run) if run else None,
            [Request.model_validate_json(item) for item in inbox],
        )

    async def inbox(self, conversation: Conversation) -> list[Request]:
        async with self._engine.redis() as redis:
            items = await redis.lrange(f"inbox:{conversation.key}", 0, -1)
        return [Request.model_validate_json(item) for item in items]

    async def commit(
        self,
        conversation: Conversation,
        token: str,
        run: Run | None,
        *,
        taken: int = 0,
        messages: list[str] | None = None,
    ) -> None:
        """Save the run (None: it has ended), drop `taken` requests from the inbox and append
        `messages` (JSON, as sent to Claude), all at once. Raises Superseded."""
        key = conversation.key
        done = await self._script(
            COMMIT,
            [f"conversation:{key}", f"run:{key}", f"inbox:{key}", f"messages:{key}", "open"],
            token,
            self._ttl,
            taken,
            run.model_dump_json() if run else "",
            key,
            int(time.time()),
            *(messages or []),
        )
        if not done:
            raise Superseded(key)

    async def signals(self, conversation: Conversation, token: str) -> Signals:
        fence, stop = await self._script(SIGNALS, [f"conversation:{conversation.key}"])
        return Signals(superseded=fence.decode() != token, stopped=bool(stop))

    async def stop(self, conversation: Conversation) -> bool:
        """Mark the conversation's run to be stopped. Out: whether there is one."""
        key = conversation.key
        return bool(await self._script(STOP, [f"conversation:{key}", f"run:{key}"]))

    async def messages(self, conversation: Conversation) -> list[str]:
        """The conversation with Claude so far, each message as the JSON that was sent."""
        async with self._engine.redis() as redis:
            items = await redis.lrange(f"messages:{conversation.key}", 0, -1)
        return [item.decode() for item in items]

    async def head(self, conversation: Conversation) -> Head | None:
        async with self._engine.redis() as redis:
            value = await redis.hget(f"conversation:{conversation.key}", "head")
        return Head.model_validate_json(value) if value else None

    async def save_head(self, conversation: Conversation, head: Head) -> None:
        async with self._engine.redis() as redis:
            await redis.hset(f"conversation:{conversation.key}", "head", head.model_dump_json())

    async def save_toolset(self, tools: str) -> str:
        """Store the tools (JSON, as sent to Claude). Out: the hash that finds them again."""
        name = hashlib.sha256(tools.encode()).hexdigest()
        async with self._engine.redis() as redis:
            await redis.set(f"toolset:{name}", tools, ex=self._ttl)
        return name

    async def toolset(self, name: str) -> str | None:
        async with self._engine.redis() as redis:
            value = await redis.get(f"toolset:{name}")
            if value:
                await redis.expire(f"toolset:{name}", self._ttl)
        return value.decode() if value else None

    async def wait_for_connection(self, identifier: str, conversation: Conversation) -> None:
        """Remember that this conversation goes on once `identifier` is connected."""
        async with self._engine.redis() as redis:
            key = f"waiting:{identifier}"
            await redis.rpush(key, conversation.key)
            await redis.expire(key, self._ttl)

    async def waiting_for_connection(self, identifier: str) -> list[Conversation]:
        """Those conversations, in the order in which they began to wait; each once."""
        async with self._engine.redis() as redis:
            keys = await redis.lrange(f"waiting:{identifier}", 0, -1)
        return [Conversation.from_key(key) for key in dict.fromkeys(k.decode() for k in keys)]

    async def end_waiting(self, identifier: str, conversation: Conversation) -> None:
        async with self._engine.redis() as redis:
            await redis.lrem(f"waiting:{identifier}", 0, conversation.key)

    async def save_once(self, key: str, value: str, ttl: timedelta) -> None:
        """Keep something that can be taken a single time, within `ttl`."""
        async with self._engine.redis() as redis:
            await redis.set(key, value, ex=ttl)

    async def take_once(self, key: str) -> str | None:
        """What was kept under this key; from now on there is nothing."""
        value = await self._script(GET_AND_DELETE, [key])
        return value.decode() if value else None

    async def connect_button(self, identifier: str) -> ConnectButton | None:
        """The button that this teammate was sent last, as long as its link may be good."""
        async with self._engine.redis() as redis:
            value = await redis.get(f"button:{identifier}")
        return ConnectButton.model_validate_json(value) if value else None

    async def save_connect_button(
        self, identifier: str, button: ConnectButton, ttl: timedelta
    ) -> None:
        async with self._engine.redis() as redis:
            await redis.set(f"button:{identifier}", button.model_dump_json(), ex=ttl)

    async def forget_connect_button(self, identifier: str) -> None:
        async with self._engine.redis() as redis:
            await redis.delete(f"button:{identifier}")

    async def teammate(self, identifier: str) -> Teammate | None:
        async with self._engine.redis() as redis:
            value = await redis.get(f"teammate:{identifier}")
        return Teammate.model_validate_json(value) if value else None

    async def save_teammate(self, identifier: str, teammate: Teammate, ttl: timedelta) -> None:
        async with self._engine.redis() as redis:
            await redis.set(f"teammate:{identifier}", teammate.model_dump_json(), ex=ttl)

    async def forget_teammate(self, identifier: str) -> None:
        async with self._engine.redis() as redis:
            await redis.delete(f"teammate:{identifier}")

    async def ping(self) -> None:
        """Prove that Redis takes writes, which a bare PING does not when it is full."""
        async with self._engine.redis() as redis:
            await redis.set("ready", "1", ex=60)

    async def _script(self, script: str, keys: list[str], *arguments: str | int) -> Any:
        async with self._engine.redis() as redis:
            return await redis.eval(script, len(keys), *keys, *map(str, arguments))
