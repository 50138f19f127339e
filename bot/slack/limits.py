"""Slack's rate limits, kept by all processes together: each call takes a place in its method's
minute, in the order in which they come, and everybody pauses where Slack asks one of them to.

From Slack's docs on rate limits: a method's tier allows so many calls a minute and workspace;
messages are posted about once a second in a channel.
"""

import asyncio
import hashlib
import secrets
import time
from typing import cast

from docket import Docket

from bot.state.engine import RedisSource

MINUTE = 61.0
"""Seconds, with one more for Slack's clock not being ours."""
TIERS = {
    "agents.sessions.rename": 50,
    "agents.sessions.setStatus": 50,
    "assistant.threads.setStatus": 600,
    "assistant.threads.setTitle": 50,
    "auth.test": 600,
    "chat.appendStream": 100,
    "chat.delete": 50,
    "chat.getPermalink": 100,
    "chat.postEphemeral": 100,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.open": 50,
    "conversations.replies": 50,
    "conversations.list": 20,
    "files.completeUploadExternal": 100,
    "files.delete": 50,
    "files.getUploadURLExternal": 100,
    "files.info": 100,
    "reactions.add": 50,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
}
LEFT_FOR_ENDINGS = 0.2
"""Of a method's minute, what progress does not use up."""
UPDATE = "chat.update"
LEFT_OF_UPDATES = 0.3
"""More of it: besides endings, approvals and their cards are updates too."""
UPDATE_SECONDS = 2.0
"""Between two updates of one live message, while it is the only one."""
POST = "chat.postMessage"
POST_SECONDS = 1.0
THREAD_SECONDS = 1.0

TAKE = """
local now, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
local at_once, within = tonumber(ARGV[3]), tonumber(ARGV[4])
local place = now
local paused = tonumber(redis.call('GET', KEYS[2]) or '0')
if paused > place then place = paused end
local before = redis.call('ZRANGE', KEYS[1], -at_once, -at_once, 'WITHSCORES')
if before[2] and tonumber(before[2]) + within > place then
  place = tonumber(before[2]) + within
end
if place - now > patience then return string.format('%.3f', now - place) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.3f', now - within))
redis.call('ZADD', KEYS[1], string.format('%.3f', place), ARGV[5])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (place - now + within) * 1000))
return string.format('%.3f', place - now)
"""


class NoRoom(Exception):
    """The call would have to wait longer than it is worth: `seconds`, as things stand."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class SlackLimits:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, bot_token: str, factor: float) -> None:
        """`factor`: how many times the published limits Slack grants; all paces go by it."""
        self._engine = cast(RedisSource, docket)
        self._workspace = hashlib.sha256(bot_token.encode()).hexdigest()[:8]
        self._factor = factor

    async def wait(
        self, method: str, channel_id: str, patience: float, *, progress: bool = False
    ) -> None:
        """Return once the method may be called; `progress`: what can be left out leaves room for
        what cannot. Raises NoRoom."""
        if method == POST:
            within = POST_SECONDS / self._factor
            await self._wait(f"{method}:{channel_id}", method, 1, within, patience)
        elif method in TIERS:
            at_once = self._room(method, progress=progress)
            await self._wait(method, method, at_once, MINUTE, patience)

    def _room(self, method: str, *, progress: bool) -> int:
        """How many calls of the method a minute has room for."""
        left = LEFT_OF_UPDATES if method == UPDATE else LEFT_FOR_ENDINGS
        return max(1, int(TIERS[method] * self._factor * (1 - left if progress else 1)))

    async def wait_for_thread(
        self,
        channel_id: str,
        thread_ts: str,
        patience: float = float("inf"),
        *,
        seconds: float | None = None,
    ) -> None:
        """Return once somebody may write in the thread: so many seconds after the last time, or
        about one. Raises NoRoom."""
        name = _thread(channel_id, thread_ts)
        within = self.scaled(THREAD_SECONDS) if seconds is None else seconds
        await self._wait(name, "", 1, within, patience)

    def scaled(self, seconds: float) -> float:
        """A pause as long as the granted limits want it."""
        return seconds / self._factor

    async def seconds_between_updates(
        self, channel_id: str, thread_ts: str, least: float = UPDATE_SECONDS
    ) -> float:
        """How long a live message of this thread waits from one update to the next. All live
        threads share the room that there is for updates."""
        now, key = time.time(), self._key("live")
        async with self._engine.redis() as redis, redis.pipeline() as pipeline:
            pipeline.zadd(key, {_thread(channel_id, thread_ts): now})
            pipeline.zremrangebyscore(key, "-inf", now - MINUTE)
            pipeline.zcard(key)
            pipeline.expire(key, int(MINUTE))
            live = (await pipeline.execute())[2]
        fair = live * MINUTE / self._room(UPDATE, progress=True)
        return float(max(self.scaled(least), fair))

    async def no_longer_live(self, channel_id: str, thread_ts: str) -> None:
        """No message of this thread is updated any more, for now."""
        async with self._engine.redis() as redis:
            await redis.zrem(self._key("live"), _thread(channel_id, thread_ts))

    async def wrote_in_thread(self, channel_id: str, thread_ts: str) -> None:
        """A call has come back: the thread's pause begins now, however late it was on its way."""
        key = self._key(_thread(channel_id, thread_ts))
        async with self._engine.redis() as redis, redis.pipeline() as pipeline:
            pipeline.zadd(key, {secrets.token_hex(8): time.time()})
            pipeline.expire(key, int(MINUTE))
            await pipeline.execute()

    async def pause(self, method: str, seconds: float) -> None:
        """Slack answered 429: nobody calls the method for that long."""
        async with self._engine.redis() as redis:
            until = str(time.time() + seconds)
            await redis.set(self._paused(method), until, px=int(seconds * 1000) + 1)

    async def _wait(
        self, name: str, method: str, at_once: int, within: float, patience: float
    ) -> None:
        while True:
            async with self._engine.redis() as redis:
                left = await redis.eval(
                    TAKE,
                    2,
                    self._key(name),
                    self._paused(method),
                    str(time.time()),
                    str(min(patience, 1e6)),
                    str(at_once),
                    str(within),
                    secrets.token_hex(8),
                )
            seconds = float(left)
            if seconds < 0:
                raise NoRoom(-seconds)
            if seconds == 0:
                return
            await asyncio.sleep(seconds)
            async with self._engine.redis() as redis:
                if not await redis.exists(self._paused(method)):
                    return

    def _paused(self, method: str) -> str:
        return self._key(f"paused:{method}")

    def _key(self, name: str) -> str:
        return f"slack:{self._workspace}:{name}"


def _thread(channel_id: str, thread_ts: str) -> str:
    return f"thread:{channel_id}:{thread_ts}"
