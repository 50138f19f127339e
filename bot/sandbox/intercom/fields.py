"""Which fields can be searched, and of what type each is."""

from typing import Literal

from bot.sandbox.intercom.text import plaintext, words
from bot.sandbox.intercom.workspace import Json, Workspace, in_segment, linked

Type = Literal["string", "integer", "date", "boolean", "words", "tag"]
Fields = dict[str, Type]


def _fields(strings: str = "", integers: str = "", dates: str = "", booleans: str = "") -> Fields:
    typed: Fields = dict.fromkeys(strings.split(), "string")
    typed.update(dict.fromkeys(integers.split(), "integer"))
    typed.update(dict.fromkeys(dates.split(), "date"))
    typed.update(dict.fromkeys(booleans.split(), "boolean"))
    return typed


CONTACT: Fields = {
    **_fields(
        "id role name avatar email email_domain phone external_id language_override browser "
        "browser_language os location.country location.region location.city ios_app_version "
        "ios_device ios_os_version ios_app_name ios_sdk_version android_app_version "
        "android_device android_app_name android_sdk_version segment_id",
        "owner_id",
        "created_at signed_up_at updated_at last_seen_at last_contacted_at last_replied_at "
        "last_email_opened_at last_email_clicked_at ios_last_seen_at android_last_seen_at",
        "unsubscribed_from_emails marked_email_as_spam has_hard_bounced",
    ),
    "tag_id": "tag",
}
CONVERSATION: Fields = {
    **_fields(
        "id source.type source.id source.delivered_as source.subject source.author.id "
        "source.author.type source.author.name source.author.email source.url contact_ids "
        "teammate_ids channel_initiated state tag_ids priority statistics.last_closed_by_id "
        "conversation_rating.remark conversation_rating.contact_id conversation_rating.admin_id "
        "ai_agent.resolution_state ai_agent.last_answer_type ai_agent.rating_remark "
        "ai_agent.source_type ai_agent.source_title title",
        "admin_assignee_id team_assignee_id statistics.time_to_assignment "
        "statistics.time_to_admin_reply statistics.time_to_first_close "
        "statistics.time_to_last_close statistics.median_time_to_reply "
        "statistics.count_reopens statistics.count_assignments "
        "statistics.count_conversation_parts statistics.handling_time conversation_rating.score "
        "ai_agent.rating",
        "created_at updated_at waiting_since snoozed_until statistics.first_contact_reply_at "
        "statistics.first_assignment_at statistics.first_admin_reply_at "
        "statistics.first_close_at statistics.last_assignment_at "
        "statistics.last_assignment_admin_reply_at statistics.last_contact_reply_at "
        "statistics.last_admin_reply_at statistics.last_close_at "
        "conversation_rating.requested_at conversation_rating.replied_at",
        "open read ai_agent_participated",
    ),
    "source.body": "words",
}
TICKET: Fields = _fields(
    "id title description category ticket_type_id contact_ids teammate_ids admin_assignee_id "
    "team_assignee_id state",
    "",
    "created_at updated_at snoozed_until",
    "open",
)
_DATA_TYPES: dict[str, Type] = {
    "integer": "integer",
    "float": "integer",
    "decimal": "integer",
    "boolean": "boolean",
    "date": "date",
    "datetime": "date",
}
_TERMS = {"Customer": "request", "Back-office": "task", "Tracker": "tracker"}


def of_contacts(workspace: Workspace) -> Fields:
    return CONTACT | _custom(workspace, "contact")


def of_conversations(workspace: Workspace) -> Fields:
    return CONVERSATION | _custom(workspace, "conversation")


def of_tickets(workspace: Workspace) -> Fields:
    attributes = (
        attribute
        for kind in workspace.ticket_types.values()
        for attribute in kind["ticket_type_attributes"]["data"]
    )
    return TICKET | {
        f"ticket_attribute.{one['id']}": _DATA_TYPES.get(one["data_type"], "string")
        for one in attributes
    }


def _custom(workspace: Workspace, model: str) -> Fields:
    return {
        f"custom_attributes.{one['name']}": _DATA_TYPES.get(one["data_type"], "string")
        for one in workspace.data_attributes.values()
        if one["custom"] and one["model"] == model and not one["archived"]
    }


def contact_document(workspace: Workspace, contact: Json) -> Json:
    """A contact as search sees it."""
    return contact | {
        "avatar": contact["avatar"]["image_url"],
        "tag_id": linked(contact, "tags"),
        "segment_id": in_segment(workspace, contact),
    }


def conversation_document(conversation: Json) -> Json:
    """A conversation as search sees it."""
    source = conversation["source"]
    rating = conversation["conversation_rating"] or {}
    started_by = "admin" if source["delivered_as"] == "admin_initiated" else "user"
    return conversation | {
        "source": source | {"body": words(source["body"]), "subject": plaintext(source["subject"])},
        "contact_ids": [one["id"] for one in conversation["contacts"]["contacts"]],
        "teammate_ids": [
            one["id"] for one in (conversation["teammates"] or {}).get("teammates", [])
        ],
        "tag_ids": [one["id"] for one in conversation["tags"]["tags"]],
        "channel_initiated": started_by,
        "admin_assignee_id": conversation["admin_assignee_id"] or 0,
        "team_assignee_id": conversation["team_assignee_id"] or 0,
        "conversation_rating": {
            "score": rating.get("rating"),
            "remark": rating.get("remark"),
            "requested_at": rating.get("created_at"),
            "replied_at": rating.get("updated_at"),
            "contact_id": (rating.get("contact") or {}).get("id"),
            "admin_id": (rating.get("teammate") or {}).get("id"),
        },
    }


def ticket_document(ticket: Json) -> Json:
    """A ticket as search sees it."""
    attributes = ticket["ticket_attributes"]
    return ticket | {
        "title": attributes.get("_default_title_"),
        "description": attributes.get("_default_description_"),
        "category": _TERMS[ticket["category"]],
        "ticket_type_id": ticket["ticket_type"]["id"],
        "contact_ids": [one["id"] for one in ticket["contacts"]["contacts"]],
        "teammate_ids": sorted(
            {
                part["author"]["id"]
                for part in ticket["ticket_parts"]["ticket_parts"]
                if part["author"]["type"] == "admin"
            }
        ),
        "state": ticket["ticket_state"]["category"],
        "ticket_attribute": {
            one["id"]: attributes.get(one["name"])
            for one in ticket["ticket_type"]["ticket_type_attributes"]["data"]
        },
    }
