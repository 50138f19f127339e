"""A thread with the agent in it, against the Slack stand-in by the real client."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import yaml
from docket import Docket

from bot.manifest import manifest_text
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT, Message, SlackSandbox
from bot.slack.client import Client
from bot.slack.limits import SlackLimits
from bot.slack.thread import SlackThread
from bot.state.metrics import Metrics
from bot.state.models import Request, StreamState, ToolCall

STREAM, UPDATE = "stream", "update"


class Setting:
    """A thread that Maya began, and a clock for Slack. Streamed in her DM, updated in a channel."""

    def __init__(self, docket: Docket, way: str) -> None:
        self.late = 0.0
        self.way = way
        manifest = yaml.safe_load(manifest_text("https://bot.example"))
        self.slack = SlackSandbox(manifest, now=lambda: time.time() + self.late, rate_limits=False)
        self.slack.start()
        self.channel = SUPPORT if way == UPDATE else self.slack.dm(MAYA.slack_user_id)
        self.root = self.slack.post(MAYA.slack_user_id, self.channel, "hello")
        self.is_mine = True
        self.saved: list[StreamState] = []
        self.docket = docket
        self.client = self.paced(10)

    def paced(self, factor: float) -> Client:
        """A client that keeps Slack's limits that many times over."""
        token, url = self.slack.bot_token, self.slack.url + "/api/"
        limits = SlackLimits(self.docket, token, factor)
        return Client(token, url, limits, Metrics(self.docket))

    def request(self) -> Request:
        return Request(
            id="Ev1",
            team_id=self.slack.team_id,
            user_id=MAYA.slack_user_id,
            channel_id=self.channel,
            thread_ts=self.root,
            ts=self.root,
            text="hello",
            is_direct=self.way == STREAM,
        )

    def thread(self, stream: StreamState | None = None) -> SlackThread:
        async def save() -> None:
            self.saved.append(thread.stream.model_copy(deep=True))

        async def is_mine() -> bool:
            return self.is_mine

        thread = SlackThread(self.client, self.request(), stream, is_mine, save, save)
        return thread

    def answers(self) -> list[Message]:
        return self.slack.thread(self.channel, self.root)[1:]

    def told(self) -> list[Message]:
        """What Maya was sent by direct message, outside of this thread."""
        messages = self.slack.messages(self.slack.dm(MAYA.slack_user_id))
        return [m for m in messages if m.thread_ts is None and m.user != MAYA.slack_user_id]

    def calls(self, *methods: str) -> list[Any]:
        return [call for call in self.slack.calls if not methods or call.method in methods]


def call(state: str = "started", number: int = 1, **more: str) -> ToolCall:
    title = more.pop("title", "Search")
    return ToolCall(id=f"toolu_{number}", name="t", input={}, title=title, state=state, **more)


async def arrived(setting: Setting, what: Callable[[list[Message]], object]) -> list[Message]:
    """The answers, once Slack has got that far."""

    def there() -> list[Message]:
        answers = setting.answers()
        return answers if answers and what(answers) else []

    return await asyncio.to_thread(setting.slack.wait, there)


def words(messages: list[Message]) -> list[str]:
    """All words of an answer, in order."""
    return " ".join(message.markdown for message in messages).split()
