"""The task engine's jobs. Each takes a conversation one step further, or does one errand."""

import asyncio
import random
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import structlog
from docket import ConcurrencyLimit, ExponentialRetry, Perpetual, Retry, Worker

from bot.accounts.identity import SlackUser
from bot.accounts.teammates import NotConnected, NotPermitted
from bot.agent.budget import DayBudget
from bot.agent.claude import Claude
from bot.agent.loop import Agent
from bot.agent.write_audit import WriteAudit
from bot.runs import Runs, let_next_go_on
from bot.services import Services, open_services
from bot.settings import Settings
from bot.slack.commands import Commands
from bot.slack.connect import offer_to_connect, say_connected
from bot.slack.errands import tell, turn_away
from bot.slack.home import Home, publish_home
from bot.slack.inbound.gate import admit_and_ask_privately
from bot.slack.inbound.intake import Incoming, Intake
from bot.slack.inbound.stopping import explain_stop
from bot.slack.messages import STRANGER
from bot.slack.presses import Presses
from bot.state.audit import AuditEntry
from bot.state.daily_tokens import DailyTokens
from bot.state.engine import LEASE
from bot.state.eviction import evicting
from bot.state.models import Command, Conversation, Owner, PendingConnection, Press, Request
from bot.state.pacing import Pacing
from bot.state.reachable import say_that_it_waits, wait_for_redis

log = structlog.get_logger()

TRY_AGAIN = ExponentialRetry(
    attempts=120, minimum_delay=timedelta(seconds=2), maximum_delay=timedelta(seconds=30)
)
"""For about an hour."""
EVERY_HALF_MINUTE = Perpetual(every=timedelta(seconds=30), automatic=True)
LEFT_LYING = timedelta(seconds=60)
ONCE_MORE = timedelta(minutes=2)
GRACE = LEASE * 0.6
"""How long steps may take to end at a shutdown: while it drains, the engine renews no leases."""


class Jobs:
    """The jobs' names and arguments are what `bot.state.queue` enqueues."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._steps: set[asyncio.Task[Any]] = set()
        self._handing_over = False
        agent = Agent(
            services.settings,
            services.scalekit,
            services.teammates,
            services.profiles,
            Pacing(services.docket),
            WriteAudit(services.audit),
            services.metrics,
            Claude(services.settings),
            DayBudget(DailyTokens(services.docket, services.settings.tokens_per_day)),
        )
        self._runs = Runs(services, agent)
        self._commands = Commands(services)
        self._home = Home(services)
        self._presses = Presses(services)
        self._intake = Intake(services)
        for job in (
            self.advance,
            self.answer_command,
            self.take_message,
            self.answer_privately,
            self.ask_privately,
            self.press,
            self.publish_home,
            self.turn_away,
            self.explain_stop,
            self.connected,
            self.refused,
            self.account_changed,
            self.left,
            self.uninstalled,
            self.sweep,
        ):
            services.docket.register(job)

    async def advance(
        self,
        conversation_key: Annotated[str, ConcurrencyLimit(1)],
        retry: Retry = TRY_AGAIN,
    ) -> None:
        """Take the conversation's run one step further, or begin the next request's run."""
        step = asyncio.current_task()
        assert step is not None
        self._steps.add(step)
        try:
            await self._runs.advance(Conversation.from_key(conversation_key))
        except asyncio.CancelledError:
            if not self._handing_over:
                raise
            step.uncancel()
            log.info("step_handed_over", conversation=conversation_key)
            retry.after(timedelta(0))
        finally:
            self._steps.discard(step)

    async def hand_over(self) -> None:
        """Let the steps under way end, for a while; then give them to another worker."""
        if self._steps:
            await asyncio.wait(list(self._steps), timeout=GRACE.total_seconds())
        self._handing_over = True
        for step in list(self._steps):
            step.cancel()

    async def answer_command(self, command: str, retry: Retry = TRY_AGAIN) -> None:
        await self._commands.answer(Command.model_validate_json(command))

    async def take_message(self, incoming: str, retry: Retry = TRY_AGAIN) -> None:
        """A message for which Slack has to be asked who the bot is."""
        await self._intake.take(Incoming.model_validate_json(incoming))

    async def answer_privately(
        self,
        conversation_key: Annotated[str, ConcurrencyLimit(1)],
        request: str,
        seen: list[str],
        retry: Retry = TRY_AGAIN,
    ) -> None:
        """`conversation_key`: of the channel's thread in which was asked."""
        await admit_and_ask_privately(self._services, Request.model_validate_json(request), seen)

    async def ask_privately(self, request: str, seen: list[str], retry: Retry = TRY_AGAIN) -> None:
        """What the release before this one enqueued."""
        await admit_and_ask_privately(self._services, Request.model_validate_json(request), seen)

    async def press(self, press: str, retry: Retry = TRY_AGAIN) -> None:
        await self._presses.answer(Press.model_validate_json(press))

    async def publish_home(
        self,
        identifier: Annotated[str, ConcurrencyLimit(1)],
        owner: str,
        retry: Retry = TRY_AGAIN,
    ) -> None:
        await self._home.publish(SlackUser.of(Owner.model_validate_json(owner)))

    async def turn_away(
        self,
        channel_id: str,
        user_id: str,
        words: str = STRANGER,
        thread_ts: str | None = None,
    ) -> None:
        await turn_away(self._services.slack, channel_id, user_id, words, thread_ts)

    async def explain_stop(self, conversation_key: str) -> None:
        await explain_stop(self._services, Conversation.from_key(conversation_key))

    async def connected(self, pending: str, retry: Retry = TRY_AGAIN) -> None:
        """An account was connected: say so, and let what waited for it go on, in its order."""
        services = self._services
        made_for = PendingConnection.model_validate_json(pending)
        user = SlackUser.of(made_for)
        await let_next_go_on(services, user)
        await publish_home(services, user)
        try:
            teammate = await services.teammates.connected(user.identifier)
        except (NotConnected, NotPermitted) as error:
            log.info("not_connected_any_more", why=type(error).__name__)
            return
        await say_connected(services, user, teammate)

    async def refused(self, pending: str, warning: str, retry: Retry = TRY_AGAIN) -> None:
        """A teammate's link was used in a way that binds nothing: tell the teammate."""
        made_for = PendingConnection.model_validate_json(pending)
        await tell(self._services.slack, made_for.user_id, warning)

    async def account_changed(self, identifier: str, retry: Retry = TRY_AGAIN) -> None:
        """Scalekit says that an account's status has changed: look, and if it was lost, tell its
        teammate before their next request fails."""
        services = self._services
        owner = await services.profiles.owner(identifier)
        account = await services.scalekit.find(identifier)
        if owner is None or account is None:
            return
        user = SlackUser.of(owner)
        if account.is_lost:
            await services.teammates.forget(identifier)
            await offer_to_connect(services, user, thread_ts=None, lost=True)
        await publish_home(services, user)

    async def left(
        self, identifier: str, owner: str, once_more: bool = False, retry: Retry = TRY_AGAIN
    ) -> None:
        """A teammate is gone: so are their account, their conversations and what waits."""
        services = self._services
        if once_more:
            account = await services.scalekit.find(identifier)
            if account and account.is_active:
                return  # who has come back meanwhile keeps what is new
        elif await services.profiles.owner(identifier) is None and not (
            await services.store.conversations(identifier)
        ):
            return
        await services.scalekit.delete(identifier)
        for conversation in await services.store.conversations(identifier):
            await services.erase(identifier, conversation)
        await services.profiles.erase(identifier)
        await services.people.forget(Owner.model_validate_json(owner).user_id)
        if once_more:
            return
        of = Owner.model_validate_json(owner)
        await services.queue.left(identifier, of, once_more=datetime.now(UTC) + ONCE_MORE)
        await services.audit.record(
            AuditEntry(what="left", identifier=identifier, team_id=of.team_id, user_id=of.user_id)
        )

    async def uninstalled(self, team_id: str, retry: Retry = TRY_AGAIN) -> None:
        """The app is gone from a workspace, and everybody there with it."""
        profiles = self._services.profiles
        for identifier in await profiles.identifiers(team_id):
            owner = await profiles.owner(identifier)
            if owner:
                await self._services.queue.left(identifier, owner)

    async def sweep(self, perpetual: Perpetual = EVERY_HALF_MINUTE) -> None:
        """Find what was accepted and then left lying: a crash came between storing and
        enqueueing, or a job gave up."""
        for conversation in await self._services.store.left_lying(LEFT_LYING):
            await self._services.queue.advance(conversation, "left-lying")
        await self._services.audit.trim()


async def work(services: Services) -> None:
    """Take jobs until cancelled; then wait for the steps under way and return."""
    async with Worker(
        services.docket,
        concurrency=services.settings.worker_concurrency,
        redelivery_timeout=LEASE,
        reconnection_delay=timedelta(seconds=random.uniform(1, 4)),  # noqa: S311
    ) as worker:
        await worker.run_forever()


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises RedisUnusable."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    ending = asyncio.create_task(ended.wait())
    reaching = asyncio.create_task(wait_for_redis(settings.redis_url, say_that_it_waits))
    await asyncio.wait([reaching, ending], return_when=asyncio.FIRST_COMPLETED)
    if not reaching.done():
        reaching.cancel()
        return
    reaching.result()
    async with open_services(settings) as services:
        jobs = Jobs(services)
        working = asyncio.create_task(work(services))
        await evicting(services.docket)
        log.info("worker_started")
        await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        working.cancel()
        await jobs.hand_over()
        with suppress(asyncio.CancelledError):
            await working
        log.info("worker_stopped")
