"""`bot health`: does the web process or the worker of this machine give a sign of life?

For a container's health check: one image is both, so whichever runs here is asked.
"""

import http.client
import socket
import time

from redis import Redis
from redis.exceptions import RedisError

from bot.state.engine import NAME

SECONDS = 5
SEEN_LATELY = 30


def why_not_well(host: str, port: int, redis_url: str) -> str:
    """Why neither is; empty where one of them is well.

    Args:
        host: Where web listens; "0.0.0.0" is everywhere.
        port: Its port.
        redis_url: Where a worker's sign of life is looked for; empty where it is not known.
    """
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
        return "" if status == 200 else f"`bot web` answers HTTP {status}."
    except ConnectionRefusedError:
        return _why_no_worker(redis_url)
    except (OSError, http.client.HTTPException):
        return "`bot web` does not answer."
    finally:
        connection.close()


def _why_no_worker(redis_url: str) -> str:
    nothing = "Neither `bot web` nor `bot worker` is at work on this machine."
    if not redis_url or redis_url.startswith("memory://"):
        return nothing
    try:
        with Redis.from_url(
            redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
        ) as redis:
            # The task engine's workers note the time here, by the machine's name and their number.
            seen = redis.zrangebyscore(f"{NAME}:workers", time.time() - SEEN_LATELY, "+inf")
    except RedisError as error:
        return f"`bot worker` cannot be looked for in Redis ({type(error).__name__})."
    here = f"{socket.gethostname()}#".encode()
    return "" if any(name.startswith(here) for name in seen) else nothing


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "localhost"}.get(host, host)  # noqa: S104
