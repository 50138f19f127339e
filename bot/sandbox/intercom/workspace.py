"""What the workspace holds, each thing as Intercom's JSON of it, by its id."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.provider import ProviderError

Json = dict[str, Any]
Table = dict[str, Json]

WORKSPACE_ID = "nw7k2qpd"
WORKSPACE_NAME = "Northwind"
FIN: Json = {
    "type": "bot",
    "id": "8140099",
    "name": "Fin",
    "email": "operator+nw7k2qpd@intercom.io",
}


@dataclass
class Workspace:
    now: Callable[[], int]
    admins: Table = field(default_factory=dict)
    teams: Table = field(default_factory=dict)
    tags: Table = field(default_factory=dict)
    segments: Table = field(default_factory=dict)
    contacts: Table = field(default_factory=dict)
    companies: Table = field(default_factory=dict)
    visitors: Table = field(default_factory=dict)
    notes: Table = field(default_factory=dict)
    subscription_types: Table = field(default_factory=dict)
    subscriptions: dict[str, dict[str, str]] = field(default_factory=dict)
    """By contact's id: the consent given, by subscription type's id."""
    data_attributes: Table = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    conversations: Table = field(default_factory=dict)
    tickets: Table = field(default_factory=dict)
    ticket_types: Table = field(default_factory=dict)
    articles: Table = field(default_factory=dict)
    collections: Table = field(default_factory=dict)
    help_centers: Table = field(default_factory=dict)
    news_items: Table = field(default_factory=dict)
    newsfeeds: Table = field(default_factory=dict)
    activity_logs: list[Json] = field(default_factory=list)
    archived: set[str] = field(default_factory=set)
    """Ids of archived contacts."""
    unseen: dict[str, int] = field(default_factory=dict)
    """By id of a contact that search does not know yet: how many calls from now it will."""
    _last: dict[str, int] = field(default_factory=dict)

    def new_id(self, kind: str, start: int) -> str:
        """The next decimal id of its kind."""
        self._last[kind] = self._last.get(kind, start - 1) + 1
        return str(self._last[kind])

    def new_hex_id(self, kind: str, prefix: str) -> str:
        """The next id of the 24 hexadecimal characters that contacts and companies have."""
        return prefix + f"{int(self.new_id(kind, 1)):0{24 - len(prefix)}x}"


def bad(message: str, code: str = "parameter_invalid") -> ProviderError:
    return ProviderError(400, code, message)


def found(table: Table, key: Any, message: str, code: str = "not_found") -> Json:
    """The thing with that id. Raises ProviderError 404."""
    try:
        return table[str(key)]
    except KeyError:
        raise ProviderError(404, code, message) from None


def contact(workspace: Workspace, contact_id: Any) -> Json:
    return found(workspace.contacts, contact_id, "User Not Found")


def company(workspace: Workspace, company_id: Any) -> Json:
    return found(workspace.companies, company_id, "Company Not Found", "company_not_found")


def conversation(workspace: Workspace, conversation_id: Any) -> Json:
    return found(workspace.conversations, conversation_id, "Resource Not Found")


def ticket(workspace: Workspace, ticket_id: Any) -> Json:
    return found(workspace.tickets, ticket_id, "Ticket not found", "ticket_not_found")


def admin(workspace: Workspace, admin_id: Any) -> Json:
    return found(workspace.admins, admin_id, "Admin not found", "admin_not_found")


def links(url: str) -> Json:
    """A contact's list of what it is linked with, as yet empty."""
    return {"type": "list", "data": [], "url": url, "total_count": 0, "has_more": False}


def link(owner: Json, key: str, kind: str, other_id: str) -> bool:
    """Add a link to a contact's list. Out: whether it is new."""
    data = owner[key]["data"]
    if any(item["id"] == other_id for item in data):
        return False
    urls = {"tag": "tags", "company": "companies", "note": "notes"}
    data.append({"type": kind, "id": other_id, "url": f"/{urls[kind]}/{other_id}"})
    owner[key]["total_count"] = len(data)
    return True


def unlink(owner: Json, key: str, other_id: str) -> bool:
    """Take a link out of a contact's list. Out: whether there was one."""
    data = owner[key]["data"]
    rest = [item for item in data if item["id"] != other_id]
    owner[key].update(data=rest, total_count=len(rest))
    return len(rest) < len(data)


def linked(owner: Json, key: str) -> list[str]:
    return [str(item["id"]) for item in owner[key]["data"]]


def by_identity(workspace: Workspace, given: Json) -> Json:
    """The contact that an object names by `id`, `intercom_user_id`, `user_id`, `external_id` or
    `email`. Raises ProviderError."""
    for key in ("id", "intercom_user_id"):
        if given.get(key):
            return contact(workspace, given[key])
    external_id = given.get("external_id") or given.get("user_id")
    if not external_id and not given.get("email"):
        raise bad("A contact's id, external id or email is required", "parameter_not_found")
    for one in workspace.contacts.values():
        if external_id and one["external_id"] == str(external_id):
            return one
        if not external_id and one["email"].casefold() == str(given["email"]).casefold():
            return one
    raise ProviderError(404, "not_found", "User Not Found")


def in_segment(workspace: Workspace, person: Json) -> list[str]:
    """Ids of the segments that a contact is in: they follow from what it is."""
    day = 86_400
    seen = person["last_seen_at"] or 0
    rules = {
        "Active": seen >= workspace.now() - 7 * day,
        "Slipping away": 0 < seen < workspace.now() - 30 * day,
        "New": person["created_at"] >= workspace.now() - 30 * day,
        "Leads": person["role"] == "lead",
    }
    return [segment["id"] for segment in workspace.segments.values() if rules.get(segment["name"])]


def company_segments(workspace: Workspace, firm: Json) -> list[str]:
    return [
        segment["id"]
        for segment in workspace.segments.values()
        if segment["name"] == "Big accounts" and firm["monthly_spend"] >= 1000
    ]
