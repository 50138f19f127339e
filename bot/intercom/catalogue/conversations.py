"""Conversations: reading them, answering in them, and what is done with them."""

from bot.intercom.catalogue.areas import CONVERSATIONS
from bot.intercom.catalogue.declaration import (
    ByValue,
    Field,
    Input,
    Listed,
    Named,
    Rule,
    Stored,
    Tool,
    has,
)
from bot.intercom.verification import conversations as verified

THE_CUSTOMER_GETS_THIS = "The customer gets this."
CONVERSATION = Field(
    path="conversation_id",
    label="Conversation",
    kind="object_id",
    names="conversation",
    told="headline",
)
WHO_SPEAKS = Field(path="type", label="Speaks as", told="signature")
AUTHOR = Field(path="admin_id", label="Author", told="signature")
FOUND = Listed(("conversations",), "conversation", "conversations")


def _is_not_a_note(given: Input, stored: Stored | None) -> bool:
    return given.get("message_type") != "note"


TOOLS = (
    Tool(
        name="list_conversations",
        area=CONVERSATIONS,
        effect="read",
        title="List conversations",
        outcome=FOUND,
        fields=(
            Field(path="per_page", label="Items a page", kind="number"),
            Field(path="starting_after", label="Continue after"),
        ),
    ),
    Tool(
        name="search_conversations",
        area=CONVERSATIONS,
        effect="read",
        title="Search conversations: {query}",
        outcome=FOUND,
        fields=(
            Field(path="query", label="Search", kind="query"),
            Field(path="pagination.per_page", label="Items a page", kind="number"),
            Field(path="pagination.starting_after", label="Continue after"),
        ),
    ),
    Tool(
        name="retrieve_conversation",
        area=CONVERSATIONS,
        effect="read",
        title="Read conversation {conversation_id}",
        outcome=Named(("title", "source.author.name"), "Found"),
        fields=(
            CONVERSATION,
            Field(
                path="display_as", label="Text as", kind="choice", choices={"plaintext": "plain"}
            ),
        ),
    ),
    Tool(
        name="reply_to_conversation",
        area=CONVERSATIONS,
        effect="write",
        title=ByValue(
            "message_type",
            {"note": "Add a note to conversation {conversation_id}"},
            "Reply to conversation {conversation_id}",
        ),
        headline=ByValue(
            "message_type",
            {"note": "Add an internal note to {conversation_id}"},
            "Reply to the customer in {conversation_id}",
        ),
        outcome="Sent",
        fields=(
            CONVERSATION,
            Field(path="message_type", label="Kind", told="headline"),
            Field(
                path="body",
                label="Text",
                kind="message_html",
                told="text",
                editable=True,
                required=True,
            ),
            Field(path="created_at", label="Dated", kind="moment"),
            WHO_SPEAKS,
            AUTHOR,
        ),
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS, _is_not_a_note),),
        author=("admin_id",),
        verification=verified.replied,
    ),
    Tool(
        name="manage_conversation",
        area=CONVERSATIONS,
        effect="write",
        title=ByValue(
            "message_type",
            {
                "assignment": "Assign conversation {conversation_id}",
                "close": "Close conversation {conversation_id}",
                "open": "Reopen conversation {conversation_id}",
                "snoozed": "Snooze conversation {conversation_id}",
            },
            "Change conversation {conversation_id}",
        ),
        headline=ByValue(
            "message_type",
            {
                "assignment": "Assign {conversation_id} to {assignee_id}",
                "close": "Close {conversation_id}",
                "open": "Reopen {conversation_id}",
                "snoozed": "Snooze {conversation_id}",
            },
            "Change {conversation_id}",
        ),
        fields=(
            CONVERSATION,
            Field(path="message_type", label="What to do", told="headline"),
            Field(
                path="assignee_id",
                label="Assigned to",
                kind="object_id",
                names="admin",
                editable=True,
                required=True,
                stored="admin_assignee_id",
            ),
            Field(path="body", label="Text", kind="message_html", told="text", editable=True),
            Field(
                path="snoozed_until",
                label="Snoozed until",
                kind="moment",
                editable=True,
                required=True,
            ),
            WHO_SPEAKS,
            AUTHOR,
        ),
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS, has("body")),),
        author=("admin_id",),
        changes="conversation_id",
        verification=verified.managed,
    ),
    Tool(
        name="redact_conversation",
        area=CONVERSATIONS,
        effect="destructive",
        title="Redact a part of conversation {conversation_id}",
        headline=ByValue(
            "type",
            {
                "source": "Erase the first message of {conversation_id} for good",
                "conversation_part": "Erase one message of {conversation_id} for good",
            },
            "Erase a part of {conversation_id} for good",
        ),
        fields=(
            CONVERSATION,
            Field(path="type", label="What is erased", told="headline"),
            Field(
                path="conversation_part_id",
                label="Message",
                kind="object_id",
                names="conversation_part",
            ),
        ),
        rules=(Rule("destructive", "The words are gone for everybody and can't be restored."),),
        verification=verified.redacted,
    ),
)
