"""What waits for approval, put in words: what it names is looked up as the teammate, all at once.

The same reads tell what stands there now, what a person can choose from, and whether a change would
take something away that nobody asked to lose.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.accounts.scalekit import Scalekit, ToolFailure
from bot.agent.limits import Limits
from bot.agent.results import error
from bot.agent.tool_calls import refuse
from bot.agent.toolset import BadInput, Toolset
from bot.intercom import html
from bot.intercom.catalogue import Tool, declared
from bot.intercom.catalogue.declaration import ObjectKind, Stored
from bot.intercom.catalogue.objects import OBJECTS, Found
from bot.intercom.catalogue.values import Value, walk
from bot.intercom.change_subjects import (
    Subject,
    changed_subject,
    judged_subject,
    old_subjects,
    old_values,
    subjects,
)
from bot.intercom.change_summary import Known, summarize
from bot.intercom.inputs import attribute_names, unknown_attributes
from bot.intercom.plain import plain
from bot.intercom.verification.verdict import within
from bot.state.models import ToolCall

log = structlog.get_logger()

OPTIONS: Mapping[ObjectKind, Sequence[tuple[ObjectKind, str, str]]] = {
    "admin": (("admin", "list_admins", "admins"), ("team", "list_teams", "teams")),
    "team": (("team", "list_teams", "teams"),),
    "ticket_type": (("ticket_type", "list_ticket_types", "data"),),
    "help_center_collection": (("help_center_collection", "list_help_center_collections", "data"),),
    "tag": (("tag", "list_tags", "data"),),
}
"""What a person can choose from: kinds of objects, the read that lists them, and where."""
LAST_WORDS = ("statistics", "last_contact_reply_at")
"""A conversation in which its customer has written is another one than was shown."""


class ApprovalDetails:
    def __init__(self, scalekit: Scalekit, limits: Limits) -> None:
        self._scalekit = scalekit
        self._limits = limits

    async def describe(
        self,
        identifier: str,
        calls: Sequence[ToolCall],
        toolset: Toolset,
        time_zone: str,
        *,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Give each call its `change`, or end it if it does not fit what it would change.

        Args:
            identifier: Whose account looks.
            calls: What waits.
            toolset: What that account may do.
            time_zone: The teammate's.
            names: Those known from before, for what cannot be looked up now.
        """
        reads = Reads(self._scalekit, self._limits, identifier, toolset)
        described = (self._describe(reads, call, toolset, time_zone, names or {}) for call in calls)
        await asyncio.gather(*described)

    async def refuse_unfit(self, identifier: str, call: ToolCall, toolset: Toolset) -> None:
        """End a call that does not fit what it would change, also where nobody is asked."""
        tool = declared(call.name)
        if tool is None:
            return
        reads = Reads(self._scalekit, self._limits, identifier, toolset)
        await self._check_attributes(reads, call)
        if not call.ended and any(v.field.kind == "article_html" for v in _values(tool, call)):
            changed = changed_subject(tool, call.input)
            if changed and (found := await reads.find(changed)):
                _check_losses(tool, call, found)

    async def is_as_shown(self, identifier: str, call: ToolCall, toolset: Toolset) -> bool:
        """Whether what an approved call changes is still as its card showed it.

        Raises:
            ToolFailure: If nobody can tell, and so nothing may be run.
        """
        tool, change = declared(call.name), call.change
        changed = changed_subject(tool, call.input) if tool else None
        if tool is None or change is None or changed is None or changed.key not in change.names:
            return True
        reads = Reads(self._scalekit, self._limits, identifier, toolset)
        try:
            found = await reads.look(changed)
        except ToolFailure as failure:
            if failure.kind == "not_found":
                return True  # The write itself will say so.
            raise
        if found is None:
            return True
        name = OBJECTS[changed.kind].name(found) or None
        now = [name, _old(tool, call, found)]
        if not tool.judged_by:
            now.append(toolset.consequence(call.name, call.input, found).warning)
        shown = [change.names[changed.key], change.old, change.warning]
        return bool(now == shown[: len(now)])

    async def _describe(
        self,
        reads: "Reads",
        call: ToolCall,
        toolset: Toolset,
        time_zone: str,
        names: Mapping[str, str],
    ) -> None:
        tool = declared(call.name)
        if tool is None:
            found = toolset.consequence(call.name, call.input, None)
            call.effect = found.effect
            known = Known(warning=found.warning, time_zone=time_zone)
            call.change = summarize(call.name, None, call.input, known)
            return
        changed, judged = changed_subject(tool, call.input), judged_subject(tool, call.input)
        await self._check_attributes(reads, call)
        if call.ended:
            return
        wanted = subjects(tool, call.input)
        named, options = await asyncio.gather(
            reads.names(wanted), reads.options(_chosen_kinds(tool, call))
        )
        stored = await reads.find(changed) if changed else None
        if stored is not None:
            _check_losses(tool, call, stored)
            if call.ended:
                return
            named |= await reads.names(old_subjects(tool, call.input, stored))
        judged_object = await reads.find(judged) if judged else None
        effect, warning = toolset.consequence(call.name, call.input, judged_object)
        call.effect = effect
        call.change = summarize(
            call.name,
            tool,
            call.input,
            Known({**names, **named}, stored, warning, time_zone, options),
        )
        if stored is not None:
            call.change.old = _old(tool, call, stored)

    @staticmethod
    async def _check_attributes(reads: "Reads", call: ToolCall) -> None:
        """End a call that names an attribute which the workspace has not."""
        for asked in attribute_names(call.name, call.input):
            found = await reads.read(asked.tool_name, asked.tool_input)
            unknown = unknown_attributes(asked, found) if found is not None else []
            if unknown:
                listed = ", ".join(plain(name, 60) for name in unknown)
                refuse(
                    call,
                    f"Not asked: there is no attribute {listed}",
                    error(
                        f"This workspace has no attribute of that name: {json.dumps(unknown)}.",
                        f"Look them up with {asked.tool_name}, and use a name from there.",
                    ),
                )
                return


class Reads:
    """Reads of one moment, as one teammate: the same one is made once."""

    def __init__(
        self, scalekit: Scalekit, limits: Limits, identifier: str, toolset: Toolset
    ) -> None:
        self._scalekit = scalekit
        self._limits = limits
        self._identifier = identifier
        self._toolset = toolset
        self._made: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def names(self, wanted: Sequence[Subject]) -> dict[str, str]:
        """What the objects are called, by their keys, as far as that can be told."""
        found = await asyncio.gather(*map(self._name, wanted))
        return {subject.key: name for subject, name in zip(wanted, found, strict=True) if name}

    async def find(self, subject: Subject) -> Found | None:
        """An object; None if it cannot be looked up."""
        for look in subject.lookups():
            answer = await self.read(look.tool_name, look.tool_input)
            if answer is not None and (found := look.one(answer)):
                return found
        return None

    async def look(self, subject: Subject) -> Found | None:
        """An object; None where nothing looks it up. Raises ToolFailure."""
        for look in subject.lookups():
            return look.one(await self._answer(look.tool_name, look.tool_input))
        return None

    async def read(self, tool_name: str, tool_input: Mapping[str, Any]) -> dict[str, Any] | None:
        """A read's answer; None if it cannot be had."""
        try:
            return await self._answer(tool_name, tool_input)
        except (BadInput, ToolFailure) as problem:
            log.info("not_looked_up", tool=tool_name, why=type(problem).__name__)
            return None

    async def options(self, kinds: Sequence[ObjectKind]) -> dict[ObjectKind, list[tuple[str, str]]]:
        """What a person can choose from, ids with names."""
        found: dict[ObjectKind, list[tuple[str, str]]] = {}
        for kind in kinds:
            for listed_kind, tool_name, path in OPTIONS.get(kind, ()):
                answer = await self.read(f"intercom_{tool_name}", {}) or {}
                listed = within(answer, path)
                found.setdefault(kind, []).extend(
                    (str(one["id"]), name)
                    for one in (listed if isinstance(listed, list) else [])
                    if isinstance(one, Mapping)
                    and "id" in one
                    and (name := OBJECTS[listed_kind].name(one))
                )
        return found

    async def _name(self, subject: Subject) -> str:
        for look in subject.lookups():
            answer = await self.read(look.tool_name, look.tool_input)
            found = look.one(answer) if answer is not None else None
            if found is None:
                continue
            kind: ObjectKind = "team" if "_team" in look.tool_name else subject.kind
            if name := OBJECTS[kind].name(found):
                return name
        return ""

    async def _answer(self, tool_name: str, tool_input: Mapping[str, Any]) -> dict[str, Any]:
        key = json.dumps([tool_name, tool_input], sort_keys=True)
        if key not in self._made:
            self._made[key] = asyncio.create_task(self._execute(tool_name, dict(tool_input)))
        return await self._made[key]

    async def _execute(self, tool_name: str, tool_input: dict[str, Any]) -> dict[str, Any]:
        tool = self._toolset.check(tool_name, tool_input)
        if tool.effect_of(tool_input) != "read":
            raise BadInput(f"{tool_name} is no read.")
        async with self._limits.read(self._identifier, ""):
            return await self._scalekit.execute(self._identifier, tool_name, tool_input)


def _values(tool: Tool, call: ToolCall) -> list[Value]:
    return [item for item in walk(tool, call.input) if isinstance(item, Value)]


def _chosen_kinds(tool: Tool, call: ToolCall) -> list[ObjectKind]:
    found = (value.field for value in _values(tool, call) if value.field.editable)
    return sorted({field.names for field in found if field.names and field.kind == "object_id"})


def _old(tool: Tool, call: ToolCall, stored: Stored) -> dict[str, Any]:
    """What the changed object has now, as it is kept with the card."""
    old = old_values(tool, call.input, stored)
    last_words = within(stored, *LAST_WORDS)
    if last_words is not None:
        old[".".join(LAST_WORDS)] = last_words
    kept: dict[str, Any] = json.loads(json.dumps(old))
    return kept


def _check_losses(tool: Tool, call: ToolCall, stored: Stored) -> None:
    """End an edit of a body that would lose what only Intercom's editor can make."""
    for value in _values(tool, call):
        body = stored.get(value.field.stored or value.field.path)
        if value.field.kind != "article_html" or not isinstance(body, str):
            continue
        if lost := html.losses(body, "article"):
            listed = ", ".join(lost)
            refuse(
                call,
                f"Not run: the text has parts that would be lost ({listed})",
                error(
                    f"The stored text has what cannot be written from here: {listed}. Sending a "
                    "new text would lose it, so this was not run.",
                    "Leave `body` out and change other fields only, or tell the teammate that this "
                    "text has to be edited in Intercom, and what to write there.",
                ),
            )
            return
