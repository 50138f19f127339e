"""The demo keeps to itself: from other pages, from the network, from a deployment's Redis."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from demo_process import ROOT, demo_environment

from bot.sandbox.demo.database import own_database
from bot.sandbox.processes import DidNotStart, RedisServer
from bot.sandbox.sandbox import Sandbox

ACTS = ("post", "command", "click", "submit", "close", "open-home", "stop", "revoke")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def emptied(server: RedisServer) -> RedisServer:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server


def database(server: RedisServer, number: int) -> "redis.Redis[bytes]":
    return redis.Redis(port=server.port, db=number)


def sizes(server: RedisServer) -> list[int]:
    return [database(server, number).dbsize() for number in range(16)]


def knock(url: str, method: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request(method, path, b"{}" if method == "POST" else None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_nothing_that_the_page_can_do_can_another_page_do(demo_url: str) -> None:
    for act in ACTS:
        path = f"/api/{act}"
        for origin in ("http://evil.example", "null"):
            assert knock(demo_url, "POST", path, {"Origin": origin}) == 403
        assert knock(demo_url, "POST", path, {"Sec-Fetch-Site": "cross-site"}) == 403
        assert knock(demo_url, "POST", path, {"Origin": demo_url}) == 400, "it is let in, and odd"


def test_a_name_that_is_rebound_to_loopback_reads_nothing(demo_url: str) -> None:
    for path in ("/", "/api/state", "/api/conversation", "/api/events", "/static/app.js"):
        assert knock(demo_url, "GET", path, {"Host": "evil.example"}) == 400


def test_only_this_machine_reaches_the_demo(demo_url: str) -> None:
    """On Linux all of 127.0.0.0/8 is this machine; what listens on every address answers there."""
    port = urlsplit(demo_url).port
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.2", port or 0), timeout=10)


def test_its_bot_listens_on_loopback_alone(tmp_path: Path) -> None:
    assert Sandbox(tmp_path).env("memory://")["BIND_ADDRESS"] == "127.0.0.1"


def test_every_start_draws_secrets_of_its_own(tmp_path: Path) -> None:
    one, other = Sandbox(tmp_path).env("memory://"), Sandbox(tmp_path).env("memory://")
    secret = [name for name in one if name.endswith(("_TOKEN", "_SECRET", "_API_KEY"))]
    assert len(secret) >= 6
    for name in secret:
        assert one[name] != other[name], name
        assert len(one[name]) >= 32, name


def test_it_shares_no_database_with_what_is_on_that_redis(emptied: RedisServer) -> None:
    deployment = database(emptied, 0)
    deployment.set("open", "a deployment's")
    database(emptied, 15).set("other", "somebody else's")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--say", "Who am I in Intercom?"],
        env=demo_environment(REDIS_URL=emptied.url),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Maya" in done.stdout
    assert deployment.keys() == [b"open"]
    assert sizes(emptied) == [1, *[0] * 14, 1], "and it cleans up"


def test_two_demos_at_once_get_different_databases(emptied: RedisServer) -> None:
    with own_database(emptied.url) as one, own_database(emptied.url) as other:
        assert one != other
        with redis.Redis.from_url(one) as client:
            client.set("run:1", "of the demo")
        assert database(emptied, 0).dbsize() == 0
    assert sizes(emptied) == [0] * 16


def test_without_an_empty_database_it_does_not_start(emptied: RedisServer) -> None:
    for number in range(1, 16):
        database(emptied, number).set("kept", "1")
    url = f"redis://:s3cret@127.0.0.1:{emptied.port}/0"
    with pytest.raises(DidNotStart, match="no empty database") as caught, own_database(emptied.url):
        pass
    assert "Unset REDIS_URL" in str(caught.value)
    assert sizes(emptied) == [0, *[1] * 15]
    with pytest.raises(DidNotStart) as refused, own_database(url):
        pass
    assert "s3cret" not in str(refused.value)


def test_a_database_that_somebody_took_over_is_not_emptied(emptied: RedisServer) -> None:
    with own_database(emptied.url) as own, redis.Redis.from_url(own) as client:
        client.flushdb()
        client.set("kept", "1")
    assert sum(sizes(emptied)) == 1
