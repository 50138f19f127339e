"""The agent's loop: one step of a run is one turn of Claude's with its tools.

A step starts from what is saved and saves what it did, so that any worker can take the next.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from opentelemetry import trace

from bot.accounts.identity import SlackUser
from bot.accounts.pacing import Pacing
from bot.accounts.scalekit import AccountsUnavailable, Scalekit
from bot.accounts.teammates import NotConnected, NotPermitted, Teammates
from bot.agent.budget import spent, sum_up
from bot.agent.claude import Claude, ClaudeUnavailable, CutOff, Ending, Turn
from bot.agent.limits import Limits
from bot.agent.prompt import FROM_SUMMARY, SUMMARIZE, news, system_prompt
from bot.agent.proposals import Proposals
from bot.agent.recorder import Recorder
from bot.agent.tools import (
    EXPIRED,
    TYPED_INSTEAD,
    Tools,
    apply,
    asked_for,
    end,
    leave_open,
    needs_approval,
)
from bot.agent.toolset import Toolset
from bot.agent.work import Next, Thread, Work
from bot.intercom.areas import permission_for
from bot.intercom.links import call_link, conversation_link
from bot.settings import Approvals, Settings, stricter_of
from bot.state.metrics import Metrics
from bot.state.models import Head, Run, Teammate, ToolCall
from bot.state.profiles import Profiles

log = structlog.get_logger()
tracer = trace.get_tracer(__name__)

STREAM_ATTEMPTS = 3
WATCH_SECONDS = 0.5

NOTHING_ASKED = (
    "Tell me what you need from Intercom, for example:\n"
    "- *What's open and unassigned?*\n"
    "- *Find Priya's last conversation and summarize it*\n"
    "- *Add a note to conversation 215470 that we refunded the invoice*"
)

_ENDINGS_IN_WORDS: dict[Ending, str] = {
    "answer": "I have nothing to add to that.",
    "too_long": "\n\n_My answer got too long and is cut off here. Say “go on” for the rest._",
    "refused": "Claude declined to answer this, and nothing more was done. Ask in other words, or "
    "do it in Intercom.",
    "context_full": "\n\nThis thread has grown too long for me to read in one go. Start a new one "
    "and tell me what still matters.",
}


class RunFailed(Exception):
    """The run cannot go on. The text is a sentence for the teammate."""


class Trouble(Exception):
    """A service that the run needs is down; it can go on later. The text is a sentence."""


class Agent:
    def __init__(
        self,
        settings: Settings,
        scalekit: Scalekit,
        teammates: Teammates,
        profiles: Profiles,
        pacing: Pacing,
        recorder: Recorder,
        metrics: Metrics,
        claude: Claude,
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._teammates = teammates
        self._profiles = profiles
        self._pacing = pacing
        self._recorder = recorder
        self._metrics = metrics
        self._claude = claude
        self._limits = Limits()
        self._proposals = Proposals(scalekit, self._limits)

    async def step(self, work: Work, thread: Thread, time_zone: str) -> Next:
        """Take the run one step further.

        Raises RunFailed, Trouble, Superseded, Stopped, or RedisError.
        """
        run = work.run
        began = time.monotonic()
        await work.check()
        try:
            if run.phase in ("new", "waiting_for_connection"):
                if not run.request.text.strip():
                    thread.say(NOTHING_ASKED)
                    return await self._answered(work, thread, [])
                await self._begin(work, thread, time_zone)
            if run.phase == "ending":
                return Next.ENDED
            if run.phase == "waiting_for_approval" and not await self._decided(work, thread):
                return Next.ASK
            if not run.calls:
                turn = await self._turn(work, thread, time_zone)
                run.answer = turn.text
                if turn.ending == "pause":
                    run.attempts = 0
                    await self._keep(work, thread, messages=[_assistant(turn)])
                    return Next.CONTINUE
                if turn.ending != "tools":
                    return await self._answered(work, thread, _last_words(turn, thread))
                await self._ask_for_tools(work, thread, turn)
            if not await self._run_tools(work, thread):
                return Next.ASK
        except NotConnected as error:
            if error.lost:
                await self._teammates.forget(_identifier(run))
            run.phase, run.lost_connection = "waiting_for_connection", error.lost
            await work.save()
            return Next.CONNECT
        except NotPermitted as error:
            permission = permission_for(error.tool_name, is_read=True)
            raise RunFailed(
                f"The permission “{permission}” is missing for this app in Intercom's Developer "
                "Hub. An operator has to tick it there; connecting again would not help."
            ) from error
        except AccountsUnavailable as error:
            log.warning("accounts_unavailable", why=str(error))
            raise Trouble(
                "The service that keeps your Intercom connection does not answer right now."
            ) from error
        except ClaudeUnavailable as error:
            if error.passes:
                raise Trouble(str(error)) from error
            raise RunFailed(str(error)) from error
        finally:
            run.seconds += time.monotonic() - began
        return Next.CONTINUE

    async def break_off(self, work: Work, thread: Thread, words: str, *, taken: int = 0) -> None:
        """End a run that was stopped or cannot go on, with `words` for the teammate. Claude's
        calls get their answers and the turn its end, so that the conversation can go on later.
        `taken`: how many requests of the inbox end with it."""
        run = work.run
        for call in run.calls:
            waited = call.card is not None and call.decision is None
            leave_open(call)
            await self._recorder.ended(run, call)
            thread.show(call)
            if waited:
                await thread.settle(call)
        thread.say(words)
        answers = [_answer(call) for call in run.calls]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        messages = [{"role": "user", "content": answers}] if answers else []
        if run.request.text.strip():
            messages.append(_spoken(words))
        await self._answered(work, thread, messages, taken=taken)

    async def has_news(self, work: Work) -> bool:
        """Whether there is anything to do for a run that waits for approvals."""
        run = work.run
        decisions = await work.store.decisions(work.conversation)
        waiting = [call for call in run.calls if call.state == "waiting"]
        return (
            self._approvals_overdue(run)
            or not waiting
            or any(call.card is None or call.id in decisions for call in waiting)
            or bool(await work.store.inbox(work.conversation))
            or await work.stopped()
        )

    def _approvals_overdue(self, run: Run) -> bool:
        wait = self._settings.approval_wait
        return run.approval_since is not None and datetime.now(UTC) >= run.approval_since + wait

    async def _decided(self, work: Work, thread: Thread) -> bool:
        """Do to the waiting calls what their teammate decided, or wrote instead, or let pass.
        Out: whether the run can go on."""
        run = work.run
        _, toolset, _ = await self._frozen(work)
        decisions = await work.store.decisions(work.conversation)
        typed = bool(await work.store.inbox(work.conversation))
        overdue = self._approvals_overdue(run)
        settled: list[ToolCall] = []
        for call in run.calls:
            if call.state != "waiting":
                continue
            if call.id in decisions:
                apply(decisions[call.id], call, toolset)
            elif typed:
                end(call, "Not run: you wrote instead", TYPED_INSTEAD)
            elif overdue:
                end(call, "Not approved in time", EXPIRED)
            if call.state != "waiting":
                settled.append(call)
        if not settled and any(call.state == "waiting" for call in run.calls):
            return False
        run.phase = "turn"
        await work.save()
        for call in settled:
            await self._recorder.ended(run, call)
            decision = call.decision.kind if call.decision else "typed" if typed else "expired"
            await self._metrics.count("approvals", decision=decision)
            await thread.settle(call)
            if call.ended:
                thread.show(call)
        await thread.begin()
        return True

    async def _begin(self, work: Work, thread: Thread, time_zone: str) -> None:
        """Make sure of the account; freeze what stays the same for this conversation."""
        identifier = _identifier(work.run)
        teammate = await self._teammates.connected(identifier)
        work.run.waiting_since = None
        head = await work.store.head(work.conversation)
        if head and head.account != teammate.account:
            await self._forget_other_account(work, thread)
            head = None
        if head is None:
            toolset = Toolset.of(await self._teammates.tools(identifier))
            if not toolset.tools:
                raise RunFailed(
                    "Your Intercom connection offers no tools. An operator has to check the "
                    "connection's permissions in Intercom's Developer Hub."
                )
            link = conversation_link("ID", self._settings.intercom_region)
            head = Head(
                system=system_prompt(teammate, link, time_zone),
                account=teammate.account,
                toolset=await work.store.save_toolset(toolset.model_dump_json()),
            )
            await work.store.save_head(work.conversation, head)
        work.run.phase = "turn"
        if work.run.calls:
            await work.save()
            return
        today = news(datetime.now(UTC), time_zone)
        await work.save(messages=[{"role": "system", "content": today}])

    async def _forget_other_account(self, work: Work, thread: Thread) -> None:
        """The teammate has connected another Intercom account meanwhile: what was seen and asked
        for with the former one is not for this one. The request begins anew."""
        run = work.run
        for call in run.calls:
            leave_open(call)
            thread.show(call)
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        said = "\n\n".join([run.request.text, *run.heard]).strip()
        await work.save(afresh=True, messages=[{"role": "user", "content": said}])

    async def _turn(self, work: Work, thread: Thread, time_zone: str) -> Turn:
        run = work.run
        system, toolset, _ = await self._frozen(work)
        tools = toolset.params()
        if await work.store.size(work.conversation) > self._settings.context_tokens:
            await self._go_on_by_summary(work, system, tools, time_zone)
        budget = spent(run, self._settings)
        if budget and not run.summing_up:
            run.summing_up = True
            log.info("budget_spent", what=budget)
            await work.save(messages=[{"role": "system", "content": sum_up(budget)}])
        messages = [json.loads(message) for message in await work.store.messages(work.conversation)]

        async def on_text(text: str) -> None:
            thread.say(text)

        for attempt in range(1, STREAM_ATTEMPTS + 1):
            try:
                with tracer.start_as_current_span("claude.turn"):
                    async with _watched(work):
                        turn = await self._claude.turn(
                            system, tools, messages, on_text, may_call_tools=not run.summing_up
                        )
                break
            except CutOff as error:
                log.warning("claude_cut_off", why=str(error), attempt=attempt)
                if attempt == STREAM_ATTEMPTS:
                    raise Trouble("The connection to Claude broke off several times.") from error
                thread.say("\n\n_The connection broke off; starting this part again._\n\n")
        thread.say("\n\n")
        run.tokens += turn.tokens_in + turn.tokens_out
        for kind, tokens in turn.tokens_by_kind.items():
            await self._metrics.count("claude_tokens", tokens, kind=kind)
        await work.store.save_size(work.conversation, turn.tokens_in + turn.tokens_out)
        return turn

    async def _go_on_by_summary(
        self, work: Work, system: str, tools: list[dict[str, Any]], time_zone: str
    ) -> None:
        """Replace what was said by Claude's own summary of it, before it grows too long."""
        run = work.run
        messages = [json.loads(message) for message in await work.store.messages(work.conversation)]
        while messages and messages[-1]["role"] == "system":
            messages.pop()

        async def silently(text: str) -> None:
            pass

        asked = [*messages, {"role": "user", "content": SUMMARIZE}]
        try:
            async with _watched(work):
                turn = await self._claude.turn(system, tools, asked, silently, may_call_tools=False)
        except CutOff as error:
            raise Trouble("The connection to Claude broke off several times.") from error
        log.info("summarized", tokens=turn.tokens_in)
        run.tokens += turn.tokens_in + turn.tokens_out
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

    async def _ask_for_tools(self, work: Work, thread: Thread, turn: Turn) -> None:
        _, toolset, account = await self._frozen(work)
        run = work.run
        asked: list[ToolCall] = []
        for use in turn.tool_uses:
            run.calls = asked
            asked.append(asked_for(use, toolset, run, account))
        run.calls = asked
        approvals = await self._approvals(work)
        for call in run.calls:
            if call.ended or not needs_approval(call.effect, approvals):
                thread.show(call)
        await self._keep(work, thread, messages=[_assistant(turn)])

    async def _run_tools(self, work: Work, thread: Thread) -> bool:
        """Out: whether all calls have ended; if not, some wait for approval."""
        run = work.run
        identifier = _identifier(run)
        _, toolset, account = await self._frozen(work)
        teammate = await self._teammates.connected(identifier)
        if teammate.account != account:
            raise RunFailed(
                "Your Intercom account has changed in the middle of this request. Ask again."
            )
        region = self._settings.intercom_region
        approvals = await self._approvals(work)
        tools = Tools(
            self._scalekit,
            self._limits,
            self._pacing,
            identifier,
            teammate,
            toolset,
            approvals,
            region,
        )

        async def changed(call: ToolCall) -> None:
            if call.state != "waiting":
                thread.show(call)
            await work.save()
            if call.ended:
                await self._recorder.ended(run, call, teammate)
                await self._metrics.count("tool_calls", tool=call.name, outcome=call.state)

        await tools.run(run.calls, check=work.check, changed=changed)
        if any(not call.ended for call in run.calls):
            await self._ask_for_approval(work, thread, teammate, toolset)
            return False
        joined = await work.store.inbox(work.conversation)
        answers = [_answer(call) for call in run.calls]
        texts = [{"type": "text", "text": item.text} for item in joined if item.text.strip()]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        run.turn += 1
        run.attempts = 0
        run.heard += [item.text for item in joined if item.text.strip()]
        await self._keep(
            work,
            thread,
            taken=len(joined),
            messages=[{"role": "user", "content": [*answers, *texts]}],
        )
        for item in joined:
            await thread.heard(item)
        return True

    async def _ask_for_approval(
        self, work: Work, thread: Thread, teammate: Teammate, toolset: Toolset
    ) -> None:
        """Put what waits in words, show it, and let the run wait without a worker."""
        run = work.run
        waiting = [call for call in run.calls if call.state == "waiting"]
        for call in waiting:
            call.link = call_link(call.input, {}, self._settings.intercom_region)
        await self._proposals.describe(_identifier(run), waiting, toolset)
        run.phase, run.attempts = "waiting_for_approval", 0
        run.approval_since = run.approval_since or datetime.now(UTC)
        await self._keep(work, thread, messages=[])
        await thread.ask(waiting, f"{teammate.name} in {teammate.workspace}")
        await work.save()

    async def _approvals(self, work: Work) -> Approvals:
        """The deployment's, or the teammate's own where they are stricter."""
        deployment = self._settings.approvals
        chosen = (await self._profiles.preferences(_identifier(work.run))).approvals
        return stricter_of(deployment, chosen or deployment)

    async def _answered(
        self, work: Work, thread: Thread, messages: list[dict[str, Any]], *, taken: int = 0
    ) -> Next:
        work.run.phase = "ending"
        await self._keep(work, thread, messages=messages, taken=taken)
        return Next.ENDED

    async def _keep(
        self, work: Work, thread: Thread, *, messages: list[dict[str, Any]], taken: int = 0
    ) -> None:
        """Save a step that is over, together with what the thread shows of it."""
        work.run.trouble_since, work.run.troubles = None, 0
        await thread.flush()
        thread.keep()
        work.run.stream = thread.stream
        await work.save(messages=messages, taken=taken)

    async def _frozen(self, work: Work) -> tuple[str, Toolset, str]:
        """The conversation's system prompt, its tools, and the account it is seen with."""
        head = await work.store.head(work.conversation)
        tools = await work.store.toolset(head.toolset) if head else None
        if head is None or tools is None:
            raise RunFailed("This conversation is too old to go on with. Start a new thread.")
        return head.system, Toolset.model_validate_json(tools), head.account


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


def _identifier(run: Run) -> str:
    return SlackUser.of(run.request).identifier


def _answer(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": call.result,
        "is_error": call.state != "done",
    }


def _assistant(turn: Turn) -> dict[str, Any]:
    return {"role": "assistant", "content": turn.content}


def _spoken(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text.strip()}]}


def _last_words(turn: Turn, thread: Thread) -> list[dict[str, Any]]:
    """Say what is special about how the last turn ended. Out: what the history keeps of it,
    which always is an answer of Claude's: the next question has to follow one."""
    if turn.ending == "answer" and turn.text.strip():
        return [_assistant(turn)]
    words = _ENDINGS_IN_WORDS[turn.ending]
    thread.say(words)
    if turn.ending == "too_long" and turn.text.strip():
        spoken = [block for block in turn.content if block["type"] != "tool_use"]
        return [{"role": "assistant", "content": spoken}]
    return [_spoken(words)]
