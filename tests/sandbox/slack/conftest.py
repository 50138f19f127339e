"""A Slack with short retry delays and a clock that stands still, its client, and a bot."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import Bot, Clock, client_of, manifest

from bot.sandbox.slack import SlackSandbox

Stopping = Callable[[Callable[[], None]], None]


@pytest.fixture(scope="session")
def stopping() -> Iterator[Stopping]:
    """Stops servers beside the next tests: each takes a moment to notice."""
    with ThreadPoolExecutor() as pool:
        stops: list[Future[None]] = []
        yield lambda stop: stops.append(pool.submit(stop))
        for stop in stops:
            stop.result()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock, stopping: Stopping) -> Iterator[SlackSandbox]:
    sandbox = SlackSandbox(manifest(), retry_delays=(0.0, 0.01, 0.02), ack_timeout=0.5, now=clock)
    sandbox.start()
    yield sandbox
    stopping(sandbox.stop)


@pytest.fixture
def client(slack: SlackSandbox) -> AsyncWebClient:
    return client_of(slack)


@pytest.fixture
def bot(slack: SlackSandbox, stopping: Stopping) -> Iterator[Bot]:
    bot = Bot(slack)
    bot.serving.start()
    slack.events_url = bot.url
    yield bot
    stopping(bot.serving.stop)
