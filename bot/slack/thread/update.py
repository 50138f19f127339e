"""An answer in a message that is posted, and updated as the work goes on: everybody in a channel
sees the same, at the same time.

An update replaces all that the message holds. Sent twice it does no harm, and after a crash the
next one puts everything right. It notifies nobody, though: an answer that comes late ends in a
message of its own.
"""

import secrets
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block

from bot.slack.client import SlackFailure, is_passing, is_unclear, patience, why
from bot.slack.limits import UPDATE_SECONDS
from bot.slack.posting import EVENT, post_once
from bot.slack.thread.chunks import (
    blocks,
    copies,
    halves,
    is_blank,
    markdown,
    merge,
    parted,
    text_of,
)
from bot.slack.thread.messages import FinalMessage, Messages
from bot.state.models import Shown

log = structlog.get_logger()

NOTICED_SECONDS = 30.0
"""After a message was posted: who was notified by it still finds in it what comes by then."""
FIRST_SECONDS = 0.8
"""Nothing is posted before that, so that what ends at once is one message, and one call."""
MOST_CHARACTERS = 11_000
"""Of Markdown in one message; Slack takes 12,000."""
FIRST_PATIENCE = 3.0
"""Seconds that a message waits to be posted at first."""
TOO_LONG = frozenset({"msg_blocks_too_long", "msg_too_long", "message_limit_exceeded"})
NO_SUCH_BLOCKS = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "block_mismatch", "invalid_arguments"}
)
"""Clients and workspaces that do not know task cards answer the first."""
GONE = "message_not_found"
STILL_STREAMING = "streaming_state_conflict"
"""It was begun as a stream."""


class Update(Messages):
    piece_characters = 8_000
    sets_status = False

    @property
    def has_news(self) -> bool:
        return self.progress != self.state.progress and not self.state.frozen

    def replace(self) -> list[Shown]:
        """What the message holds too much goes with the next update; messages that were begun
        since are removed."""
        state = self.state
        first, *others = state.touched or [""]
        state.stale += [ts for ts in others if ts not in state.stale]
        if state.kept and not first:
            state.unsent = [*state.kept, *state.unsent]
            state.kept = []
        state.ts, state.touched = first, [first] if first else []
        state.started_at = float(first or 0)
        state.progress, self._shown = "", copies(state.kept)
        return copies(state.unsent)

    async def turn_in(self) -> float:
        early = self._begun + FIRST_SECONDS - time.monotonic()
        return early if early > 0 and not self.state.ts else await super().turn_in()

    async def seconds_between(self) -> float | None:
        if not self.state.ts:
            return None
        request = self._request
        return await self._client.limits.seconds_between_updates(
            request.channel_id, request.thread_ts, self._unhurried(UPDATE_SECONDS, 4.0)
        )

    async def send(
        self, piece: list[Shown], *, has_turn: bool = False, whole: FinalMessage | None = None
    ) -> bool:
        if self.state.frozen and whole is None:
            return False
        if not self.state.ts and sum(len(item.text) for item in piece) > MOST_CHARACTERS:
            return await self._send_in_halves(piece, whole)
        if not has_turn:
            await self.turn()
        try:
            if self.state.ts and self._is_full(piece):
                return await self._move_on(piece) and await self.send(piece, whole=whole)
            if self.state.ts:
                await self._change(piece)
            else:
                await self._post(piece, whole)
        except SlackFailure as error:
            if self._is_gone(error):
                return False
            if self._gets_around(error, piece):
                return await self.send(piece, whole=whole)
            if why(error) in TOO_LONG and halves(piece)[1]:
                return await self._send_in_halves(piece, whole)
            log.warning("slack_refused", call="message", why=why(error))
            self.refusal = error
            return False
        return True

    async def finish(self, last: list[Shown], whole: FinalMessage, status: str | None) -> bool:
        await self.turn()
        if self._is_full(last):
            await self._move_on(last)
            return False
        shown = self._with(last)
        steps, words = parted(shown)
        is_late = time.time() - self.state.started_at > NOTICED_SECONDS
        if status is not None and is_late and words:
            await self._close(steps)
            await self._no_longer_live()
            self.state.ts, self._shown, last[:] = "", [], words
            return False
        if is_blank(shown) and not whole.below:
            await self._close([])
        else:
            try:
                await self._update(shown, whole.below, key=whole.key)
            except SlackFailure as error:
                if not self._is_gone(error) and not self._gets_around(error, last):
                    raise
                return False
        await self._no_longer_live()
        self._forget()
        return True

    async def _no_longer_live(self) -> None:
        with suppress(RedisError):
            request = self._request
            await self._client.limits.no_longer_live(request.channel_id, request.thread_ts)

    def _with(self, piece: list[Shown]) -> list[Shown]:
        shown = copies(self._shown)
        for item in piece:
            merge(shown, item)
        return shown

    async def _change(self, piece: list[Shown]) -> None:
        shown, progress = self._with(piece), self.progress
        await self._update(shown, progress=progress)
        self._shown, self.state.progress = shown, progress

    async def _move_on(self, piece: list[Shown]) -> bool:
        """Close the message; cards still running go on in the next one, with `piece`. Out: False
        if it was gone, and all of it is to be sent again."""
        if await self._close(self._shown) == GONE:
            self._all_anew()
            return False
        self._carry_on(piece)
        return True

    async def _close(self, shown: list[Shown]) -> str:
        """Let the message hold just this from now on; without anything it goes. Out: why it does
        not. Raises SlackFailure if it cannot be now."""
        try:
            if not is_blank(shown):
                await self._update(shown, closed=True)
            else:
                await self._client.chat_delete(channel=self._request.channel_id, ts=self.state.ts)
        except SlackApiError as error:
            if is_passing(error):
                raise
            log.info("slack_refused", call="close", why=why(error))
            return why(error)
        return ""

    async def _update(
        self,
        shown: list[Shown],
        below: Sequence[Block] = (),
        *,
        key: str = "",
        closed: bool = False,
        progress: str = "",
    ) -> None:
        content = self._content(shown, below, closed=closed, progress=progress)
        if key:
            content["metadata"] = {"event_type": EVENT, "event_payload": {"key": key}}
        async with self._writing():
            await self._client.chat_update(
                channel=self._request.channel_id,
                ts=self.state.ts,
                **content,
            )

    async def _post(self, piece: list[Shown], whole: FinalMessage | None) -> None:
        """Begin a message that will be updated, or post one that is complete."""
        request, state, progress = self._request, self.state, self.progress
        state.posting = key = whole.key if whole else secrets.token_hex(8)
        await self._save()
        content = self._content(
            self._with(piece), whole.below if whole else (), progress="" if whole else progress
        )
        try:
            with nullcontext() if whole else patience(FIRST_PATIENCE, for_progress=True):
                async with self._writing():
                    ts = await post_once(
                        self._client,
                        request.channel_id,
                        request.thread_ts,
                        key,
                        look_first=False,
                        **content,
                    )
        except SlackFailure as error:
            if not is_unclear(error):
                state.posting = ""
            raise
        if whole:
            state.touched.append(ts)
            state.posting = ""
        else:
            self._opened(ts, piece)
            state.progress = progress
        await self._save()

    def _content(
        self, shown: list[Shown], below: Sequence[Block], *, closed: bool = False, progress: str
    ) -> dict[str, Any]:
        if self.state.plain:
            return {"markdown_text": markdown(shown, closed=closed, progress=progress)}
        return {
            "text": text_of(shown, progress),
            "blocks": [*blocks(shown, closed=closed, progress=progress), *below],
        }

    def _is_gone(self, error: Exception) -> bool:
        """Whether the message is to be sent again, all of it."""
        if not self.state.ts or why(error) not in (GONE, STILL_STREAMING):
            return False
        if why(error) == STILL_STREAMING:
            self.state.stale.append(self.state.ts)
        self._all_anew()
        return True

    def _gets_around(self, error: Exception, piece: list[Shown]) -> bool:
        """Whether there is another way to show `piece`, to be tried at once."""
        state, reason = self.state, why(error)
        if is_passing(error):
            return False
        if reason in NO_SUCH_BLOCKS and not state.plain:
            log.warning("slack_takes_no_blocks", why=reason)
            state.plain = True
            return True
        if not state.ts:
            return False
        log.info("message_not_updated", why=reason)
        if reason in TOO_LONG:
            self._carry_on(piece)
        else:
            state.frozen = True
            self._carry_on(piece, parted(self._shown)[1])
        return True

    async def _send_in_halves(self, piece: list[Shown], whole: FinalMessage | None) -> bool:
        first, rest = halves(piece)
        own = FinalMessage(secrets.token_hex(8)) if whole else None
        if not await self.send(first, whole=own):
            return False
        piece[:] = rest
        return await self.send(piece, whole=whole)

    async def _remove(self, ts: str) -> None:
        """A message that was streamed before has to be stopped first."""
        try:
            await self._client.chat_delete(channel=self._request.channel_id, ts=ts)
        except SlackApiError as error:
            if is_passing(error):
                raise
            if why(error) == "cant_delete_message":
                await super()._remove(ts)
