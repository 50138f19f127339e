"""Which way an answer is shown: streamed to the one who asked, or in a message that is updated."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.slack.client import Client
from bot.slack.thread.messages import Messages
from bot.slack.thread.refusals import StreamingRefused
from bot.slack.thread.stream import Stream
from bot.slack.thread.update import Update
from bot.state.models import Request, StreamState

log = structlog.get_logger()


@dataclass(frozen=True)
class Ways:
    """`save` is told before a message is begun, and as soon as its ts is known."""

    client: Client
    request: Request
    save: Callable[[], Awaitable[None]]

    def go_on(self, state: StreamState | None) -> Messages:
        """With what was shown so far.

        In a channel only the one who asked would see a stream live, everybody else its beginning
        and then nothing until its end. An earlier release streamed there: what it began goes on so.
        """
        state = state.model_copy(deep=True) if state else StreamState()
        if not state.way:
            is_begun = bool(state.ts or state.touched or state.starting)
            state.way = "stream" if self.request.is_direct or is_begun else "update"
        kind = Stream if state.way == "stream" else Update
        return kind(self.client, self.request, state, self.save)

    def instead_of(self, stream: Messages, refusal: StreamingRefused, progress: str) -> Messages:
        """The other way, from now on: Slack takes no streams there."""
        log.warning("streaming_refused", why=str(refusal))
        stream.state.way = "update"
        update = Update(self.client, self.request, stream.state, self.save)
        update.recalled, update.progress = stream.recalled, progress
        return update
