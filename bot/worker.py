"""The task engine's jobs. Each takes a conversation one step further, or does one errand."""

import asyncio
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import structlog
from docket import ConcurrencyLimit, Perpetual, Retry, Worker

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected
from bot.agent.claude import Claude
from bot.agent.loop import Agent
from bot.runs import Runs
from bot.services import Services, open_services
from bot.settings import Settings
from bot.slack.commands import Commands
from bot.slack.errands import (
    publish_home,
    show_connected,
    suggest_prompts,
    turn_away,
    warn_of_misuse,
)
from bot.slack.messages import NOT_CONNECTED, STATUS_UNKNOWN, connected_as
from bot.state.engine import LEASE
from bot.state.models import Command, Conversation, PendingConnection

log = structlog.get_logger()

TRY_AGAIN = Retry(attempts=20, delay=timedelta(seconds=2))
EVERY_HALF_MINUTE = Perpetual(every=timedelta(seconds=30), automatic=True)
LEFT_LYING = timedelta(seconds=60)


class Jobs:
    """The jobs' names and arguments are what `bot.state.queue` enqueues."""

    def __init__(self, services: Services) -> None:
        self._services = services
        agent = Agent(
            services.settings, services.scalekit, services.teammates, Claude(services.settings)
        )
        self._runs = Runs(services, agent)
        self._commands = Commands(services)
        for job in (
            self.advance,
            self.answer_command,
            self.open_pane,
            self.open_home,
            self.turn_away,
            self.connected,
            self.refused,
            self.sweep,
        ):
            services.docket.register(job)

    async def advance(
        self,
        conversation_key: Annotated[str, ConcurrencyLimit(1)],
        retry: Retry = TRY_AGAIN,
    ) -> None:
        """Take the conversation's run one step further, or begin the next request's run."""
        await self._runs.advance(Conversation.from_key(conversation_key))

    async def answer_command(self, command: str, retry: Retry = TRY_AGAIN) -> None:
        await self._commands.answer(Command.model_validate_json(command))

    async def open_pane(self, channel_id: str) -> None:
        await suggest_prompts(self._services.slack, channel_id)

    async def open_home(self, team_id: str, user_id: str, enterprise_id: str | None) -> None:
        """Publish App Home: as whom this teammate is connected, and what the agent does."""
        user = SlackUser(team_id, user_id, enterprise_id)
        try:
            teammate = await self._services.teammates.connected(user.identifier)
            status = connected_as(teammate.name, teammate.workspace)
        except NotConnected:
            status = NOT_CONNECTED
        except AccountsUnavailable:
            status = STATUS_UNKNOWN
        await publish_home(self._services.slack, user_id, status)

    async def turn_away(self, channel_id: str, user_id: str) -> None:
        await turn_away(self._services.slack, channel_id, user_id)

    async def connected(self, pending: str, retry: Retry = TRY_AGAIN) -> None:
        """An account was connected: say so, and let what waited for it go on, in its order."""
        services = self._services
        made_for = PendingConnection.model_validate_json(pending)
        user = SlackUser(made_for.team_id, made_for.user_id, made_for.enterprise_id)
        for conversation in await services.store.waiting_for_connection(user.identifier):
            await services.queue.advance(conversation)
        teammate = await services.teammates.connected(user.identifier)
        button = await services.store.connect_button(user.identifier)
        if button:
            await show_connected(services.slack, button, teammate.name, teammate.workspace)
            await services.store.forget_connect_button(user.identifier)

    async def refused(self, pending: str, retry: Retry = TRY_AGAIN) -> None:
        """Somebody else tried to use a teammate's link: tell the teammate."""
        made_for = PendingConnection.model_validate_json(pending)
        await warn_of_misuse(self._services.slack, made_for.user_id)

    async def sweep(self, perpetual: Perpetual = EVERY_HALF_MINUTE) -> None:
        """Find what was accepted and then left lying: a crash came between storing and
        enqueueing, or a job gave up."""
        for conversation in await self._services.store.left_lying(LEFT_LYING):
            await self._services.queue.advance(conversation, "left-lying")


async def work(services: Services) -> None:
    """Take jobs until cancelled; then finish the steps under way and return."""
    Jobs(services)
    async with Worker(
        services.docket,
        concurrency=services.settings.worker_concurrency,
        redelivery_timeout=LEASE,
    ) as worker:
        await worker.run_forever()


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    async with open_services(settings) as services:
        working = asyncio.create_task(work(services))
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, working.cancel)
        log.info("worker_started")
        with suppress(asyncio.CancelledError):
            await working
        log.info("worker_stopped")
