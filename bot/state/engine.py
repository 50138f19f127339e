"""The task engine (docket) and the Redis that it and the state share."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from docket import Docket

NAME = "intercom-agent"
"""What the engine's keys in Redis begin with."""
LEASE = timedelta(seconds=10)
"""How long a silent worker keeps a job before another one takes it."""


class RedisSource(Protocol):
    """Whatever hands out connections to Redis; docket does, for its own Redis."""

    def redis(self) -> AbstractAsyncContextManager[Any]: ...


def open_engine(redis_url: str, concurrency: int) -> Docket:
    """A docket on `redis_url`, to be entered with `async with`.

    redis-py raises when its pool runs out, so the pool is larger than the number of jobs at
    once; and without `retry_on_timeout` a cut connection would make docket run a job twice.
    """
    return Docket(name=NAME, url=_tuned(redis_url, concurrency * 2 + 20))


def _tuned(redis_url: str, max_connections: int) -> str:
    parts = urlsplit(redis_url)
    if parts.scheme == "memory":
        return redis_url
    query = {
        "max_connections": str(max_connections),
        "retry_on_timeout": "true",
        **dict(parse_qsl(parts.query)),
    }
    return urlunsplit(parts._replace(query=urlencode(query)))
