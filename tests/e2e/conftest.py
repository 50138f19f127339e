"""One world for all tests of a session: people come and go, threads are new for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World

from bot.sandbox.processes import RedisServer

RUNNING: list[World] = []


def _world(folder: Path, *, embedded: bool, **settings: str) -> Iterator[World]:
    world = World(folder, embedded=embedded, settings=settings)
    world.start()
    RUNNING.append(world)
    try:
        yield world
    finally:
        RUNNING.remove(world)
        world.stop()


@pytest.fixture(autouse=True)
def nothing_stays_broken() -> Iterator[None]:
    """Failures that a test planned and did not use up are not the next test's."""
    yield
    for world in RUNNING:
        world.slack.heal()
        world.scalekit.heal()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Redis is a server where there is one, else embedded; writes run without approval."""
    embedded = not RedisServer.is_installed()
    yield from _world(tmp_path_factory.mktemp("world"), embedded=embedded, APPROVALS="off")


@pytest.fixture(scope="session")
def embedded_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The embedded Redis, whatever is installed; APPROVALS as it is by default."""
    yield from _world(tmp_path_factory.mktemp("embedded"), embedded=True)


@pytest.fixture(scope="session")
def strict_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every change waits for approval, as it is by default."""
    embedded = not RedisServer.is_installed()
    yield from _world(tmp_path_factory.mktemp("strict"), embedded=embedded)


@pytest.fixture
def strict_fresh_world(tmp_path: Path) -> Iterator[World]:
    """The same, of its own, for tests that break it. Needs a Redis server."""
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    yield from _world(tmp_path, embedded=False)


@pytest.fixture(scope="module")
def thrifty_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Little may be spent on a request, and conversations are soon too long."""
    embedded = not RedisServer.is_installed()
    spend = {"RUN_TURNS": "2", "CONTEXT_TOKENS": "5000", "RUNS_PER_TEAMMATE": "2"}
    folder = tmp_path_factory.mktemp("thrifty")
    yield from _world(folder, embedded=embedded, APPROVALS="off", **spend)


@pytest.fixture(scope="module")
def impatient_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Requests wait two seconds for their teammate to connect."""
    embedded = not RedisServer.is_installed()
    folder = tmp_path_factory.mktemp("impatient")
    waits = {"REQUEST_WAIT": "PT2S", "APPROVAL_WAIT": "PT2S", "OUTAGE_WAIT": "PT3S"}
    yield from _world(folder, embedded=embedded, APPROVALS="off", **waits)


@pytest.fixture
def fresh_world(tmp_path: Path) -> Iterator[World]:
    """A world of its own, for tests that break it. Needs a Redis server."""
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    yield from _world(tmp_path, embedded=False, APPROVALS="off")
