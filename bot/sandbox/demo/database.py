"""A database for the demo on the Redis that is there, apart from anything else on it."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import redis
from redis.exceptions import RedisError, ResponseError

from bot.sandbox.processes import DidNotStart
from bot.urls import without_secrets

CLAIM = "intercom-agent-demo"
NUMBERS = range(15, -1, -1)
"""Redis has 16 databases unless it is told otherwise."""


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """Claim an empty database other than the one that `url` names, which may be a deployment's, and
    empty it again at the end.

    Yields:
        The address of the claimed database.

    Raises:
        DidNotStart: there is no such database, or no Redis. The text says what to do.
    """
    claim = secrets.token_hex(16)
    own = _claimed(url, claim)
    if own is None:
        raise DidNotStart(
            f"The Redis of REDIS_URL ({without_secrets(url)}) has no empty database besides the "
            "one that REDIS_URL names, and the demo must not mix with what is there. Unset "
            "REDIS_URL, and the demo brings a Redis of its own."
        )
    try:
        yield own
    finally:
        _give_back(own, claim)


def _claimed(url: str, claim: str) -> str | None:
    try:
        with redis.Redis.from_url(url) as named:
            taken = named.connection_pool.connection_kwargs.get("db", 0)
            named.ping()
    except (RedisError, ValueError) as error:
        why = f"the Redis of REDIS_URL ({without_secrets(url)}) does not answer"
        raise DidNotStart(f"{why}: {type(error).__name__}. Start it, or unset REDIS_URL.") from None
    for number in NUMBERS:
        own = _with_database(url, number)
        try:
            with redis.Redis.from_url(own) as client:
                is_free = number != taken and client.dbsize() == 0
                if is_free and client.set(CLAIM, claim, nx=True):
                    return own
        except ResponseError:
            continue  # there is no database of this number, or it is not for this user
    return None


def _give_back(own: str, claim: str) -> None:
    try:
        with redis.Redis.from_url(own, decode_responses=True) as client:
            if client.get(CLAIM) == claim:
                client.flushdb()
    except RedisError as error:
        words = f"The demo's database {without_secrets(own)} could not be emptied"
        sys.stderr.write(f"{words} ({type(error).__name__}).\n")


def _with_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "db": str(number)}
    return urlunsplit(parts._replace(query=urlencode(query)))
