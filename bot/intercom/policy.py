"""What a tool may do. Decided here in code, never by Claude.

A tool that this file does not know counts as a write, whatever its name or its annotations
promise: annotations are honoured only where they make the policy stricter.
"""

from collections.abc import Mapping
from typing import Any

from bot.state.models import Effect

READS = frozenset(
    "intercom_" + name
    for name in [
        "identify_admin",
        "list_activity_logs",
        "list_admins",
        "list_articles",
        "list_companies",
        "list_company_contacts",
        "list_company_segments",
        "list_contact_companies",
        "list_contact_notes",
        "list_contact_segments",
        "list_contact_subscriptions",
        "list_contacts",
        "list_conversations",
        "list_data_attributes",
        "list_data_events",
        "list_help_center_collections",
        "list_help_centers",
        "list_news_items",
        "list_newsfeed_items",
        "list_newsfeeds",
        "list_segments",
        "list_subscription_types",
        "list_tags",
        "list_teams",
        "list_ticket_types",
        "retrieve_admin",
        "retrieve_article",
        "retrieve_company",
        "retrieve_contact",
        "retrieve_conversation",
        "retrieve_help_center",
        "retrieve_help_center_collection",
        "retrieve_news_item",
        "retrieve_newsfeed",
        "retrieve_note",
        "retrieve_segment",
        "retrieve_tag",
        "retrieve_team",
        "retrieve_ticket",
        "retrieve_ticket_type",
        "retrieve_visitor",
        "search_articles",
        "search_contacts",
        "search_conversations",
        "search_tickets",
        "contacts_search",
        "conversations_search",
    ]
)
"""The last two are older names of the same tools."""


DESTROYING = ("delete", "merge", "redact", "archive", "detach")
"""A tool whose name has one of these words takes something away."""


def effect(
    tool_name: str,
    tool_input: Mapping[str, Any],
    *,
    read_only_hint: bool | None = None,
    destructive_hint: bool | None = None,
) -> Effect:
    """What this call does. Destructive is what takes something away or reaches a customer; where
    the input leaves that open, the stricter holds."""
    if is_read(tool_name, read_only_hint=read_only_hint, destructive_hint=destructive_hint):
        return "read"
    words = tool_name.removeprefix("intercom_").split("_")
    if destructive_hint or any(word in words for word in DESTROYING):
        return "destructive"
    return "destructive" if _reaches_customers(tool_name, tool_input) else "write"


def _reaches_customers(tool_name: str, tool_input: Mapping[str, Any]) -> bool:
    match tool_name.removeprefix("intercom_"):
        case "reply_to_conversation" | "reply_to_ticket":
            return tool_input.get("message_type") != "note"
        case "create_message":
            return True
        case "manage_conversation":
            return bool(tool_input.get("body"))
        case "create_news_item" | "update_news_item" | "create_article" | "update_article":
            return str(tool_input.get("state", "draft")) != "draft"
        case "update_ticket":
            return tool_input.get("is_shared", False) is not False
        case _:
            return False


def is_read(tool_name: str, *, read_only_hint: bool | None, destructive_hint: bool | None) -> bool:
    """Whether a tool is known to change nothing."""
    return tool_name in READS and read_only_hint is not False and not destructive_hint
