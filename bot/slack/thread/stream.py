"""An answer that is streamed: the one it is for reads along, in a DM and in the agent's pane.

Slack ends a stream about five minutes after its start, and a streamed message holds about 12 KB
(a card's output counts twice), so the answer moves on to a new message before either.

After a call whose answer got lost, nobody knows what the message holds: then it is removed, and
what it held is sent anew. Nothing is there twice, and nothing is missing.
"""

import time
from contextlib import nullcontext, suppress

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.client import (
    SlackFailure,
    has_answered,
    is_limited,
    is_passing,
    is_unclear,
    patience,
    why,
)
from bot.slack.posting import EVENT, post_once
from bot.slack.thread.chunks import (
    blocks,
    chunks,
    closing,
    copies,
    is_blank,
    merge,
    running,
    text_of,
    words_cut_short,
)
from bot.slack.thread.messages import FinalMessage, Messages
from bot.slack.thread.refusals import StreamingRefused
from bot.state.models import Shown, ToolCall

log = structlog.get_logger()

STREAM_SECONDS = 240.0
ROOM_PATIENCE = 3.0
"""Seconds that words wait for room to be streamed, before they are posted as a whole."""
GONE = "message_not_found"
CLOSED = "message_not_in_streaming_state"
FULL = "msg_too_long"
USUAL_ENDS = frozenset({CLOSED, FULL})
WAITING = "waiting"
"""The id of the card that says what is waited for."""
STREAMS_IN_VAIN = 2
"""How often a stream breaks down in a row, before there are none any more."""


class Stream(Messages):
    piece_characters = 4_000
    sets_status = True

    def progress_piece(self) -> list[Shown]:
        """A card: nothing that was streamed can be taken back, but a card can come to its end."""
        call = ToolCall(id=WAITING, name="", input={}, title=self.progress, state="started")
        return [Shown(call=call)]

    def progress_over(self) -> list[ToolCall]:
        calls = [shown.call for shown in running(self._shown) if shown.call]
        return [
            call.model_copy(update={"state": "done", "outcome": "It goes on"})
            for call in calls
            if call.id == WAITING
        ]

    def replace(self) -> list[Shown]:
        """Everything since is removed; all that is kept is to be sent."""
        state = self.state
        state.stale += [ts for ts in state.touched if ts not in state.stale]
        state.unsent = [*state.kept, *state.unsent]
        state.ts, state.touched, state.kept, self._shown = "", [], [], []
        return copies(state.unsent)

    async def seconds_between(self) -> float | None:
        if not self.state.ts:
            return None
        return self._client.limits.scaled(self._unhurried(1.5, 4.0))

    async def send(
        self, piece: list[Shown], *, has_turn: bool = False, whole: FinalMessage | None = None
    ) -> bool:
        if not self._new(piece):
            return True
        if not has_turn:
            await self.turn()
        try:
            if self.state.ts and self._is_full(piece) and not await self._move_on(piece):
                return False
            if self.state.ts:
                await self._append(self._new(piece))
            else:
                await self._start(piece, whole)
        except SlackFailure as error:
            if self.state.ts and why(error) == GONE:
                self._all_anew()
                return False
            if self.state.ts and not is_passing(error):
                await self._give_up(error, piece)
                return await self.send(piece, whole=whole)
            log.warning("slack_refused", call="stream", why=why(error))
            self._count(error)
            self.refusal = error
            if self.state.ts and is_unclear(error):
                self._recall()
            return False
        return True

    async def finish(self, last: list[Shown], whole: FinalMessage, status: str | None) -> bool:
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
            if is_passing(error):
                raise
            if await self.is_there(whole.key):
                return True
            if why(error) == GONE:
                self._all_anew()
                return False
            is_closed = why(error) == CLOSED and not self._new(last)
            if is_closed and await self._finish_closed(whole):
                return True
            await self._give_up(error, last)
            return False
        self._forget()
        return True

    async def _finish_closed(self, whole: FinalMessage) -> bool:
        """Slack has closed the message early, when it held everything but its end. Out: whether it
        has got that."""
        try:
            await self._client.chat_update(
                channel=self._request.channel_id,
                ts=self.state.ts,
                text=text_of(self._shown),
                blocks=[*blocks(self._shown, closed=True), *whole.below],
                metadata={"event_type": EVENT, "event_payload": {"key": whole.key}},
            )
        except SlackApiError as error:
            if is_passing(error):
                raise
            return False
        self._forget()
        return True

    def _new(self, piece: list[Shown]) -> list[Shown]:
        """Without the cards that stand there just so: Slack would append their output again."""
        calls = [shown.call for shown in self._shown if shown.call]
        return [shown for shown in piece if shown.call is None or shown.call not in calls]

    def _is_full(self, piece: list[Shown]) -> bool:
        is_old = time.time() - self.state.started_at > STREAM_SECONDS
        return is_old or super()._is_full(piece)

    async def _append(self, piece: list[Shown]) -> None:
        async with self._writing():
            await self._client.chat_appendStream(
                channel=self._request.channel_id, ts=self.state.ts, chunks=chunks(piece)
            )
        self._in_vain = 0
        for shown in piece:
            merge(self._shown, shown)

    async def _start(self, piece: list[Shown], whole: FinalMessage | None) -> None:
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
            if not is_passing(error):
                raise StreamingRefused(why(error)) from error
            if whole is None or not is_limited(error):
                raise
            await self._post(piece, whole)
            return
        self._opened(str(answer["ts"]), piece)
        await self._save()

    async def _post(self, piece: list[Shown], whole: FinalMessage) -> None:
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

    async def _move_on(self, piece: list[Shown]) -> bool:
        """Close the present message; cards still running go on in the next one, with `piece`. Out:
        False if it was gone, and all of it is to be sent again."""
        if await self._stop() == GONE:
            self._all_anew()
            return False
        self._carry_on(piece)
        await self.turn()
        return True

    async def _stop(self) -> str:
        """Out: why Slack refuses it. Raises SlackFailure if it cannot be now."""
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
            return why(error)
        return ""

    async def _give_up(self, error: Exception, piece: list[Shown]) -> None:
        """Slack takes no more into this message. No card of it stays at work, and `piece` goes into
        a new one, with a last word that was cut short. Raises StreamingRefused if that is no use.
        """
        reason = why(error)
        log.info("stream_ended_early", why=reason)
        if reason != CLOSED:
            await self._stop()
        rest, words = words_cut_short(self._shown)
        await self._leave(rest, changed=bool(words))
        self._carry_on(piece, words)
        self._in_vain += 1
        if reason not in USUAL_ENDS or self._in_vain > STREAMS_IN_VAIN:
            raise StreamingRefused(reason)

    async def _leave(self, shown: list[Shown], *, changed: bool) -> None:
        """Let the message, which Slack has closed, stand with this in it."""
        channel, ts = self._request.channel_id, self.state.ts
        with suppress(*SlackFailure):
            if is_blank(shown):
                await self._client.chat_delete(channel=channel, ts=ts)
            elif changed or running(shown):
                await self._client.chat_update(
                    channel=channel,
                    ts=ts,
                    text=text_of(shown),
                    blocks=blocks(shown, closed=True),
                )

    def _count(self, error: Exception) -> None:
        """Raises StreamingRefused where Slack says again and again that streaming is broken."""
        if has_answered(error) and not is_limited(error) and not self.state.ts:
            self._in_vain += 1
            if self._in_vain >= STREAMS_IN_VAIN:
                raise StreamingRefused(why(error))

    def _recall(self) -> None:
        """Nobody knows what the message holds."""
        state = self.state
        state.stale.append(state.ts)
        state.ts = ""
        self.recalled, self._shown = self._shown, []
