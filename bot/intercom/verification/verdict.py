"""What the answer to a read tells.

It is taken as it comes: a field that is not there makes it "unclear", never an error.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from bot.intercom.html import text_of

Verdict = Literal["shown", "not_shown", "unclear"]
"""What a look tells: the effect is there, it is not there so far, or that cannot be told."""
Found = Mapping[str, Any]
Path = tuple[str, ...]

_OPPOSITE: dict[Verdict, Verdict] = {
    "shown": "not_shown",
    "not_shown": "shown",
    "unclear": "unclear",
}


def told(is_there: bool) -> Verdict:
    return "shown" if is_there else "not_shown"


def opposite(verdict: Verdict) -> Verdict:
    return _OPPOSITE[verdict]


def all_of(*verdicts: Verdict) -> Verdict:
    """Whether everything is there; unclear of nothing at all."""
    if "not_shown" in verdicts:
        return "not_shown"
    return "unclear" if "unclear" in verdicts or not verdicts else "shown"


def compared(wanted: Mapping[str, Any], found: object) -> Verdict:
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


def _compared_field(key: str, wanted: object, found: Found) -> Verdict:
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


def seen(found: object, path: Path, is_it: Callable[[Found], bool]) -> Verdict:
    """Whether the list at this path has it; unclear if it has not and goes on elsewhere."""
    holder, items = _list_at(found, path)
    if items is None:
        return "unclear"
    if any(is_it(one) for one in items):
        return "shown"
    return "unclear" if _goes_on(holder, len(items)) else "not_shown"


def has_id(found: object, path: Path, wanted: object) -> Verdict:
    return seen(found, path, lambda one: same(wanted, one.get("id")))


def item(found: object, path: Path, item_id: object) -> Found | None:
    """The one of this id in the list at this path."""
    _, items = _list_at(found, path)
    return next((one for one in items or [] if same(item_id, one.get("id"))), None)


def within(found: object, *path: str) -> Any:
    """What is at this path; None where it does not lead anywhere."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _list_at(found: object, path: Path) -> tuple[Found, list[Found] | None]:
    """The list at this path, and what it is in."""
    holder = within(found, *path[:-1])
    items = within(holder, path[-1])
    if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
        return {}, None
    return holder, items


def _goes_on(holder: Found, shown: int) -> bool:
    pages, total = holder.get("pages"), holder.get("total_count")
    return bool(
        holder.get("has_more")
        or (isinstance(total, int | float) and total > shown)
        or within(pages, "next")
    )
