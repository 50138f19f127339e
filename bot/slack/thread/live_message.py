"""The live message of a run: what is to be shown collects here, and goes out now and then, as a
stream or as updates of a message."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from redis.exceptions import RedisError
from slack_sdk.models.blocks import Block

from bot.slack.client import Client, SlackFailure, is_passing, patience, why
from bot.slack.thread.chunks import complete, copies, is_blank, pieces
from bot.slack.thread.messages import FinalMessage
from bot.slack.thread.refusals import Refused, SlackDown, StreamingRefused
from bot.slack.thread.ways import Ways
from bot.state.models import Request, Shown, StreamState, ToolCall
from bot.state.store import Superseded

log = structlog.get_logger()

ATTEMPTS = 2
TRY_AGAIN_SECONDS = 2.0
WORKING = "Working on it…"


class LiveMessage:
    """Sends while one is inside of it: it is an async context manager.

    `is_mine` is asked before each sending: who was superseded says nothing more. `save` is told
    before a message is begun and as soon as its ts is known, for another worker after a crash.
    """

    def __init__(
        self,
        client: Client,
        request: Request,
        state: StreamState | None,
        is_mine: Callable[[], Awaitable[bool]],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self._ways = Ways(client, request, save)
        self._messages = self._ways.go_on(state)
        self._is_mine = is_mine
        self._waiting = copies(self.state.unsent)
        self._sending = asyncio.Lock()
        self._due = asyncio.Event()
        self._held = True
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "LiveMessage":
        self._messages.progress = WORKING
        self._sender = asyncio.create_task(self._send_now_and_then())
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._sending:  # a call under way is not cut off: its outcome would be unclear
            if self._sender:
                self._sender.cancel()
        if self._sender:
            with suppress(asyncio.CancelledError):
                await self._sender

    @property
    def state(self) -> StreamState:
        return self._messages.state

    def say(self, text: str) -> None:
        if self._waiting and self._waiting[-1].call is None:
            self._waiting[-1].text += text
        else:
            self._waiting.append(Shown(text=text))
        self._more_to_send()

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
        self._more_to_send()

    async def keep(self) -> None:
        """What was shown so far stands, and is not sent on before more is said: the next step may
        be taken by another worker."""
        async with self._sending:
            self._held = True
            self._messages.keep(self._waiting)

    def resume(self) -> None:
        """Go on with what the step before left."""
        for call in self._messages.progress_over():
            self.show(call)
        self._more_to_send()

    async def recover(self, key: str | None) -> None:
        """The step was begun before and broke off with its worker, and nobody knows how far its
        messages came: they are replaced, unless the ending with this key is there.

        Raises SlackDown.
        """
        if not self._messages.is_begun:
            return self.resume()
        async with self._sending:
            try:
                if key is None or not await self._is_there(key):
                    self._replace()
            except SlackFailure as error:
                if is_passing(error):
                    raise SlackDown from error
                self._replace()

    async def start_over(self) -> None:
        """What the step has shown is replaced by what stood before it."""
        async with self._sending:
            if self._waiting != self.state.unsent or self._messages.has_changed:
                self._replace()

    async def pause(self) -> None:
        """Close the message for now; what comes later goes into a new one. Raises SlackDown, or
        Refused where the thread takes nothing any more."""

        async def close() -> bool | None:
            return await self._end(FinalMessage(secrets.token_hex(8)), None)

        await self._insist(close)
        await self._messages.reset()

    async def end(self, key: str, below: list[Block], status: str, *, again: bool) -> bool:
        """Close the answer, with `below` under its last words. `key` names this ending; `again`: it
        may be there already. Out: whether the session has got its `status` by it.

        Raises SlackDown, Refused or Superseded.
        """
        look_first = again

        async def end() -> bool | None:
            nonlocal look_first
            if look_first and await self._is_there(key):
                return False
            look_first = True
            done = await self._end(FinalMessage(key, below), status)
            look_first = self._messages.refusal is not None
            return done

        return await self._insist(end)

    async def say_progress(self, words: str) -> None:
        """Show at once what is being done, and nothing else. Raises RedisError or Superseded."""
        async with self._sending:
            if not await self._is_mine():
                return
            try:
                await self._messages.say_progress(words)
            except StreamingRefused as refusal:
                self._stop_streaming(refusal)
            self._messages.keep(self._waiting)

    async def take_back(self) -> str:
        """The text that was not sent; it is not tried here again."""
        async with self._sending:
            text = "".join(shown.text for shown in self._waiting).strip()
            self._waiting, self._held = [], True
            return text

    @property
    def _has_nothing(self) -> bool:
        """Whether nothing waits that anybody would see."""
        return is_blank(self._waiting) and not self._messages.has_news

    def _more_to_send(self) -> None:
        self._held = False
        self._due.set()

    def _replace(self) -> None:
        self._waiting = self._messages.replace()
        self._more_to_send()

    async def _is_there(self, key: str) -> bool:
        """Whether the end is in the thread already. Raises SlackFailure."""
        found = await self._messages.is_there(key)
        if found:
            self._waiting = []
        return found

    async def _insist(self, send: Callable[[], Awaitable[bool | None]]) -> bool:
        """Try until it says that it is done. Raises SlackDown or Refused."""
        refused = 0
        while refused < ATTEMPTS:
            async with self._sending:
                self._messages.refusal = None
                try:
                    done = await send()
                except SlackFailure as error:
                    done, self._messages.refusal = None, error
                refusal = self._messages.refusal
            if done is not None:
                return done
            if refusal and not is_passing(refusal):
                raise Refused(why(refusal))
            if refusal:
                refused += 1
                await asyncio.sleep(TRY_AGAIN_SECONDS)
        await self.keep()
        raise SlackDown

    async def _send_now_and_then(self) -> None:
        while True:
            await self._due.wait()
            again_in = await self._send_if_free()
            if again_in:
                await asyncio.sleep(again_in)

    async def _send_if_free(self) -> float:
        """Out: seconds after which it has to be tried again; 0 if it has not."""
        try:
            async with self._sending:
                seconds = 0.0
                if not self._held and not self._has_nothing:
                    seconds = await self._messages.turn_in()
                if seconds:
                    return seconds
                self._due.clear()
                if self._held:
                    return 0
                self._messages.refusal = None
                with patience(0, for_progress=True):
                    await self._send_some()
            if self._messages.refusal is None:
                return 0
        except (RedisError, Superseded) as error:
            # The step itself meets the same trouble, and there it counts.
            log.info("progress_not_sent", why=type(error).__name__)
        self._due.set()
        return TRY_AGAIN_SECONDS

    async def _send_some(self) -> None:
        """Send what waits and is complete, as far as Slack takes it."""
        if not await self._is_mine():
            self._waiting = []
            return
        if not await self._messages.clean() or self._has_nothing:
            return
        waiting, self._waiting = complete(self._waiting)
        left = pieces(waiting, self._messages.piece_characters) or [[]]
        has_turn = True
        try:
            while left and await self._messages.send(left[0], has_turn=has_turn):
                left.pop(0)
                has_turn = False
        except StreamingRefused as refusal:
            self._stop_streaming(refusal)
        finally:
            self._put_back(left)

    async def _end(self, whole: FinalMessage, status: str | None) -> bool | None:
        """Out: whether the session has got its status; None where Slack did not take all yet."""
        messages = self._messages
        if not await self._is_mine():
            raise Superseded(whole.key)
        if not await messages.clean():
            return None
        left: list[list[Shown]] = []
        if not is_blank(self._waiting):
            left = pieces(self._waiting, messages.piece_characters)
        self._waiting = []
        try:
            while len(left) > 1 or (left and not self.state.ts):
                own = whole if len(left) == 1 else FinalMessage(secrets.token_hex(8))
                if not await messages.send(left[0], whole=own):
                    return None
                left.pop(0)
            if not self.state.ts:
                messages.progress = ""
                return False
            left = left or [[]]
            if not await messages.finish(left[0], whole, status):
                return None
            left = []
            return messages.sets_status
        except StreamingRefused as refusal:
            self._stop_streaming(refusal)
            return None
        finally:
            self._put_back(left)

    def _stop_streaming(self, refusal: StreamingRefused) -> None:
        self._messages = self._ways.instead_of(self._messages, refusal, WORKING)
        self._due.set()

    def _put_back(self, left: list[list[Shown]]) -> None:
        recalled, self._messages.recalled = self._messages.recalled, []
        self._waiting = [*recalled, *(shown for piece in left for shown in piece), *self._waiting]
        if recalled:
            self._due.set()
