"""The messages that an answer stands in, one after the other, whichever way they are shown."""

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block

from bot.slack.client import Client, SlackFailure, is_passing, patience, why
from bot.slack.limits import NoRoom
from bot.slack.posting import find_posted
from bot.slack.thread.chunks import copies, merge, running, size
from bot.slack.thread.orphans import find_orphans
from bot.state.models import Request, Shown, StreamState, ToolCall

log = structlog.get_logger()

MESSAGE_BYTES = 9_000
"""A message takes some 12,000 characters, and a card's output may count twice."""
MESSAGE_PARTS = 40
"""A message takes 50 blocks, and there is more than the answer's parts in it."""


@dataclass(frozen=True)
class FinalMessage:
    """What a message that is posted as a whole has besides its words."""

    key: str
    below: list[Block] = field(default_factory=list)


class Messages(ABC):
    """`save` is told before a message is begun, and as soon as its ts is known."""

    piece_characters: int
    """How much text goes out in one call."""
    sets_status: bool
    """Whether closing the last message sets the session's status as well."""

    def __init__(
        self,
        client: Client,
        request: Request,
        state: StreamState,
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self.state = state
        self.refusal: Exception | None = None
        """Why Slack did not take what was sent last."""
        self.recalled: list[Shown] = []
        """What a message held that is to be removed: it is to be sent anew."""
        self.progress = ""
        """What is being done; shown where the message can show it."""
        self._in_vain = 0
        """How often in a row Slack took nothing of it."""
        self._begun = time.monotonic()
        self._client = client
        self._request = request
        self._save = save
        self._shown = copies(state.kept) if state.ts else []

    @property
    def has_changed(self) -> bool:
        """Whether anything was shown, or may have been, since what is kept."""
        state = self.state
        return self._shown != state.kept or bool(state.starting or state.posting)

    @property
    def is_begun(self) -> bool:
        """Whether any message may hold something of the present step."""
        return bool(self.state.touched or self.state.starting or self.state.posting)

    @property
    def has_news(self) -> bool:
        """Whether there is something to send besides the answer."""
        return False

    def keep(self, unsent: list[Shown]) -> None:
        """What is shown stands, and `unsent` is still to come."""
        state = self.state
        state.kept, state.unsent = copies(self._shown), copies(unsent)
        state.touched = [state.ts] if state.ts else []

    def progress_piece(self) -> list[Shown]:
        """What says in the answer itself what is being done."""
        return []

    def progress_over(self) -> list[ToolCall]:
        """What said so, now that it is over."""
        return []

    async def say_progress(self, words: str) -> None:
        """Show at once what is being done. Raises StreamingRefused."""
        self.progress = words
        piece = self.progress_piece()
        if (piece or self.has_news) and await self.clean():
            with patience(0, for_progress=True):
                await self.send(piece)

    @abstractmethod
    def replace(self) -> list[Shown]:
        """Take back what was shown since; out: what is to be sent instead."""

    @abstractmethod
    async def seconds_between(self) -> float | None:
        """How long progress waits after something was written in the thread; None: as usual."""

    @abstractmethod
    async def send(
        self, piece: list[Shown], *, has_turn: bool = False, whole: FinalMessage | None = None
    ) -> bool:
        """Out: whether Slack took it; if not, `refusal` says why. `whole`: it may be posted as a
        message of its own. A piece may get parts of a message that had to be closed. Raises
        StreamingRefused."""

    @abstractmethod
    async def finish(self, last: list[Shown], whole: FinalMessage, status: str | None) -> bool:
        """Close the message with `last` as its last piece, and set the session's status if one is
        given and it can. Out: whether it is closed; if not, `last` is to be sent in another one.
        Raises SlackFailure."""

    async def turn(self) -> None:
        """Return once somebody may write in this thread."""
        request = self._request
        await self._client.limits.wait_for_thread(request.channel_id, request.thread_ts)

    async def turn_in(self) -> float:
        """Take the turn for progress if it is free: then 0. Out: seconds after which it may be."""
        request, seconds = self._request, await self.seconds_between()
        try:
            await self._client.limits.wait_for_thread(
                request.channel_id, request.thread_ts, 0, seconds=seconds
            )
        except NoRoom as error:
            return error.seconds
        return 0.0

    async def reset(self) -> None:
        """Nothing is open and nothing is to come: what comes later goes into a new message."""
        self._forget()
        await self._save()

    async def is_there(self, key: str) -> bool:
        """Whether the end with this key is in the thread already; then nothing is left to do.
        Raises SlackFailure."""
        request = self._request
        found = await find_posted(self._client, request.channel_id, request.thread_ts, key)
        if found:
            self._forget()
        return found is not None

    async def clean(self) -> bool:
        """Remove what is to come anew. Out: whether nothing of it is left."""
        state = self.state
        try:
            state.stale += await find_orphans(self._client, self._request, state)
            state.starting, state.posting = [], ""
            while state.stale:
                await self._remove(state.stale[0])
                state.stale.pop(0)
        except SlackFailure as error:
            self.refusal = error
            return False
        return True

    def _unhurried(self, first: float, last: float) -> float:
        """The longer a message is at work, the less it matters when the next bit of it comes: the
        seconds until then, from the first bits to the last ones."""
        return min(first + (time.time() - self.state.started_at) / 6, last)

    def _forget(self) -> None:
        state = self.state
        self.progress, self._shown = "", []
        self.state = StreamState(way=state.way, plain=state.plain, frozen=state.frozen)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """What is called inside writes in the thread: the next turn begins a second after it."""
        try:
            yield
        finally:
            # Without Redis nobody gets a turn, and what Slack has taken must still be noted.
            with suppress(RedisError):
                request = self._request
                await self._client.limits.wrote_in_thread(request.channel_id, request.thread_ts)

    def _is_full(self, piece: list[Shown]) -> bool:
        if not self._shown:
            return False
        parts = sum(1 for shown in [*self._shown, *piece] if shown.call)
        return size(self._shown) + size(piece) > MESSAGE_BYTES or parts > MESSAGE_PARTS

    def _opened(self, ts: str, piece: list[Shown]) -> None:
        state = self.state
        state.ts, state.started_at = ts, time.time()
        state.touched.append(ts)
        state.starting, state.posting = [], ""
        for shown in piece:
            merge(self._shown, shown)

    def _all_anew(self) -> None:
        """Somebody has deleted the message: all that it held is to be sent again."""
        self.recalled, self._shown = self._shown, []
        self.state.ts = ""

    def _carry_on(self, piece: list[Shown], words: list[Shown] | None = None) -> None:
        """What goes on from this message in the next one, before `piece`."""
        carried = [*running(self._shown), *(words or [])]
        for shown in piece:
            merge(carried, shown)
        piece[:] = carried
        self.state.ts, self._shown = "", []

    async def _remove(self, ts: str) -> None:
        channel = self._request.channel_id
        for call in (self._client.chat_stopStream, self._client.chat_delete):
            try:
                await call(channel=channel, ts=ts)
            except SlackApiError as error:
                if is_passing(error):
                    raise
                log.info("slack_refused", call="remove", why=why(error))
