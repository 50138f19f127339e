"""What a call names, and what the object that it changes has now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.intercom.catalogue.declaration import Field, Input, ObjectKind, Stored, Tool
from bot.intercom.catalogue.objects import Lookup, lookup
from bot.intercom.catalogue.values import Value, walk

MISSING = object()
"""The object does not tell what it has there."""


@dataclass(frozen=True)
class Subject:
    """Something of Intercom's that a value names."""

    field: Field
    value: str | int
    given: Input
    """The input that the value is part of: a message is found in its conversation."""

    @property
    def kind(self) -> ObjectKind:
        assert self.field.names
        return self.field.names

    @property
    def key(self) -> str:
        by = "" if self.field.kind == "object_id" else f"{self.field.kind}:"
        return f"{self.kind}:{by}{self.value}"

    def lookups(self) -> list[Lookup]:
        """The reads that may tell its name, the likeliest first."""
        found = [lookup(self.field, self.value, self.given)]
        if self.kind == "admin":
            # Where work is assigned, a team's id may stand in a teammate's place.
            found.append(lookup(replace(self.field, names="team"), self.value, self.given))
        return [one for one in found if one is not None]


def subjects(tool: Tool, given: Input) -> list[Subject]:
    """What a call names and whose names a person wants to read."""
    return _once(subject_of(value.field, value.value, given) for value in values_of(tool, given))


def changed_subject(tool: Tool, given: Input) -> Subject | None:
    """The object whose values the call changes."""
    return _at(tool, given, tool.changes)


def judged_subject(tool: Tool, given: Input) -> Subject | None:
    """The object that the tool's rules look at."""
    return _at(tool, given, tool.judged_by or tool.changes)


def old_subjects(tool: Tool, given: Input, stored: Stored) -> list[Subject]:
    """What the present values name: who it is assigned to now, for example."""
    return _once(
        subject_of(value.field, old_value(value, stored), given) for value in values_of(tool, given)
    )


def old_values(tool: Tool, given: Input, stored: Stored) -> dict[str, Any]:
    """The present values of what a call changes, by their places in the input."""
    return {
        ".".join(map(str, value.place)): old
        for value in values_of(tool, given)
        if value.field.path != tool.changes and (old := old_value(value, stored)) is not MISSING
    }


def values_of(tool: Tool, given: Input) -> list[Value]:
    """What of an input is declared."""
    return [item for item in walk(tool, given) if isinstance(item, Value)]


def subject_of(declared: Field, value: Any, given: Input) -> Subject | None:
    """What a value names; None for one that names nothing, or the author."""
    if declared.names is None or declared.told == "signature":
        return None
    if not isinstance(value, str | int) or isinstance(value, bool) or value in ("", 0):
        return None
    if (declared.names, value) == ("admin", "0"):
        return None
    return Subject(declared, value, given)


def _once(found: Iterable[Subject | None]) -> list[Subject]:
    return list({subject.key: subject for subject in found if subject}.values())


def _at(tool: Tool, given: Input, path: str | None) -> Subject | None:
    found = (value for value in values_of(tool, given) if value.field.path == path)
    value = next(found, None)
    return subject_of(value.field, value.value, given) if value else None


def old_value(value: Value, stored: Stored) -> Any:
    """What the object has in that place now: None for nothing, MISSING where it does not tell."""
    if value.field.stored == "":
        return MISSING
    path = value.field.stored or value.field.path
    *outer, last = [value.name if step == "*" else step for step in path.split(".")]
    holder: Any = stored
    for step in outer:
        holder = holder.get(step) if isinstance(holder, Mapping) else None
    if not isinstance(holder, Mapping) or (last not in holder and not value.name):
        return MISSING
    return holder.get(last)
