"""Tool calls in plain language, for the people who watch the thread.

Names and values in them are customers' or Claude's: they are shown as data, on one line.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.intercom.catalogue import PREFIX, declared
from bot.intercom.catalogue.declaration import Input, Listed, Named
from bot.intercom.catalogue.templates import fill
from bot.intercom.catalogue.values import Value
from bot.intercom.html import text_of
from bot.intercom.plain import plain
from bot.intercom.verification.verdict import within

LONGEST = 60
"""Characters of a value in a title or outcome."""


def title(tool_name: str, tool_input: Input) -> str:
    """What a call does, for example "Search contacts: priya" or "Close conversation 4711"."""
    tool = declared(tool_name)
    if tool is None:
        return plain(tool_name.removeprefix(PREFIX).replace("_", " "), LONGEST).capitalize()
    return fill(tool, tool.title, tool_input, _as_it_is).text


def outcome(tool_name: str, result: Mapping[str, Any]) -> str:
    """What came back, in a few words: "12 conversations", a name, "Found nothing" or "Done"."""
    tool = declared(tool_name)
    if tool is None:
        return "Done"
    wanted = tool.outcome
    if isinstance(wanted, str):
        return wanted
    if isinstance(wanted, Listed):
        return _counted(wanted, result)
    if tool.effect == "read" and not result:
        return "Found nothing"
    return _named(wanted, result)


def _as_it_is(value: Value) -> str:
    if value.field.kind == "query":
        return plain(", ".join(_searched_for(value.value)), LONGEST)
    if isinstance(value.value, str | int) and not isinstance(value.value, bool):
        return plain(str(value.value), LONGEST)
    return ""


def _searched_for(query: Any) -> Iterator[str]:
    """The values of a search that say something to people: no ids, no moments."""
    if not isinstance(query, Mapping):
        return
    value = query.get("value")
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from _searched_for(item)
    elif value is not None and not str(query.get("field", "")).endswith(("_at", "_id", "_ids")):
        yield str(value).strip("[]'")


def _counted(wanted: Listed, result: Mapping[str, Any]) -> str:
    items = _list_in(wanted, result)
    if items is None:
        # Lists that were asked for one thing answer with just that.
        return _named(Named(("name", "title"), "Found" if result else "Found nothing"), result)
    total, following = result.get("total_count"), within(result, "pages", "next")
    if isinstance(total, int | float):
        count, more = int(total), ""
    else:
        count, more = len(items), " or more" if following else ""
    if count == 0:
        return f"No {wanted.plural}"
    return f"{count}{more} {wanted.singular if count == 1 and not more else wanted.plural}"


def _list_in(wanted: Listed, result: Mapping[str, Any]) -> list[Any] | None:
    found = within(result, *wanted.path)
    if isinstance(found, list):
        return found
    # The same list has another name in some versions of Intercom's API.
    others = [value for value in result.values() if isinstance(value, list)]
    return others[0] if len(others) == 1 and len(wanted.path) == 1 and "id" not in result else None


def _named(wanted: Named, result: Mapping[str, Any]) -> str:
    for path in wanted.paths:
        found = within(result, *path.split("."))
        if isinstance(found, str) and (words := plain(text_of(found), LONGEST)):
            return words
    return wanted.otherwise
