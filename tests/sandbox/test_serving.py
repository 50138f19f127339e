"""Whom a stand-in listens to: programs on this machine and its own pages, over the wire."""

import http.client
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.sandbox.serving import Serving


async def here(request: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    serving = Serving(Starlette(routes=[Route("/", here, methods=["GET", "POST", "DELETE"])]))
    serving.start()
    yield serving.port
    serving.stop()


def status(port: int, method: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, "/", skip_host=True)
    for name, value in {"Host": f"127.0.0.1:{port}", **headers}.items():
        connection.putheader(name, value.replace("PORT", str(port)))
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1.evil.example:PORT",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.2:PORT",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_leads_here_from_elsewhere_is_refused(
    port: int, method: str, host: str
) -> None:
    assert status(port, method, {"Host": host, "Origin": f"http://{host}"}) == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:PORT"},
        {"Origin": "http://127.0.0.1:PORT.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://127.0.0.1:PORT", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_another_page_sends_changes_nothing(
    port: int, method: str, headers: dict[str, str]
) -> None:
    assert status(port, method, headers) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:PORT"},
        {"Host": "localhost:PORT", "Origin": "http://localhost:PORT"},
        {"Origin": "http://127.0.0.1:PORT", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_its_own_page_and_programs_get_in(port: int, headers: dict[str, str]) -> None:
    assert status(port, "POST", headers) == 200


def test_a_link_from_another_page_may_be_followed(port: int) -> None:
    assert status(port, "GET", {"Sec-Fetch-Site": "cross-site"}) == 200
