"""A run from its first step to its end: the agent's work, shown in its Slack thread."""

import asyncio
import secrets

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected
from bot.agent.loop import Agent, RunFailed
from bot.agent.work import Next, Stopped, Work
from bot.services import Services
from bot.slack.connect import offer_to_connect
from bot.slack.errands import say_privately
from bot.slack.messages import POINTER, STILL_WAITING, failed, stopped
from bot.slack.people import People
from bot.slack.thread import SlackThread
from bot.state.models import Conversation, Run, StreamState, ToolCall
from bot.state.store import Superseded

log = structlog.get_logger()

STEP_ATTEMPTS = 5


class Runs:
    def __init__(self, services: Services, agent: Agent) -> None:
        self._services = services
        self._agent = agent
        self._people = People(services.slack)

    async def advance(self, conversation: Conversation) -> None:
        """Take the run one step further, or begin one for the next request in the inbox.

        Raises what makes it worth trying again later.
        """
        store = self._services.store
        token, run, inbox = await store.take(conversation)
        if run is None and not inbox:
            await store.commit(conversation, token, None)
            return
        try:
            if run is None:
                run = Run(reference=secrets.token_hex(4), request=inbox[0])
                work = Work(store, conversation, token, run)
                text = run.request.text.strip()
                first = [{"role": "user", "content": text}] if text else []
                await work.save(taken=1, messages=first)
                inbox = inbox[1:]
            else:
                work = Work(store, conversation, token, run)
            with structlog.contextvars.bound_contextvars(
                run=run.reference, team=run.request.team_id, user=run.request.user_id
            ):
                if run.phase == "waiting_for_connection" and not await self._connected(
                    work, len(inbox)
                ):
                    return
                await self._step(work)
        except Superseded:
            log.info("superseded", conversation=conversation.key)

    async def _step(self, work: Work) -> None:
        run = work.run
        run.attempts += 1
        await work.save()

        async def save(stream: StreamState | None) -> None:
            run.stream = stream
            await work.save()

        async with SlackThread(
            self._services.slack, run.request, run.stream, work.is_mine, save
        ) as thread:
            if run.attempts > 1 and run.phase == "turn":
                await thread.start_over()
            elif run.phase in ("new", "waiting_for_connection"):
                await thread.begin()
            next_ = await self._taken(work, thread)
            if next_ is Next.CONNECT:
                next_ = await self._ask_to_connect(work, thread)
            if next_ is Next.CONTINUE:
                await self._services.queue.advance(work.conversation)
            elif next_ is Next.ENDED:
                await thread.end()
                log.info("run_ended", turns=run.turn, calls=len(run.ended_calls))
                await work.end()
                await self._services.queue.advance(work.conversation)

    async def _taken(self, work: Work, thread: SlackThread) -> Next:
        """Let the agent take its step; whatever goes wrong for good ends the run in words."""
        run = work.run
        try:
            if run.attempts > STEP_ATTEMPTS:
                raise RunFailed("This step broke down several times, so I gave it up.")
            time_zone = await self._people.time_zone(run.request.user_id)
            return await self._agent.step(work, thread, time_zone)
        except Stopped:
            log.info("run_stopped")
            not_done = [call.title for call in run.calls if not call.ended]
            await self._agent.break_off(work, thread, stopped(_changes(run), not_done))
        except RunFailed as failure:
            log.warning("run_failed", why=str(failure))
            await self._fail(work, thread, str(failure))
        except (Superseded, RedisError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("run_broke", attempt=run.attempts)
            if run.attempts < STEP_ATTEMPTS:
                raise
            await self._fail(work, thread, "Something broke on my side.")
        return Next.ENDED

    async def _fail(self, work: Work, thread: SlackThread, sentence: str) -> None:
        words = failed(sentence, _changes(work.run), work.run.reference)
        await self._agent.break_off(work, thread, words)

    async def _ask_to_connect(self, work: Work, thread: SlackThread) -> Next:
        """Send the button, and keep the request until the account is connected."""
        services, request = self._services, work.run.request
        user = SlackUser(request.team_id, request.user_id, request.enterprise_id)
        work.run.attempts = 0
        await work.save()
        await services.store.wait_for_connection(user.identifier, work.conversation)
        try:
            await offer_to_connect(
                services, user, thread_ts=request.thread_ts if request.is_direct else None
            )
        except (AccountsUnavailable, SlackApiError) as error:
            log.warning("connect_button_not_sent", why=str(error))
            await services.store.end_waiting(user.identifier, work.conversation)
            await self._fail(
                work,
                thread,
                "You have to connect Intercom first, and I could not send you the button for it. "
                "Try again in a few minutes.",
            )
            return Next.ENDED
        await thread.set_status("suspended")
        if not request.is_direct:
            await say_privately(services.slack, request, POINTER)
        return Next.CONNECT

    async def _connected(self, work: Work, asked_since: int) -> bool:
        """Whether a waiting run can go on. If not, and more was asked, say that it waits."""
        services, request = self._services, work.run.request
        user = SlackUser(request.team_id, request.user_id, request.enterprise_id)
        try:
            await services.teammates.connected(user.identifier)
        except NotConnected:
            if asked_since > work.run.reminded:
                work.run.reminded = asked_since
                await work.save()
                await offer_to_connect(services, user, thread_ts=None)
                await say_privately(services.slack, request, STILL_WAITING)
            return False
        await services.store.end_waiting(user.identifier, work.conversation)
        return True


def _changes(run: Run) -> list[str]:
    """What this run has changed in Intercom, or may have."""

    def said(call: ToolCall) -> str:
        return call.title if call.state == "done" else f"{call.title} (outcome unknown)"

    calls = [*run.ended_calls, *run.calls]
    return [
        said(call)
        for call in calls
        if not call.is_read and call.state in ("done", "started", "unknown")
    ]
