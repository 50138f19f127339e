"""One turn of Claude's within a run: its budget, its stream, a summary before it grows too long."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from opentelemetry import trace

from bot.agent.budget import DayBudget, expected_cost, spent, sum_up
from bot.agent.claude import Claude, CutOff, Turn
from bot.agent.frozen import frozen
from bot.agent.history import is_torn, read_history
from bot.agent.prompt import FROM_SUMMARY, LOST, SUMMARIZE, news
from bot.agent.work import Thread, Trouble, Work
from bot.settings import Settings
from bot.state.metrics import Metrics
from bot.state.pacing import Pacing

log = structlog.get_logger()
tracer = trace.get_tracer(__name__)

CLAUDE = "claude"
"""The name of the pause that Claude asked for."""
STREAM_ATTEMPTS = 3
WATCH_SECONDS = 0.5


class Turns:
    def __init__(
        self, settings: Settings, claude: Claude, day: DayBudget, pacing: Pacing, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._claude = claude
        self._day = day
        self._pacing = pacing
        self._metrics = metrics

    async def take(self, work: Work, thread: Thread, time_zone: str) -> Turn:
        """Claude's next turn, shown as it is written.

        Raises Trouble, ClaudeUnavailable, DaySpent, and what `work.check` raises.
        """
        run = work.run
        left = await self._pacing.left(CLAUDE)
        if left:
            raise Trouble("Claude has asked for a pause.", left)
        system, toolset, _ = await frozen(work.store, work.conversation)
        tools = toolset.params()
        if await work.store.size(work.conversation) > self._settings.context_tokens:
            await self._go_on_by_summary(work, system, tools, time_zone)
        messages = read_history(await work.store.messages(work.conversation))
        if is_torn(messages):
            messages = await self._begin_again(work, time_zone)
        budget = spent(run, self._settings)
        if budget and not run.summing_up and messages[-1]["role"] == "user":
            run.summing_up = True
            log.info("budget_spent", what=budget)
            last = {"role": "system", "content": sum_up(budget)}
            await work.save(messages=[last])
            messages.append(last)

        async def on_text(text: str) -> None:
            thread.say(text)

        for attempt in range(1, STREAM_ATTEMPTS + 1):
            try:
                turn = await self._ask(
                    work, time_zone, system, tools, messages, on_text, final=run.summing_up
                )
                break
            except CutOff as error:
                log.warning("claude_cut_off", why=str(error), attempt=attempt)
                await thread.start_over()
                if attempt == STREAM_ATTEMPTS:
                    raise Trouble("The connection to Claude broke off several times.") from error
        thread.say("\n\n")
        await work.store.save_size(work.conversation, turn.tokens_in + turn.tokens_out)
        return turn

    async def _ask(
        self,
        work: Work,
        time_zone: str,
        system: str,
        tools: list[dict[str, Any]],
        messages: list[dict[str, Any]],
        on_text: Callable[[str], Awaitable[None]],
        *,
        final: bool,
    ) -> Turn:
        """Ask Claude once, within what the teammate may spend today. `final`: no tools any more.

        Raises CutOff, ClaudeUnavailable, DaySpent, and what `work.check` raises.
        """
        loaded = [tool for tool in tools if not tool.get("defer_loading")]
        before = await work.store.size(work.conversation)
        expected = expected_cost([system, loaded, messages], before)
        day = self._day.call(work.identifier, work.run, time_zone, expected)
        with tracer.start_as_current_span("claude.turn"):
            async with day as used:
                try:
                    async with _watched(work):
                        return await self._claude.turn(
                            system,
                            tools,
                            messages,
                            on_text,
                            may_call_tools=not final,
                            on_usage=used.update,
                        )
                finally:
                    work.run.tokens += sum(used.values())
                    for kind, tokens in used.items():
                        await self._metrics.count("claude_tokens", tokens, kind=kind)

    async def _begin_again(self, work: Work, time_zone: str) -> list[dict[str, Any]]:
        """Redis has lost what was said: Claude gets the request anew, and what was done for it."""
        run = work.run
        log.error("conversation_lost", cure="give Redis memory, and maxmemory-policy noeviction")
        done = [{"call": call.title, "outcome": call.outcome} for call in run.ended_calls]
        said = "\n\n".join([run.request.text, *run.heard]).strip()
        content = [{"type": "text", "text": text} for text in (said, LOST + json.dumps(done))]
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": content},
            {"role": "system", "content": news(datetime.now(UTC), time_zone)},
        ]
        await work.save(afresh=True, messages=messages)
        return messages

    async def _go_on_by_summary(
        self, work: Work, system: str, tools: list[dict[str, Any]], time_zone: str
    ) -> None:
        """Replace what was said by Claude's own summary of it, before it grows too long."""
        run = work.run
        messages = read_history(await work.store.messages(work.conversation))
        if is_torn(messages):
            return
        while messages and messages[-1]["role"] == "system":
            messages.pop()

        async def silently(text: str) -> None:
            pass

        asked = [*messages, {"role": "user", "content": SUMMARIZE}]
        try:
            turn = await self._ask(work, time_zone, system, tools, asked, silently, final=True)
        except CutOff as error:
            raise Trouble("The connection to Claude broke off several times.") from error
        log.info("summarized", tokens=turn.tokens_in)
        said = "\n\n".join([run.request.text, *run.heard]).strip()
        first = [said, FROM_SUMMARY + turn.text]
        content = [{"type": "text", "text": text} for text in first]
        await work.store.save_size(work.conversation, 0)
        await work.save(
            afresh=True,
            messages=[
                {"role": "user", "content": content},
                {"role": "system", "content": news(datetime.now(UTC), time_zone)},
            ],
        )


@asynccontextmanager
async def _watched(work: Work) -> AsyncIterator[None]:
    """Break off what runs inside as soon as the run is stopped or taken over."""
    task = asyncio.current_task()
    assert task is not None
    reason: list[Exception] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await work.check()
            except Exception as error:
                reason.append(error)
                task.cancel()
                return

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not reason:
            raise
        task.uncancel()
        raise reason[0] from None
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
