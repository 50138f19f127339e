"""Running the tool calls of one turn, as one teammate.

Reads run side by side, then writes one by one in Claude's order. A call is saved as started
before it goes out; a write found started but not ended is never run again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from bot.accounts.scalekit import FailureKind, Scalekit, ToolFailure
from bot.accounts.teammates import NotConnected
from bot.agent.claude import ToolUse
from bot.agent.results import as_data, error
from bot.agent.toolset import BadInput, Tool, Toolset
from bot.intercom.areas import permission_for
from bot.intercom.author import SpeaksAsCustomer, sign
from bot.intercom.links import call_link
from bot.intercom.titles import outcome, title
from bot.settings import Settings
from bot.state.models import Teammate, ToolCall

log = structlog.get_logger()

READS_AT_ONCE = 6

NOT_APPROVED = error(
    "This call was not run: it would change something in Intercom, and in this deployment "
    "changes cannot be approved yet.",
    "Do not try it again or by another way. Tell the teammate what you would have done, so that "
    "they can do it in Intercom themselves.",
)
UNKNOWN = error(
    "The outcome of this call is unknown: it was sent, and no answer came back. It may or may "
    "not have happened.",
    "Never send it again. If a read can show whether it happened, check with that; tell the "
    "teammate what you found, or that they have to look in Intercom.",
)
STOPPED = error(
    "This call was not run: the run ended before.",
    "Do not take it up again unless the teammate asks for it.",
)


def leave_open(call: ToolCall) -> None:
    """End a call of a run that is over: not run, or of unknown outcome if it was under way."""
    if call.ended:
        return
    if call.state == "started" and not call.is_read:
        call.state, call.outcome, call.result = "unknown", "Outcome unknown", UNKNOWN
    else:
        call.state, call.outcome, call.result = "refused", "Not run", STOPPED


class Tools:
    def __init__(
        self,
        settings: Settings,
        scalekit: Scalekit,
        identifier: str,
        teammate: Teammate,
        toolset: Toolset,
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._identifier = identifier
        self._teammate = teammate
        self._toolset = toolset

    @staticmethod
    def asked_for(use: ToolUse, toolset: Toolset) -> ToolCall:
        """A call as Claude asked for it; already ended if it does not fit the tools there are."""
        call = ToolCall(
            id=use.id,
            name=use.name,
            input=use.input,
            title=title(use.name, use.input),
            is_read=False,
        )
        try:
            call.is_read = toolset.check(use.name, use.input).is_read
        except BadInput as problem:
            call.state = "failed"
            call.outcome = "Did not fit the tool"
            call.result = error(str(problem), "Correct the call, or use another tool.")
        return call

    async def run(
        self,
        calls: list[ToolCall],
        *,
        check: Callable[[], Awaitable[None]],
        changed: Callable[[ToolCall], Awaitable[None]],
    ) -> None:
        """Bring every call to its end. `check` may forbid to go on; `changed` is told of each
        change of a call's state before anything else happens.

        Raises NotConnected when Intercom no longer accepts the account, and what `check` and
        `changed` raise. The calls' states then say how far it came.
        """
        slots = asyncio.Semaphore(READS_AT_ONCE)

        async def read(call: ToolCall) -> None:
            async with slots:
                await self._run(call, check, changed)

        reads = [call for call in calls if call.is_read and not call.ended]
        endings = await asyncio.gather(*map(read, reads), return_exceptions=True)
        for ending in endings:
            if isinstance(ending, BaseException):
                raise ending
        for call in calls:
            if call.ended:
                continue
            if call.state == "started":
                leave_open(call)
                await changed(call)
            elif self._settings.approvals != "off":
                call.state, call.outcome, call.result = "refused", "Not run", NOT_APPROVED
                await changed(call)
            else:
                await self._run(call, check, changed)

    async def _run(
        self,
        call: ToolCall,
        check: Callable[[], Awaitable[None]],
        changed: Callable[[ToolCall], Awaitable[None]],
    ) -> None:
        await check()
        tool = self._toolset.check(call.name, call.input)
        try:
            tool_input = self._signed(tool, call.input)
        except SpeaksAsCustomer:
            call.state, call.outcome = "refused", "Not run"
            call.result = error(
                "This call was not run: it would speak in the customer's name.",
                'Replies are of type "admin".',
            )
            await changed(call)
            return
        call.state = "started"
        await changed(call)
        try:
            result = await self._scalekit.execute(self._identifier, call.name, tool_input)
        except ToolFailure as failure:
            if failure.kind == "unauthorized":
                call.state = "pending"
                await changed(call)
                raise NotConnected(self._identifier, lost=True) from failure
            self._failed(call, failure)
        else:
            call.state = "done"
            call.outcome = outcome(result)
            call.link = call_link(call.input, result, self._settings.intercom_region)
            call.result = as_data(call.name, result)
        log.info("tool_called", tool=call.name, state=call.state)
        await changed(call)

    def _signed(self, tool: Tool, tool_input: dict[str, Any]) -> dict[str, Any]:
        if tool.is_read:
            return tool_input
        return sign(tool.name, tool.input_schema, tool_input, self._teammate.admin_id)

    @staticmethod
    def _failed(call: ToolCall, failure: ToolFailure) -> None:
        log.warning("tool_failed", tool=call.name, kind=failure.kind)
        if not call.is_read and not failure.nothing_happened:
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
