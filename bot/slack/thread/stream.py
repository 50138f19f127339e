"""The messages in which an answer is streamed, one after the other.

Slack ends a stream about five minutes after its start, and a streamed message holds about 12 KB
(a card's output counts twice), so the answer moves on to a new message before either.

After a call whose answer got lost, nobody knows what the message holds: then it is removed, and
what it held is sent anew. Nothing is there twice, and nothing is missing.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block

from bot.slack.client import (
    Client,
    SlackFailure,
    is_limited,
    is_passing,
    is_unclear,
    patience,
    why,
)
from bot.slack.limits import NoRoom
from bot.slack.posting import EVENT, find_posted, post_once
from bot.slack.thread.chunks import blocks, chunks, closing, copies, merge, running, size, text_of
from bot.state.models import Request, Shown, StreamState

log = structlog.get_logger()

STREAM_SECONDS = 240.0
MESSAGE_BYTES = 9_000
ROOM_PATIENCE = 3.0
"""Seconds that words wait for room to be streamed, before they are posted as a whole."""
CLOCKS_APART = 10.0
"""Seconds by which Slack's clock may differ from ours."""
NOT_STREAMING = frozenset({"message_not_in_streaming_state", "message_not_found", "msg_too_long"})


@dataclass(frozen=True)
class Whole:
    """What a message that is posted as a whole has besides its words."""

    key: str
    below: list[Block] = field(default_factory=list)


class Stream:
    """`save` is told before a message is started, and as soon as its ts is known."""

    def __init__(
        self,
        client: Client,
        request: Request,
        state: StreamState | None,
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self.state = state.model_copy(deep=True) if state else StreamState()
        self.refusal: Exception | None = None
        """Why Slack did not take what was sent last."""
        self.recalled: list[Shown] = []
        """What a message held that is to be removed: it is to be sent anew."""
        self._client = client
        self._request = request
        self._save = save
        self._shown = copies(self.state.kept)

    @property
    def has_changed(self) -> bool:
        """Whether anything was shown, or may have been, since what is kept."""
        return self._shown != self.state.kept or bool(self.state.starting)

    def keep(self, unsent: list[Shown]) -> None:
        """What is shown stands, and `unsent` is still to come."""
        state = self.state
        state.kept, state.unsent = copies(self._shown), copies(unsent)
        state.touched = [state.ts] if state.ts else []

    def replace(self) -> list[Shown]:
        """Remove what was shown since; out: what is to be sent instead, all that is kept."""
        state = self.state
        state.stale += [ts for ts in state.touched if ts not in state.stale]
        state.unsent = [*state.kept, *state.unsent]
        state.ts, state.touched, state.kept, self._shown = "", [], [], []
        return copies(state.unsent)

    async def turn(self) -> None:
        """Return once somebody may write in this thread."""
        request = self._request
        await self._client.limits.wait_for_thread(request.channel_id, request.thread_ts)

    async def turn_in(self) -> float:
        """Take the turn if it is free: then 0. Out: seconds after which it may be."""
        request = self._request
        try:
            await self._client.limits.wait_for_thread(request.channel_id, request.thread_ts, 0)
        except NoRoom as error:
            return error.seconds
        return 0.0

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

    async def send(
        self, piece: list[Shown], *, has_turn: bool = False, whole: Whole | None = None
    ) -> bool:
        """Out: whether Slack took it; if not, `refusal` says why. `whole`: it may be posted as a
        message of its own instead of being streamed. A piece may get cards of a message that had
        to be closed."""
        if not self._new(piece):
            return True
        if not has_turn:
            await self.turn()
        try:
            if self.state.ts and self._is_full(piece):
                await self._move_on(piece)
            if self.state.ts:
                await self._append(self._new(piece))
            else:
                await self._start(piece, whole)
        except SlackFailure as error:
            if self.state.ts and why(error) in NOT_STREAMING:
                await self._give_up(piece)
                return await self.send(piece, whole=whole)
            log.warning("slack_refused", call="stream", why=why(error))
            self.refusal = error
            if self.state.ts and is_unclear(error):
                self._recall()
            return False
        return True

    async def finish(self, last: list[Shown], whole: Whole, status: str | None) -> bool:
        """Close the message with `last` as its last piece, and set the session's status, if one is
        given. Out: whether it is closed; if not, `last` is to be sent in another one. Raises
        SlackFailure."""
        await self.turn()
        if last and self._is_full(last):
            await self._move_on(last)
            return False
        try:
            async with self._writing():
                await self._client.chat_stopStream(
                    channel=self._request.channel_id,
                    ts=self.state.ts,
                    chunks=chunks(self._new(last)) or None,
                    blocks=whole.below or None,
                    metadata={"event_type": EVENT, "event_payload": {"key": whole.key}},
                    session_status=status,
                )
        except SlackApiError as error:
            if why(error) not in NOT_STREAMING:
                raise
            if await self.is_there(whole.key):
                return True
            await self._give_up(last)
            return False
        self._shown, self.state = [], StreamState()
        return True

    async def reset(self) -> None:
        """Nothing is open and nothing is to come: what comes later goes into a new message."""
        self._shown, self.state = [], StreamState()
        await self._save()

    async def is_there(self, key: str) -> bool:
        """Whether the end with this key is in the thread already; then nothing is left to do.
        Raises SlackFailure."""
        request = self._request
        found = await find_posted(self._client, request.channel_id, request.thread_ts, key)
        if found:
            self._shown, self.state = [], StreamState()
        return found is not None

    async def clean(self) -> bool:
        """Remove what is to come anew. Out: whether nothing of it is left."""
        state = self.state
        try:
            if state.starting:
                orphan = await self._find_orphan()
                state.stale += [orphan] if orphan else []
                state.starting = []
            while state.stale:
                await self._remove(state.stale[0])
                state.stale.pop(0)
        except SlackFailure as error:
            self.refusal = error
            return False
        return True

    def _new(self, piece: list[Shown]) -> list[Shown]:
        """Without the cards that stand there just so: Slack would append their output again."""
        calls = [shown.call for shown in self._shown if shown.call]
        return [shown for shown in piece if shown.call is None or shown.call not in calls]

    def _is_full(self, piece: list[Shown]) -> bool:
        is_old = time.time() - self.state.started_at > STREAM_SECONDS
        return is_old or size(self._shown) + size(piece) > MESSAGE_BYTES

    async def _append(self, piece: list[Shown]) -> None:
        async with self._writing():
            await self._client.chat_appendStream(
                channel=self._request.channel_id, ts=self.state.ts, chunks=chunks(piece)
            )
        for shown in piece:
            merge(self._shown, shown)

    async def _start(self, piece: list[Shown], whole: Whole | None) -> None:
        request, state = self._request, self.state
        recipient = (
            {}
            if request.is_direct
            else {
                "recipient_team_id": request.team_id,
                "recipient_user_id": request.user_id,
            }
        )
        state.starting, state.starting_at = copies(piece), time.time()
        await self._save()
        try:
            async with self._writing():
                with patience(ROOM_PATIENCE) if whole else nullcontext():
                    answer = await self._client.chat_startStream(
                        channel=request.channel_id,
                        thread_ts=request.thread_ts,
                        task_display_mode="timeline",
                        chunks=chunks(piece),
                        **recipient,
                    )
        except SlackFailure as error:
            if not is_unclear(error):
                state.starting = []
            if whole is None or not is_limited(error):
                raise
            await self._post(piece, whole)
            return
        state.ts, state.started_at = str(answer["ts"]), time.time()
        state.touched.append(state.ts)
        state.starting = []
        for shown in piece:
            merge(self._shown, shown)
        await self._save()

    async def _post(self, piece: list[Shown], whole: Whole) -> None:
        """There is no room for another stream: these words come as a whole."""
        request = self._request
        log.info("posted_as_a_whole")
        ts = await post_once(
            self._client,
            request.channel_id,
            request.thread_ts,
            whole.key,
            look_first=False,
            text=text_of(piece),
            blocks=[*blocks(piece), *whole.below],
        )
        self.state.touched.append(ts)
        await self._save()

    async def _move_on(self, piece: list[Shown]) -> None:
        """Close the present message; cards still running go on in the next one, with `piece`."""
        await self._stop()
        self._carry_on(piece)
        await self.turn()

    async def _stop(self) -> None:
        """Raises SlackFailure if it cannot be now."""
        try:
            async with self._writing():
                await self._client.chat_stopStream(
                    channel=self._request.channel_id,
                    ts=self.state.ts,
                    chunks=closing(self._shown) or None,
                )
        except SlackApiError as error:
            if is_passing(error):
                raise
            log.info("slack_refused", call="chat.stopStream", why=why(error))

    async def _give_up(self, piece: list[Shown]) -> None:
        """Slack has closed the message early: no card of it stays at work, and `piece` goes into a
        new one."""
        if running(self._shown):
            with suppress(*SlackFailure):
                await self._client.chat_update(
                    channel=self._request.channel_id,
                    ts=self.state.ts,
                    text=text_of(self._shown),
                    blocks=blocks(self._shown, closed=True),
                )
        self._carry_on(piece)

    def _carry_on(self, piece: list[Shown]) -> None:
        carried = running(self._shown)
        for shown in piece:
            merge(carried, shown)
        piece[:] = carried
        self.state.ts, self._shown = "", []

    def _recall(self) -> None:
        """Nobody knows what the message holds."""
        state = self.state
        state.stale.append(state.ts)
        state.ts = ""
        self.recalled, self._shown = self._shown, []

    async def _remove(self, ts: str) -> None:
        channel = self._request.channel_id
        for call in (self._client.chat_stopStream, self._client.chat_delete):
            try:
                await call(channel=channel, ts=ts)
            except SlackApiError as error:
                if is_passing(error):
                    raise
                log.info("slack_refused", call="remove", why=why(error))

    async def _find_orphan(self) -> str | None:
        """The message that was being started when its worker died, or Slack's answer got lost: it
        holds just what it was started with. Raises SlackFailure."""
        request, state = self._request, self.state
        page = await self._client.conversations_replies(
            channel=request.channel_id,
            ts=request.thread_ts,
            oldest=str(state.starting_at - CLOCKS_APART),
            limit=200,
        )
        ids = [shown.call.id for shown in state.starting if shown.call]
        text = _letters("".join(shown.text for shown in state.starting))
        for message in page["messages"]:
            if not message.get("bot_id") or message["ts"] in state.touched:
                continue
            in_blocks = json.dumps(message.get("blocks") or [])
            same_cards = all(f'"{call_id}"' in in_blocks for call_id in ids)
            if same_cards and _letters(str(message.get("text", ""))) == text and (ids or text):
                return str(message["ts"])
        return None


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
