"""A write in plain words, so that its teammate can judge it in a few seconds.

Each value of the input is told exactly once: in the headline, in the text, or in the details under
a person's label. What the bot fills in itself, the author, stands below as "Signed as". Names and
values of Intercom's and Claude's are data: one line, without characters that nobody sees.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.intercom import html
from bot.intercom.catalogue.declaration import Field, Input, ObjectKind, Stored, Tool
from bot.intercom.catalogue.objects import OBJECTS
from bot.intercom.catalogue.templates import fill
from bot.intercom.catalogue.values import Place, Stray, Value, walk
from bot.intercom.change_edits import editable_field
from bot.intercom.change_subjects import (
    MISSING,
    Subject,
    old_value,
    old_values,
    subject_of,
    subjects,
)
from bot.intercom.characters import seen
from bot.intercom.plain import plain
from bot.state.models import Change

NAME_IN_HEADLINE = 120
"""Characters of a name or value in the headline. A value that is longer is told whole below."""
OBJECT_IN_HEADLINE = 260
"""Characters of an object's name with what tells it apart."""
NO_QUOTES = str.maketrans({"“": '"', "”": '"'})
"""What stands in “…” cannot end its own quotes."""
NOTHING = "nothing"
NOBODY = "nobody"
SO_FAR = "so far"
UNNAMED = "(its name could not be looked up)"
UNKNOWN_TOOL = "Run “{name}”, a tool that we don't know"


@dataclass(frozen=True)
class Known:
    """What was looked up for a call, as its teammate."""

    names: Mapping[str, str] = field(default_factory=dict)
    """By `Subject.key`."""
    stored: Stored | None = None
    """The object that the call changes, as it is now."""
    warning: str = ""
    time_zone: str = "UTC"
    options: Mapping[ObjectKind, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """What a person can choose from, ids with names."""


def summarize(name: str, tool: Tool | None, given: Input, known: Known) -> Change:
    """Put a call in words.

    Args:
        name: The tool's, with or without `intercom_`.
        tool: Its declaration; None for one that is not known.
        given: The input as it would be sent, without its author.
        known: What was looked up for it.
    """
    if tool is None:
        return _unknown(name, given, known)
    teller = _Teller(tool, given, known)
    return teller.change()


class _Teller:
    """Tells each value once."""

    def __init__(self, tool: Tool, given: Input, known: Known) -> None:
        self._tool = tool
        self._given = given
        self._known = known
        self._found = list(walk(tool, given))
        self._details: list[tuple[str, str]] = []
        self._before: dict[str, str] = {}
        self._cut: list[Value] = []

    def change(self) -> Change:
        tool, known = self._tool, self._known
        filled = fill(tool, tool.headline, self._given, self._short)
        text = text_before = ""
        order = {item.path: number for number, item in enumerate(tool.fields)}
        values = [item for item in self._found if isinstance(item, Value)]
        for value in sorted(values, key=lambda item: order[item.field.path]):
            if value.field.told == "signature":
                continue
            if value in self._cut:
                self._tell(value)
            elif value.field.path in filled.told:
                self._tell_what_was(value)
            elif value.field.told == "text" and value.value and not text:
                text = self._words(value.field, value.value)
                old = self._old(value)
                text_before = (
                    self._words(value.field, old) if old not in (None, "", MISSING) else ""
                )
            else:
                self._tell(value)
        for stray in self._found:
            if isinstance(stray, Stray):
                self._tell_stray(stray)
        return Change(
            headline=_without_twins(filled.text) or tool.name.replace("_", " ").capitalize(),
            text=text,
            text_before=text_before,
            warning=known.warning,
            details=self._details,
            before=self._before,
            editable=[
                found
                for value in values
                if (found := editable_field(value, self._options(value.field)))
            ],
            target=self._target(),
            names=dict(known.names),
            old=old_values(tool, self._given, known.stored) if known.stored else {},
        )

    def _options(self, declared: Field) -> Sequence[tuple[str, str]]:
        return self._known.options.get(declared.names, ()) if declared.names else ()

    def _target(self) -> list[str]:
        """Without those that a person chooses by name."""
        found = subjects(self._tool, self._given)
        return sorted(subject.key for subject in found if not subject.field.editable)

    def _tell(self, value: Value) -> None:
        label = self._label(value)
        self._details.append((label, self._words(value.field, value.value)))
        old = self._old(value)
        if old is not MISSING:
            is_empty = old in (None, "", [])
            self._before[label] = "" if is_empty else self._words(value.field, old)

    def _tell_what_was(self, value: Value) -> None:
        """The headline has the new value; what stands there now is told beside it."""
        old = self._old(value)
        if old is MISSING:
            return
        words = self._words(value.field, old)
        if words != self._words(value.field, value.value):
            self._details.append((self._unique(f"{value.field.label} {SO_FAR}"), words))

    def _tell_stray(self, stray: Stray) -> None:
        for place, value in leaves(stray.value, stray.place):
            self._details.append((self._unique(in_words(place)), _scalar(value)))

    def _old(self, value: Value) -> Any:
        if self._known.stored is None or value.field.path == self._tool.changes:
            return MISSING
        return old_value(value, self._known.stored)

    def _label(self, value: Value) -> str:
        label = value.field.label
        if value.name:
            label = f"{label} “{one_line(value.name)}”"
        return self._unique(label)

    def _unique(self, label: str) -> str:
        """The label, with a number where it is taken."""
        taken = {label for label, _ in self._details}
        number, apart = 1, label
        while apart in taken:
            number += 1
            apart = f"{label} {number}"
        return apart

    def _short(self, value: Value) -> str:
        """For the headline: one line, not too long."""
        words = one_line(self._words(value.field, value.value))
        if subject_of(value.field, value.value, self._given) or value.field.kind != "text":
            return plain(words, OBJECT_IN_HEADLINE) if len(words) > OBJECT_IN_HEADLINE else words
        if len(words) > NAME_IN_HEADLINE:
            self._cut.append(value)
            words = plain(words, NAME_IN_HEADLINE)
        return f"“{words.translate(NO_QUOTES)}”"

    def _words(self, declared: Field, value: Any) -> str:
        if declared.names == "admin" and value in (None, "", 0, "0"):
            return NOBODY
        if value is None or value == "" or value == [] or value == {}:
            return NOTHING
        if subject := subject_of(declared, value, self._given):
            return self._name(subject)
        match declared.kind:
            case "moment" if str(value).strip().isdecimal():
                return in_zone(int(value), self._known.time_zone)
            case "choice" if isinstance(value, str) and declared.choices:
                return declared.choices.get(value, plain(value))
            case "message_html" | "article_html" if isinstance(value, str):
                return html.text_of(value)
            case "long_text" if isinstance(value, str):
                return seen(value).strip()
            case "list" if isinstance(value, list):
                return ", ".join(_scalar(item) for item in value)
        return _scalar(value)

    def _name(self, subject: Subject) -> str:
        name = plain(self._known.names.get(subject.key) or "")
        if subject.field.kind == "object_id":
            return name or unnamed(subject)
        # By an address or an ID of one's own: that is what is sent, so it is told too.
        value = one_line(str(subject.value))
        is_told = name == value or name.endswith(f"({value})")
        return f"{name} [{value}]" if name and not is_told else name or value


def _without_twins(headline: str) -> str:
    """Where an id stands for a name, its noun may be there already: "the contact contact 66f"."""
    for kind in OBJECTS.values():
        twice = rf"\b({kind.noun}) {kind.noun} (?=\S+ {re.escape(UNNAMED)})"
        headline = re.sub(twice, r"\1 ", headline)
    return headline


def unnamed(subject: Subject) -> str:
    """An id whose name could not be looked up."""
    noun = OBJECTS[subject.kind].noun
    return f"{noun} {one_line(str(subject.value))} {UNNAMED}"


def one_line(text: str) -> str:
    """A value as it is, but in one line and without what nobody sees."""
    return " ".join(seen(text).split())


def in_zone(seconds: int, time_zone: str) -> str:
    """A moment as a clock in that zone shows it."""
    try:
        zone = ZoneInfo(time_zone)
        at = datetime.fromtimestamp(seconds, zone)
    except (OSError, OverflowError, ValueError, KeyError):
        return str(seconds)
    clock = f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"
    name = "UTC" if zone.key == UTC.tzname(None) else f"{zone.key.replace('_', ' ')} time"
    return f"{at:%a, %b} {at.day}, {at.year}, {clock} ({name})"


def in_words(place: Place) -> str:
    """Where a value is that no declaration has a label for: "Assignment, ticket id"."""
    steps = [f"no. {step + 1}" if isinstance(step, int) else step for step in place]
    words = one_line(", ".join(step.replace("_", " ") for step in steps))
    return words[:1].upper() + words[1:]


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value of an input with its place; what is empty is one too."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves(item, (*place, str(name)))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for number, item in enumerate(value):
            yield from leaves(item, (*place, number))
    else:
        yield place, value


def _unknown(name: str, given: Input, known: Known) -> Change:
    """A tool that no declaration describes: everything in it is shown as it is."""
    details: list[tuple[str, str]] = []
    for place, value in leaves(given):
        label = in_words(place) if place else "Input"
        same = sum(other.partition(" · ")[0] == label for other, _ in details)
        words = seen(value).strip() if isinstance(value, str) else _scalar(value)
        details.append((f"{label} · {same + 1}" if same else label, words or NOTHING))
    words = one_line(name.removeprefix("intercom_").replace("_", " "))
    return Change(headline=UNKNOWN_TOOL.format(name=words), warning=known.warning, details=details)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, Mapping | list):
        return seen(json.dumps(value, ensure_ascii=False))
    return seen(str(value)).strip() or NOTHING
