"""A thread in each of the two ways that an answer is shown."""

from collections.abc import AsyncIterator

import pytest
from docket import Docket
from thread_setting import STREAM, UPDATE, Setting


async def _setting(way: str) -> AsyncIterator[Setting]:
    async with Docket(name=f"thread-{way}", url="memory://") as docket:
        setting = Setting(docket, way)
        yield setting
        setting.slack.stop()


@pytest.fixture(params=[STREAM, UPDATE])
async def setting(request: pytest.FixtureRequest) -> AsyncIterator[Setting]:
    async for setting in _setting(request.param):
        yield setting


@pytest.fixture
async def streamed() -> AsyncIterator[Setting]:
    async for setting in _setting(STREAM):
        yield setting


@pytest.fixture
async def updated() -> AsyncIterator[Setting]:
    async for setting in _setting(UPDATE):
        yield setting
