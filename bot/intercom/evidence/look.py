"""A look for what a write did, and the pieces that the tables of looks are made of.

What comes from Intercom is taken as it comes: a field that is not there makes the answer
"unclear", never an error.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

from bot.intercom.plain_text import text_of

CLOCKS_APART = 60.0
"""Seconds by which Intercom's clock may differ from ours."""

Sighting = Literal["shown", "not_shown", "unclear"]
"""What a look tells: the effect is there, it is not there so far, or that cannot be told."""
Found = Mapping[str, Any]
Path = tuple[str, ...]

_OPPOSITE: dict[Sighting, Sighting] = {
    "shown": "not_shown",
    "not_shown": "shown",
    "unclear": "unclear",
}


class Write(NamedTuple):
    """A call as it went out."""

    input: Mapping[str, Any]
    admin_id: str
    """In whose name."""
    at: datetime

    @property
    def earliest(self) -> int:
        """Unix seconds: what Intercom made before cannot be of this call."""
        return int(self.at.timestamp() - CLOCKS_APART)


class Look(NamedTuple):
    """The read that can tell, and what its answer tells."""

    tool_name: str
    tool_input: dict[str, Any]
    tell: Callable[[Found], Sighting]
    when_missing: Sighting = "unclear"
    """What it tells if Intercom has no such thing."""


Evidence = Callable[[Write], Look | None]
"""Where to look for what a write did; None where no read can tell of this one."""
Tell = Callable[[Write, Found], Sighting]


def look_with(
    tool: str, tool_input: dict[str, Any], write: Write, tell: Tell, missing: Sighting = "unclear"
) -> Look:
    return Look(f"intercom_{tool}", tool_input, partial(tell, write), missing)


def retrieved(
    kind: str,
    tell: Tell,
    *,
    key: str = "",
    named_by: str = "",
    missing: Sighting = "unclear",
) -> Evidence:
    """Told by retrieving one thing. `key`: the read's field for its id, by default the kind's;
    `named_by`: the write's field, by default the same."""
    field = key or f"{kind}_id"

    def evidence(write: Write) -> Look:
        asked = {field: write.input.get(named_by or field)}
        return look_with(f"retrieve_{kind}", asked, write, tell, missing)

    return evidence


def gone(kind: str, *, key: str = "", named_by: str = "") -> Evidence:
    """Told by Intercom's no longer having what the write takes away."""

    def still_there(write: Write, found: Found) -> Sighting:
        return "not_shown"

    return retrieved(kind, still_there, key=key, named_by=named_by, missing="shown")


def updated(kind: str, *, key: str = "") -> Evidence:
    """Told by the fields that the write sets, each under the same name in what is retrieved."""
    return retrieved(kind, lambda write, found: compared(write.input, found), key=key)


def attached(kind: str, path: Path, named_by: str = "id") -> Evidence:
    """Told by the id in a list of what is retrieved."""
    return retrieved(kind, lambda w, found: has_id(found, path, w.input.get(named_by)))


def detached(kind: str, path: Path, named_by: str) -> Evidence:
    """Told by the absence of the id from a list of what is retrieved."""
    return retrieved(kind, lambda w, found: opposite(has_id(found, path, w.input.get(named_by))))


def told(is_there: bool) -> Sighting:
    return "shown" if is_there else "not_shown"


def opposite(sighting: Sighting) -> Sighting:
    return _OPPOSITE[sighting]


def all_of(*sightings: Sighting) -> Sighting:
    """Whether everything is there; unclear of nothing at all."""
    if "not_shown" in sightings:
        return "not_shown"
    return "unclear" if "unclear" in sightings or not sightings else "shown"


def compared(wanted: Mapping[str, Any], found: object) -> Sighting:
    """Whether the fields that a write sets have their values."""
    if not isinstance(found, Mapping):
        return "unclear"
    return all_of(
        *(_compared_field(key, value, found) for key, value in wanted.items() if _is_set(key))
    )


def _is_set(key: str) -> bool:
    """Whether a field of a write is a value, and not the id of what is changed."""
    if key in ("schema_version", "tool_version"):
        return False
    return key in ("owner_id", "external_id", "company_id") or not key.endswith("_id")


def _compared_field(key: str, wanted: object, found: Found) -> Sighting:
    if key not in found:
        return "unclear"
    if isinstance(wanted, Mapping) and isinstance(found[key], Mapping):
        # Of an object in a write, only the keys given change.
        return all_of("shown", *(_compared_field(k, v, found[key]) for k, v in wanted.items()))
    return told(same(wanted, found[key], key))


def same(wanted: object, found: object, key: str = "") -> bool:
    """Whether two values mean the same: 7 and "7", plain text and its HTML, "" and null."""
    if isinstance(wanted, list) and isinstance(found, list):
        return sorted(_plain(one, key) for one in wanted) == sorted(
            _plain(one, key) for one in found
        )
    return _plain(wanted, key) == _plain(found, key)


def _plain(value: object, key: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # A protobuf Struct makes every number a float.
        return str(int(value))
    text = " ".join(text_of(str(value)).split())
    if key == "email":
        return text.casefold()
    if key == "phone":
        return "".join(filter(str.isdigit, text))
    return text


def seen(found: object, path: Path, is_it: Callable[[Found], bool]) -> Sighting:
    """Whether the list at this path has it; unclear if it has not and goes on elsewhere."""
    holder, items = _list_at(found, path)
    if items is None:
        return "unclear"
    if any(is_it(one) for one in items):
        return "shown"
    return "unclear" if _goes_on(holder, len(items)) else "not_shown"


def has_id(found: object, path: Path, wanted: object) -> Sighting:
    return seen(found, path, lambda one: same(wanted, one.get("id")))


def item(found: object, path: Path, item_id: object) -> Found | None:
    """The one of this id in the list at this path."""
    _, items = _list_at(found, path)
    return next((one for one in items or [] if same(item_id, one.get("id"))), None)


def made_by(write: Write, thing: Found, author_id: object) -> bool:
    """Whether a thing of this author can be of this write, by author and time."""
    return same(write.admin_id, author_id) and made_since(write, thing)


def made_since(write: Write, thing: Found) -> bool:
    made = thing.get("created_at")
    return isinstance(made, int | float) and made >= write.earliest


def within(found: object, *path: str) -> Any:
    """What is at this path; None where it does not lead anywhere."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _list_at(found: object, path: Path) -> tuple[Found, list[Found] | None]:
    """The list at this path, and what it is in."""
    holder = within(found, *path[:-1])
    items = within(holder, path[-1])
    if not isinstance(items, list):
        return {}, None
    return holder, [one for one in items if isinstance(one, Mapping)]


def _goes_on(holder: Found, shown: int) -> bool:
    pages, total = holder.get("pages"), holder.get("total_count")
    return bool(
        holder.get("has_more")
        or (isinstance(total, int | float) and total > shown)
        or within(pages, "next")
    )
