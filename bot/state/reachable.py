"""Whether the Redis of REDIS_URL takes us; where it does not, why, in words, within seconds."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from bot.urls import without_secrets

log = structlog.get_logger()

SECONDS = 3.0
"""How long Redis may take to answer; a TLS handshake with a server that has none takes it all."""
ASK_ANOTHER_WAY = 1.5
PAUSE = 3.0
DEFAULT_PORT = 6379
ENCODE = "Characters such as @ : / ? # in it are written percent-encoded, for example %40 for @"
OWN_CERTIFICATE = (
    "Add ?ssl_ca_certs=/path/to/ca.pem where a certificate authority of your own signed it, and "
    "use the host name that the certificate is for"
)


@dataclass(frozen=True)
class Problem:
    """Why Redis cannot be used. `passes`: it may come by itself, as at a deploy; else REDIS_URL or
    the server has to be changed."""

    why: str
    fix: str
    passes: bool = False


AWAY = "Start that Redis, or correct the address"


class RedisUnusable(Exception):
    """The text names REDIS_URL, without its password, and says why and what to do."""

    def __init__(self, url: str, problem: Problem) -> None:
        super().__init__(f"REDIS_URL ({without_secrets(url)}): {problem.why}. {problem.fix}.")
        self.problem = problem


async def find_problem(url: str, seconds: float = SECONDS) -> Problem | None:
    """Ask Redis once. Never raises.

    Args:
        url: REDIS_URL; `memory://` has no problems.
        seconds: How long connecting and answering may take, each.
    """
    if url.startswith("memory://"):
        return None
    try:
        # RESP 2, so that a server that is too old for RESP 3 answers as well.
        redis: Redis = Redis.from_url(
            url,
            protocol=2,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
        )
    except (ValueError, TypeError):
        return Problem("it cannot be read", "It looks like redis://:password@host:6379/0")
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        return await _explained(error, urlsplit(url))
    except (TypeError, LookupError):
        # redis-py hands unknown options to its connection class.
        return Problem("it has an option that Redis clients do not know", "Remove what follows ?")
    finally:
        await redis.aclose()
    return None


async def make_sure(url: str, seconds: float = SECONDS) -> None:
    """Raises RedisUnusable at once, whatever the problem is."""
    problem = await find_problem(url, seconds)
    if problem:
        raise RedisUnusable(url, problem)


def say_that_it_waits(error: RedisUnusable) -> None:
    log.warning("waiting_for_redis", why=str(error))


async def wait_for_redis(
    url: str, waiting: Callable[[RedisUnusable], None], pause: float = PAUSE
) -> None:
    """Return once Redis takes us, and tell `waiting` every few seconds that it is not there yet.

    Raises RedisUnusable where waiting does not help: a wrong password, certificate or protocol.
    """
    while problem := await find_problem(url):
        error = RedisUnusable(url, problem)
        if not problem.passes:
            raise error
        waiting(error)
        await asyncio.sleep(pause)


CERTIFICATE_REQUIRED = "CERTIFICATE_REQUIRED"
NO_CLIENT_CERTIFICATE = Problem(
    "it asks for a client certificate, and REDIS_URL names none",
    "Add ?ssl_certfile=/path/to/cert.pem&ssl_keyfile=/path/to/key.pem",
)


async def _explained(error: Exception, parts: SplitResult) -> Problem:
    if isinstance(error, AuthenticationError):
        return _password(error, parts)
    if isinstance(error, NoPermissionError):
        return Problem("its user is not allowed to use it", "Give that user all commands and keys")
    if isinstance(error, BusyLoadingError):
        return Problem("it is still loading its data", "Wait a moment", passes=True)
    if isinstance(error, ResponseError):
        return _refusal(str(error))
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted ({cause.verify_message})"
            return Problem(why, OWN_CERTIFICATE)
        if isinstance(cause, ssl.SSLError):
            return _no_handshake(cause)
        if isinstance(cause, socket.gaierror):
            return Problem("its host name is not known", AWAY, passes=True)
        if isinstance(cause, FileNotFoundError) and parts.scheme == "rediss":
            return Problem("a certificate file that it names is not there", "Correct the path")
        if isinstance(cause, PermissionError):
            return Problem("this process may not open its socket or files", "Change their owner")
    return await _silent(causes, parts)


def _password(error: Exception, parts: SplitResult) -> Problem:
    if parts.password is None:
        fix = "Put it into REDIS_URL: redis://:password@host:6379/0"
        return Problem("it asks for a password, and REDIS_URL has none", fix)
    if "without any password configured" in str(error):
        why = "it has no password, and REDIS_URL has one"
        return Problem(why, "Remove the password from REDIS_URL, or set it on the server")
    return Problem("it refuses the password", f"Correct it in REDIS_URL. {ENCODE}")


def _refusal(words: str) -> Problem:
    if "DB index" in words:
        fix = "Correct the number at the end of REDIS_URL: /0 is always there"
        return Problem("it has no database of that number", fix)
    if words.startswith("DENIED"):
        why = "it is in protected mode and takes no connections from other machines"
        return Problem(why, "Set a password on the server (requirepass), and put it into REDIS_URL")
    return Problem(f"it answers {words.partition(' ')[0]}", "Look at the server", passes=True)


def _no_handshake(error: ssl.SSLError) -> Problem:
    if CERTIFICATE_REQUIRED in str(error):
        return NO_CLIENT_CERTIFICATE
    why = f"there is no TLS behind rediss:// ({error.reason or type(error).__name__})"
    return Problem(why, "Use redis://, or the port at which the server speaks TLS")


async def _silent(causes: list[BaseException], parts: SplitResult) -> Problem:
    """Nobody answered as Redis does: perhaps one does who is asked the other way."""
    if any(isinstance(cause, ConnectionRefusedError | FileNotFoundError) for cause in causes):
        return Problem("nothing answers there", AWAY, passes=True)
    if parts.scheme == "rediss" and await _answers(parts, tls=False):
        fix = "Use redis://, or the port at which the server speaks TLS"
        return Problem("there is no TLS behind rediss://: the server speaks without", fix)
    if parts.scheme == "rediss" and await _asks_for_certificate(parts):
        return NO_CLIENT_CERTIFICATE
    if parts.scheme == "redis" and await _answers(parts, tls=True):
        return Problem("the server speaks TLS only", "Use rediss:// instead of redis://")
    why = "it does not answer, or not as Redis does"
    return Problem(why, f"{AWAY}; see that no firewall is between", passes=True)


async def _answers(parts: SplitResult, *, tls: bool) -> bool:
    """Whether a TLS handshake succeeds there, or else a plain PING gets a reply of Redis'."""
    try:
        async with asyncio.timeout(ASK_ANOTHER_WAY):
            context = _trusting_anybody() if tls else None
            reader, writer = await asyncio.open_connection(
                parts.hostname or "localhost", parts.port or DEFAULT_PORT, ssl=context
            )
            try:
                if tls:
                    return True
                writer.write(b"PING\r\n")
                return await reader.read(1) in (b"+", b"-")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


async def _asks_for_certificate(parts: SplitResult) -> bool:
    """Whether it turns us away for having no certificate. With TLS 1.3 it says so after its side
    of the handshake, and whoever has written by then may see the connection end instead."""
    try:
        async with asyncio.timeout(ASK_ANOTHER_WAY):
            reader, writer = await asyncio.open_connection(
                parts.hostname or "localhost", parts.port or DEFAULT_PORT, ssl=_trusting_anybody()
            )
            try:
                await reader.read(1)
            finally:
                writer.close()
    except ssl.SSLError as error:
        return CERTIFICATE_REQUIRED in str(error)
    except (OSError, TimeoutError):
        pass
    return False


def _trusting_anybody() -> ssl.SSLContext:
    """For a look at a server to which nothing is told."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
