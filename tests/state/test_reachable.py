"""Why a Redis does not take us: named by REDIS_URL without its password, over the wire."""

import asyncio
from pathlib import Path

import pytest
from redis_servers import redis_with, redis_with_tls

from bot.sandbox.processes import free_port
from bot.state.reachable import RedisUnusable, find_problem, make_sure, wait_for_redis
from bot.urls import without_secrets

PASSWORD = "p@ss:w0rd"
ENCODED = "p%40ss%3Aw0rd"


async def why(url: str) -> str:
    with pytest.raises(RedisUnusable) as caught:
        await make_sure(url, 15.0)
    told = str(caught.value)
    assert told.startswith(f"REDIS_URL ({without_secrets(url)}): ")
    assert PASSWORD not in told
    assert ENCODED not in told
    assert not caught.value.problem.passes
    return told


async def test_a_wrong_password_is_named_and_a_right_one_taken(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--requirepass", PASSWORD) as port:
        assert await find_problem(f"redis://:{ENCODED}@127.0.0.1:{port}/0") is None
        assert await find_problem(f"redis://:{PASSWORD}@127.0.0.1:{port}/0") is None
        wrong = await why(f"redis://:{ENCODED}x@127.0.0.1:{port}/0")
        assert wrong.startswith(
            f"REDIS_URL (redis://…@127.0.0.1:{port}/0): it refuses the password"
        )
        assert "%40 for @" in wrong
        missing = await why(f"redis://127.0.0.1:{port}/0")
        assert "it asks for a password, and REDIS_URL has none" in missing


async def test_a_password_that_nobody_asked_for_and_a_database_that_is_not_there(
    tmp_path: Path,
) -> None:
    with redis_with(tmp_path) as port:
        assert "has no password, and REDIS_URL has one" in await why(f"redis://:x@127.0.0.1:{port}")
        assert "no database of that number" in await why(f"redis://127.0.0.1:{port}/77")
        assert "an option that Redis clients do not know" in await why(
            f"redis://127.0.0.1:{port}/0?color=red"
        )


async def test_a_user_who_may_not_use_it(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--user", "guest", "on", "nopass", "+auth", "+hello") as port:
        assert "not allowed to use it" in await why(f"redis://guest:x@127.0.0.1:{port}/0")


async def test_no_tls_behind_rediss(tmp_path: Path) -> None:
    with redis_with(tmp_path) as port:
        assert "there is no TLS behind rediss://" in await why(f"rediss://127.0.0.1:{port}/0")


async def test_certificates(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with redis_with_tls(tmp_path, "--tls-auth-clients", "no") as port:
        trusted = f"rediss://localhost:{port}/0?ssl_ca_certs={ca}"
        assert await find_problem(trusted) is None
        unknown = await why(f"rediss://localhost:{port}/0")
        assert "its certificate is not trusted (self-signed certificate)" in unknown
        assert "?ssl_ca_certs=" in unknown
        other = await why(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}")
        assert "its certificate is not trusted (IP address mismatch" in other
        assert "a certificate file that it names is not there" in await why(
            f"rediss://localhost:{port}/0?ssl_ca_certs={ca}.gone"
        )
        assert "the server speaks TLS only" in await why(f"redis://localhost:{port}/0")


async def test_a_client_certificate_that_is_asked_for(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with redis_with_tls(tmp_path) as port:
        url = f"rediss://localhost:{port}/0?ssl_ca_certs={ca}"
        assert "it asks for a client certificate" in await why(url)
        own = f"{url}&ssl_certfile={ca}&ssl_keyfile={tmp_path / 'key.pem'}"
        assert await find_problem(own) is None


async def test_what_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://:s3cret@127.0.0.1:{port}/0"
    told: asyncio.Queue[RedisUnusable] = asyncio.Queue()
    waiting = asyncio.create_task(wait_for_redis(url, told.put_nowait, 0.05))
    said = await told.get()
    assert said.problem.passes
    assert str(said).startswith(f"REDIS_URL (redis://…@127.0.0.1:{port}/0): nothing answers there")
    again = await told.get()
    assert str(again) == str(said)
    with redis_with(tmp_path, "--requirepass", "s3cret", port=port):
        await waiting


async def test_waiting_ends_where_it_does_not_help(tmp_path: Path) -> None:
    port = free_port()
    told: asyncio.Queue[RedisUnusable] = asyncio.Queue()
    url = f"redis://:wrong@127.0.0.1:{port}/0"
    waiting = asyncio.create_task(wait_for_redis(url, told.put_nowait, 0.05))
    await told.get()
    refused = pytest.raises(RedisUnusable, match="refuses the password")
    with redis_with(tmp_path, "--requirepass", "s3cret", port=port), refused:
        await waiting


@pytest.mark.parametrize(
    "url", ["redis://no.such.host.invalid/0", "unix:///no/such.sock", "redis://127.0.0.1:1"]
)
async def test_what_may_still_come_passes(url: str) -> None:
    problem = await find_problem(url)
    assert problem
    assert problem.passes
