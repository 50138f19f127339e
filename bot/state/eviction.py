"""Whether Redis throws things away when it is full: then nothing that was accepted is safe."""

from collections.abc import Mapping
from typing import Any, cast

import structlog
from docket import Docket
from redis.exceptions import RedisError

from bot.state.engine import RedisSource

log = structlog.get_logger()

CURE = "set `maxmemory-policy noeviction` in redis.conf, or with your Redis provider"


def policy_that_evicts(info: Mapping[str, Any]) -> str | None:
    """In: what INFO tells of the memory. Out: the policy, unless it is `noeviction`."""
    policy = str(info.get("maxmemory_policy", "unknown"))
    return None if policy == "noeviction" else policy


async def evicting(docket: Docket) -> str | None:
    """The policy by which this Redis will throw things away once it is full; None where it will
    not, or does not tell."""
    try:
        async with cast(RedisSource, docket).redis() as redis:
            info = await redis.info("memory")
    except RedisError:
        return None
    if not int(info.get("maxmemory", 0)):
        return None
    policy = policy_that_evicts(info)
    if policy:
        log.error("redis_evicts", policy=policy, cure=CURE)
    return policy
