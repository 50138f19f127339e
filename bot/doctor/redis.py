"""Redis or Valkey: there, new enough, and not one that forgets."""

import re
import secrets
import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.guard import guarded
from bot.settings import Settings
from bot.state.engine import NAME
from bot.state.eviction import CURE as EVICTION_CURE
from bot.state.eviction import policy_that_evicts
from bot.state.reachable import SECONDS, find_problem
from bot.urls import without_secrets

OLDEST = 7
SEEN_LATELY = 30
"""Seconds."""
CURE = "check REDIS_URL, and that the server runs and can be reached from this machine"
_CONFIG = "in redis.conf, or with your Redis provider"


async def check_redis(settings: Settings, seconds: float) -> list[Finding]:
    """Reachable and writable, its version, persistence and eviction."""
    if settings.in_memory:
        return [
            warning(
                "Redis",
                "embedded in `bot web`: a restart loses every conversation",
                "set REDIS_URL to a Redis or Valkey server for anything but trying out",
            )
        ]
    return await guarded("Redis", CURE, _check(settings.redis_url, seconds), seconds)


async def _check(url: str, seconds: float) -> list[Finding]:
    problem = await find_problem(url, min(seconds, SECONDS))
    if problem:
        return [failure("Redis", f"REDIS_URL ({without_secrets(url)}): {problem.why}", problem.fix)]
    # RESP 2, so that a server too old for RESP 3 can still tell its version.
    redis: Redis = Redis.from_url(url, decode_responses=True, protocol=2)
    try:
        return [*await _examine(redis), *unprotected(url)]
    finally:
        await redis.aclose()


async def _examine(redis: Redis) -> list[Finding]:
    unwritable = await _unwritable(redis)
    try:
        info: dict[str, Any] = await redis.info()
    except RedisError as error:
        cure = "let the user in REDIS_URL run INFO"
        return [unwritable, failure("Redis version", f"not told ({type(error).__name__})", cure)]
    return [
        unwritable,
        _version(info),
        _persistence(info),
        _eviction(info),
        await _workers(redis),
    ]


async def _workers(redis: Redis) -> Finding:
    # Every worker of the task engine notes the time here every other second.
    recent = time.time() - SEEN_LATELY
    try:
        seen = await redis.zrangebyscore(f"{NAME}:workers", recent, "+inf")
    except RedisError as error:
        why = f"cannot be looked for ({type(error).__name__})"
        return warning("Worker", why, "let the user in REDIS_URL read the bot's keys")
    if seen:
        return ok("Worker", f"{len(seen)} at work")
    told = "none is at work: what is asked is taken, and not answered"
    return warning("Worker", told, "start `bot worker`")


async def _unwritable(redis: Redis) -> Finding:
    try:
        await redis.set("intercom-agent:doctor", secrets.token_hex(8), ex=60)
    except RedisError as error:
        return failure(
            "Redis",
            f"takes no writes ({type(error).__name__})",
            "point REDIS_URL at the primary, free memory, or let its user write",
        )
    return ok("Redis", "reachable, takes writes")


def unprotected(url: str) -> list[Finding]:
    """Warn of a Redis on another machine that asks for no password. Whoever can write to it runs
    code on the workers: the task engine unpickles its jobs."""
    told = parse_url(url)
    host = str(told.get("host", "localhost"))
    if told.get("password") or "path" in told or host == "localhost" or host.startswith("127."):
        return []
    return [
        warning(
            "Redis access",
            "no password: whoever reaches it can run code on the workers",
            "set a password, and let nothing but the bot reach it",
        )
    ]


def _version(info: dict[str, Any]) -> Finding:
    # Valkey also tells the version of Redis that it is compatible with.
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = str(info.get("valkey_version", info.get("redis_version", "")))
    major = re.match(r"\d+", version)
    if major and int(major[0]) >= OLDEST:
        return ok("Redis version", f"{name} {version}")
    cure = f"use Redis or Valkey {OLDEST} or newer"
    return failure("Redis version", f"{name} {version or 'of an unknown version'}", cure)


def _persistence(info: dict[str, Any]) -> Finding:
    if info.get("aof_enabled") == 1:
        return ok("Redis persistence", "appendonly")
    return warning(
        "Redis persistence",
        "no append-only file: a request that Slack was told is taken can be lost at a restart",
        f"set `appendonly yes` {_CONFIG}",
    )


def _eviction(info: dict[str, Any]) -> Finding:
    policy = policy_that_evicts(info)
    if policy is None:
        return ok("Redis eviction", "noeviction")
    return warning(
        "Redis eviction",
        f"maxmemory-policy is {policy}: a full Redis could drop waiting requests and "
        "conversations without a word",
        EVICTION_CURE,
    )
