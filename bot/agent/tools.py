"""Running the tool calls of one turn, as one teammate.

Reads run side by side. Writes run one by one in Claude's order, those that need it only once their
teammate has approved exactly this call. A call is saved as started before it goes out; a write
found started but not ended is never run again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from opentelemetry import trace

from bot.accounts.scalekit import FailureKind, Scalekit, ToolFailure
from bot.accounts.teammates import NotConnected
from bot.agent.limits import Limits
from bot.agent.results import as_data, error, with_edits
from bot.agent.tool_calls import UNKNOWN, close_unfinished, needs_approval
from bot.agent.toolset import BadInput, Toolset
from bot.intercom.call_titles import outcome, title
from bot.intercom.links import call_link
from bot.intercom.permissions import permission_for
from bot.intercom.verification.of_tool import probe_for
from bot.intercom.verification.probe import Probe, Write
from bot.intercom.verification.verdict import Verdict
from bot.intercom.write_author import sign
from bot.settings import Approvals, Region
from bot.state.models import Teammate, ToolCall
from bot.state.pacing import Pacing

log = structlog.get_logger()
tracer = trace.get_tracer(__name__)

ATTEMPTS_WHEN_LIMITED = 5


class Tools:
    def __init__(
        self,
        scalekit: Scalekit,
        limits: Limits,
        pacing: Pacing,
        identifier: str,
        teammate: Teammate,
        toolset: Toolset,
        approvals: Approvals,
        region: Region,
    ) -> None:
        self._scalekit = scalekit
        self._limits = limits
        self._pacing = pacing
        self._identifier = identifier
        self._teammate = teammate
        self._toolset = toolset
        self._approvals = approvals
        self._region = region

    async def run(
        self,
        calls: list[ToolCall],
        *,
        check: Callable[[], Awaitable[None]],
        changed: Callable[[ToolCall], Awaitable[None]],
        may_run: Callable[[ToolCall], Awaitable[bool]],
    ) -> None:
        """Bring the calls as far as they come: to their ends, or to waiting for approval.

        `check` may forbid to go on; `changed` is told of each change of a call's state before
        anything else happens; `may_run` looks once more at what a write would change, and ends the
        call or lets it wait anew if it must not run. Raises NotConnected when Intercom no longer
        accepts the account, and what `check` and `changed` raise. The calls' states then say how
        far it came.
        """

        async def read(call: ToolCall) -> None:
            async with self._limits.read(self._identifier, self._teammate.workspace_id):
                await self._run(call, check, changed)

        for call in calls:
            if call.state == "pending" and needs_approval(call.effect, self._approvals):
                call.state = "waiting"
                await changed(call)
        reads = [call for call in calls if call.is_read and not call.ended]
        endings = await asyncio.gather(*map(read, reads), return_exceptions=True)
        for ending in endings:
            if isinstance(ending, BaseException):
                raise ending
        for call in calls:
            if call.ended:
                continue
            if call.state == "waiting":
                return
            if call.state == "started":
                close_unfinished(call)
                await self._look(call)
                await changed(call)
            elif await self._may_run(call, may_run):
                await self._run(call, check, changed)
            else:
                await changed(call)
                if not call.ended:
                    return

    async def _may_run(
        self, call: ToolCall, may_run: Callable[[ToolCall], Awaitable[bool]]
    ) -> bool:
        """Whether a write may go out; where nobody can tell, it has failed."""
        try:
            return await may_run(call)
        except ToolFailure as failure:
            if failure.kind == "unauthorized":
                raise NotConnected(self._identifier, lost=True) from failure
            self._failed(call, failure, nothing_happened=True)
            call.ended_at = datetime.now(UTC)
            return False

    async def _run(
        self,
        call: ToolCall,
        check: Callable[[], Awaitable[None]],
        changed: Callable[[ToolCall], Awaitable[None]],
    ) -> None:
        await check()
        tool = self._toolset.check(call.name, call.input)
        before = call.state
        tool_input = call.input
        if not call.is_read:
            tool_input = sign(tool.name, tool.input_schema, call.input, self._teammate.admin_id)
        call.state, call.started_at = "started", datetime.now(UTC)
        await changed(call)
        try:
            result = await self._paced(call.name, tool_input)
        except ToolFailure as failure:
            if failure.kind == "unauthorized":
                call.state = before
                await changed(call)
                raise NotConnected(self._identifier, lost=True) from failure
            self._failed(call, failure)
            if not (call.is_read or failure.nothing_happened):
                await self._look(call)
        else:
            call.state = "done"
            call.outcome = outcome(call.name, result)
            call.link = call_link(call.input, result, self._region)
            call.result = as_data(call.name, result)
        if call.decision and call.decision.edits:
            call.result = with_edits(call.result, call.decision.edits)
        call.ended_at = datetime.now(UTC)
        log.info("tool_called", tool=call.name, state=call.state)
        await changed(call)

    async def _paced(self, tool_name: str, tool_input: dict[str, Any]) -> dict[str, Any]:
        """Run a tool, and again where Intercom's rate limit kept it from happening at all."""
        with tracer.start_as_current_span("intercom.tool_call", attributes={"tool": tool_name}):
            return await self._when_not_limited(tool_name, tool_input)

    async def _when_not_limited(self, tool_name: str, tool_input: dict[str, Any]) -> dict[str, Any]:
        workspace = self._teammate.workspace_id
        for attempt in range(1, ATTEMPTS_WHEN_LIMITED + 1):
            await self._pacing.wait(workspace)
            try:
                result = await self._scalekit.execute(self._identifier, tool_name, tool_input)
            except ToolFailure as failure:
                if failure.kind != "rate_limited":
                    raise
                await self._pacing.limited(workspace)
                if attempt == ATTEMPTS_WHEN_LIMITED:
                    raise
                log.info("rate_limited", tool=tool_name, attempt=attempt)
            else:
                await self._pacing.calm(workspace)
                return result
        raise AssertionError

    async def _look(self, call: ToolCall) -> None:
        """See whether a write of unknown outcome happened, where a read can tell."""
        if call.started_at is None:
            return
        look = probe_for(call.name, Write(call.input, self._teammate.admin_id, call.started_at))
        if look is None:
            return
        verdict = await self._verdict(look)
        if verdict is None:
            return
        log.info("checked", tool=call.name, verdict=verdict)
        checked = f"checked by: {title(look.tool_name, look.tool_input)}"
        if verdict == "shown":
            call.state = "done"
            call.outcome = f"Done: no answer came, and Intercom shows it ({checked})"
            said = f"No answer came; a look shows its effect ({look.tool_name})."
            call.result = as_data(call.name, {"checked": said})
            call.link = call_link(call.input, {}, self._region)
        elif verdict == "not_shown":
            call.outcome = f"Outcome unknown; Intercom does not show it so far ({checked})"
            call.result = error(
                "The outcome of this call is unknown: it was sent, and no answer came back. A "
                f"look into Intercom ({look.tool_name}) does not show its effect so far.",
                "Do not send it again by yourself. Tell the teammate, and let them decide.",
            )
        else:
            call.outcome = f"Outcome unknown; what Intercom shows does not tell ({checked})"
            call.result = error(
                "The outcome of this call is unknown: it was sent, and no answer came back. A "
                f"look into Intercom ({look.tool_name}) cannot tell whether it happened.",
                "Never send it again. Tell the teammate that they have to look in Intercom.",
            )

    async def _verdict(self, look: Probe) -> Verdict | None:
        """What a look tells; None if it cannot be had."""
        try:
            self._toolset.check(look.tool_name, look.tool_input)
            return look.evaluate(await self._paced(look.tool_name, look.tool_input))
        except BadInput:
            log.info("not_checked", look=look.tool_name, why="no such tool for this teammate")
        except ToolFailure as failure:
            if failure.kind == "not_found":
                return look.when_missing
            log.info("not_checked", look=look.tool_name, why=failure.kind)
        return None

    @staticmethod
    def _failed(call: ToolCall, failure: ToolFailure, *, nothing_happened: bool = False) -> None:
        log.warning("tool_failed", tool=call.name, kind=failure.kind)
        if not (call.is_read or failure.nothing_happened or nothing_happened):
            call.state, call.outcome, call.result = "unknown", "Outcome unknown", UNKNOWN
            return
        call.state = "failed"
        call.outcome, advice = _FAILURES.get(
            failure.kind,
            ("Intercom did not accept it", "Correct the call if the message says how."),
        )
        permission = permission_for(call.name, is_read=call.is_read)
        if failure.kind == "forbidden" and permission:
            call.outcome = f"The permission “{permission}” is missing in Intercom's Developer Hub"
            advice = (
                f"The permission “{permission}” is not ticked for this app in Intercom's Developer "
                "Hub. Tell the teammate that an operator has to tick it there. Do not retry, and "
                "do not suggest connecting again: it would not help."
            )
        call.result = error(f"Intercom answered: {json.dumps(failure.message)}", advice)


_FAILURES: dict[FailureKind, tuple[str, str]] = {
    "forbidden": (
        "Intercom does not permit this",
        "The teammate's Intercom permissions do not cover it. Say so; do not retry.",
    ),
    "rate_limited": (
        "Intercom's rate limit is reached",
        "Wait for the next turn before calling it again, once.",
    ),
    "unavailable": (
        "Intercom did not answer",
        "Trying once more can help; after that, tell the teammate.",
    ),
}
