"""Tickets."""

from bot.intercom.catalogue.areas import TICKETS
from bot.intercom.catalogue.common import (
    AUTHOR,
    MAY_CREATE_CONTACT,
    SEARCH,
    SPEAKS_AS,
    THE_CUSTOMER_GETS_THIS,
    TICKET,
    listed,
)
from bot.intercom.catalogue.conversations import BODY, REPLY_KINDS, is_not_a_note
from bot.intercom.catalogue.declaration import (
    ByValue,
    Field,
    Input,
    Named,
    Rule,
    Stored,
    Tool,
    has,
    is_,
    is_not,
    shows,
)
from bot.intercom.verification import tickets as verified

ATTRIBUTES = (
    Field(path="ticket_attributes._default_title_", label="Title", editable=True),
    Field(
        path="ticket_attributes._default_description_",
        label="Description",
        kind="long_text",
        editable=True,
    ),
    Field(path="ticket_attributes.*", label="Attribute", attributes_of="ticket", editable=True),
)


def _reaches_the_customer(given: Input, stored: Stored | None) -> bool:
    """Intercom notifies of each change (its own API has `skip_notifications`, the tool has not),
    unless the customer cannot see the ticket and is not about to."""
    if is_("is_shared", True)(given, stored):
        return False  # A rule of its own says so.
    hidden = shows("is_shared", False)(given, stored) or shows("category", "Back-office")(
        given, stored
    )
    return not hidden


def _new_one_is_seen(given: Input, stored: Stored | None) -> bool:
    """`stored` is the ticket's type."""
    internal = shows("is_internal", True)(given, stored)
    return not (internal or shows("category", "Back-office")(given, stored))


def _names_by_email(given: Input, stored: Stored | None) -> bool:
    people = given.get("contacts")
    return isinstance(people, list) and any(has("email")(one, stored) for one in people)


def _was_shared(given: Input, stored: Stored | None) -> bool:
    return is_not("is_shared", True)(given, stored) and not shows("is_shared", False)(given, stored)


TOOLS = (
    Tool(
        name="search_tickets",
        area=TICKETS,
        effect="read",
        title="Search tickets: {query}",
        outcome=listed("ticket", "", "tickets"),
        fields=SEARCH,
        loaded=True,
    ),
    Tool(
        name="retrieve_ticket",
        area=TICKETS,
        effect="read",
        title="Read ticket {ticket_id}",
        outcome=Named(("ticket_attributes._default_title_", "title"), "Found"),
        fields=(TICKET,),
    ),
    Tool(
        name="create_ticket",
        area=TICKETS,
        effect="write",
        title="Create a ticket: {ticket_attributes._default_title_}",
        headline="Create a ticket for {contacts[].id|contacts[].external_id|contacts[].email}",
        fields=(
            Field(
                path="contacts[].id",
                label="Contact",
                kind="object_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="contacts[].external_id",
                label="Contact by your own ID",
                kind="external_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="contacts[].email",
                label="Contact by e-mail address",
                kind="email",
                names="contact",
                told="headline",
            ),
            Field(
                path="ticket_type_id",
                label="Ticket type",
                kind="object_id",
                names="ticket_type",
                editable=True,
                required=True,
            ),
            *ATTRIBUTES,
            Field(path="company_id", label="Company", kind="object_id", names="company"),
            Field(path="created_at", label="Dated", kind="moment"),
        ),
        one_of=(("contacts[].id", "contacts[].external_id", "contacts[].email"),),
        rules=(
            Rule("destructive", "The customer is told of this ticket.", _new_one_is_seen),
            Rule("write", MAY_CREATE_CONTACT, _names_by_email),
        ),
        judged_by="ticket_type_id",
        verification=verified.created,
    ),
    Tool(
        name="update_ticket",
        area=TICKETS,
        effect="write",
        title="Update ticket {ticket_id}",
        headline="Change {ticket_id}",
        fields=(
            TICKET,
            *ATTRIBUTES,
            Field(
                path="state",
                label="State",
                kind="choice",
                choices={
                    "in_progress": "in progress",
                    "waiting_on_customer": "waiting on the customer",
                    "resolved": "resolved",
                },
                editable=True,
                stored="ticket_state.category",
            ),
            # Three sources disagree: the connector's page has one of admin_id and team_id, each
            # the target; Intercom's 2.9 and 2.10 have admin_id for who assigns and assignee_id
            # for who gets it; its 2.14 has no assignment at all. So each key is told by its name.
            Field(
                path="assignment.assignee_id",
                label="Assignment: assignee",
                kind="object_id",
                names="admin",
                editable=True,
                required=True,
                stored="admin_assignee_id",
            ),
            Field(
                path="assignment.admin_id",
                label="Assignment: admin",
                kind="object_id",
                names="admin",
                editable=True,
                required=True,
                stored="admin_assignee_id",
            ),
            Field(
                path="assignment.team_id",
                label="Assignment: team",
                kind="object_id",
                names="team",
                editable=True,
                required=True,
                stored="team_assignee_id",
            ),
            Field(path="is_shared", label="Shown to the customer", kind="flag"),
            Field(path="open", label="Open", kind="flag"),
            Field(
                path="snoozed_until",
                label="Snoozed until",
                kind="moment",
                editable=True,
                required=True,
            ),
        ),
        rules=(
            Rule(
                "destructive",
                "The customer can see this ticket from then on.",
                is_("is_shared", True),
            ),
            Rule("destructive", "The customer can no longer see this ticket.", _was_shared),
            Rule(
                "destructive",
                "The customer may be told of this change.",
                _reaches_the_customer,
            ),
        ),
        changes="ticket_id",
        verification=verified.updated_ticket,
    ),
    Tool(
        name="reply_to_ticket",
        area=TICKETS,
        effect="write",
        title=ByValue(
            "message_type",
            {"note": "Add a note to ticket {ticket_id}"},
            "Reply to ticket {ticket_id}",
        ),
        headline=ByValue(
            "message_type",
            {
                "comment": "Reply to the customer in {ticket_id}",
                "note": "Add an internal note to {ticket_id}",
            },
            "Reply to the customer in {ticket_id}",
        ),
        fields=(
            TICKET,
            Field(
                path="message_type",
                label="Kind",
                kind="choice",
                choices=REPLY_KINDS,
                told="headline",
            ),
            BODY,
            SPEAKS_AS,
            AUTHOR,
        ),
        rules=(Rule("destructive", THE_CUSTOMER_GETS_THIS, is_not_a_note),),
        author=("admin_id",),
        verification=verified.replied,
    ),
)
