"""Kinds of tickets, and what is filled in for each."""

from bot.intercom.catalogue.areas import TICKETS
from bot.intercom.catalogue.common import listed
from bot.intercom.catalogue.declaration import (
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
from bot.intercom.verification.verdict import item

TYPE = Field(
    path="ticket_type_id",
    label="Ticket type",
    kind="object_id",
    names="ticket_type",
    told="headline",
)
DESCRIPTION = Field(path="description", label="Description", kind="long_text", editable=True)
OF_A_TYPE = (
    DESCRIPTION,
    Field(
        path="category",
        label="Category",
        kind="choice",
        choices={"Customer": "Customer", "Back-office": "Back-office", "Tracker": "Tracker"},
    ),
    Field(path="icon", label="Icon", editable=True),
    Field(path="is_internal", label="Hidden from customers", kind="flag"),
)
OF_AN_ATTRIBUTE = (
    DESCRIPTION,
    Field(path="required_to_create", label="Teammates must fill it in", kind="flag"),
    Field(path="required_to_create_for_contacts", label="Customers must fill it in", kind="flag"),
    Field(path="visible_on_create", label="Teammates see it", kind="flag"),
    Field(path="visible_to_contacts", label="Customers see it", kind="flag"),
)
ARCHIVED = Field(path="archived", label="Archived", kind="flag")
CUSTOMERS_SEE = "Customers see this field when they open a ticket."


def _customers_see_the_type(given: Input, stored: Stored | None) -> bool:
    """A type's name, icon and description stand on the tickets that customers see."""
    if not has("name", "description", "icon")(given, stored):
        return False
    internal = shows("is_internal", True)(given, stored)
    return not (internal or shows("category", "Back-office")(given, stored))


def _customers_see_the_attribute(given: Input, stored: Stored | None) -> bool:
    """Its name and description are "presented to the teammate or contact", the description says."""
    attributes = ("ticket_type_attributes", "data")
    attribute = item(stored, attributes, given.get("attribute_id"))
    hidden = attribute is not None and attribute.get("visible_to_contacts") is False
    return has("name", "description")(given, stored) and not hidden


def _new_one_is_seen(given: Input, stored: Stored | None) -> bool:
    """Customers see a new attribute unless it is said that they do not: true is the default."""
    hidden = is_("visible_to_contacts", False)(given, stored)
    return not hidden or is_not("required_to_create_for_contacts", False)(given, stored)


TOOLS = (
    Tool(
        name="list_ticket_types",
        area=TICKETS,
        effect="read",
        title="List ticket types",
        outcome=listed("ticket type"),
    ),
    Tool(
        name="retrieve_ticket_type",
        area=TICKETS,
        effect="read",
        title="Look up a ticket type",
        outcome=Named(("name",), "Found"),
        fields=(TYPE,),
    ),
    Tool(
        name="create_ticket_type",
        area=TICKETS,
        effect="write",
        title="Create a ticket type: {name}",
        headline="Create the ticket type {name}",
        fields=(
            Field(path="name", label="Name", told="headline", editable=True, required=True),
            *OF_A_TYPE,
        ),
        # Nobody sees a new type before a first ticket has it.
        verification=verified.created_type,
    ),
    Tool(
        name="update_ticket_type",
        area=TICKETS,
        effect="write",
        title="Update a ticket type",
        headline="Change the ticket type {ticket_type_id}",
        fields=(TYPE, Field(path="name", label="Name", editable=True), *OF_A_TYPE, ARCHIVED),
        rules=(
            Rule(
                "destructive",
                "Nobody can create tickets of this type any more.",
                is_not("archived", False),
            ),
            Rule(
                "destructive",
                "This decides whether customers see tickets of this type.",
                has("category", "is_internal"),
            ),
            Rule(
                "destructive",
                "Customers see this on their tickets at once.",
                _customers_see_the_type,
            ),
        ),
        changes="ticket_type_id",
        verification=verified.updated_type,
    ),
    Tool(
        name="create_ticket_type_attribute",
        area=TICKETS,
        effect="write",
        title="Add an attribute to a ticket type: {name}",
        headline="Add the attribute {name} to the ticket type {ticket_type_id}",
        fields=(
            TYPE,
            Field(path="name", label="Name", told="headline", editable=True, required=True),
            Field(
                path="data_type",
                label="Type of value",
                kind="choice",
                choices={
                    "string": "text",
                    "list": "list",
                    "integer": "whole number",
                    "decimal": "number",
                    "boolean": "yes or no",
                    "datetime": "date and time",
                    "files": "files",
                },
            ),
            *OF_AN_ATTRIBUTE,
        ),
        rules=(Rule("destructive", CUSTOMERS_SEE, _new_one_is_seen),),
        verification=verified.created_attribute,
    ),
    Tool(
        name="update_ticket_type_attribute",
        area=TICKETS,
        effect="write",
        title="Update an attribute of a ticket type",
        headline="Change the attribute {attribute_id} of the ticket type {ticket_type_id}",
        fields=(
            TYPE,
            Field(
                path="attribute_id",
                label="Attribute",
                kind="object_id",
                names="ticket_type_attribute",
                told="headline",
            ),
            Field(path="name", label="Name", editable=True),
            *OF_AN_ATTRIBUTE,
            ARCHIVED,
        ),
        rules=(
            Rule(
                "destructive",
                "Nobody can fill this field in any more.",
                is_not("archived", False),
            ),
            Rule(
                "destructive",
                "This decides whether customers see this field.",
                has("visible_to_contacts"),
            ),
            Rule(
                "destructive",
                "This decides whether customers must fill this field in.",
                has("required_to_create_for_contacts"),
            ),
            Rule("destructive", CUSTOMERS_SEE, _customers_see_the_attribute),
        ),
        judged_by="ticket_type_id",
        verification=verified.updated_attribute,
    ),
)
