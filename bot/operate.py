"""`bot runs` and `bot threads`: for whoever operates the bot."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.services import Services, open_services
from bot.settings import Settings
from bot.state.models import Conversation, Run
from bot.worker import Jobs

MOST = 1_000


class NotFound(Exception):
    """There is no such run or thread. The text says so."""


async def list_runs(settings: Settings) -> None:
    """Print the runs under way or waiting, a line each: reference, phase, since, who, where."""
    async with open_services(settings) as services:
        count = 0
        async for conversation, run in _runs(services):
            count += 1
            where = f"{conversation.channel_id}/{conversation.thread_ts}"
            since = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
            sys.stdout.write(
                f"{run.reference}  {run.phase:<22}  {since}  {conversation.user_id}  {where}\n"
            )
        if not count:
            sys.stdout.write("Nothing runs and nothing waits.\n")


async def show_run(settings: Settings, reference: str) -> None:
    """Print one run step by step: its calls with state, time and title. No customer's text.

    Raises NotFound.
    """
    async with _run(settings, reference) as (_, conversation, run):
        sys.stdout.write(
            f"{run.reference}: {run.phase}, turn {run.turn}, attempt {run.attempts}, "
            f"{run.tokens} tokens, {run.seconds:.1f} s of work\n"
            f"asked by {conversation.user_id} in {conversation.channel_id}/"
            f"{conversation.thread_ts} at {run.request.received_at:%Y-%m-%d %H:%M:%S}\n"
        )
        for number, call in enumerate([*run.ended_calls, *run.calls], 1):
            took = "" if call.seconds is None else f", {call.seconds:.1f} s"
            sys.stdout.write(f"{number:>3}. {call.name}: {call.state}{took}\n")


async def cancel_run(settings: Settings, reference: str) -> None:
    """End a run as its teammate's Stop would. Raises NotFound."""
    async with _run(settings, reference) as (services, conversation, _):
        Jobs(services)
        await services.store.stop(conversation)
        await services.queue.advance(conversation)
        sys.stdout.write(f"{reference} ends at its next step, and says so in its thread.\n")


async def forget_thread(settings: Settings, channel_id: str, thread_ts: str, team_id: str) -> None:
    """Erase what is kept of a thread, whoever took part. Raises NotFound."""
    async with open_services(settings) as services:
        erased = 0
        for identifier in await services.profiles.identifiers(team_id):
            for conversation in await services.store.conversations(identifier):
                if (conversation.channel_id, conversation.thread_ts) == (channel_id, thread_ts):
                    await services.erase(identifier, conversation)
                    erased += 1
        if not erased:
            raise NotFound(f"Nothing is kept of {channel_id}/{thread_ts}.")
        sys.stdout.write(f"Erased {erased} of {channel_id}/{thread_ts}.\n")


async def _runs(services: Services) -> AsyncIterator[tuple[Conversation, Run]]:
    for conversation in await services.store.open_conversations(MOST):
        run = await services.store.run(conversation)
        if run:
            yield conversation, run


@asynccontextmanager
async def _run(
    settings: Settings, reference: str
) -> AsyncIterator[tuple[Services, Conversation, Run]]:
    async with open_services(settings) as services:
        async for conversation, run in _runs(services):
            if run.reference == reference:
                yield services, conversation, run
                return
        raise NotFound(f"No run {reference} is under way or waits.")
