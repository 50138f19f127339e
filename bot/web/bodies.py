"""Reading the body of a request from somebody who may not be who they say they are."""

import asyncio
import re

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

log = structlog.get_logger()

LARGEST_BODY = 1_000_000
"""Bytes. What Slack, Scalekit and Intercom send stays far below it."""
SECONDS = 5.0
"""How long a body may take to arrive. Slack waits three seconds for our answer."""
LENGTH = re.compile(r"[0-9]{1,12}")


class Refused(Exception):
    """A request that must not come in. The text is for the sender; `status` is HTTP's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def read_body(request: Request, seconds: float = SECONDS) -> bytes:
    """Read a request's body, within its size and its time.

    Args:
        request: nothing of its body has been read yet.
        seconds: how long all of it may take, however often a piece of it arrives.

    Raises:
        Refused: 413 for a body that is too large, announced or not; 408 for one that takes too
            long.
        ClientDisconnect: the client hung up before the end of the body.
    """
    announced = request.headers.get("content-length", "")
    if LENGTH.fullmatch(announced) and int(announced) > LARGEST_BODY:
        raise Refused(413, "The body is too large.")
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST_BODY:
                    raise Refused(413, "The body is too large.")
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(408, "The body took too long to arrive.") from None
    return b"".join(chunks)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer `Refused`, and close the connection: the rest of the body is not waited for."""
    assert isinstance(error, Refused)
    log.warning("request_refused", path=request.url.path, status=error.status, why=str(error))
    headers = {"Connection": "close"}
    return PlainTextResponse(str(error), status_code=error.status, headers=headers)


async def hung_up(request: Request, error: Exception) -> Response:
    """Note that a client hung up before the end of its body; nobody reads this answer."""
    assert isinstance(error, ClientDisconnect)
    log.info("client_hung_up", path=request.url.path)
    return Response(status_code=400)
