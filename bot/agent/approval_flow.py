"""Changes that wait for their teammate: asked for, decided on, shown anew where that is due."""

from datetime import UTC, datetime

from bot.accounts.scalekit import Scalekit
from bot.agent.approval_details import ApprovalDetails
from bot.agent.frozen import frozen
from bot.agent.limits import Limits
from bot.agent.results import error
from bot.agent.tool_calls import (
    CARD_VERSION,
    EXPIRED,
    TYPED_INSTEAD,
    apply_decision,
    digest_of,
    refuse,
    withdraw,
)
from bot.agent.toolset import Toolset
from bot.agent.work import Thread, Work, keep, settle_cards
from bot.agent.write_audit import WriteAudit, signature
from bot.intercom.links import target_link
from bot.settings import Approvals, Settings, stricter_of
from bot.state.metrics import Metrics
from bot.state.models import Change, Decision, Run, Teammate, ToolCall
from bot.state.profiles import Profiles

CHANGED_MEANWHILE = "It changed in Intercom meanwhile: shown anew below."
UPDATED = "I was updated while this waited: shown anew below."
EDITED = "You changed what it does or whom it reaches: shown anew below."
UNSHOWN_ADVICE = "Nobody was asked, and nothing was changed. Tell the teammate why."


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

    async def ask(
        self, work: Work, thread: Thread, teammate: Teammate, toolset: Toolset, time_zone: str
    ) -> bool:
        """Put what waits in words, show it, and let the run wait without a worker.

        Returns whether anything waits; if not, it could not be shown, and has ended.
        """
        run = work.run
        for call in _waiting(run):
            call.link = target_link(call.name, call.input, self._settings.intercom_region)
            call.signed_as = signature(teammate)
        await self._describe(work, thread, toolset, teammate.account, time_zone)
        run.phase = "waiting_for_approval"
        run.approval_since = run.approval_since or datetime.now(UTC)
        await keep(work, thread)
        return await self.ask_again(work, thread)

    async def ask_again(self, work: Work, thread: Thread) -> bool:
        """Show what waits and is not shown so far.

        Returns whether anything waits.

        Raises:
            Trouble: While Slack is down.
            RunFailed: Where the thread takes no card.
        """
        run = work.run
        await settle_cards(run, thread)
        waiting = _waiting(run)
        for call, words, reason in await thread.ask(waiting) if waiting else []:
            refuse(call, words, error(reason, UNSHOWN_ADVICE))
            await self._record(work, thread, call, "unshown")
        run.attempts, run.trouble_since, run.troubles = 0, None, 0
        still_waiting = bool(_waiting(run))
        if not still_waiting:
            run.phase, run.approval_since = "turn", None
        await work.save()
        return still_waiting

    async def may_run(self, identifier: str, call: ToolCall, toolset: Toolset) -> bool:
        """Look once more at what a write would change, right before it runs: what was approved and
        has changed meanwhile waits to be shown anew, and what does not fit ends.

        Raises:
            ToolFailure: If nobody can tell.
        """
        if call.state != "approved":
            await self._details.refuse_unfit(identifier, call, toolset)
            return not call.ended
        if await self._details.is_as_shown(identifier, call, toolset):
            return True
        withdraw(call, CHANGED_MEANWHILE)
        return False

    async def needed(self, work: Work) -> Approvals:
        """The deployment's, or the teammate's own where they are stricter."""
        deployment = self._settings.approvals
        chosen = (await self._profiles.preferences(work.identifier)).approvals
        return stricter_of(deployment, chosen or deployment)

    async def has_news(self, work: Work) -> bool:
        """Whether there is anything to do for a run that waits for approvals."""
        run = work.run
        decisions = await work.store.decisions(work.conversation)
        waiting = _waiting(run)
        return (
            self._overdue(run)
            or not waiting
            or any(
                call.card is None or _is_outdated(call) or call.digest in decisions
                for call in waiting
            )
            or bool(await work.store.inbox(work.conversation))
            or await work.stopped()
        )

    async def decided(self, work: Work, thread: Thread, time_zone: str) -> bool:
        """Do to the waiting calls what their teammate decided, or wrote instead, or let pass;
        withdraw the cards that count no more.

        Returns whether the run can go on.
        """
        run = work.run
        _, toolset, account = await frozen(work.store, work.conversation)
        decisions = await work.store.decisions(work.conversation)
        typed = bool(await work.store.inbox(work.conversation))
        overdue = self._overdue(run)
        settled: list[tuple[ToolCall, str]] = []
        for call in _waiting(run):
            decision = None if _is_outdated(call) else decisions.get(call.digest)
            if decision:
                await self._apply(work, call, decision, toolset, time_zone)
            elif typed:
                refuse(call, "Not run: you wrote instead", TYPED_INSTEAD)
            elif overdue:
                refuse(call, "Not approved in time", EXPIRED)
            elif _is_outdated(call):
                withdraw(call, UPDATED)
            if call.state != "waiting":
                not_decided = "typed" if typed else "expired"
                settled.append((call, decision.kind if decision else not_decided))
        await self._describe(work, thread, toolset, account, time_zone)
        if not settled and _waiting(run):
            await work.save()
            return False
        run.phase = "turn"
        if not _waiting(run):
            run.approval_since = None
        await work.save()
        for call, how in settled:
            await self._record(work, thread, call, how)
        await settle_cards(run, thread)
        await thread.begin()
        return True

    async def _apply(
        self, work: Work, call: ToolCall, decision: Decision, toolset: Toolset, time_zone: str
    ) -> None:
        """Do to a call what was decided. What was edited is judged anew: if it does more than what
        was approved, or reaches somebody else, it is asked for once more."""
        shown, effect = call.change, call.effect
        apply_decision(decision, call, toolset)
        if call.state != "approved" or not decision.edits or shown is None:
            return
        call.change = None
        await self._details.describe(work.identifier, [call], toolset, time_zone, names=shown.names)
        if call.change is not None and _does_more(call, effect, shown):
            change, call.change = call.change, shown
            withdraw(call, EDITED)
            call.change = change

    async def _describe(
        self, work: Work, thread: Thread, toolset: Toolset, account: str, time_zone: str
    ) -> None:
        """Put the waiting calls that have no card in words, and name what exactly is shown. Those
        that turn out not to fit end."""
        fresh = [call for call in _waiting(work.run) if not call.asked]
        wordless = [call for call in fresh if call.change is None]
        await self._details.describe(work.identifier, wordless, toolset, time_zone)
        for call in fresh:
            if call.ended:
                await self._record(work, thread, call, "unfit")
                continue
            call.card_version = CARD_VERSION
            call.digest = digest_of(work.run.reference, account, call)

    async def _record(self, work: Work, thread: Thread, call: ToolCall, how: str) -> None:
        await self._write_audit.ended(work.run, call)
        await self._metrics.count("approvals", decision=how)
        if call.ended and not call.is_told_by_card:
            thread.show(call)

    def _overdue(self, run: Run) -> bool:
        wait = self._settings.approval_wait
        return run.approval_since is not None and datetime.now(UTC) >= run.approval_since + wait


def _waiting(run: Run) -> list[ToolCall]:
    return [call for call in run.calls if call.state == "waiting"]


def _is_outdated(call: ToolCall) -> bool:
    """Its card was made by the rules of another release."""
    return call.asked and call.card_version != CARD_VERSION


def _does_more(call: ToolCall, effect: str, shown: Change) -> bool:
    """Whether an edited call needs to be asked for once more."""
    assert call.change
    seen = (effect, shown.warning, shown.target)
    return seen != (call.effect, call.change.warning, call.change.target)
