"""A deployment that is as it should be: the stand-ins, a Redis, and `bot web` as a process."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deployment import Deployment

from bot.sandbox.processes import BotProcesses, RedisServer
from bot.sandbox.sandbox import Sandbox
from bot.settings import Settings


@pytest.fixture(scope="module")
def deployment(scalekit_ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    sandbox = Sandbox(scalekit_ca, rate_limits=False)
    redis = RedisServer(folder) if RedisServer.is_installed() else None
    if redis:
        redis.start()
    sandbox.start()
    environment = sandbox.env(redis.url if redis else "memory://")
    os.environ.update(sandbox.scalekit.env())
    bot = BotProcesses(environment, folder)
    try:
        bot.start_web()
        yield Deployment(sandbox, environment)
    finally:
        bot.stop()
        sandbox.stop()
        if redis:
            redis.stop()


@pytest.fixture
def settings(deployment: Deployment) -> Callable[..., Settings]:
    """The deployment's settings, with changes."""
    return deployment.settings


@pytest.fixture
def sandbox(deployment: Deployment) -> Sandbox:
    return deployment.sandbox
