"""What a tool may do. Decided here in code, never by Claude.

A tool that this file does not know counts as a write, whatever its name or its annotations
promise: annotations are honoured only where they make the policy stricter.
"""

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


def is_read(tool_name: str, *, read_only_hint: bool | None, destructive_hint: bool | None) -> bool:
    """Whether a tool is known to change nothing."""
    return tool_name in READS and read_only_hint is not False and not destructive_hint
