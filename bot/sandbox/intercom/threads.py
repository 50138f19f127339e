"""What happens in a conversation: parts are added, and state and statistics follow."""

from itertools import pairwise
from statistics import median
from typing import Any

from bot.sandbox.intercom.text import as_html
from bot.sandbox.intercom.workspace import FIN, Json, Workspace


def author_of(person: Json) -> Json:
    """A contact, an admin or a bot, as the author of a part."""
    kind = person.get("role") if person["type"] == "contact" else person["type"]
    return {
        "type": kind,
        "id": person["id"],
        "name": person["name"],
        "email": person["email"],
        "from_ai_agent": False,
        "is_ai_answer": False,
    }


def start(
    workspace: Workspace,
    author: Json,
    contact: Json,
    body: str,
    at: int,
    *,
    subject: str = "",
    channel: str = "conversation",
    conversation_id: str | None = None,
) -> Json:
    """A new conversation, begun by its contact or, unasked, by an admin."""
    by_contact = author["type"] == "contact"
    new: Json = {
        "type": "conversation",
        "id": conversation_id or workspace.new_id("conversation", 215_480_001),
        "created_at": at,
        "updated_at": at,
        "waiting_since": at if by_contact else None,
        "snoozed_until": None,
        "source": {
            "type": channel,
            "id": workspace.new_id("source", 403_918_001),
            "delivered_as": "customer_initiated" if by_contact else "admin_initiated",
            "subject": f"<p>{subject}</p>" if subject else "",
            "body": as_html(body),
            "author": author_of(author),
            "attachments": [],
            "url": "https://app.northwind.example/" if channel == "conversation" else None,
            "redacted": False,
        },
        "contacts": {"type": "contact.list", "contacts": [reference(contact)]},
        "first_contact_reply": (
            {"created_at": at, "type": channel, "url": None} if by_contact else None
        ),
        "admin_assignee_id": None,
        "team_assignee_id": None,
        "open": True,
        "state": "open",
        "read": not by_contact,
        "tags": {"type": "tag.list", "tags": []},
        "priority": "not_priority",
        "sla_applied": None,
        "statistics": None,
        "conversation_rating": None,
        "teammates": None,
        "title": subject or None,
        "custom_attributes": {},
        "topics": {},
        "ticket": None,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ai_agent": None,
        "ai_agent_participated": False,
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [],
            "total_count": 0,
        },
    }
    if by_contact:
        contact["last_replied_at"] = max(contact["last_replied_at"] or 0, at)
    else:
        _takes_part(new, author)
        contact["last_contacted_at"] = max(contact["last_contacted_at"] or 0, at)
    new["statistics"] = _statistics(new) if by_contact else None
    workspace.conversations[new["id"]] = new
    return new


def reference(contact: Json) -> Json:
    return {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}


def add_part(
    workspace: Workspace,
    conversation: Json,
    kind: str,
    author: Json,
    at: int,
    body: str | None = None,
    **more: Any,
) -> Json:
    part: Json = {
        "type": "conversation_part",
        "id": workspace.new_id("part", 31_650_001),
        "part_type": kind,
        "body": as_html(body) if body else None,
        "created_at": at,
        "updated_at": at,
        "notified_at": at,
        "assigned_to": None,
        "author": author_of(author),
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": {},
        "state": conversation["state"],
        "tags": [],
        "event_details": None,
        "app_package_code": None,
        **more,
    }
    parts = conversation["conversation_parts"]
    parts["conversation_parts"].append(part)
    parts["total_count"] += 1
    conversation["updated_at"] = max(conversation["updated_at"], at)
    if author["type"] == "admin":
        _takes_part(conversation, author)
    conversation["statistics"] = _statistics(conversation)
    return part


def contact_reply(
    workspace: Workspace, conversation: Json, contact: Json, body: str, at: int
) -> Json:
    """The customer writes: a closed or snoozed conversation opens again."""
    if conversation["state"] != "open":
        conversation.update(state="open", open=True, snoozed_until=None)
        add_part(workspace, conversation, "open", FIN, at)
    conversation.update(read=False, waiting_since=conversation["waiting_since"] or at)
    contact["last_replied_at"] = max(contact["last_replied_at"] or 0, at)
    if conversation["first_contact_reply"] is None:
        conversation["first_contact_reply"] = {
            "created_at": at,
            "type": "conversation",
            "url": None,
        }
    return add_part(workspace, conversation, "comment", contact, at, body)


def admin_reply(workspace: Workspace, conversation: Json, admin: Json, body: str, at: int) -> Json:
    conversation.update(waiting_since=None, read=True)
    for one in conversation["contacts"]["contacts"]:
        contact = workspace.contacts.get(one["id"])
        if contact:
            contact["last_contacted_at"] = max(contact["last_contacted_at"] or 0, at)
    return add_part(workspace, conversation, "comment", admin, at, body)


def note(workspace: Workspace, conversation: Json, admin: Json, body: str, at: int) -> Json:
    return add_part(workspace, conversation, "note", admin, at, body)


def assign(
    workspace: Workspace,
    conversation: Json,
    by: Json,
    to: Json | None,
    at: int,
    body: str | None = None,
) -> Json:
    """To an admin or a team; to None takes both away."""
    if to is None:
        conversation.update(admin_assignee_id=None, team_assignee_id=None)
    elif to["type"] == "team":
        conversation["team_assignee_id"] = int(to["id"])
    else:
        conversation["admin_assignee_id"] = int(to["id"])
    target = {"type": to["type"], "id": to["id"]} if to else {"type": "nobody_admin", "id": None}
    return add_part(workspace, conversation, "assignment", by, at, body, assigned_to=target)


def close(
    workspace: Workspace, conversation: Json, by: Json, at: int, body: str | None = None
) -> Json:
    conversation.update(state="closed", open=False, snoozed_until=None, waiting_since=None)
    return add_part(workspace, conversation, "close", by, at, body)


def reopen(workspace: Workspace, conversation: Json, by: Json, at: int) -> Json:
    conversation.update(state="open", open=True, snoozed_until=None)
    return add_part(workspace, conversation, "open", by, at)


def snooze(workspace: Workspace, conversation: Json, by: Json, at: int, until: int) -> Json:
    conversation.update(state="snoozed", open=True, snoozed_until=until)
    return add_part(workspace, conversation, "snoozed", by, at)


def rate(
    workspace: Workspace,
    conversation: Json,
    rating: int,
    remark: str | None,
    at: int,
) -> None:
    contact = conversation["contacts"]["contacts"][0]
    teammate = conversation["admin_assignee_id"]
    conversation["conversation_rating"] = {
        "rating": rating,
        "remark": remark,
        "created_at": at - 60,
        "updated_at": at,
        "contact": contact,
        "teammate": {"type": "admin", "id": str(teammate)} if teammate else None,
    }
    rater = workspace.contacts[contact["id"]]
    add_part(workspace, conversation, "conversation_rating_changed", rater, at)


def _takes_part(conversation: Json, admin: Json) -> None:
    teammates = conversation["teammates"] or {"type": "admin.list", "teammates": []}
    if all(one["id"] != admin["id"] for one in teammates["teammates"]):
        teammates["teammates"].append({"type": "admin", "id": admin["id"]})
    conversation["teammates"] = teammates


def _statistics(conversation: Json) -> Json:
    begun = conversation["created_at"]
    parts = conversation["conversation_parts"]["conversation_parts"]
    said = [
        (
            "user"
            if conversation["first_contact_reply"]
            and conversation["source"]["delivered_as"] == "customer_initiated"
            else "admin",
            begun,
        )
    ]
    said += [
        ("admin" if part["author"]["type"] == "admin" else "user", part["created_at"])
        for part in parts
        if part["part_type"] == "comment" and part["author"]["type"] != "bot"
    ]
    asked = [at for who, at in said if who == "user"]
    answered = [at for who, at in said[1:] if who == "admin"]
    assigned = [p["created_at"] for p in parts if p["part_type"] == "assignment"]
    closes = [p for p in parts if p["part_type"] == "close"]
    waits = [
        after - before
        for (first, before), (second, after) in pairwise(said)
        if (first, second) == ("user", "admin")
    ]
    after_assignment = [at for at in answered if assigned and at >= assigned[-1]]
    return {
        "type": "conversation_statistics",
        "time_to_assignment": assigned[0] - begun if assigned else None,
        "time_to_admin_reply": answered[0] - begun if answered else None,
        "time_to_first_close": closes[0]["created_at"] - begun if closes else None,
        "time_to_last_close": closes[-1]["created_at"] - begun if closes else None,
        "median_time_to_reply": int(median(waits)) if waits else None,
        "first_contact_reply_at": asked[0] if asked else None,
        "first_assignment_at": assigned[0] if assigned else None,
        "first_admin_reply_at": answered[0] if answered else None,
        "first_close_at": closes[0]["created_at"] if closes else None,
        "last_assignment_at": assigned[-1] if assigned else None,
        "last_assignment_admin_reply_at": after_assignment[-1] if after_assignment else None,
        "last_contact_reply_at": asked[-1] if asked else None,
        "last_admin_reply_at": answered[-1] if answered else None,
        "last_close_at": closes[-1]["created_at"] if closes else None,
        "last_closed_by_id": closes[-1]["author"]["id"] if closes else None,
        "count_reopens": sum(part["part_type"] == "open" for part in parts),
        "count_assignments": len(assigned),
        "count_conversation_parts": len(parts),
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": 240 * len(answered) if answered else None,
        "adjusted_handling_time": None,
    }
