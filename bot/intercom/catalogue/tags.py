"""Tags, and what carries them."""

from bot.intercom.catalogue.areas import TAGS
from bot.intercom.catalogue.common import (
    AUTHOR,
    CANNOT_BE_UNDONE,
    CONTACT,
    CONVERSATION,
    TICKET,
    listed,
)
from bot.intercom.catalogue.declaration import ByValue, Field, Named, Rule, Tool, has
from bot.intercom.verification import contacts, content, conversations, tickets

TAG = Field(path="tag_id", label="Tag", kind="object_id", names="tag", told="headline")
ATTACHED = Field(path="id", label="Tag", kind="object_id", names="tag", told="headline")
TAKEN_OFF = Rule("destructive", "The tag is taken off.")

TOOLS = (
    Tool(
        name="list_tags",
        area=TAGS,
        effect="read",
        title="List tags",
        outcome=listed("tag"),
        loaded=True,
    ),
    Tool(
        name="retrieve_tag",
        area=TAGS,
        effect="read",
        title="Look up a tag",
        outcome=Named(("name",), "Found"),
        fields=(TAG,),
    ),
    Tool(
        name="create_or_update_tag",
        area=TAGS,
        effect="write",
        title="Save a tag: {name}",
        headline=ByValue("id", {}, "Create the tag {name}", given="Rename the tag {id} to {name}"),
        outcome=Named(("name",), "Done"),
        fields=(
            Field(path="name", label="Name", told="headline", editable=True, required=True),
            Field(
                path="id",
                label="Tag that is renamed",
                kind="object_id",
                names="tag",
                told="headline",
            ),
        ),
        rules=(
            Rule(
                "destructive",
                "The tag gets this name everywhere; its old name is gone.",
                has("id"),
            ),
        ),
        changes="id",
        verification=content.saved_tag,
    ),
    Tool(
        name="delete_tag",
        area=TAGS,
        effect="destructive",
        title="Delete a tag",
        headline="Delete the tag {tag_id} everywhere",
        fields=(TAG,),
        rules=(
            Rule(
                "destructive",
                f"It disappears from everything that carries it. {CANNOT_BE_UNDONE}",
            ),
        ),
        verification=content.deleted_tag,
    ),
    Tool(
        name="attach_tag_to_conversation",
        area=TAGS,
        effect="write",
        title="Tag conversation {conversation_id}",
        headline="Tag {conversation_id} with {id}",
        fields=(CONVERSATION, ATTACHED, AUTHOR),
        author=("admin_id",),
        verification=conversations.tagged,
        loaded=True,
    ),
    Tool(
        name="detach_tag_from_conversation",
        area=TAGS,
        effect="destructive",
        title="Remove a tag from conversation {conversation_id}",
        headline="Remove the tag {tag_id} from {conversation_id}",
        fields=(CONVERSATION, TAG, AUTHOR),
        rules=(TAKEN_OFF,),
        author=("admin_id",),
        verification=conversations.untagged,
    ),
    Tool(
        name="attach_tag_to_contact",
        area=TAGS,
        effect="write",
        title="Tag a contact",
        headline="Tag the contact {contact_id} with {id}",
        fields=(CONTACT, ATTACHED),
        verification=contacts.tagged,
    ),
    Tool(
        name="detach_tag_from_contact",
        area=TAGS,
        effect="destructive",
        title="Remove a tag from a contact",
        headline="Remove the tag {tag_id} from the contact {contact_id}",
        fields=(CONTACT, TAG),
        rules=(TAKEN_OFF,),
        verification=contacts.untagged,
    ),
    Tool(
        name="attach_tag_to_ticket",
        area=TAGS,
        effect="write",
        title="Tag ticket {ticket_id}",
        headline="Tag {ticket_id} with {id}",
        fields=(TICKET, ATTACHED, AUTHOR),
        author=("admin_id",),
        verification=tickets.tagged,
    ),
    Tool(
        name="detach_tag_from_ticket",
        area=TAGS,
        effect="destructive",
        title="Remove a tag from ticket {ticket_id}",
        headline="Remove the tag {tag_id} from {ticket_id}",
        fields=(TICKET, TAG, AUTHOR),
        rules=(TAKEN_OFF,),
        author=("admin_id",),
        verification=tickets.untagged,
    ),
)
