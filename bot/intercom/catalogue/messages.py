"""Starting conversations, and who takes part in them."""

from bot.intercom.catalogue.areas import CONVERSATIONS, TICKETS
from bot.intercom.catalogue.common import (
    AUTHOR,
    CONTACT,
    CONVERSATION,
    MAY_CREATE_CONTACT,
    THE_CUSTOMER_GETS_THIS,
)
from bot.intercom.catalogue.declaration import Field, Rule, Tool, has
from bot.intercom.verification import conversations as verified

ROLES = {"user": "user", "lead": "lead"}

TOOLS = (
    Tool(
        name="create_message",
        area=CONVERSATIONS,
        effect="destructive",
        title="Send a new message: {subject}",
        headline="Send a new message to {to.id|to[].id}",
        fields=(
            Field(
                path="to.id", label="Recipient", kind="object_id", names="contact", told="headline"
            ),
            Field(path="to.type", label="Recipient is a", kind="choice", choices=ROLES),
            # Intercom also takes a list of recipients; the connector's page names just one.
            Field(
                path="to[].id",
                label="Recipients",
                kind="object_id",
                names="contact",
                told="headline",
            ),
            Field(path="to[].type", label="Recipients are", kind="choice", choices=ROLES),
            Field(
                path="message_type",
                label="Sent as",
                kind="choice",
                choices={"in_app": "message in the Messenger", "email": "e-mail"},
            ),
            Field(path="subject", label="Subject", editable=True),
            Field(
                path="body",
                label="Text",
                kind="message_html",
                told="text",
                editable=True,
                required=True,
            ),
            Field(
                path="template",
                label="E-mail style",
                kind="choice",
                choices={"plain": "plain", "personal": "personal"},
                editable=True,
            ),
            Field(
                path="create_conversation_without_contact_reply",
                label="Opens a conversation at once",
                kind="flag",
            ),
            Field(path="from.type", label="Speaks as", told="signature"),
            Field(
                path="from.id", label="Author", kind="object_id", names="admin", told="signature"
            ),
        ),
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS),),
        author=("from.type", "from.id"),
        verification=verified.begun,
    ),
    Tool(
        name="create_conversation",
        area=CONVERSATIONS,
        effect="destructive",
        title="Create a conversation: {subject}",
        headline="Start a conversation in the name of {from.id}",
        fields=(
            Field(
                path="from.id", label="Customer", kind="object_id", names="contact", told="headline"
            ),
            Field(
                path="from.type",
                label="Customer is a",
                kind="choice",
                choices={**ROLES, "contact": "contact"},
            ),
            Field(path="subject", label="Subject"),
            Field(path="body", label="Text", kind="long_text", told="text"),
            Field(path="created_at", label="Dated", kind="moment"),
        ),
        rules=(Rule("destructive", "This puts words into a customer's mouth."),),
        usable=False,
    ),
    Tool(
        name="attach_contact_to_conversation",
        area=CONVERSATIONS,
        effect="destructive",
        title="Add a contact to conversation {conversation_id}",
        headline="Add {customer.intercom_user_id|customer.user_id|customer.email}"
        " to {conversation_id}",
        fields=(
            CONVERSATION,
            Field(
                path="customer.intercom_user_id",
                label="Contact",
                kind="object_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="customer.user_id",
                label="Contact by your own ID",
                kind="external_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="customer.email",
                label="Contact by e-mail address",
                kind="email",
                names="contact",
                told="headline",
            ),
            # Not declared, so never sent: customer.customer, with which Intercom adds somebody in
            # another customer's name.
            AUTHOR,
        ),
        one_of=(("customer.intercom_user_id", "customer.user_id", "customer.email"),),
        rules=(
            Rule("destructive", "This person sees the whole conversation from then on."),
            Rule("write", MAY_CREATE_CONTACT, has("customer.email")),
        ),
        author=("admin_id",),
        verification=verified.joined,
    ),
    Tool(
        name="detach_contact_from_conversation",
        area=CONVERSATIONS,
        effect="destructive",
        title="Take a contact out of conversation {conversation_id}",
        headline="Take {contact_id} out of {conversation_id}",
        fields=(CONVERSATION, CONTACT),
        rules=(Rule("destructive", "This person no longer sees the conversation."),),
        verification=verified.left,
    ),
    Tool(
        name="convert_conversation_to_ticket",
        area=TICKETS,
        effect="destructive",
        title="Turn conversation {conversation_id} into a ticket",
        headline="Turn {conversation_id} into a ticket of the type {ticket_type_id}",
        fields=(
            CONVERSATION,
            Field(
                path="ticket_type_id",
                label="Ticket type",
                kind="object_id",
                names="ticket_type",
                told="headline",
                editable=True,
                required=True,
            ),
        ),
        # Only types that customers see are accepted, and a conversation is converted once.
        rules=(Rule("destructive", "The customer sees the ticket, and this can't be undone."),),
        verification=verified.converted,
    ),
)
