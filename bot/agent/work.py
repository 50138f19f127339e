"""A run in the hands of one worker, and what the agent needs of the place it answers in."""

import asyncio
import json
from enum import Enum
from typing import Any, NamedTuple, Protocol

from bot.accounts.identity import SlackUser
from bot.state.models import Conversation, Request, Run, StreamState, ToolCall
from bot.state.store import StopReason, Store, Superseded


class Next(Enum):
    """What becomes of a run after a step."""

    CONTINUE = "another step is due"
    CONNECT = "it waits until its teammate has connected Intercom"
    ASK = "it waits until its teammate has decided on its changes"
    WAIT = "it waits until a service that it needs is back"
    ENDED = "it has ended"


class Stopped(Exception):
    """The teammate ended the run: by Stop, or by disconnecting the account it works with."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


class RunFailed(Exception):
    """The run cannot go on. The text is a sentence for the teammate."""


class Trouble(Exception):
    """A service that the run needs is down; it can go on later. The text is a sentence;
    `retry_after`: how many seconds the service asks to be left alone."""

    def __init__(self, sentence: str, retry_after: float = 0.0) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unshown(NamedTuple):
    """A call whose card could not be shown whole, so that nobody can approve it."""

    call: ToolCall
    words: str
    """Why, in a few words for the teammate."""
    reason: str
    """Why, and what would help, for Claude."""


class Thread(Protocol):
    """Where a run shows its work. Only what must be shown raises when it could not be: Trouble
    while Slack is down, RunFailed where it is refused for good."""

    @property
    def stream(self) -> StreamState: ...

    def say(self, text: str) -> None:
        """Append Markdown to the answer."""

    def show(self, call: ToolCall) -> None:
        """Show a tool call in its present state."""

    async def begin(self) -> None:
        """The first sign of life, and the way to stop."""

    async def ask(self, calls: list[ToolCall]) -> list[Unshown]:
        """Show each of these calls for its teammate to decide on, once; `card` says where. Returns
        those that could not be shown whole. Raises Trouble or RunFailed."""

    async def settle(self, call: ToolCall) -> None:
        """It was decided: nothing is left to press, and it shows what was decided. If that could
        not be shown now, the call still has a stale card."""

    async def heard(self, request: Request) -> None:
        """Show that a message that arrived meanwhile was taken up."""

    async def keep(self) -> None:
        """What was said and shown so far stands: after a crash it is not said again."""

    async def start_over(self) -> None:
        """What was shown since is replaced by what stood before it."""


class Work:
    """The run, its conversation and the fencing token that entitles to work on them."""

    def __init__(self, store: Store, conversation: Conversation, token: str, run: Run) -> None:
        self.store = store
        self.conversation = conversation
        self.run = run
        self._token = token
        self._saving = asyncio.Lock()
        self._saved = run.model_copy(deep=True)

    @property
    def identifier(self) -> str:
        """Whose account the run works with."""
        return SlackUser.of(self.run.request).identifier

    async def save(
        self,
        *,
        taken: int = 0,
        messages: list[dict[str, Any]] | None = None,
        afresh: bool = False,
    ) -> None:
        """Save the run, with what it took from the inbox and said to Claude; `afresh`: what was
        said before is forgotten. Raises Superseded."""
        async with self._saving:
            saved = self.run.model_copy(deep=True)
            await self.store.commit(
                self.conversation,
                self._token,
                saved,
                taken=taken,
                messages=[json.dumps(message, ensure_ascii=False) for message in messages or []],
                afresh=afresh,
            )
            self._saved = saved

    async def save_stream(self, stream: StreamState) -> None:
        """Save how much of the answer is in its thread, and of the rest only what was saved
        before: the answer is sent while a step is under way. Raises Superseded."""
        async with self._saving:
            self.run.stream = stream
            self._saved.stream = stream.model_copy(deep=True)
            await self.store.commit(self.conversation, self._token, self._saved)

    async def end(self) -> None:
        """The run is over and leaves the conversation free for the next. Raises Superseded."""
        await self.store.commit(self.conversation, self._token, None)

    async def is_mine(self) -> bool:
        """Whether no other worker has taken over."""
        return not (await self.store.signals(self.conversation, self._token)).superseded

    async def stopped(self) -> bool:
        """Whether the teammate has ended the run."""
        return (await self.store.signals(self.conversation, self._token)).stopped is not None

    async def check(self) -> None:
        """Raises Superseded when another worker took over, Stopped when the teammate did."""
        superseded, stopped = await self.store.signals(self.conversation, self._token)
        if superseded:
            raise Superseded(self.conversation.key)
        if stopped:
            raise Stopped(stopped)


async def settle_cards(run: Run, thread: Thread) -> None:
    """Settle the cards of calls that were decided, as far as a crash or Slack kept that from
    happening when they were."""
    for call in [*run.ended_calls, *run.calls]:
        if call.has_stale_card:
            await thread.settle(call)


async def keep(
    work: Work, thread: Thread, *, messages: list[dict[str, Any]] | None = None, taken: int = 0
) -> None:
    """Save a step that is over, together with what the thread shows of it."""
    work.run.trouble_since, work.run.troubles = None, 0
    await thread.keep()
    work.run.stream = thread.stream
    await work.save(messages=messages, taken=taken)
