"""What the workspace holds, each object as Intercom shapes it, and how it is read and changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.provider import ProviderError

Json = dict[str, Any]
Table = dict[str, Json]


@dataclass(frozen=True)
class Write:
    """One change of state. `admin_id` is whose token made the call, `signed_as` whom it names."""

    at: float
    admin_id: str
    signed_as: str
    tool: str
    input: Json
    object_type: str
    object_id: str
    summary: str


@dataclass
class Workspace:
    now: Callable[[], float]
    admins: Table = field(default_factory=dict)
    teams: Table = field(default_factory=dict)
    contacts: Table = field(default_factory=dict)
    companies: Table = field(default_factory=dict)
    conversations: Table = field(default_factory=dict)
    tickets: Table = field(default_factory=dict)
    ticket_types: Table = field(default_factory=dict)
    tags: Table = field(default_factory=dict)
    segments: Table = field(default_factory=dict)
    notes: Table = field(default_factory=dict)
    articles: Table = field(default_factory=dict)
    collections: Table = field(default_factory=dict)
    help_centers: Table = field(default_factory=dict)
    news_items: Table = field(default_factory=dict)
    newsfeeds: Table = field(default_factory=dict)
    data_attributes: Table = field(default_factory=dict)
    subscription_types: Table = field(default_factory=dict)
    data_events: list[Json] = field(default_factory=list)
    activity_logs: list[Json] = field(default_factory=list)
    visitors: Table = field(default_factory=dict)
    _last_id: int = 900_000

    def next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def time(self) -> int:
        return int(self.now())


def find(table: Table, key: Any, kind: str) -> Json:
    """Raises ProviderError: 404."""
    found = table.get(str(key))
    if found is None:
        raise ProviderError(404, "not_found", f"{kind} not found")
    return found


def listed(kind: str, items: Iterable[Json], key: str = "data") -> Json:
    found = list(items)
    return {"type": kind, key: found, "total_count": len(found)}


def numbered_page(kind: str, items: list[Json], tool_input: Json, default: int) -> Json:
    """A page of a list that is paged by number. Raises ProviderError: 400."""
    page, per_page = int(tool_input.get("page", 1)), int(tool_input.get("per_page", default))
    if page < 1 or not 1 <= per_page <= 150:
        raise ProviderError(400, "parameter_invalid", "page or per_page is out of range")
    start = (page - 1) * per_page
    total = -(-len(items) // per_page)
    pages: Json = {"type": "pages", "page": page, "per_page": per_page, "total_pages": total}
    return {
        "type": kind,
        "data": items[start : start + per_page],
        "pages": pages,
        "total_count": len(items),
    }


def cursor_page(
    kind: str, items: list[Json], paging: Json, default: int, key: str = "data"
) -> Json:
    """A page of a list that is paged by `starting_after`. Raises ProviderError: 400."""
    per_page = paging.get("per_page", default)
    if not isinstance(per_page, int) or not 1 <= per_page <= 150:
        raise ProviderError(400, "parameter_invalid", "per_page must be between 1 and 150")
    after = paging.get("starting_after")
    start = 0
    if after is not None:
        ids = [str(item["id"]) for item in items]
        if str(after) not in ids:
            raise ProviderError(400, "parameter_invalid", "starting_after is not a valid cursor")
        start = ids.index(str(after)) + 1
    page = items[start : start + per_page]
    pages: Json = {
        "type": "pages",
        "page": start // per_page + 1,
        "per_page": per_page,
        "total_pages": -(-len(items) // per_page),
    }
    if page and start + per_page < len(items):
        pages["next"] = {
            "page": start // per_page + 2,
            "starting_after": str(page[-1]["id"]),
        }
    return {"type": kind, key: page, "pages": pages, "total_count": len(items)}
