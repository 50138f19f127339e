"""An input, value by value, each with the field that declares it."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from bot.intercom.catalogue.declaration import Field, Input, Tool

ITEM = "[]"
ANY = "*"

Place = tuple[str | int, ...]
"""Where a value is in an input: names, and positions in lists."""


class Value(NamedTuple):
    """One value of an input that is declared."""

    field: Field
    place: Place
    value: Any

    @property
    def name(self) -> str:
        """For a field that takes any name: the name that it has here."""
        return str(self.place[-1]) if self.field.path.endswith(ANY) else ""


class Stray(NamedTuple):
    """Something in an input that no field declares."""

    place: Place
    value: Any
    why: str


class _Node:
    """A step of the declared paths; a step with a field is where a value stands."""

    def __init__(self) -> None:
        self.steps: dict[str, _Node] = {}
        self.field: Field | None = None


def steps(path: str) -> list[str]:
    """The steps of a declared path: "contacts[].id" is contacts, any item of it, id."""
    return path.replace(ITEM, f".{ITEM}").split(".")


def values(tool: Tool, given: Input) -> list[Value]:
    """What of an input is declared, in the order of the declaration."""
    found = [item for item in walk(tool, given) if isinstance(item, Value)]
    order = {field.path: number for number, field in enumerate(tool.fields)}
    return sorted(found, key=lambda item: order[item.field.path])


def walk(tool: Tool, given: Input) -> Iterator[Value | Stray]:
    """Every value of an input: with its field, or as one that has none."""
    yield from _walk(_tree(tool), given, ())


def _walk(node: _Node, value: Any, place: Place) -> Iterator[Value | Stray]:
    if node.field is not None:
        yield Value(node.field, place, value)
    elif isinstance(value, Mapping) and (not place or node.steps.keys() - {ITEM}):
        if place and not value:
            yield Stray(place, value, "is empty")
        for name, item in value.items():
            step = node.steps.get(name) if name not in (ITEM, ANY) else None
            following = step or node.steps.get(ANY)
            if following is None:
                yield Stray((*place, name), item, "there is no such field")
            else:
                yield from _walk(following, item, (*place, name))
    elif isinstance(value, list) and ITEM in node.steps:
        if not value:
            yield Stray(place, value, "is empty")
        for number, item in enumerate(value):
            yield from _walk(node.steps[ITEM], item, (*place, number))
    else:
        yield Stray(place, value, f"has to be {_shape(node)}")


def _shape(node: _Node) -> str:
    if ITEM in node.steps:
        return "a list of objects"
    if ANY in node.steps:
        return "an object of values by name"
    return f"an object of {', '.join(sorted(node.steps))}"


@cache
def _tree(tool: Tool) -> _Node:
    root = _Node()
    for field in tool.fields:
        node = root
        for step in steps(field.path):
            node = node.steps.setdefault(step, _Node())
        node.field = field
    return root
