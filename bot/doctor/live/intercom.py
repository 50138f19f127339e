"""Scalekit and Intercom: the tools held against the catalogue, the admin, one read of each kind.
Nothing is changed in Intercom."""

from collections.abc import Mapping
from typing import Any

from bot.accounts.scalekit import Scalekit, ToolDefinition
from bot.accounts.teammates import IDENTIFY, Teammates
from bot.doctor.live.report import Report
from bot.intercom.catalogue import PREFIX, TOOLS
from bot.intercom.catalogue.declaration import Listed, Tool
from bot.intercom.catalogue.objects import OBJECTS

SCALEKITS_OWN = frozenset({"schema_version", "tool_version"})
LISTS: Mapping[str, dict[str, Any]] = {
    "list_activity_logs": {"created_at_after": "1"},
    "search_articles": {"phrase": "help"},
    "search_contacts": {"query": {"field": "email", "operator": "~", "value": "@"}},
    "search_conversations": {"query": {"field": "state", "operator": "=", "value": "open"}},
    "search_tickets": {"query": {"field": "open", "operator": "=", "value": True}},
}
"""What some lists are asked with; the others need nothing."""


async def try_intercom(
    report: Report, scalekit: Scalekit, teammates: Teammates, identifier: str
) -> list[ToolDefinition] | None:
    """Everything that is read of an account.

    Args:
        report: Where it is noted.
        scalekit: The calls.
        teammates: The account's tools.
        identifier: Whose account.

    Returns:
        The account's tools; None if they could not be had.
    """
    is_known = await _identify(report, scalekit, identifier)
    tools = await report.attempt(
        "Scalekit", "listing the account's tools", teammates.tools_now(identifier)
    )
    if tools is None:
        return None
    _hold_against_catalogue(report, tools)
    if is_known:
        await _read(report, scalekit, identifier, tools)
    return tools


async def _identify(report: Report, scalekit: Scalekit, identifier: str) -> bool:
    """Ask Intercom itself whose account it is, whatever is kept of it. Whether it answered."""
    tried = "saying whose account it is"
    admin = await report.attempt("Intercom", tried, scalekit.execute(identifier, IDENTIFY, {}))
    if admin is None:
        return False
    report.expect(
        "Intercom",
        "an admin has an id, a name, an address and a workspace",
        holds=all(admin.get(key) for key in ("id", "name", "email", "app")),
        otherwise=f"there are: {', '.join(sorted(admin))}",
    )
    return True


def _hold_against_catalogue(report: Report, tools: list[ToolDefinition]) -> None:
    offered = {tool.name: tool for tool in tools}
    ours = {name for name, tool in TOOLS.items() if tool.origin == "intercom"}
    new = sorted(set(offered) - ours)
    gone = sorted(ours - set(offered))
    report.expect(
        "Scalekit",
        "every tool it offers is known here",
        holds=not new,
        otherwise=f"not known: {', '.join(new)}",
    )
    report.expect(
        "Scalekit",
        "every tool known here is offered",
        holds=not gone,
        otherwise=f"not offered to this account: {', '.join(gone)}",
    )
    for name in sorted(ours & set(offered)):
        there = set(offered[name].input_schema.get("properties") or {}) - SCALEKITS_OWN
        known = {field.path.partition(".")[0].removesuffix("[]") for field in TOOLS[name].fields}
        if there != known:
            more, less = sorted(there - known), sorted(known - there)
            words = [f"not known here: {', '.join(more)}"] if more else []
            words += [f"no longer there: {', '.join(less)}"] if less else []
            report.add("Scalekit", f"the fields of {name}", "different", "; ".join(words))


async def _read(
    report: Report, scalekit: Scalekit, identifier: str, tools: list[ToolDefinition]
) -> None:
    """Each list and search, and one thing of each kind that they find: those first that need no
    id, then what can be asked with the ids that were found."""
    offered = {tool.name: tool for tool in tools}
    found: dict[str, str] = {}

    async def ask(name: str, given: dict[str, Any]) -> Any:
        short = name.removeprefix(PREFIX)
        return await report.attempt("Intercom", short, scalekit.execute(identifier, name, given))

    later: list[tuple[str, Listed]] = []
    for name, tool in sorted(TOOLS.items()):
        if tool.effect != "read" or not isinstance(tool.outcome, Listed) or name not in offered:
            continue
        given = LISTS.get(name.removeprefix(PREFIX), {})
        if set(offered[name].input_schema.get("required") or []) <= set(given):
            answer = await ask(name, given)
            if one := _first(report, name, tool.outcome, answer):
                found.setdefault(tool.outcome.singular, one)
        else:
            later.append((name, tool.outcome))
    for type_ in OBJECTS.values():
        name, one = f"{PREFIX}{type_.retrieve}", found.get(type_.noun, "")
        if type_.retrieve and one and name in offered:
            answer = await ask(name, {type_.id_field: one})
            if answer is not None:
                report.expect(
                    "Intercom",
                    f"{type_.retrieve} answers with a {type_.noun} that has a name",
                    holds=bool(type_.name(answer)),
                    otherwise=f"there are: {', '.join(sorted(answer))}",
                )
    for name, outcome in later:
        required = set(offered[name].input_schema.get("required") or [])
        given = {field: _id_for(TOOLS[name], field, found) for field in required}
        if all(given.values()):
            _first(report, name, outcome, await ask(name, given))


def _first(report: Report, name: str, outcome: Listed, answer: Any) -> str:
    """The id of the first that was found; "" if there is none. Notes whether it is a list."""
    if answer is None:
        return ""
    items = _at(answer, outcome.path)
    report.expect(
        "Intercom",
        f"{name.removeprefix(PREFIX)} answers with a list",
        holds=isinstance(items, list),
        otherwise=f"no list at {'.'.join(outcome.path)}; there are: {', '.join(sorted(answer))}",
    )
    first = items[0] if isinstance(items, list) and items else None
    return str(first.get("id") or "") if isinstance(first, Mapping) else ""


def _id_for(tool: Tool, name: str, found: Mapping[str, str]) -> str:
    """The id of something found that fits this field of a tool; "" where nothing does."""
    kinds = [field.names for field in tool.fields if field.path == name]
    return found.get(OBJECTS[kinds[0]].noun, "") if kinds and kinds[0] else ""


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
