"""The agent in its Slack thread: its live message, the cards that ask, and where it stands."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

import structlog
from slack_sdk.models.blocks import Block

from bot.agent.work import Unshown
from bot.slack.client import Client, SlackFailure, is_passing, why
from bot.slack.formatting import safe_markdown, split_at
from bot.slack.posting import post_once
from bot.slack.thread.approval_cards import ApprovalCards, cannot_ask
from bot.slack.thread.live_message import LiveMessage
from bot.slack.thread.refusals import Refused, SlackDown
from bot.slack.thread.session import Resting, Session, progress
from bot.state.models import Request, StreamState, ToolCall

log = structlog.get_logger()

MARKDOWN_CHARACTERS = 12_000
FIRST_SIGN_SECONDS = 3.0
"""How long a run waits for its first sign to show, before it goes on without."""


class SlackThread:
    """One run's place in Slack. Use it as an async context manager: it sends while one is inside.

    `is_mine` and `save_stream` are asked and told as `LiveMessage` says; `save` is told before and
    after a card is posted.
    """

    def __init__(
        self,
        client: Client,
        request: Request,
        stream: StreamState | None,
        is_mine: Callable[[], Awaitable[bool]],
        save_stream: Callable[[], Awaitable[None]],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._request = request
        self._first_sign: asyncio.Task[None] | None = None
        self._session = Session(client, request)
        self._live = LiveMessage(client, request, stream, is_mine, save_stream)
        self.say = self._live.say
        self.show = self._live.show
        self.keep = self._live.keep
        self.resume = self._live.resume
        self.recover = self._live.recover
        self.start_over = self._live.start_over
        self._cards = ApprovalCards(client, request, save)
        self.settle = self._cards.settle

    async def __aenter__(self) -> "SlackThread":
        await self._live.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget_first_sign()
        await self._live.__aexit__(kind, error, trace)

    @property
    def stream(self) -> StreamState:
        return self._live.state

    async def begin(self) -> None:
        """The first sign of life, and the native Stop button."""
        self._first_sign = asyncio.create_task(self._begin())
        await asyncio.wait([self._first_sign], timeout=FIRST_SIGN_SECONDS)

    async def _begin(self) -> None:
        await self._session.begin()
        if self._streams:
            await self._session.say("is working on it\u2026")

    async def say_status(self, words: str) -> None:
        """What the agent is doing meanwhile: "is waiting: ..."."""
        if self._streams:
            await self._session.say(words)
        words = words.removeprefix("is ")
        with progress("progress"):
            await self._live.say_progress(words[:1].upper() + words[1:])

    @property
    def _streams(self) -> bool:
        return self.stream.way == "stream"

    async def pause(self) -> None:
        """Close the message while the run waits for its teammate. Raises Trouble while Slack is
        down."""
        try:
            await self._live.pause()
        except Refused:
            await self.keep()

    async def ask(self, calls: list[ToolCall]) -> list[Unshown]:
        """Close the message and show a card for each call that has none yet.

        Returns:
            The calls that could not be shown whole.

        Raises:
            Trouble: While Slack is down.
            RunFailed: Where the thread takes no card.
        """
        try:
            await self._live.pause()
        except Refused as refusal:
            raise cannot_ask(str(refusal)) from refusal
        unshown = await self._cards.post(calls)
        if len(unshown) < len(calls):
            await self.set_status("suspended")
        return unshown

    async def heard(self, request: Request) -> None:
        with progress("reactions.add"):
            await self._client.reactions_add(
                channel=request.channel_id, timestamp=request.ts, name="eyes"
            )

    async def end(
        self,
        key: str,
        below: list[Block] | None = None,
        status: Resting = "active",
        *,
        again: bool = False,
    ) -> None:
        """The answer is complete: close it, with `below` under it. `key` names this ending;
        `again`: it may be there already.

        What the thread does not take goes to the teammate by direct message. Raises Trouble
        while Slack is down.
        """
        self._forget_first_sign()
        try:
            if await self._live.end(key, below or [], status, again=again):
                return
        except Refused as refusal:
            log.warning("thread_closed", why=str(refusal))
            await self._send_directly(key)
        await self.set_status(status)

    async def set_status(self, status: Resting) -> None:
        """Where the session stands now that nothing is done in it."""
        self._forget_first_sign()
        await self._session.rest(status)

    def _forget_first_sign(self) -> None:
        """What Slack was slow to take must not come after what stands now."""
        if self._first_sign:
            self._first_sign.cancel()

    async def _send_directly(self, key: str) -> None:
        text = await self._live.take_back()
        if not text:
            return
        rest = f"I could not post this in <#{self._request.channel_id}>:\n\n{safe_markdown(text)}"
        number = 0
        try:
            opened = await self._client.conversations_open(users=self._request.user_id)
            while rest:
                part, rest = split_at(rest, MARKDOWN_CHARACTERS)
                await post_once(
                    self._client,
                    opened["channel"]["id"],
                    None,
                    f"{key}:{number}",
                    look_first=True,
                    markdown_text=part,
                )
                number += 1
        except SlackFailure as error:
            if is_passing(error):
                self.say(text)
                await self.keep()
                raise SlackDown from error
            log.error("answer_not_delivered", why=why(error))
