"""Where the agent's session in a thread stands, in Slack's own signs: its Stop button, its title, a
few words beside the agent's name.

`agents.sessions.*` know four states and no words. A run can do without any of it: a failure is
logged and forgotten.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Literal

import structlog

from bot.slack.client import Client, SlackFailure, patience, why
from bot.state.models import Request

log = structlog.get_logger()

STATUS_CHARACTERS = 150
TITLE_CHARACTERS = 80
SET_STATUS = "assistant.threads.setStatus"
SET_TITLE = "assistant.threads.setTitle"

Resting = Literal["active", "suspended"]


class Session:
    def __init__(self, client: Client, request: Request) -> None:
        self._client = client
        self._request = request
        self._where = {"channel_id": request.channel_id, "thread_ts": request.thread_ts}
        self._has_said = False

    async def begin(self) -> None:
        """The agent is at work: the Stop button shows, and a new thread gets its title."""
        request = self._request
        title = request.text.strip()[:TITLE_CHARACTERS] or "Intercom"
        has_title = False
        with progress("agents.sessions.setStatus"):
            session = await self._client.agents_sessions_setStatus(
                **self._where,
                status="processing",
                title=title,
                initiator_user_id=request.user_id,
            )
            has_title = session.get("title") == title
        if request.is_direct and request.thread_ts == request.ts and not has_title:
            await self._rename(title)

    async def _rename(self, title: str) -> None:
        try:
            with patience(0, for_progress=True):
                await self._client.agents_sessions_rename(**self._where, title=title)
        except SlackFailure as error:
            log.info("slack_refused", call="agents.sessions.rename", why=why(error))
            await self._try_old(SET_TITLE, self._client.assistant_threads_setTitle, title=title)

    async def say(self, words: str) -> None:
        """What the agent is doing, beside its name; Slack clears it at the next message, or after
        two minutes."""
        self._has_said = bool(words)
        status = words[:STATUS_CHARACTERS]
        await self._try_old(SET_STATUS, self._client.assistant_threads_setStatus, status=status)

    async def rest(self, status: Resting) -> None:
        """Nothing is done now: the Stop button goes."""
        if self._has_said:
            await self.say("")
        with unimportant("agents.sessions.setStatus"):
            await self._client.agents_sessions_setStatus(**self._where, status=status)

    async def _try_old(
        self, method: str, call: Callable[..., Awaitable[object]], **arguments: str
    ) -> None:
        old_methods = self._client.old_methods
        if not old_methods.lasts(method):
            return
        try:
            with patience(0, for_progress=True):
                await call(**self._where, **arguments)
        except SlackFailure as error:
            log.info("slack_refused", call=method, why=why(error))
            old_methods.note(method, why(error))


class unimportant(suppress):
    """What a run can do without: a failure of it is logged and forgotten."""

    def __init__(self, call: str) -> None:
        super().__init__(*SlackFailure)
        self._call = call

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, SlackFailure):
            log.info("slack_refused", call=self._call, why=why(error))
        return super().__exit__(kind, error, trace)


@contextmanager
def progress(call: str) -> Iterator[None]:
    """What a run can do without, and does not wait for."""
    with unimportant(call), patience(0, for_progress=True):
        yield
