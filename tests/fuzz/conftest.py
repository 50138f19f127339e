"""A web process with nobody behind it, so that what gets through piles up no work."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.processes import RedisServer

sys.path.append(str(Path(__file__).parents[1] / "e2e"))

from world import World

INTERCOM_SECRET = "fuzzed-intercom-secret"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    world = World(
        tmp_path_factory.mktemp("fuzz"),
        embedded=False,
        settings={"INTERCOM_CLIENT_SECRET": INTERCOM_SECRET},
    )
    world.start(workers=0)
    try:
        yield world
    finally:
        world.stop()
