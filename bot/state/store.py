"""The state of the work in Redis: conversations with their requests and runs.

Whoever works on a conversation holds its fencing token; every change made for a run names the
token and fails with `Superseded` once somebody else has taken over. The scripts keep to the
commands that the embedded Redis knows too.
"""

import hashlib
import time
from datetime import timedelta
from typing import Any, Literal, NamedTuple, cast

from docket import Docket

from bot.state.engine import RedisSource
from bot.state.models import Conversation, Decision, Head, Request, Run, Trace
from bot.state.reading import parsed
from bot.state.set_aside import SET_ASIDE, Unreadable

SEEN_TTL = timedelta(hours=25)
"""Slack repeats a delivery within minutes, and for up to a day where delayed events are on."""

KINDS = (
    "conversation",
    "run",
    "inbox",
    "messages",
    "decisions",
    "answers",
    "traces",
    "feedback",
    "set-aside",
)

ACCEPT = """
local fresh = 1
for i = 5, #KEYS do
  if not redis.call('SET', KEYS[i], '1', 'NX', 'EX', ARGV[1]) then fresh = 0 end
end
if fresh == 1 then
  redis.call('HSET', KEYS[1], 'known', '1')
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('RPUSH', KEYS[2], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4])
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[4])
  redis.call('EXPIRE', KEYS[4], ARGV[2])
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
if ARGV[7] == '1' then
  redis.call('DEL', KEYS[4])
end
for i = 8, #ARGV do redis.call('RPUSH', KEYS[4], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ttl)
redis.call('EXPIRE', KEYS[4], ttl)
if run ~= '' then
  redis.call('SET', KEYS[2], run, 'EX', ttl)
  redis.call('ZADD', KEYS[5], ARGV[6], ARGV[5])
else
  redis.call('DEL', KEYS[2], KEYS[6])
  redis.call('HDEL', KEYS[1], 'stop')
  if redis.call('LLEN', KEYS[3]) == 0 then redis.call('ZREM', KEYS[5], ARGV[5]) end
end
return 1
"""

SIGNALS = """
return {redis.call('HGET', KEYS[1], 'fence') or '', redis.call('HGET', KEYS[1], 'stop') or ''}
"""

STOP = """
if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('LLEN', KEYS[3]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'stop', ARGV[1])
return 1
"""

DECIDE = """
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class Superseded(Exception):
    """Another worker has taken this conversation over: nothing more may be done for it here."""


class Taken(NamedTuple):
    """What one gets with a conversation: the token, its run if one is under way, and its inbox. If
    what is next does not parse, that instead."""

    token: str
    run: Run | None
    inbox: list[Request]
    unreadable: Unreadable | None = None


StopReason = Literal["stop", "disconnected"]


class Signals(NamedTuple):
    superseded: bool
    stopped: StopReason | None


class Store:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(self, docket: Docket, conversation_ttl: timedelta) -> None:
        self._engine = cast(RedisSource, docket)
        self._ttl = int(conversation_ttl.total_seconds())

    async def accept(self, request: Request, seen: list[str], identifier: str) -> bool:
        """Store a request of `identifier`'s in its conversation's inbox unless one of its `seen`
        ids is known.

        Out: whether it was new. A repeat changes nothing.
        """
        key = request.conversation.key
        keys = [f"conversation:{key}", f"inbox:{key}", "open", f"conversations:{identifier}"]
        keys += [f"seen:{name}" for name in seen]
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

    async def came_before(self, name: str) -> bool:
        """Whether `first_time` was asked about this name within a day."""
        async with self._engine.redis() as redis:
            return bool(await redis.exists(f"seen:{name}"))

    async def knows(self, conversation: Conversation) -> bool:
        """Whether this teammate has talked to the agent in this thread before."""
        async with self._engine.redis() as redis:
            return bool(await redis.exists(f"conversation:{conversation.key}"))

    async def open_conversations(self, most: int) -> list[Conversation]:
        """Those in which something is to do, the ones that were left longest first."""
        async with self._engine.redis() as redis:
            keys = await redis.zrange("open", 0, most - 1)
        return [Conversation.from_key(key.decode()) for key in keys]

    async def in_thread(self, conversation: Conversation) -> list[Conversation]:
        """Those of its Slack thread, whoever's they are, in which something is to do."""
        async with self._engine.redis() as redis:
            keys = await redis.zrangebyscore("open", "-inf", "+inf")
        found = (Conversation.from_key(key.decode()) for key in keys)
        return [item for item in found if item[:3] == conversation[:3]]

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
        requests = _readable(inbox, f"inbox:{key}")
        found = parsed(Run, run, f"run:{key}") if run else None
        if run and found is None:
            return Taken(token.decode(), None, requests, Unreadable("run", run))
        if inbox and not run and not requests:
            return Taken(token.decode(), None, [], Unreadable("request", inbox[0]))
        return Taken(token.decode(), found, requests)

    async def set_aside(
        self, conversation: Conversation, token: str, unreadable: Unreadable, run: Run
    ) -> None:
        """Keep what does not parse under the reference of the run that stands in for it, and put
        that run in its place. Raises Superseded."""
        key = conversation.key
        kinds = ("conversation", "set-aside", "inbox", "run")
        keys = [*(f"{kind}:{key}" for kind in kinds), "open"]
        done = await self._script(
            SET_ASIDE,
            keys,
            token,
            self._ttl,
            run.reference,
            unreadable.value,
            unreadable.kind,
            run.model_dump_json(),
            key,
            int(time.time()),
        )
        if not done:
            raise Superseded(key)

    async def inbox(self, conversation: Conversation) -> list[Request]:
        """What waits there, up to what does not parse: that is told of when it is its turn."""
        async with self._engine.redis() as redis:
            items = await redis.lrange(f"inbox:{conversation.key}", 0, -1)
        return _readable(items, f"inbox:{conversation.key}")

    async def commit(
        self,
        conversation: Conversation,
        token: str,
        run: Run | None,
        *,
        taken: int = 0,
        messages: list[str] | None = None,
        afresh: bool = False,
    ) -> None:
        """Save the run (None: it has ended), drop `taken` requests from the inbox and append
        `messages` (JSON, as sent to Claude), all at once; `afresh`: what was said before is
        dropped first. Raises Superseded."""
        key = conversation.key
        done = await self._script(
            COMMIT,
            [
                f"conversation:{key}",
                f"run:{key}",
                f"inbox:{key}",
                f"messages:{key}",
                "open",
                f"decisions:{key}",
            ],
            token,
            self._ttl,
            taken,
            run.model_dump_json() if run else "",
            key,
            int(time.time()),
            int(afresh),
            *(messages or []),
        )
        if not done:
            raise Superseded(key)

    async def signals(self, conversation: Conversation, token: str) -> Signals:
        fence, stop = await self._script(SIGNALS, [f"conversation:{conversation.key}"])
        return Signals(superseded=fence.decode() != token, stopped=stop.decode() or None)

    async def stop(self, conversation: Conversation, reason: StopReason = "stop") -> bool:
        """Mark the conversation's run, or the one that is about to begin, to be stopped. Out:
        whether there is one."""
        key = conversation.key
        keys = [f"conversation:{key}", f"run:{key}", f"inbox:{key}"]
        return bool(await self._script(STOP, keys, reason))

    async def stop_all(self, identifier: str, reason: StopReason = "stop") -> list[Conversation]:
        """Mark all of a teammate's to be stopped. Out: where there is something to stop."""
        return [
            conversation
            for conversation in await self.conversations(identifier)
            if await self.stop(conversation, reason)
        ]

    async def run(self, conversation: Conversation) -> Run | None:
        """The run that is under way or waits there, to look at."""
        async with self._engine.redis() as redis:
            value = await redis.get(f"run:{conversation.key}")
        return parsed(Run, value, f"run:{conversation.key}") if value else None

    async def decide(self, conversation: Conversation, decision: Decision) -> bool:
        """Keep a decision on a call of the run under way, as it was shown. Out: whether it is the
        first one."""
        key = conversation.key
        done = await self._script(
            DECIDE,
            [f"decisions:{key}", f"run:{key}"],
            decision.digest,
            decision.model_dump_json(),
            self._ttl,
        )
        return bool(done)

    async def decisions(self, conversation: Conversation) -> dict[str, Decision]:
        """By the digests of what was decided on. One that does not parse is dropped: the teammate
        can decide again."""
        name = f"decisions:{conversation.key}"
        async with self._engine.redis() as redis:
            found = await redis.hgetall(name)
            decisions = {field: parsed(Decision, value, name) for field, value in found.items()}
            for field, decision in decisions.items():
                if decision is None:
                    await redis.hdel(name, field)
        return {decision.digest: decision for decision in decisions.values() if decision}

    async def note_answers(self, conversation: Conversation, posted: list[str]) -> None:
        """Remember that these messages are answers in this conversation."""
        if not posted:
            return
        async with self._engine.redis() as redis:
            await redis.sadd(f"answers:{conversation.key}", *posted)
            await redis.expire(f"answers:{conversation.key}", self._ttl)

    async def answers(self, conversation: Conversation) -> set[str]:
        async with self._engine.redis() as redis:
            found = await redis.smembers(f"answers:{conversation.key}")
        return {ts.decode() for ts in found}

    async def conversations(self, identifier: str) -> list[Conversation]:
        """Those that this teammate has with the agent, the oldest first."""
        async with self._engine.redis() as redis:
            keys = await redis.zrangebyscore(f"conversations:{identifier}", "-inf", "+inf")
        return [Conversation.from_key(key.decode()) for key in keys]

    async def seen(self, conversation: Conversation) -> str:
        """Up to which ts the agent has seen what the thread shows; empty for nothing."""
        return (await self._field(conversation, "seen")) or ""

    async def save_seen(self, conversation: Conversation, ts: str) -> None:
        await self._save_field(conversation, "seen", ts)

    async def refuses_streams(self, conversation: Conversation) -> bool:
        """Whether Slack has refused to stream in this thread."""
        return bool(await self._field(conversation, "refuses_streams"))

    async def note_refused_stream(self, conversation: Conversation) -> None:
        await self._save_field(conversation, "refuses_streams", "1")

    async def size(self, conversation: Conversation) -> int:
        """How many tokens the conversation had as Claude was last asked."""
        return int((await self._field(conversation, "size")) or 0)

    async def save_size(self, conversation: Conversation, tokens: int) -> None:
        await self._save_field(conversation, "size", str(tokens))

    async def save_trace(self, conversation: Conversation, trace: Trace) -> None:
        async with self._engine.redis() as redis:
            key = f"traces:{conversation.key}"
            await redis.hset(key, trace.reference, trace.model_dump_json())
            await redis.expire(key, self._ttl)

    async def trace(self, conversation: Conversation, reference: str) -> Trace | None:
        async with self._engine.redis() as redis:
            value = await redis.hget(f"traces:{conversation.key}", reference)
        return parsed(Trace, value, f"traces:{conversation.key}") if value else None

    async def save_feedback(self, conversation: Conversation, reference: str, value: str) -> None:
        """Keep what a teammate thinks of an answer, and count it; who changes their mind counts
        once."""
        async with self._engine.redis() as redis:
            key = f"feedback:{conversation.key}"
            before = await redis.hget(key, reference)
            await redis.hset(key, reference, value)
            await redis.expire(key, self._ttl)
            if before:
                await redis.hincrby("feedback-count", before.decode(), -1)
            await redis.hincrby("feedback-count", value, 1)

    async def begin_anew(self, conversation: Conversation) -> None:
        """Forget what was said, but not that the teammate talks to the agent there."""
        async with self._engine.redis() as redis:
            await redis.delete(f"messages:{conversation.key}")
            await redis.hdel(f"conversation:{conversation.key}", "head", "size", "private")

    async def is_busy(self, conversation: Conversation) -> bool:
        """Whether a run is under way or waits there, or a request has not been begun yet."""
        key = conversation.key
        async with self._engine.redis() as redis:
            return bool(await redis.exists(f"run:{key}") or await redis.llen(f"inbox:{key}"))

    async def erase(self, identifier: str, conversation: Conversation) -> None:
        """All that there is of a conversation, a run under way included: it is superseded."""
        key = conversation.key
        async with self._engine.redis() as redis:
            await redis.delete(*(f"{kind}:{key}" for kind in KINDS))
            await redis.zrem("open", key)
            await redis.zrem(f"conversations:{identifier}", key)

    async def messages(self, conversation: Conversation) -> list[str]:
        """The conversation with Claude so far, each message as the JSON that was sent."""
        async with self._engine.redis() as redis:
            items = await redis.lrange(f"messages:{conversation.key}", 0, -1)
        return [item.decode() for item in items]

    async def head(self, conversation: Conversation) -> Head | None:
        value = await self._field(conversation, "head")
        return parsed(Head, value, f"conversation:{conversation.key}") if value else None

    async def save_head(self, conversation: Conversation, head: Head) -> None:
        await self._save_field(conversation, "head", head.model_dump_json())

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

    async def ping(self) -> None:
        """Prove that Redis takes writes, which a bare PING does not when it is full."""
        async with self._engine.redis() as redis:
            await redis.set("ready", "1", ex=60)

    async def _field(self, conversation: Conversation, name: str) -> str | None:
        async with self._engine.redis() as redis:
            value = await redis.hget(f"conversation:{conversation.key}", name)
        return value.decode() if value else None

    async def _save_field(self, conversation: Conversation, name: str, value: str) -> None:
        async with self._engine.redis() as redis:
            await redis.hset(f"conversation:{conversation.key}", name, value)

    async def _script(self, script: str, keys: list[str], *arguments: str | int | bytes) -> Any:
        sent = (value if isinstance(value, bytes) else str(value) for value in arguments)
        async with self._engine.redis() as redis:
            return await redis.eval(script, len(keys), *keys, *sent)


def _readable(items: list[bytes], key: str) -> list[Request]:
    """The requests before the first that does not parse."""
    found: list[Request] = []
    for item in items:
        request = parsed(Request, item, key)
        if request is None:
            break
        found.append(request)
    return found
