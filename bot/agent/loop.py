"""The agent's loop: one step of a run is one turn of Claude's with its tools.

A step starts from what is saved and saves what it did, so that any worker can take the next.
"""

import time
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.accounts.scalekit import AccountsUnavailable, Scalekit
from bot.accounts.teammates import NotConnected, NotPermitted, Teammates
from bot.agent.approval_flow import ApprovalFlow
from bot.agent.budget import DayBudget
from bot.agent.claude import Claude, ClaudeUnavailable, Turn
from bot.agent.frozen import frozen, frozen_tools
from bot.agent.history import answer, assistant, last_words, spoken
from bot.agent.limits import Limits
from bot.agent.prompt import news, system_prompt
from bot.agent.tool_calls import build_tool_call, close_unfinished, needs_approval
from bot.agent.tools import Tools
from bot.agent.toolset import Toolset
from bot.agent.turns import CLAUDE, Turns
from bot.agent.work import Next, RunFailed, Thread, Trouble, Work, keep, settle_cards
from bot.agent.write_audit import WriteAudit
from bot.intercom.links import conversation_link
from bot.intercom.permissions import permission_for
from bot.settings import Settings
from bot.state.metrics import Metrics
from bot.state.models import Head, ToolCall
from bot.state.pacing import Pacing
from bot.state.profiles import Profiles

log = structlog.get_logger()

NO_ACCOUNTS = "The service that keeps your Intercom connection does not answer right now."
NOTHING_ASKED = (
    "Tell me what you need from Intercom, for example:\n"
    "- *What's open and unassigned?*\n"
    "- *Which customers wrote to us about a refund?*\n"
    "- *Add a note to a conversation: paste its link, and say what to note*"
)


class Agent:
    def __init__(
        self,
        settings: Settings,
        scalekit: Scalekit,
        teammates: Teammates,
        profiles: Profiles,
        pacing: Pacing,
        write_audit: WriteAudit,
        metrics: Metrics,
        claude: Claude,
        day: DayBudget,
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._teammates = teammates
        self._pacing = pacing
        self._write_audit = write_audit
        self._metrics = metrics
        self._limits = Limits()
        self._turns = Turns(settings, claude, day, pacing, metrics)
        self._approvals = ApprovalFlow(
            settings, scalekit, profiles, self._limits, write_audit, metrics
        )

    async def step(self, work: Work, thread: Thread, time_zone: str) -> Next:
        """Take the run one step further.

        Raises RunFailed, Trouble, DaySpent, Superseded, Stopped, or RedisError.
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
            if run.phase == "waiting_for_approval" and await self._still_waits(
                work, thread, time_zone
            ):
                return Next.ASK
            if not run.calls:
                turn = await self._turns.take(work, thread, time_zone)
                run.answer = turn.text
                if turn.ending == "pause":
                    run.attempts = 0
                    await keep(work, thread, messages=[assistant(turn)])
                    return Next.CONTINUE
                if turn.ending != "tools":
                    return await self._answered(work, thread, last_words(turn, thread))
                await self._ask_for_tools(work, thread, turn)
            if not await self._run_tools(work, thread, time_zone):
                return Next.ASK
        except NotConnected as error:
            if error.lost:
                await self._teammates.forget(work.identifier)
            run.phase, run.lost_connection = "waiting_for_connection", error.lost
            run.asked_to_connect = False
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
            raise Trouble(NO_ACCOUNTS) from error
        except ClaudeUnavailable as error:
            if error.passes:
                await thread.start_over()
                if error.retry_after:
                    await self._pacing.pause(CLAUDE, error.retry_after)
                raise Trouble(str(error), error.retry_after) from error
            raise RunFailed(str(error)) from error
        finally:
            run.seconds += time.monotonic() - began
        return Next.CONTINUE

    async def has_news(self, work: Work) -> bool:
        """Whether there is anything to do for a run that waits for approvals."""
        return await self._approvals.has_news(work)

    async def break_off(self, work: Work, thread: Thread, words: str, *, taken: int = 0) -> None:
        """End a run that was stopped or cannot go on, with `words` for the teammate. Claude's
        calls get their answers and the turn its end, so that the conversation can go on later.
        `taken`: how many requests of the inbox end with it."""
        run = work.run
        for call in run.calls:
            close_unfinished(call)
            await self._write_audit.ended(run, call)
            if not call.is_told_by_card:
                thread.show(call)
        await settle_cards(run, thread)
        thread.say(words)
        answers = [answer(call) for call in run.calls]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        messages = [{"role": "user", "content": answers}] if answers else []
        if run.request.text.strip():
            messages.append(spoken(words))
        await self._answered(work, thread, messages, taken=taken)

    async def _begin(self, work: Work, thread: Thread, time_zone: str) -> None:
        """Make sure of the account; freeze what stays the same for this conversation."""
        identifier = work.identifier
        teammate = await self._teammates.connected(identifier)
        work.run.waiting_since = None
        head = await work.store.head(work.conversation)
        if head and head.account != teammate.account:
            await self._forget_other_account(work, thread)
            head = None
        if head is None or await frozen_tools(work.store, head) is None:
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
            close_unfinished(call)
            thread.show(call)
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        said = "\n\n".join([run.request.text, *run.heard]).strip()
        await work.save(afresh=True, messages=[{"role": "user", "content": said}])

    async def _ask_for_tools(self, work: Work, thread: Thread, turn: Turn) -> None:
        _, toolset, account = await frozen(work.store, work.conversation)
        run = work.run
        asked: list[ToolCall] = []
        for use in turn.tool_uses:
            run.calls = asked
            asked.append(build_tool_call(use, toolset, run, account))
        run.calls = asked
        approvals = await self._approvals.needed(work)
        for call in run.calls:
            if call.ended or not needs_approval(call.effect, approvals):
                thread.show(call)
        await keep(work, thread, messages=[assistant(turn)])

    async def _still_waits(self, work: Work, thread: Thread, time_zone: str) -> bool:
        """Whether a run that waited for approvals still does; then all that waits is shown."""
        if await self._approvals.decided(work, thread, time_zone):
            return False
        return await self._approvals.ask_again(work, thread)

    async def _run_tools(self, work: Work, thread: Thread, time_zone: str) -> bool:
        """Out: whether all calls have ended; if not, some wait for approval."""
        run = work.run
        identifier = work.identifier
        _, toolset, account = await frozen(work.store, work.conversation)
        teammate = await self._teammates.connected(identifier)
        if teammate.account != account:
            raise RunFailed(
                "Your Intercom account has changed in the middle of this request. Ask again."
            )
        region = self._settings.intercom_region
        approvals = await self._approvals.needed(work)
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
                await self._write_audit.ended(run, call, teammate)
                await self._metrics.count("tool_calls", tool=call.name, outcome=call.state)

        await settle_cards(run, thread)
        for call in run.calls:
            if call.ended and not call.is_told_by_card:
                thread.show(call)

        async def may_run(call: ToolCall) -> bool:
            return await self._approvals.may_run(identifier, call, toolset)

        while any(not call.ended for call in run.calls):
            await tools.run(run.calls, check=work.check, changed=changed, may_run=may_run)
            if all(call.ended for call in run.calls):
                break
            if await self._approvals.ask(work, thread, teammate, toolset, time_zone):
                return False
        joined = await work.store.inbox(work.conversation)
        answers = [answer(call) for call in run.calls]
        texts = [{"type": "text", "text": item.text} for item in joined if item.text.strip()]
        run.ended_calls += [call.model_copy(update={"result": ""}) for call in run.calls]
        run.calls = []
        run.turn += 1
        run.attempts = 0
        run.heard += [item.text for item in joined if item.text.strip()]
        await keep(
            work,
            thread,
            taken=len(joined),
            messages=[{"role": "user", "content": [*answers, *texts]}],
        )
        for item in joined:
            await thread.heard(item)
        return True

    async def _answered(
        self, work: Work, thread: Thread, messages: list[dict[str, Any]], *, taken: int = 0
    ) -> Next:
        work.run.phase = "ending"
        await keep(work, thread, messages=messages, taken=taken)
        return Next.ENDED
