"""What waits for approval, put in words: names are looked up as the teammate, all at once."""

import asyncio
from collections.abc import Mapping

import structlog

from bot.accounts.scalekit import Scalekit, ToolFailure
from bot.agent.limits import Limits
from bot.agent.toolset import BadInput, Toolset
from bot.intercom.changes import Subject, describe, lookup, name_in, subjects
from bot.state.models import ToolCall

log = structlog.get_logger()


class ApprovalDetails:
    def __init__(self, scalekit: Scalekit, limits: Limits) -> None:
        self._scalekit = scalekit
        self._limits = limits

    async def describe(
        self,
        identifier: str,
        calls: list[ToolCall],
        toolset: Toolset,
        time_zone: str,
        *,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Give each call its `change`; a name that cannot be looked up stays an id."""
        fresh = [call for call in calls if call.change is None]
        wanted = {subject for call in fresh for subject in subjects(call.name, call.input)}
        found = await asyncio.gather(
            *(self._name(identifier, subject, toolset) for subject in sorted(wanted))
        )
        known = {(s.kind, s.id): name for s, name in zip(sorted(wanted), found, strict=True)}
        for call in fresh:
            call.change = describe(call.name, call.input, known)

    async def is_as_shown(self, identifier: str, call: ToolCall, toolset: Toolset) -> bool:
        return True

    async def _name(self, identifier: str, subject: Subject, toolset: Toolset) -> str:
        """The subject's name; empty where it cannot be told."""
        kinds = [subject, Subject("team", subject.id)] if subject.kind == "admin" else [subject]
        for asked in kinds:
            tool_name, tool_input = lookup(asked)
            try:
                if toolset.check(tool_name, tool_input).effect_of(tool_input) != "read":
                    continue
                async with self._limits.read(identifier, ""):
                    found = await self._scalekit.execute(identifier, tool_name, tool_input)
            except (BadInput, ToolFailure) as error:
                log.info("name_not_found", kind=asked.kind, why=type(error).__name__)
                continue
            if name := name_in(asked.kind, found):
                return name
        return ""
