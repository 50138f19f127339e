"""The agent's answer in its Slack thread: text and task cards in a message that streams.

Slack ends a stream about five minutes after its start, and a streamed message holds about 12 KB
(a card's output counts twice), so the answer moves on to a new message before either. What is to
be shown collects here and goes out about once a second.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

import aiohttp
import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.models.messages.chunk import Chunk, MarkdownTextChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import cards
from bot.slack.formatting import complete_part, safe_markdown, split_at
from bot.slack.posting import post_once
from bot.state.models import Card, Request, Shown, StreamState, ToolCall
from bot.state.store import Superseded

log = structlog.get_logger()

PAUSE_SECONDS = 1.0
STREAM_SECONDS = 240.0
MESSAGE_BYTES = 9_000
PIECE_CHARACTERS = 2_000
CARD_CHARACTERS = 250
MARKDOWN_CHARACTERS = 12_000
STATUS_CHARACTERS = 150
FLUSH_PAUSES = (0.5, 2.0, 0.0)
NOT_STREAMING = frozenset({"message_not_in_streaming_state", "message_not_found", "msg_too_long"})

_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")

SessionStatus = Literal["processing", "active", "suspended", "closed"]
_TASK_STATUS = {
    "pending": "pending",
    "waiting": "pending",
    "approved": "pending",
    "started": "in_progress",
    "done": "complete",
    "failed": "error",
    "refused": "error",
    "unknown": "error",
}


class SlackThread:
    """One run's answer. Use it as an async context manager: it sends while one is inside.

    `is_mine` is asked before each sending: who was superseded says nothing more. `save` is told
    of each new stream before anything is appended to it, so that after a crash another worker
    finds it.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        request: Request,
        stream: StreamState | None,
        is_mine: Callable[[], Awaitable[bool]],
        save: Callable[[StreamState | None], Awaitable[None]],
    ) -> None:
        self._client = client
        self._request = request
        self._stream = stream
        self._is_mine = is_mine
        self._save = save
        self._shown: list[Shown] = list(stream.kept) if stream else []
        self._waiting: list[Shown] = []
        self._sending = asyncio.Lock()
        self._due = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "SlackThread":
        self._sender = asyncio.create_task(self._send_now_and_then())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sender:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender

    @property
    def stream(self) -> StreamState | None:
        return self._stream

    def say(self, text: str) -> None:
        if self._waiting and self._waiting[-1].call is None:
            self._waiting[-1].text += text
        else:
            self._waiting.append(Shown(text=text))
        self._due.set()

    def show(self, call: ToolCall) -> None:
        card = call.model_copy(
            update={"input": {}, "result": "", "change": None, "decision": None, "card": None}
        )
        if any(shown.call == card for shown in self._shown):
            return  # Slack would append a card's output a second time
        for shown in self._waiting:
            if shown.call and shown.call.id == call.id:
                shown.call = card
                break
        else:
            self._waiting.append(Shown(call=card))
        self._due.set()

    def keep(self) -> None:
        if self._stream:
            self._stream.kept = [shown.model_copy(deep=True) for shown in self._shown]

    async def begin(self) -> None:
        """The first sign of life, and the native Stop button."""
        where = {"channel_id": self._request.channel_id, "thread_ts": self._request.thread_ts}
        title = self._request.text.strip()[:80] or "Intercom"
        with _unimportant("agents.sessions.setStatus"):
            await self._client.agents_sessions_setStatus(
                **where,
                status="processing",
                title=title,
                initiator_user_id=self._request.user_id,
            )
        await self.say_status("is working on it…")
        if self._request.is_direct and self._request.thread_ts == self._request.ts:
            with _unimportant("assistant.threads.setTitle"):
                await self._client.assistant_threads_setTitle(**where, title=title)

    async def say_status(self, words: str) -> None:
        """What the agent is doing, beside its name; Slack clears it after two minutes."""
        with _unimportant("assistant.threads.setStatus"):
            await self._client.assistant_threads_setStatus(
                channel_id=self._request.channel_id,
                thread_ts=self._request.thread_ts,
                status=words[:STATUS_CHARACTERS],
            )

    async def ask(self, calls: list[ToolCall], signed_as: str) -> None:
        """Close the message and show a card for each call that has none yet."""
        await self.flush()
        await self._pause()
        for call in calls:
            if call.card is None:
                await self._post_card(call, calls, signed_as)

    async def settle(self, call: ToolCall) -> None:
        if call.card is None or call.change is None:
            return
        owner = self._request.user_id
        with _unimportant("chat.update"):
            await self._client.chat_update(
                channel=call.card.channel_id,
                ts=call.card.ts,
                text=cards.fate(call, owner),
                blocks=cards.settled(call, owner, call.signed_as),
            )

    async def heard(self, request: Request) -> None:
        with _unimportant("reactions.add"):
            await self._client.reactions_add(
                channel=request.channel_id, timestamp=request.ts, name="eyes"
            )

    async def _pause(self) -> None:
        """Close the message for now; what comes later goes into a new one."""
        if self._stream:
            with _unimportant("chat.stopStream"):
                await self._client.chat_stopStream(
                    channel=self._request.channel_id, ts=self._stream.ts
                )
        self._stream, self._shown = None, []
        await self._save(None)
        await self.set_status("suspended")

    async def _post_card(self, call: ToolCall, together: list[ToolCall], signed_as: str) -> None:
        """A card that Slack does not take leaves its call without one: the next step tries again,
        and the time that approvals wait ends it."""
        assert call.change
        alike = [other for other in together if other.name == call.name]
        look_first, call.asked = call.asked, True
        call.signed_as = signed_as
        await self._save(self._stream)
        try:
            ts = await post_once(
                self._client,
                self._request.channel_id,
                self._request.thread_ts,
                f"call:{call.id}",
                look_first=look_first,
                text=cards.summary(call.change),
                blocks=cards.card(call, alike, self._request.user_id, signed_as),
            )
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_refused", call="card", why=_why(error))
            return
        call.card = Card(channel_id=self._request.channel_id, ts=ts)
        await self._save(self._stream)

    async def start_over(self) -> None:
        """After a crash: replace the broken-off message by one with what is kept of it."""
        if self._stream is None:
            return
        channel, old = self._request.channel_id, self._stream
        with _unimportant("chat.stopStream"):
            await self._client.chat_stopStream(channel=channel, ts=old.ts)
        with _unimportant("chat.delete"):
            await self._client.chat_delete(channel=channel, ts=old.ts)
        self._stream = None
        self._shown = []
        self._waiting = [shown.model_copy(deep=True) for shown in old.kept]
        await self.flush()
        self.keep()
        await self._save(self._stream)

    async def flush(self) -> None:
        for pause in FLUSH_PAUSES:
            await self._send(final=True)
            if not self._waiting:
                return
            await asyncio.sleep(pause)

    async def end(
        self, blocks: list[Block] | None = None, status: SessionStatus = "active"
    ) -> None:
        """The answer is complete: close the stream, with `blocks` below it.

        What the thread would not take goes to the teammate by direct message.
        """
        await self.flush()
        if self._waiting:
            await self._send_directly()
        if self._stream:
            try:
                await self._client.chat_stopStream(
                    channel=self._request.channel_id,
                    ts=self._stream.ts,
                    blocks=blocks or None,
                    session_status=status,
                )
                return
            except SlackApiError as error:
                if error.response.get("error") not in NOT_STREAMING:
                    log.warning("slack_refused", call="chat.stopStream", why=_why(error))
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("slack_unreachable", call="chat.stopStream", why=type(error).__name__)
        await self.set_status(status)

    async def set_status(self, status: SessionStatus) -> None:
        """Where the session stands. Not `processing`: the Stop button goes."""
        where = {"channel_id": self._request.channel_id, "thread_ts": self._request.thread_ts}
        with _unimportant("agents.sessions.setStatus"):
            await self._client.agents_sessions_setStatus(**where, status=status)
        if status != "processing":
            with _unimportant("assistant.threads.setStatus"):
                await self._client.assistant_threads_setStatus(
                    channel_id=where["channel_id"], thread_ts=where["thread_ts"], status=""
                )

    async def _send_now_and_then(self) -> None:
        while True:
            await self._due.wait()
            try:
                await self._send()
            except (RedisError, Superseded) as error:
                # The step itself meets the same trouble, and there it counts.
                log.info("progress_not_sent", why=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self, *, final: bool = False) -> None:
        async with self._sending:
            self._due.clear()
            if self._waiting and not await self._is_mine():
                self._waiting = []
            waiting, self._waiting = self._waiting, []
            if not final and waiting and waiting[-1].call is None:
                ready, held = complete_part(waiting[-1].text)
                waiting[-1].text = ready
                if held:
                    self._waiting.append(Shown(text=held))
            pieces = _pieces(waiting)
            while pieces and await self._send_piece(pieces[0]):
                pieces.pop(0)
            self._waiting = [shown for piece in pieces for shown in piece] + self._waiting

    async def _send_piece(self, piece: list[Shown]) -> bool:
        """Out: whether Slack took it; if not, it is tried again with the next."""
        if self._stream and (
            time.time() - self._stream.started_at > STREAM_SECONDS
            or _size(self._shown) + _size(piece) > MESSAGE_BYTES
        ):
            await self._move_on()
        try:
            if self._stream:
                await self._append(piece)
            else:
                await self._start(piece)
        except SlackApiError as error:
            if error.response.get("error") in NOT_STREAMING and self._stream:
                return await self._restart(piece)
            log.warning("slack_refused", call="stream", why=_why(error))
            return False
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_unreachable", call="stream", why=type(error).__name__)
            return False
        for shown in piece:
            _merge(self._shown, shown)
        return True

    async def _start(self, piece: list[Shown]) -> None:
        request = self._request
        recipient = (
            {}
            if request.is_direct
            else {
                "recipient_team_id": request.team_id,
                "recipient_user_id": request.user_id,
            }
        )
        answer = await self._client.chat_startStream(
            channel=request.channel_id,
            thread_ts=request.thread_ts,
            task_display_mode="timeline",
            chunks=_chunks(piece),
            **recipient,
        )
        self._stream = StreamState(ts=answer["ts"], started_at=time.time())
        await self._save(self._stream)

    async def _append(self, piece: list[Shown]) -> None:
        assert self._stream
        await self._client.chat_appendStream(
            channel=self._request.channel_id, ts=self._stream.ts, chunks=_chunks(piece)
        )

    async def _move_on(self) -> None:
        """Close the present message; cards still running go on in the next one."""
        assert self._stream
        running = [shown for shown in self._shown if shown.call and not shown.call.ended]
        closing: list[Chunk] = [
            _task(shown.call, status="complete", output="Goes on below")
            for shown in running
            if shown.call
        ]
        with _unimportant("chat.stopStream"):
            await self._client.chat_stopStream(
                channel=self._request.channel_id, ts=self._stream.ts, chunks=closing or None
            )
        self._stream, self._shown = None, []
        if running:
            await self._start(running)
            self._shown = running

    async def _restart(self, piece: list[Shown]) -> bool:
        """Slack has closed the stream early: go on in a new message."""
        self._stream = None
        running = [shown for shown in self._shown if shown.call and not shown.call.ended]
        self._shown = []
        merged: list[Shown] = []
        for shown in [*running, *piece]:
            _merge(merged, shown)
        try:
            await self._start(merged)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_refused", call="chat.startStream", why=_why(error))
            return False
        self._shown = merged
        return True

    async def _send_directly(self) -> None:
        text = "".join(shown.text for shown in self._waiting).strip()
        self._waiting = []
        if not text or self._request.is_direct:
            log.error("answer_not_delivered")
            return
        words = f"I could not post this in <#{self._request.channel_id}>:\n\n{safe_markdown(text)}"
        with _unimportant("chat.postMessage"):
            opened = await self._client.conversations_open(users=self._request.user_id)
            await self._client.chat_postMessage(
                channel=opened["channel"]["id"],
                markdown_text=split_at(words, MARKDOWN_CHARACTERS)[0],
            )


class _unimportant(suppress):
    """What a run can do without: a failure of it is logged and forgotten."""

    def __init__(self, call: str) -> None:
        super().__init__(SlackApiError, aiohttp.ClientError, TimeoutError)
        self._call = call

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if isinstance(error, SlackApiError):
            log.info("slack_refused", call=self._call, why=_why(error))
        return super().__exit__(kind, error, trace)


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return type(error).__name__


def _pieces(waiting: list[Shown]) -> list[list[Shown]]:
    """What goes out in one call each: everything, unless a text is too long for one."""
    pieces: list[list[Shown]] = [[]]
    for shown in waiting:
        if shown.call:
            pieces[-1].append(shown)
            continue
        rest = safe_markdown(shown.text)
        while rest:
            part, rest = split_at(rest, PIECE_CHARACTERS)
            pieces[-1].append(Shown(text=part))
            if rest:
                pieces.append([])
    return [piece for piece in pieces if piece]


def _merge(shown: list[Shown], new: Shown) -> None:
    if new.call is None:
        shown.append(new)
        return
    for old in shown:
        if old.call and old.call.id == new.call.id:
            old.call = new.call
            return
    shown.append(new)


def _size(shown: list[Shown]) -> int:
    """Bytes, counted on the safe side."""
    texts = sum(len(item.text.encode()) for item in shown)
    cards = [item.call for item in shown if item.call]
    return texts + sum(100 + len(f"{card.title}{card.outcome * 2}".encode()) for card in cards)


def _chunks(piece: list[Shown]) -> list[Chunk]:
    return [
        _task(shown.call) if shown.call else MarkdownTextChunk(text=shown.text) for shown in piece
    ]


def _task(call: ToolCall, *, status: str = "", output: str = "") -> TaskUpdateChunk:
    sources = [{"type": "url", "text": "Open in Intercom", "url": call.link}] if call.link else None
    return TaskUpdateChunk(
        id=call.id,
        title=call.title.translate(_NO_MARKUP)[:CARD_CHARACTERS],
        status=status or _TASK_STATUS[call.state],
        output=output or split_at(safe_markdown(call.outcome), CARD_CHARACTERS)[0] or None,
        sources=sources,
    )
