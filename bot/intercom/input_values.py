"""Single values of an input: whether they are what their field takes, and what of them is sent.

Nothing that people cannot see is sent: what a card shows of a text is all of it. What names an
object has to be one plain word, since it becomes a part of an address at Intercom: in a contact's
id, "1?" or "../" would make another call of it.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from bot.intercom.catalogue.declaration import Field, FieldKind
from bot.intercom.catalogue.values import ANY, Place, Value
from bot.intercom.characters import seen
from bot.intercom.html import BodyRefused, Profile, rebuild

PROFILES: Mapping[FieldKind, Profile] = {"message_html": "message", "article_html": "article"}
LONGEST_NAME = 200
DEEPEST_SEARCH = 5
OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class InputRefused(Exception):
    """This input is not sent. The text says why, for Claude and for people."""


class SpeaksAsCustomer(InputRefused):
    """The call would put words into a customer's mouth."""


def check(item: Value) -> None:
    """Raises InputRefused or SpeaksAsCustomer."""
    field, value = item.field, item.value
    if field.path.endswith(ANY):
        _check_attribute(item)
        return
    if not _fits(field, value):
        raise InputRefused(f"{words(item.place)}: {_KINDS.get(field.kind, 'has to be a text')}.")
    if field.choices and field.told in ("headline", "signature") and value not in field.choices:
        if field.told == "signature" and value == "user":
            raise SpeaksAsCustomer('Replies are of the type "admin": nobody speaks for a customer.')
        known = ", ".join(field.choices)
        raise InputRefused(f"{words(item.place)}: has to be one of {known}.")


def _check_attribute(item: Value) -> None:
    name = item.name
    odd = not name.strip() or name.startswith("__") or len(name) > LONGEST_NAME
    if odd or not name.isprintable() or set(name) & set(".[]{}$"):
        raise InputRefused(f"{words(item.place)}: this is no name of an attribute.")
    values = item.value if isinstance(item.value, list) else [item.value]
    if not all(_is_plain(value) or value is None for value in values):
        raise InputRefused(f"{words(item.place)}: has to be a plain value, not an object.")


def _fits(field: Field, value: Any) -> bool:
    if field.kind == "flag":
        return isinstance(value, bool)
    if field.kind == "list":
        return isinstance(value, list) and all(map(_is_plain, value))
    if field.kind == "query":
        return _is_search(value)
    if field.kind in ("number", "moment"):
        is_number = _is_plain(value) and not isinstance(value, bool | str)
        return is_number or (isinstance(value, str) and value.strip().isdecimal())
    if field.kind == "object_id":
        is_id = isinstance(value, str | int) and not isinstance(value, bool)
        return is_id and bool(OBJECT_ID.fullmatch(str(value)))
    if field.kind in ("external_id", "email"):
        return isinstance(value, str) and bool(value) and seen(value).split("\n") == [value.strip()]
    return isinstance(value, str)


_KINDS = {
    "flag": "has to be true or false",
    "list": "has to be a list of plain values",
    "query": "has to be a search of field, operator and value",
    "number": "has to be a number",
    "moment": "has to be a time in Unix seconds",
    "object_id": "has to be an id",
    "external_id": "has to be an id without anything invisible",
    "email": "has to be an e-mail address",
}


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int)


def _is_search(value: Any, depth: int = 0) -> bool:
    """A filter, or a group of them; Intercom takes two levels of groups."""
    if not isinstance(value, Mapping) or value.keys() - {"field", "operator", "value"}:
        return False
    if depth > DEEPEST_SEARCH:
        return False
    inner = value.get("value")
    items = inner if isinstance(inner, list) else [inner]
    return all(
        _is_search(item, depth + 1)
        if isinstance(item, Mapping)
        else item is None or _is_plain(item)
        for item in items
    )


def as_seen(item: Value) -> Any:
    """What is sent of a value: bodies rebuilt, texts without characters that nobody sees.

    Raises:
        InputRefused: If it is a body of which nothing can be sent.
    """
    field, value = item.field, item.value
    if field.kind in PROFILES:
        try:
            return rebuild(value, PROFILES[field.kind]).html
        except BodyRefused as refused:
            raise InputRefused(str(refused)) from refused
    if isinstance(value, list):
        return [seen(one) if isinstance(one, str) else one for one in value]
    if not isinstance(value, str):
        return value
    is_one_line = field.kind != "long_text" and not field.path.endswith(ANY)
    return seen(value).replace("\n", " ") if is_one_line else seen(value)


def words(place: Place) -> str:
    """A place in words for Claude."""
    return ".".join(str(step) for step in place)[:LONGEST_NAME] or "input"
