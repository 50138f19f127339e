"""Conversations: reading them, answering in them, and what is done with them."""

from bot.intercom.catalogue.areas import CONVERSATIONS
from bot.intercom.catalogue.common import (
    AUTHOR,
    CONTINUE,
    CONVERSATION,
    PER_PAGE,
    SEARCH,
    SPEAKS_AS,
    THE_CUSTOMER_GETS_THIS,
    listed,
)
from bot.intercom.catalogue.declaration import (
    ByValue,
    Field,
    Input,
    Named,
    Rule,
    Stored,
    Tool,
    has,
)
from bot.intercom.verification import conversations as verified

FOUND = listed("conversation", "", "conversations")
REPLY_KINDS = {"comment": "reply", "note": "internal note"}
BODY = Field(
    path="body", label="Text", kind="message_html", told="text", editable=True, required=True
)


def is_not_a_note(given: Input, stored: Stored | None) -> bool:
    return given.get("message_type") != "note"


TOOLS = (
    Tool(
        name="list_conversations",
        area=CONVERSATIONS,
        effect="read",
        title="List conversations",
        outcome=FOUND,
        fields=(PER_PAGE, CONTINUE),
        loaded=True,
    ),
    Tool(
        name="search_conversations",
        formerly=("conversations_search",),
        area=CONVERSATIONS,
        effect="read",
        title="Search conversations: {query}",
        outcome=FOUND,
        fields=SEARCH,
        loaded=True,
    ),
    Tool(
        name="retrieve_conversation",
        area=CONVERSATIONS,
        effect="read",
        title="Read conversation {conversation_id}",
        outcome=Named(("title", "source.author.name", "source.author.email"), "Found"),
        fields=(
            CONVERSATION,
            Field(path="display_as", label="Texts", kind="choice", choices={"plaintext": "plain"}),
        ),
        loaded=True,
    ),
    Tool(
        name="reply_to_conversation",
        formerly=("conversations_reply",),
        area=CONVERSATIONS,
        effect="write",
        title=ByValue(
            "message_type",
            {"note": "Add a note to conversation {conversation_id}"},
            "Reply to conversation {conversation_id}",
        ),
        headline=ByValue(
            "message_type",
            {
                "comment": "Reply to the customer in {conversation_id}",
                "note": "Add an internal note to {conversation_id}",
            },
            "Reply to the customer in {conversation_id}",
        ),
        fields=(
            CONVERSATION,
            Field(
                path="message_type",
                label="Kind",
                kind="choice",
                choices=REPLY_KINDS,
                told="headline",
            ),
            BODY,
            Field(path="created_at", label="Dated", kind="moment"),
            SPEAKS_AS,
            AUTHOR,
        ),
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS, is_not_a_note),),
        author=("admin_id",),
        verification=verified.replied,
        loaded=True,
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
            Field(
                path="message_type",
                label="What to do",
                kind="choice",
                choices={
                    "assignment": "assign",
                    "close": "close",
                    "open": "reopen",
                    "snoozed": "snooze",
                },
                told="headline",
            ),
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
            Field(
                path="type",
                label="Speaks as",
                kind="choice",
                choices={"admin": "teammate", "team": "teammate, to a team"},
                told="signature",
            ),
            AUTHOR,
        ),
        # Intercom's description of each of these requests: "you can leave a message in the
        # conversation", which for an assignment is "a response in the conversation".
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS, has("body")),),
        author=("admin_id",),
        changes="conversation_id",
        verification=verified.managed,
        loaded=True,
    ),
    Tool(
        name="update_conversation",
        area=CONVERSATIONS,
        effect="write",
        title="Update conversation {conversation_id}",
        headline="Change {conversation_id}",
        fields=(
            CONVERSATION,
            Field(path="read", label="Marked as read", kind="flag"),
            Field(
                path="custom_attributes.*",
                label="Attribute",
                attributes_of="conversation",
                editable=True,
            ),
        ),
        changes="conversation_id",
        verification=verified.updated_conversation,
    ),
    Tool(
        name="auto_assign_conversation",
        area=CONVERSATIONS,
        effect="write",
        title="Auto-assign conversation {conversation_id}",
        headline="Assign {conversation_id} by your workspace's assignment rules",
        fields=(CONVERSATION,),
        # Not verified: an assignment that is there may be anybody's, to anybody.
    ),
    Tool(
        name="redact_conversation",
        area=CONVERSATIONS,
        effect="destructive",
        title="Redact conversation {conversation_id}",
        headline=ByValue(
            "type",
            {
                "source": "Erase the first message of {conversation_id} for good",
                "conversation_part": "Erase one message of {conversation_id} for good",
            },
            "Erase a message of {conversation_id} for good",
        ),
        fields=(
            CONVERSATION,
            Field(
                path="type",
                label="What is erased",
                kind="choice",
                choices={"source": "the first message", "conversation_part": "one message"},
                told="headline",
            ),
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
