"""Bodies that are too large, too slow, or end with the connection: over the wire."""

import select
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.sandbox.serving import Serving
from bot.web.bodies import LARGEST_BODY, Refused, hung_up, read_body, refuse

SECONDS = 0.3
CHUNKED = "Transfer-Encoding: chunked"


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await read_body(request, SECONDS))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    handlers = {Refused: refuse, ClientDisconnect: hung_up}
    routes = [Route("/", echo, methods=["POST"])]
    serving = Serving(Starlette(routes=routes, exception_handlers=handlers))
    serving.start()
    yield serving.port
    serving.stop()


def opened(port: int, header: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode())
    return connection


def answer(connection: socket.socket) -> str:
    """All that comes until the server closes the connection, or resets it for a late piece."""
    told = b""
    with connection, suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            told += piece
    return told.decode()


def trickled(connection: socket.socket, piece: bytes) -> str:
    """The answer to a body of which a piece comes every now and then, without an end."""
    while not select.select([connection], [], [], 0.05)[0]:
        connection.sendall(piece)
    return answer(connection)


@pytest.mark.parametrize(
    ("header", "piece"),
    [("Content-Length: 900000", b"x"), (CHUNKED, b"1\r\nx\r\n")],
    ids=["announced", "chunked"],
)
def test_a_body_that_trickles_is_refused_and_the_connection_closed(
    port: int, header: str, piece: bytes
) -> None:
    assert trickled(opened(port, header), piece).startswith("HTTP/1.1 408 ")


def test_a_body_that_never_comes_is_refused(port: int) -> None:
    assert answer(opened(port, "Content-Length: 2")).startswith("HTTP/1.1 408 ")


def test_a_huge_announced_body_is_refused_before_it_comes(port: int) -> None:
    told = answer(opened(port, f"Content-Length: {LARGEST_BODY + 1}"))
    assert told.startswith("HTTP/1.1 413 ")
    assert "connection: close" in told.lower()


def test_a_huge_chunked_body_is_refused_where_it_gets_too_large(port: int) -> None:
    connection = opened(port, CHUNKED)
    for size in (*[50_000] * (LARGEST_BODY // 50_000), 1):
        connection.sendall(f"{size:x}\r\n".encode() + b"x" * size + b"\r\n")
    assert answer(connection).startswith("HTTP/1.1 413 ")


def test_a_body_in_time_is_read_whole(port: int) -> None:
    connection = opened(port, "Content-Length: 4\r\nConnection: close")
    connection.sendall(b"ab")
    connection.sendall(b"cd")
    assert answer(connection).endswith("\r\n\r\nabcd")


async def test_a_client_that_hangs_up_leaves_one_line() -> None:
    messages = [
        {"type": "http.request", "body": b"x", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with structlog.testing.capture_logs() as logged:
        with pytest.raises(ClientDisconnect) as caught:
            await read_body(request)
        await hung_up(request, caught.value)
    assert [line["event"] for line in logged] == ["client_hung_up"]
