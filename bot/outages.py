"""A service that a run needs is down: the run waits, without a worker and where its teammate sees
it, and goes on once the service is back."""

import random
from datetime import UTC, datetime, timedelta

import structlog

from bot.agent.work import Trouble, Work
from bot.run_thread import thread_of
from bot.services import Services
from bot.slack.thread import SlackDown, SlackThread
from bot.state.models import Run

log = structlog.get_logger()

LONGEST_PAUSE = 30.0
"""Seconds between two tries, or between two signs of waiting where a service asks for longer."""
SOON = timedelta(seconds=0.25)


class Outages:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def wait(self, work: Work, thread: SlackThread, trouble: Trouble) -> bool:
        """Try again later, and show that. Out: False if it has waited long enough, or would."""
        run, settings = work.run, self._services.settings
        now = datetime.now(UTC)
        run.trouble_since = run.trouble_since or now
        run.troubles += 1
        run.trouble = str(trouble)
        log.warning("trouble", why=run.trouble, times=run.troubles, retry_after=trouble.retry_after)
        backoff = min(2.0 ** min(run.troubles, 10), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311
        asked = trouble.retry_after * random.uniform(1, 1.1)  # noqa: S311
        run.not_before = now + timedelta(seconds=max(backoff, asked))
        limit = settings.request_wait if isinstance(trouble, SlackDown) else settings.outage_wait
        if now + timedelta(seconds=trouble.retry_after) >= run.trouble_since + limit:
            return False
        await thread.keep()
        run.stream, run.attempts = thread.stream, 0
        await work.save()
        await self._show_and_look_again(work, thread)
        return True

    async def may_try_again(self, work: Work) -> bool:
        """Whether a run that waits for a service may go on; if not, show that it still waits."""
        run = work.run
        is_due = run.not_before is None or datetime.now(UTC) >= run.not_before - SOON
        if is_due or await work.stopped():
            return True
        await self._show_and_look_again(work, await thread_of(self._services, work))
        return False

    async def _show_and_look_again(self, work: Work, thread: SlackThread) -> None:
        """Show what is waited for, and look again in time: Slack clears a status after a while."""
        run = work.run
        assert run.not_before
        if run.trouble != str(SlackDown()):
            await thread.say_status(f"is waiting: {run.trouble.rstrip('.')}")
            await work.save_stream(thread.stream)
        soon = datetime.now(UTC) + timedelta(seconds=LONGEST_PAUSE)
        when = min(run.not_before, soon)
        cause = f"trouble:{run.reference}:{run.troubles}:{when.timestamp():.0f}"
        await self._services.queue.advance(work.conversation, cause, when=when)


def how_long(run: Run, trouble: Trouble) -> str:
    """How long a service that the run needs has been down, or says that it will be."""
    if trouble.retry_after:
        return f"It asks to be left alone for {max(1, round(trouble.retry_after / 60))} min."
    since = run.trouble_since or datetime.now(UTC)
    minutes = max(1, round((datetime.now(UTC) - since).total_seconds() / 60))
    return f"It has been so for {minutes} min."
