"""Intercom's search queries: filters of one field each, in groups of groups."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.intercom.fields import Fields, Type
from bot.sandbox.intercom.workspace import Json, bad

LEVELS = 2
FILTERS_IN_A_GROUP = 15
DAY = 86_400
"""The workspace's time zone is UTC, so that its calendar days begin at multiples of this."""

Test = Callable[[Json], bool]

_EQUALITY = {"=", "!=", "IN", "NIN"}
_ORDER = {">", "<"}
_TEXT = {"~", "!~", "^", "$"}
_OPERATORS: dict[Type, set[str]] = {
    "string": _EQUALITY | _TEXT,
    "words": _EQUALITY | _TEXT,
    "integer": _EQUALITY | _ORDER,
    "date": _EQUALITY | _ORDER,
    "boolean": _EQUALITY,
    "tag": {"=", "!="},
}


class Language:
    """What a query may say about one kind of object."""

    def __init__(
        self,
        fields: Fields,
        *,
        by_day: bool = False,
        also: dict[str, set[str]] | None = None,
    ) -> None:
        """`by_day`: dates match by calendar day, and take `=`, `<` and `>` only. `also`: more
        operators, by the name of a field or a type."""
        self._fields = fields
        self._by_day = by_day
        self._also = also or {}

    def test(self, query: Any) -> Test:
        """What decides whether an object is found. Raises ProviderError 400."""
        return self._test(query, 1)

    def _test(self, query: Any, level: int) -> Test:
        if not isinstance(query, dict):
            raise bad("A query is an object with field, operator and value")
        if "field" in query:
            return self._filter(query)
        operator, members = query.get("operator"), query.get("value")
        if operator not in ("AND", "OR"):
            raise bad("A group of filters has the operator AND or OR")
        if not isinstance(members, list) or not members:
            raise bad(f"The value of {operator} is a list of filters")
        if level > LEVELS:
            raise bad(f"Filters can be nested {LEVELS} levels deep at most")
        if len(members) > FILTERS_IN_A_GROUP:
            raise bad(f"A group holds at most {FILTERS_IN_A_GROUP} filters")
        tests = [self._test(member, level + 1) for member in members]
        together = all if operator == "AND" else any
        return lambda item: together(test(item) for test in tests)

    def _filter(self, query: Json) -> Test:
        field, operator = query["field"], query.get("operator")
        kind = self._fields.get(field) if isinstance(field, str) else None
        if kind is None:
            raise bad(f"{field} is not a field that can be searched")
        if "value" not in query:
            raise bad(f"The filter on {field} has no value", "parameter_not_found")
        if operator not in self._operators(field, kind):
            raise bad(f"The operator {operator} cannot be used with {field}")
        wanted = self._wanted(field, kind, operator, query["value"])
        path = field.split(".", 1)
        if kind == "date" and self._by_day:
            return lambda item: _on_day(_at(item, path), operator, wanted)
        return lambda item: _holds(_at(item, path), operator, wanted)

    def _operators(self, field: str, kind: Type) -> set[str]:
        basic = _ORDER | {"="} if kind == "date" and self._by_day else _OPERATORS[kind]
        return basic | self._also.get(field, set()) | self._also.get(kind, set())

    def _wanted(self, field: str, kind: Type, operator: str, value: Any) -> Any:
        if operator in ("IN", "NIN"):
            if not isinstance(value, list):
                raise bad(f"The operator {operator} takes a list of values")
            return [_typed(field, kind, one) for one in value]
        if value is None and operator in ("=", "!="):
            return None
        return _typed(field, kind, value)


def _typed(field: str, kind: Type, value: Any) -> Any:
    if kind in ("integer", "date"):
        if isinstance(value, str) and value.strip().lstrip("-").isdigit():
            return int(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        expected = "a Unix time in seconds" if kind == "date" else "a number"
    elif kind == "boolean":
        if isinstance(value, bool):
            return value
        expected = "true or false"
    else:
        if isinstance(value, str):
            return value.casefold()
        expected = "a string"
    raise bad(f"The value of {field} must be {expected}")


def _at(item: Json, path: list[str]) -> list[Any]:
    """The values at a path, none for null; custom attributes may have dots in their names."""
    value: Any = item
    for key in path:
        value = (value or {}).get(key) if isinstance(value, dict) else None
    if value is None and len(path) == 2 and "." in path[1]:
        inner: Any = item.get(path[0])
        for key in path[1].split("."):
            inner = inner.get(key) if isinstance(inner, dict) else None
        value = inner
    values = value if isinstance(value, list) else [value]
    return [one.casefold() if isinstance(one, str) else one for one in values if one is not None]


def _holds(values: list[Any], operator: str, wanted: Any) -> bool:
    if operator in ("!=", "NIN", "!~"):
        return not _holds(values, {"!=": "=", "NIN": "IN", "!~": "~"}[operator], wanted)
    if operator == "=" and wanted is None:
        return not values or values == [0]
    if operator == "IN":
        return any(value in wanted for value in values)
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: value == wanted,
        "~": lambda value: wanted in value,
        "^": lambda value: value.startswith(wanted),
        "$": lambda value: value.endswith(wanted),
        # Intercom's description of conversations says "greater (or equal)", and so for lower.
        ">": lambda value: value >= wanted,
        "<": lambda value: value <= wanted,
        ">=": lambda value: value >= wanted,
        "<=": lambda value: value <= wanted,
    }
    return any(tests[operator](value) for value in values)


def _on_day(values: list[Any], operator: str, wanted: Any) -> bool:
    if wanted is None:
        return not values
    day = int(wanted) // DAY
    days = [int(value) // DAY for value in values]
    if operator == "=":
        return day in days
    return any(one > day if operator == ">" else one < day for one in days)
