"""Lists in pages: by cursor, or by number."""

import base64
import json
from collections.abc import Callable
from typing import Any

from bot.sandbox.intercom.workspace import Json, bad

MOST = 150


def by_cursor(
    items: list[Json],
    asked: Json,
    default: int,
    newest_by: str,
    item_key: str = "data",
    kind: str = "list",
) -> Json:
    """One page, latest first. The cursor names the last one seen, so that what is added or taken
    away meanwhile makes no other be lost or repeated. Raises ProviderError 400."""

    def rank(item: Json) -> tuple[int, int]:
        return (-(item[newest_by] or 0), -int(item["id"], 16))

    per_page = number(asked, "per_page", default, MOST)
    ordered = sorted(items, key=rank)
    page, after = 1, asked.get("starting_after")
    rest = ordered
    if after is not None:
        *last, page = _opened(after)
        rest = [item for item in ordered if list(rank(item)) > last]
    elif "page" in asked:
        page = number(asked, "page", 1, 10_000)
        rest = ordered[(page - 1) * per_page :]
    shown = rest[:per_page]
    pages: Json = {
        "type": "pages",
        "page": page,
        "per_page": per_page,
        "total_pages": -(-len(ordered) // per_page),
    }
    if len(rest) > per_page:
        cursor = json.dumps([*rank(shown[-1]), page + 1]).encode()
        pages["next"] = {
            "page": page + 1,
            "starting_after": base64.b64encode(cursor).decode(),
        }
    return {"type": kind, item_key: shown, "total_count": len(ordered), "pages": pages}


def by_number(
    items: list[Any], asked: Json, default: int, url: str, most: int = MOST, item_key: str = "data"
) -> Json:
    """One page; `pages.next` is the address of the next one, or null. Raises ProviderError 400."""
    per_page = number(asked, "per_page", default, most)
    page = number(asked, "page", 1, 10_000)
    total = -(-len(items) // per_page)
    following = f"https://api.intercom.io{url}?page={page + 1}&per_page={per_page}"
    return {
        "type": "list",
        item_key: items[(page - 1) * per_page : page * per_page],
        "total_count": len(items),
        "pages": {
            "type": "pages",
            "next": following if page < total else None,
            "page": page,
            "per_page": per_page,
            "total_pages": total,
        },
    }


def one_page(items: list[Json], view: Callable[[Json], Json] = dict) -> Json:
    """A list that Intercom does not page."""
    return {"type": "list", "data": [view(item) for item in items]}


def number(asked: Json, key: str, default: int, most: int) -> int:
    value = asked.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise bad(f"{key} must be a number between 1 and {most}")
    return value


def _opened(cursor: Any) -> tuple[int, int, int]:
    try:
        created, key, page = json.loads(base64.b64decode(str(cursor), validate=True))
        return int(created), int(key), int(page)
    except (ValueError, TypeError):
        raise bad("starting_after is not a cursor of this list") from None
