"""`bot runs` and `bot threads`: for whoever operates the bot. They need REDIS_URL alone."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from bot.settings import StateSettings
from bot.state.engine import open_engine
from bot.state.lines import Lines
from bot.state.models import Conversation, Run
from bot.state.profiles import Profiles
from bot.state.queue import Queue
from bot.state.reachable import make_sure
from bot.state.store import Store

MOST = 1_000


class NotFound(Exception):
    """There is no such run or thread. The text says so."""


class State(NamedTuple):
    store: Store
    profiles: Profiles
    lines: Lines
    queue: Queue


async def advance(conversation_key: str) -> None:
    """Stands for the worker's job of this name, so that it can be enqueued from here."""


@asynccontextmanager
async def open_state(settings: StateSettings) -> AsyncIterator[State]:
    """What is kept in Redis. Raises RedisUnusable, and RedisError when it goes away meanwhile."""
    await make_sure(settings.redis_url)
    async with open_engine(settings.redis_url, settings.worker_concurrency) as docket:
        docket.register(advance)
        yield State(
            Store(docket, settings.conversation_ttl),
            Profiles(docket, settings.conversation_ttl),
            Lines(docket, settings.runs_at_once, settings.runs_per_teammate),
            Queue(docket),
        )


async def list_runs(settings: StateSettings) -> None:
    """Print the runs under way or waiting, a line each: reference, phase, since, who, where."""
    async with open_state(settings) as state:
        count = 0
        async for conversation, run in _runs(state):
            count += 1
            where = f"{conversation.channel_id}/{conversation.thread_ts}"
            since = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
            sys.stdout.write(
                f"{run.reference}  {run.phase:<22}  {since}  {conversation.user_id}  {where}\n"
            )
        if not count:
            sys.stdout.write("Nothing runs and nothing waits.\n")


async def show_run(settings: StateSettings, reference: str) -> None:
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


async def cancel_run(settings: StateSettings, reference: str) -> None:
    """End a run as its teammate's Stop would. Raises NotFound."""
    async with _run(settings, reference) as (state, conversation, _):
        await state.store.stop(conversation)
        await state.queue.advance(conversation)
        sys.stdout.write(f"{reference} ends at its next step, and says so in its thread.\n")


async def forget_thread(
    settings: StateSettings, channel_id: str, thread_ts: str, team_id: str
) -> None:
    """Erase what is kept of a thread, whoever took part. Raises NotFound."""
    async with open_state(settings) as state:
        erased = 0
        for identifier in await state.profiles.identifiers(team_id):
            for conversation in await state.store.conversations(identifier):
                if (conversation.channel_id, conversation.thread_ts) == (channel_id, thread_ts):
                    await state.store.erase(identifier, conversation)
                    await state.lines.drop(identifier, conversation)
                    erased += 1
        if not erased:
            raise NotFound(f"Nothing is kept of {channel_id}/{thread_ts}.")
        sys.stdout.write(f"Erased {erased} of {channel_id}/{thread_ts}.\n")


async def _runs(state: State) -> AsyncIterator[tuple[Conversation, Run]]:
    for conversation in await state.store.open_conversations(MOST):
        run = await state.store.run(conversation)
        if run:
            yield conversation, run


@asynccontextmanager
async def _run(
    settings: StateSettings, reference: str
) -> AsyncIterator[tuple[State, Conversation, Run]]:
    async with open_state(settings) as state:
        async for conversation, run in _runs(state):
            if run.reference == reference:
                yield state, conversation, run
                return
        raise NotFound(f"No run {reference} is under way or waits.")
