"""The agent's answer as it streams: text and task cards in one message after the other.

Slack ends a stream about five minutes after its start, and a streamed message holds about 12 KB
(a card's output counts twice), so the answer moves on to a new message before either. What is to
be shown collects here and goes out about once a second.

After a call whose answer got lost, nobody knows what the message holds: then it is removed, and
what it held is sent anew. Nothing is there twice, and nothing is missing.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block

from bot.agent.work import Trouble
from bot.slack.client import (
    Client,
    SlackFailure,
    is_limited,
    is_passing,
    is_unclear,
    patience,
    why,
)
from bot.slack.formatting import complete_part
from bot.slack.pieces import blocks, chunks, closing, merge, pieces, running, size, text_of
from bot.slack.posting import EVENT, find_posted, post_once
from bot.state.models import Request, Shown, StreamState, ToolCall
from bot.state.store import Superseded

log = structlog.get_logger()

STREAM_SECONDS = 240.0
MESSAGE_BYTES = 9_000
ROOM_PATIENCE = 3.0
"""Seconds that the last words wait for room to be streamed; then they are posted as a whole."""
TRY_AGAIN_SECONDS = 2.0
ATTEMPTS = 2
CLOCKS_APART = 10.0
"""Seconds by which Slack's clock may differ from ours."""
NOT_STREAMING = frozenset({"message_not_in_streaming_state", "message_not_found", "msg_too_long"})


@dataclass(frozen=True)
class Whole:
    """What a message that is posted as a whole has besides its words."""

    key: str
    below: list[Block] = field(default_factory=list)


class SlackDown(Trouble):
    """Slack takes nothing right now."""

    def __init__(self) -> None:
        super().__init__("Slack does not take my messages right now.")


class Refused(Exception):
    """The thread takes nothing from us any more: it is archived, closed or gone."""


class Stream:
    """Use it as an async context manager: it sends while one is inside.

    `is_mine` is asked before each sending: who was superseded says nothing more. `save` is told
    before a message is started and as soon as its ts is known, so that after a crash another
    worker finds it.
    """

    def __init__(
        self,
        client: Client,
        request: Request,
        state: StreamState | None,
        is_mine: Callable[[], Awaitable[bool]],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self.state = state.model_copy(deep=True) if state else StreamState()
        self._client = client
        self._request = request
        self._is_mine = is_mine
        self._save = save
        self._shown = _copies(self.state.kept)
        self._waiting = _copies(self.state.unsent)
        self._recalled: list[Shown] = []
        self._refusal: Exception | None = None
        self._sending = asyncio.Lock()
        self._due = asyncio.Event()
        self._held = False
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Stream":
        self._sender = asyncio.create_task(self._send_now_and_then())
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._sending:  # a call under way is not cut off: its outcome would be unclear
            if self._sender:
                self._sender.cancel()
        if self._sender:
            with suppress(asyncio.CancelledError):
                await self._sender

    def say(self, text: str) -> None:
        if self._waiting and self._waiting[-1].call is None:
            self._waiting[-1].text += text
        else:
            self._waiting.append(Shown(text=text))
        self._held = False
        self._due.set()

    def show(self, call: ToolCall) -> None:
        card = call.model_copy(
            update={"input": {}, "result": "", "change": None, "decision": None, "card": None}
        )
        for shown in self._waiting:
            if shown.call and shown.call.id == call.id:
                shown.call = card
                break
        else:
            self._waiting.append(Shown(call=card))
        self._held = False
        self._due.set()

    async def keep(self) -> None:
        """What was shown so far stands, and is not sent on before more is said: the next step may
        be taken by another worker."""
        async with self._sending:
            self._held = True
            self._due.clear()
            state = self.state
            state.kept, state.unsent = _copies(self._shown), _copies(self._waiting)
            state.touched = [state.ts] if state.ts else []

    def resume(self) -> None:
        """Go on with what the step before left."""
        self._held = False
        if self._waiting:
            self._due.set()

    async def recover(self, key: str | None) -> None:
        """The step was begun before and broke off with its worker, and nobody knows how far its
        messages came: they are replaced, unless the ending with this key is there.

        Raises SlackDown.
        """
        if not (self.state.touched or self.state.starting):
            return self.resume()
        async with self._sending:
            try:
                if key is None or not await self._is_there(key):
                    self._replace_all()
            except SlackFailure as error:
                if is_passing(error):
                    raise SlackDown from error
                self._replace_all()

    async def start_over(self) -> None:
        """What the step has shown is replaced by what stood before it."""
        async with self._sending:
            state = self.state
            if self._waiting != state.unsent or self._shown != state.kept or state.starting:
                self._replace_all()

    def _replace_all(self) -> None:
        state = self.state
        state.stale += [ts for ts in state.touched if ts not in state.stale]
        state.ts, state.touched = "", []
        self._shown, self._waiting = [], _copies([*state.kept, *state.unsent])
        state.unsent, state.kept = _copies(self._waiting), []
        self._held = False
        self._due.set()

    async def pause(self) -> None:
        """Close the message for now; what comes later goes into a new one.

        Raises SlackDown, or Refused where the thread takes nothing any more.
        """

        async def close() -> bool | None:
            await self._send(final=True)
            if self._waiting:
                return None
            if self.state.ts:
                await self._turn()
                await self._close()
            self._shown, self.state = [], StreamState()
            await self._save()
            return True

        await self._insist(close)

    async def end(self, key: str, below: list[Block], status: str, *, again: bool) -> bool:
        """Close the answer, with `below` under its last words. `key` names this ending; `again`: it
        may be there already. Out: whether the session has got its `status` by it.

        Raises SlackDown or Refused.
        """
        look_first = again

        async def end() -> bool | None:
            nonlocal look_first
            looked, look_first = look_first, True
            if looked and await self._is_there(key):
                return False
            return await self._end(key, below, status)

        return await self._insist(end)

    async def take_back(self) -> str:
        """The text that was not sent; it is not tried here again."""
        async with self._sending:
            text = "".join(shown.text for shown in self._waiting).strip()
            self._waiting, self._held = [], True
            return text

    async def _insist(self, send: Callable[[], Awaitable[bool | None]]) -> bool:
        """Try until it says that it is done. Raises SlackDown or Refused."""
        refused = 0
        while refused < ATTEMPTS:
            async with self._sending:
                self._refusal = None
                try:
                    done = await send()
                except SlackFailure as error:
                    done, self._refusal = None, error
            if done is not None:
                return done
            if self._refusal and not is_passing(self._refusal):
                raise Refused(why(self._refusal))
            if self._refusal:
                refused += 1
                await asyncio.sleep(TRY_AGAIN_SECONDS)
        await self.keep()
        raise SlackDown

    async def _send_now_and_then(self) -> None:
        while True:
            await self._due.wait()
            try:
                await self._turn()
                async with self._sending:
                    self._refusal = None
                    if not self._held:
                        with patience(0, for_progress=True):
                            await self._send(has_turn=True)
            except (RedisError, Superseded) as error:
                # The step itself meets the same trouble, and there it counts.
                log.info("progress_not_sent", why=type(error).__name__)
                await asyncio.sleep(TRY_AGAIN_SECONDS)
            if self._refusal:
                await asyncio.sleep(TRY_AGAIN_SECONDS)
                self._due.set()
            elif self._held:
                self._due.clear()

    async def _turn(self) -> None:
        """Wait until somebody may write in this thread."""
        request = self._request
        await self._client.limits.wait_for_thread(request.channel_id, request.thread_ts)

    async def _send(self, *, final: bool = False, has_turn: bool = False) -> None:
        """Send what waits, as far as Slack takes it."""
        self._due.clear()
        if not await self._is_mine():
            self._waiting = []
            return
        if not await self._clean():
            return
        waiting, self._waiting = self._waiting, []
        if not final and waiting and waiting[-1].call is None:
            waiting[-1].text, held = complete_part(waiting[-1].text)
            if held:
                self._waiting.append(Shown(text=held))
        left = pieces(waiting)
        while left:
            whole = Whole(secrets.token_hex(8)) if final else None
            if not await self._send_piece(left[0], has_turn=has_turn, whole=whole):
                break
            left.pop(0)
            has_turn = False
        self._waiting = [*self._recalled, *(s for piece in left for s in piece), *self._waiting]
        self._recalled = []

    async def _end(self, key: str, below: list[Block], status: str) -> bool | None:
        if not await self._is_mine():
            return False
        if not await self._clean():
            return None
        left, self._waiting = pieces(self._waiting), []
        while len(left) > 1 or (left and not self.state.ts):
            is_last = len(left) == 1
            whole = Whole(key, below) if is_last else Whole(secrets.token_hex(8))
            if not await self._send_piece(left[0], whole=whole):
                break
            left.pop(0)
        else:
            last = left.pop() if left else []
            if not self.state.ts:
                return False
            if await self._stopped_with(last, key, below, status):
                return True
            left = [last]
        self._waiting = [*self._recalled, *(shown for piece in left for shown in piece)]
        self._recalled = []
        return None

    async def _stopped_with(
        self, last: list[Shown], key: str, below: list[Block], status: str
    ) -> bool:
        """Out: whether the message is closed, and whole."""
        await self._turn()
        if last and self._is_full(last):
            await self._move_on(last)
            return False
        try:
            await self._client.chat_stopStream(
                channel=self._request.channel_id,
                ts=self.state.ts,
                chunks=chunks(self._new(last)) or None,
                blocks=below or None,
                metadata={"event_type": EVENT, "event_payload": {"key": key}},
                session_status=status,
            )
        except SlackApiError as error:
            if why(error) not in NOT_STREAMING:
                raise
            if await self._is_there(key):
                return True
            await self._give_up(last)
            return False
        self._shown, self.state = [], StreamState()
        return True

    async def _is_there(self, key: str) -> bool:
        """Whether the answer's end is in the thread already. Raises SlackFailure."""
        request = self._request
        found = await find_posted(self._client, request.channel_id, request.thread_ts, key)
        if found:
            self._shown, self._waiting, self.state = [], [], StreamState()
        return found is not None

    async def _send_piece(
        self,
        piece: list[Shown],
        *,
        has_turn: bool = False,
        whole: Whole | None = None,
    ) -> bool:
        """Out: whether Slack took it; if not, it is tried again with the next. `whole`: it may be
        posted as a message of its own instead of being streamed."""
        piece = self._new(piece)
        if not piece:
            return True
        if not has_turn:
            await self._turn()
        try:
            if self.state.ts and self._is_full(piece):
                await self._move_on(piece)
            if self.state.ts:
                await self._append(piece)
            else:
                await self._start(piece, whole)
        except SlackFailure as error:
            if self.state.ts and why(error) in NOT_STREAMING:
                await self._give_up(piece)
                return await self._send_piece(piece, whole=whole)
            log.warning("slack_refused", call="stream", why=why(error))
            self._refusal = error
            if self.state.ts and is_unclear(error):
                self._recall()
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
        state.starting, state.starting_at = _copies(piece), time.time()
        await self._save()
        try:
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
        self.state.starting = []
        await self._save()

    async def _move_on(self, piece: list[Shown]) -> None:
        """Close the present message; cards still running go on in the next one, with `piece`."""
        await self._close()
        self._carry_on(piece)
        await self._turn()

    async def _close(self) -> None:
        """Close the message that is open. Raises SlackFailure if it cannot be now."""
        try:
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
        """Nobody knows what the message holds: it is removed, and what it held is sent anew."""
        state = self.state
        state.stale.append(state.ts)
        state.ts = ""
        self._recalled, self._shown = self._shown, []

    async def _clean(self) -> bool:
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
            self._refusal = error
            return False
        return True

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


def _copies(shown: list[Shown]) -> list[Shown]:
    return [item.model_copy(deep=True) for item in shown]
