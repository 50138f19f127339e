"""Changes that wait for their teammate: put in words, asked for, and decided."""

from datetime import UTC, datetime

from bot.accounts.scalekit import Scalekit
from bot.agent.approval_details import ApprovalDetails
from bot.agent.frozen import frozen
from bot.agent.limits import Limits
from bot.agent.tool_calls import EXPIRED, TYPED_INSTEAD, apply_decision, refuse
from bot.agent.toolset import Toolset
from bot.agent.work import Thread, Work, keep, settle_cards
from bot.agent.write_audit import WriteAudit
from bot.intercom.links import call_link
from bot.settings import Approvals, Settings, stricter_of
from bot.state.metrics import Metrics
from bot.state.models import Run, Teammate, ToolCall
from bot.state.profiles import Profiles


class ApprovalFlow:
    def __init__(
        self,
        settings: Settings,
        scalekit: Scalekit,
        profiles: Profiles,
        limits: Limits,
        write_audit: WriteAudit,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._profiles = profiles
        self._write_audit = write_audit
        self._metrics = metrics
        self._details = ApprovalDetails(scalekit, limits)

    async def ask(self, work: Work, thread: Thread, teammate: Teammate, toolset: Toolset) -> None:
        """Put what waits in words, show it, and let the run wait without a worker."""
        run = work.run
        waiting = [call for call in run.calls if call.state == "waiting"]
        for call in waiting:
            call.link = call_link(call.input, {}, self._settings.intercom_region)
            call.signed_as = f"{teammate.name} in {teammate.workspace}"
        await self._details.describe(work.identifier, waiting, toolset)
        run.phase = "waiting_for_approval"
        run.approval_since = run.approval_since or datetime.now(UTC)
        await keep(work, thread)
        await self.ask_again(work, thread)

    async def ask_again(self, work: Work, thread: Thread) -> None:
        """Show what waits and is not shown so far. Raises Trouble or RunFailed."""
        run = work.run
        await thread.ask([call for call in run.calls if call.state == "waiting"])
        run.attempts, run.trouble_since, run.troubles = 0, None, 0
        await work.save()

    async def needed(self, work: Work) -> Approvals:
        """The deployment's, or the teammate's own where they are stricter."""
        deployment = self._settings.approvals
        chosen = (await self._profiles.preferences(work.identifier)).approvals
        return stricter_of(deployment, chosen or deployment)

    async def has_news(self, work: Work) -> bool:
        """Whether there is anything to do for a run that waits for approvals."""
        run = work.run
        decisions = await work.store.decisions(work.conversation)
        waiting = [call for call in run.calls if call.state == "waiting"]
        return (
            self._overdue(run)
            or not waiting
            or any(call.card is None or call.id in decisions for call in waiting)
            or bool(await work.store.inbox(work.conversation))
            or await work.stopped()
        )

    def _overdue(self, run: Run) -> bool:
        wait = self._settings.approval_wait
        return run.approval_since is not None and datetime.now(UTC) >= run.approval_since + wait

    async def decided(self, work: Work, thread: Thread) -> bool:
        """Do to the waiting calls what their teammate decided, or wrote instead, or let pass.
        Out: whether the run can go on."""
        run = work.run
        _, toolset, _ = await frozen(work.store, work.conversation)
        decisions = await work.store.decisions(work.conversation)
        typed = bool(await work.store.inbox(work.conversation))
        overdue = self._overdue(run)
        settled: list[ToolCall] = []
        for call in run.calls:
            if call.state != "waiting":
                continue
            if call.id in decisions:
                apply_decision(decisions[call.id], call, toolset)
            elif typed:
                refuse(call, "Not run: you wrote instead", TYPED_INSTEAD)
            elif overdue:
                refuse(call, "Not approved in time", EXPIRED)
            if call.state != "waiting":
                settled.append(call)
        if not settled and any(call.state == "waiting" for call in run.calls):
            return False
        run.phase = "turn"
        if not any(call.state == "waiting" for call in run.calls):
            run.approval_since = None
        await work.save()
        for call in settled:
            await self._write_audit.ended(run, call)
            decision = call.decision.kind if call.decision else "typed" if typed else "expired"
            await self._metrics.count("approvals", decision=decision)
            if call.ended:
                thread.show(call)
        await settle_cards(run, thread)
        await thread.begin()
        return True
