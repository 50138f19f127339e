"""Intercom's search queries: filters in groups, two levels deep, with operators by type."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.provider import ProviderError

Json = dict[str, Any]

LEVELS = 2
FILTERS = 15
STRING_OPERATORS = frozenset({"=", "!=", "IN", "NIN", "~", "!~", "^", "$"})
NUMBER_OPERATORS = frozenset({"=", "!=", "IN", "NIN", ">", "<"})
UNASSIGNED = frozenset({"admin_assignee_id", "team_assignee_id"})
"""Searched for with 0 where nobody is assigned."""
EQUALITY = frozenset({"=", "!=", "IN", "NIN"})


def matcher(query: Any, *, dates_by_day: bool) -> Callable[[Json], bool]:
    """A test for one object. `dates_by_day`: dates match by calendar day, as contacts' do.

    Raises ProviderError: 400.
    """
    return _compile(query, 1, dates_by_day)


def _compile(query: Any, level: int, dates_by_day: bool) -> Callable[[Json], bool]:
    if not isinstance(query, dict) or "operator" not in query or "value" not in query:
        raise ProviderError(400, "parameter_invalid", "query needs operator and value")
    operator, value = query["operator"], query["value"]
    if operator in ("AND", "OR"):
        if level > LEVELS:
            raise ProviderError(400, "parameter_invalid", "queries nest at most 2 levels deep")
        if not isinstance(value, list) or not 1 <= len(value) <= FILTERS:
            raise ProviderError(400, "parameter_invalid", "a group holds 1 to 15 filters")
        tests = [_compile(item, level + 1, dates_by_day) for item in value]
        together = all if operator == "AND" else any
        return lambda item: together(test(item) for test in tests)
    field = query.get("field")
    if not isinstance(field, str):
        raise ProviderError(400, "parameter_not_found", "a filter needs a field")
    return _filter(field, operator, value, dates_by_day)


def _filter(field: str, operator: str, value: Any, dates_by_day: bool) -> Callable[[Json], bool]:
    by_day = dates_by_day and field.endswith("_at")
    allowed = STRING_OPERATORS | NUMBER_OPERATORS
    if by_day:
        allowed = frozenset({"=", "<", ">"})
    elif field == "tag_id":
        allowed = frozenset({"=", "!="})
    elif isinstance(value, bool):
        allowed = EQUALITY
    elif isinstance(value, int | float):
        allowed = NUMBER_OPERATORS
    elif field.endswith("_at"):
        allowed = NUMBER_OPERATORS
        if not str(value).lstrip("-").isdigit() and not isinstance(value, list):
            raise ProviderError(400, "parameter_invalid", f"{field} takes a Unix timestamp")
    if operator not in allowed:
        raise ProviderError(400, "parameter_invalid", f"{operator!r} does not fit {field!r}")
    if operator in ("IN", "NIN") and not isinstance(value, list):
        raise ProviderError(400, "parameter_invalid", f"{operator} takes a list")

    def test(item: Json) -> bool:
        found = values_of(item, field)
        if by_day:
            return _by_day(found, operator, value)
        return _compare(field, found, operator, value)

    return test


def values_of(item: Json, path: str) -> list[Any]:
    """The values at a dotted path; lists and Intercom's list objects are looked into."""
    if path in _ALIASES:
        return [value for alias in _ALIASES[path] for value in values_of(item, alias)]
    found: list[Any] = [item]
    for part in path.split("."):
        found = [value for here in found for value in _step(here, part)]
    return [value for value in found if value is not None]


_ALIASES = {
    "tag_id": ("tags.tags.id",),
    "tag_ids": ("tags.tags.id",),
    "contact_ids": ("contacts.contacts.id",),
    "assignee_id": ("admin_assignee_id",),
    "conversation_rating.score": ("conversation_rating.rating",),
    "company_id": ("companies.data.id",),
}


def _step(here: Any, part: str) -> list[Any]:
    if isinstance(here, list):
        return [value for item in here for value in _step(item, part)]
    if not isinstance(here, dict) or part not in here:
        return []
    value = here[part]
    return value if isinstance(value, list) else [value]


def _compare(field: str, found: list[Any], operator: str, value: Any) -> bool:
    if operator in ("!=", "NIN", "!~"):
        positive = {"!=": "=", "NIN": "IN", "!~": "~"}[operator]
        return not _compare(field, found, positive, value)
    if operator == "=" and (value is None or (field in UNASSIGNED and value in (0, "0"))):
        return not found
    if operator == "IN":
        return any(_equal(one, wanted) for one in found for wanted in value)
    if operator == "=":
        return any(_equal(one, value) for one in found)
    if operator in ("<", ">"):
        numbers = [float(one) for one in found if isinstance(one, int | float)]
        limit = float(value)
        return any(one > limit if operator == ">" else one < limit for one in numbers)
    wanted = str(value).lower()
    texts = [str(one).lower() for one in found]
    if operator == "^":
        return any(text.startswith(wanted) for text in texts)
    if operator == "$":
        return any(text.endswith(wanted) for text in texts)
    return any(wanted in text for text in texts)


def _equal(one: Any, wanted: Any) -> bool:
    return str(one).lower() == str(wanted).lower()


def _by_day(found: list[Any], operator: str, value: Any) -> bool:
    try:
        day = datetime.fromtimestamp(int(value), UTC).date()
    except (TypeError, ValueError, OverflowError) as error:
        raise ProviderError(400, "parameter_invalid", "dates are Unix timestamps") from error
    days = [datetime.fromtimestamp(int(one), UTC).date() for one in found]
    if operator == "=":
        return day in days
    return any(one > day if operator == ">" else one < day for one in days)
