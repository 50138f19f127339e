"""Tickets."""

from typing import Any

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.fields import of_tickets, ticket_document
from bot.sandbox.intercom.pages import by_cursor
from bot.sandbox.intercom.search import Language
from bot.sandbox.intercom.text import as_html, plaintext
from bot.sandbox.intercom.threads import author_of, reference
from bot.sandbox.intercom.tools.contacts import paging
from bot.sandbox.intercom.tools.conversations import find_assignee
from bot.sandbox.intercom.tools.ticket_types import state, ticket_type
from bot.sandbox.intercom.workspace import (
    Json,
    Workspace,
    admin,
    bad,
    by_identity,
    company,
    conversation,
    ticket,
)

_ALSO = {"created_at": {">=", "<="}}
_IS: dict[str, Any] = {
    "string": str,
    "list": str,
    "integer": int,
    "decimal": int | float,
    "boolean": bool,
    "datetime": int | str,
    "files": list,
}


@tool
def search_tickets(call: Call, given: Json) -> Json:
    test = Language(of_tickets(call.workspace), also=_ALSO).test(given["query"])
    every = call.workspace.tickets.values()
    matching = [one for one in every if test(ticket_document(one))]
    return by_cursor(matching, paging(given), 20, "updated_at", "tickets", "ticket.list")


@tool
def retrieve_ticket(call: Call, given: Json) -> Json:
    return ticket(call.workspace, given["ticket_id"])


@tool
def create_ticket(call: Call, given: Json) -> Json:
    kind = ticket_type(call.workspace, given["ticket_type_id"])
    if kind["archived"]:
        raise bad("The ticket type is archived")
    if not given["contacts"]:
        raise bad("contacts must name at least one contact")
    if not all(isinstance(one, dict) for one in given["contacts"]):
        raise bad("each contact is an object")
    people = [by_identity(call.workspace, one) for one in given["contacts"]]
    attributes = _checked(kind, given.get("ticket_attributes") or {})
    missing = [
        one["name"]
        for one in kind["ticket_type_attributes"]["data"]
        if one["required_to_create"] and not one["archived"] and one["name"] not in attributes
    ]
    if missing:
        raise bad(f"Missing required ticket attributes: {', '.join(missing)}")
    if given.get("company_id"):
        company(call.workspace, given["company_id"])
    at = given.get("created_at", call.now)
    new = new_ticket(call.workspace, kind, people, attributes, at)
    new["company_id"] = given.get("company_id")
    call.changed("ticket", new["id"], f"Created {kind['name']} #{new['ticket_id']}")
    return new


@tool
def update_ticket(call: Call, given: Json) -> Json:
    one = ticket(call.workspace, given["ticket_id"])
    attributes = _checked(one["ticket_type"], given.get("ticket_attributes") or {})
    assignment = given.get("assignment") or {}
    by = admin(call.workspace, call.admin_id)
    to: Json | None = None
    target = assignment.get("assignee_id", assignment.get("admin_id"))
    if "assignee_id" in assignment and "admin_id" in assignment:
        by = admin(call.workspace, assignment["admin_id"])
    if target is not None and str(target) != "0":
        to = find_assignee(call, target)
    if given.get("snoozed_until") is not None and given["snoozed_until"] <= call.now:
        raise bad("snoozed_until must be in the future")
    if target is not None:
        _assign(call.workspace, one, by, to, call.now)
    if "state" in given:
        before = one["ticket_state"]["category"]
        one["ticket_state"] = state(given["state"])
        one["open"] = given["state"] != "resolved"
        add_part(
            call.workspace,
            one,
            "ticket_state_updated_by_admin",
            by,
            call.now,
            previous_ticket_state=before,
            ticket_state=given["state"],
        )
    for name, value in attributes.items():
        one["ticket_attributes"][name] = value
        add_part(call.workspace, one, "ticket_attribute_updated_by_admin", by, call.now)
    for key in ("open", "is_shared", "snoozed_until"):
        if key in given:
            one[key] = given[key]
    one["updated_at"] = call.now
    call.changed("ticket", one["id"], f"{by['name']} updated ticket #{one['ticket_id']}")
    return one


@tool
def reply_to_ticket(call: Call, given: Json) -> Json:
    one = ticket(call.workspace, given["ticket_id"])
    if given["type"] != "admin":
        raise bad("type must be admin", "parameter_mismatch")
    if not (given.get("body") or "").strip():
        raise bad("Body is required")
    if given["message_type"] == "comment" and one["category"] == "Back-office":
        raise bad("Comments are not allowed on Back-office tickets", "parameter_mismatch")
    author = call.author(given)
    kind = given["message_type"]
    part = add_part(call.workspace, one, kind, author, call.now, body=as_html(given["body"]))
    verb = "left a note in" if kind == "note" else "replied to"
    call.changed("ticket", one["id"], f"{author['name']} {verb} ticket #{one['ticket_id']}")
    return part


@tool
def convert_conversation_to_ticket(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    kind = ticket_type(call.workspace, given["ticket_type_id"])
    if kind["category"] != "Customer":
        raise bad("Ticket type is not a customer ticket type")
    if one["ticket"]:
        raise bad("The conversation is a ticket already")
    people = [
        call.workspace.contacts[other["id"]]
        for other in one["contacts"]["contacts"]
        if other["id"] in call.workspace.contacts
    ]
    attributes = {
        "_default_title_": one["title"] or "Conversation " + one["id"],
        "_default_description_": plaintext(one["source"]["body"]),
    }
    new = new_ticket(call.workspace, kind, people, attributes, call.now)
    new["admin_assignee_id"] = str(one["admin_assignee_id"] or 0)
    new["team_assignee_id"] = str(one["team_assignee_id"] or 0)
    _link(new, {"type": "conversation", "id": one["id"], "category": None})
    _link(one, {"type": "ticket", "id": new["id"], "category": kind["category"]})
    one["ticket"] = {"type": "ticket", "id": new["id"]}
    summary = f"Turned conversation {one['id']} into ticket #{new['ticket_id']}"
    call.changed("ticket", new["id"], summary)
    return new


def new_ticket(
    workspace: Workspace, kind: Json, people: list[Json], attributes: Json, at: int
) -> Json:
    """A ticket as submitted, in the workspace."""
    new: Json = {
        "type": "ticket",
        "id": workspace.new_id("ticket", 215_600_001),
        "ticket_id": workspace.new_id("ticket_number", 101),
        "category": kind["category"],
        "ticket_attributes": {"_default_title_": None, "_default_description_": None, **attributes},
        "ticket_state": state("submitted"),
        "ticket_type": kind,
        "contacts": {"type": "contact.list", "contacts": [reference(one) for one in people]},
        "admin_assignee_id": "0",
        "team_assignee_id": "0",
        "created_at": at,
        "updated_at": at,
        "open": True,
        "snoozed_until": None,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ticket_parts": {"type": "ticket_part.list", "ticket_parts": [], "total_count": 0},
        "is_shared": kind["category"] == "Customer",
        "company_id": None,
        "tags": {"type": "tag.list", "tags": []},
    }
    workspace.tickets[new["id"]] = new
    return new


def add_part(
    workspace: Workspace,
    one: Json,
    kind: str,
    author: Json,
    at: int,
    *,
    body: str | None = None,
    **more: Any,
) -> Json:
    part = {
        "type": "ticket_part",
        "id": workspace.new_id("ticket_part", 185_001),
        "part_type": kind,
        "body": body,
        "ticket_state": one["ticket_state"]["category"],
        "previous_ticket_state": one["ticket_state"]["category"],
        "created_at": at,
        "updated_at": at,
        "assigned_to": None,
        "author": {key: author_of(author)[key] for key in ("type", "id", "name", "email")},
        "attachments": [],
        "redacted": False,
        **more,
    }
    parts = one["ticket_parts"]
    parts["ticket_parts"].append(part)
    parts["total_count"] += 1
    one["updated_at"] = max(one["updated_at"], at)
    return part


def _assign(workspace: Workspace, one: Json, by: Json, to: Json | None, at: int) -> None:
    if to is None:
        one.update(admin_assignee_id="0", team_assignee_id="0")
    elif to["type"] == "team":
        one["team_assignee_id"] = to["id"]
    else:
        one["admin_assignee_id"] = to["id"]
    target = {"type": to["type"], "id": to["id"]} if to else {"type": "nobody_admin", "id": None}
    add_part(workspace, one, "assignment", by, at, assigned_to=target)


def _checked(kind: Json, attributes: Json) -> Json:
    """The attributes, if the ticket type has them and their values fit. Raises ProviderError."""
    known = {
        one["name"]: one for one in kind["ticket_type_attributes"]["data"] if not one["archived"]
    }
    for name, value in attributes.items():
        if name not in known:
            raise bad(f"The ticket type has no attribute {name}")
        data_type = known[name]["data_type"]
        is_flag = isinstance(value, bool) and data_type != "boolean"
        if value is not None and (is_flag or not isinstance(value, _IS[data_type])):
            raise bad(f"The value of {name} must be of the type {data_type}")
    return attributes


def _link(item: Json, other: Json) -> None:
    objects = item["linked_objects"]
    objects["data"].append(other)
    objects["total_count"] += 1
