"""Small checks that combine into the shape of a block. Each appends what is wrong to `problems`."""

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str, list[str]], None]
"""Takes a value, its JSON pointer and the list of problems."""


def string(most: int, least: int = 1, start: tuple[str, ...] = ()) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, str):
            problems.append(f"must be a string [json-pointer:{at}]")
        elif len(value) > most:
            problems.append(f"must be less than {most + 1} characters [json-pointer:{at}]")
        elif len(value) < least:
            problems.append(f"must be more than {least - 1} characters [json-pointer:{at}]")
        elif start and not value.startswith(start):
            problems.append(f"must be a valid URL [json-pointer:{at}]")

    return check


def of_type(wanted: type, name: str) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        is_stray_bool = isinstance(value, bool) and wanted is not bool
        if not isinstance(value, wanted) or is_stray_bool:
            problems.append(f"must be a {name} [json-pointer:{at}]")

    return check


boolean = of_type(bool, "boolean")
integer = of_type(int, "integer")
mapping = of_type(dict, "object")


def number(value: Any, at: str, problems: list[str]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        problems.append(f"must be a number [json-pointer:{at}]")


def choice(*values: str) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        if value not in values:
            problems.append(f"must be one of {', '.join(values)} [json-pointer:{at}]")

    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, list):
            problems.append(f"must be an array [json-pointer:{at}]")
            return
        if len(value) > most:
            problems.append(f"no more than {most} items allowed [json-pointer:{at}]")
        if len(value) < least:
            problems.append(f"no less than {least} items allowed [json-pointer:{at}]")
        for index, entry in enumerate(value):
            item(entry, f"{at}/{index}", problems)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    known = {**required, **optional}

    def check(value: Any, at: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            problems.append(f"must be an object [json-pointer:{at}]")
            return
        problems += [
            f"missing required field: {name} [json-pointer:{at}]"
            for name in required
            if name not in value
        ]
        for name, entry in value.items():
            if name in known:
                known[name](entry, f"{at}/{name}", problems)
            elif name != "type":
                problems.append(f"no more fields allowed: {name} [json-pointer:{at}]")

    return check


def by_type(shapes: Mapping[str, Check]) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in shapes:
            problems.append(f"unsupported type: {kind} [json-pointer:{at}/type]")
        else:
            shapes[kind](value, at, problems)

    return check


def both(first: Check, second: Check) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        first(value, at, problems)
        second(value, at, problems)

    return check


def any_field_of(*names: str) -> Check:
    def check(value: Any, at: str, problems: list[str]) -> None:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            problems.append(f"one of {', '.join(names)} is required [json-pointer:{at}]")

    return check
