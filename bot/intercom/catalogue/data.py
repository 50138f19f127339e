"""Attributes, events, segments and the kinds of messages that customers subscribe to."""

from bot.intercom.catalogue.areas import CONTACTS, DATA_ATTRIBUTES, EVENTS
from bot.intercom.catalogue.common import PER_PAGE, listed
from bot.intercom.catalogue.declaration import Field, Named, Rule, Tool, has, is_not
from bot.intercom.verification import workspace as verified

MODEL = Field(
    path="model",
    label="Attribute of",
    kind="choice",
    choices={"contact": "contacts", "company": "companies", "conversation": "conversations"},
)
OF_AN_ATTRIBUTE = (
    Field(path="description", label="Description", kind="long_text", editable=True),
    Field(path="options[].value", label="Options"),
    Field(path="messenger_writable", label="Can be set from the Messenger", kind="flag"),
)
# Intercom's words: "can this attribute be updated by the Messenger", so by whoever uses one.
ANYBODY_SETS_IT = Rule(
    "destructive",
    "Anybody who uses your Messenger can set this value for themselves.",
    is_not("messenger_writable", False),
)

TOOLS = (
    Tool(
        name="list_data_attributes",
        area=DATA_ATTRIBUTES,
        effect="read",
        title="List data attributes",
        outcome=listed("attribute"),
        fields=(
            MODEL,
            Field(path="include_archived", label="With archived ones", kind="flag"),
        ),
    ),
    Tool(
        name="create_data_attribute",
        area=DATA_ATTRIBUTES,
        effect="write",
        title="Create a data attribute: {name}",
        headline="Create the attribute {name}",
        fields=(
            Field(path="name", label="Name", told="headline", editable=True, required=True),
            MODEL,
            Field(
                path="data_type",
                label="Type of value",
                kind="choice",
                choices={
                    "string": "text",
                    "integer": "whole number",
                    "float": "number",
                    "boolean": "yes or no",
                    "date": "date",
                    "list": "list",
                },
            ),
            *OF_AN_ATTRIBUTE,
        ),
        rules=(ANYBODY_SETS_IT,),
        verification=verified.defined,
    ),
    Tool(
        name="update_data_attribute",
        area=DATA_ATTRIBUTES,
        effect="write",
        title="Update a data attribute",
        headline="Change the attribute {data_attribute_id}",
        fields=(
            Field(
                path="data_attribute_id",
                label="Attribute",
                kind="object_id",
                names="data_attribute",
                told="headline",
            ),
            *OF_AN_ATTRIBUTE,
            Field(path="archived", label="Archived", kind="flag"),
        ),
        rules=(
            Rule(
                "destructive",
                "Nobody can use this attribute any more until it is brought back.",
                is_not("archived", False),
            ),
            # All values have to be given: those that are not are gone.
            Rule(
                "destructive",
                "This replaces the list: what is not in it can't be chosen any more.",
                has("options"),
            ),
            ANYBODY_SETS_IT,
        ),
        verification=verified.redefined,
    ),
    Tool(
        name="list_data_events",
        area=EVENTS,
        effect="read",
        title="List a contact's events",
        outcome=listed("event", "", "events"),
        fields=(
            Field(path="type", label="Events of a", kind="choice", choices={"user": "user"}),
            Field(path="intercom_user_id", label="Contact", kind="object_id", names="contact"),
            Field(
                path="user_id",
                label="Contact by your own ID",
                kind="external_id",
                names="contact",
            ),
            Field(path="summary", label="Counted by name", kind="flag"),
            PER_PAGE,
        ),
    ),
    Tool(
        name="create_data_event",
        area=EVENTS,
        effect="destructive",
        title="Record an event: {event_name}",
        headline="Record the event {event_name} for {id|user_id|email}",
        fields=(
            Field(path="event_name", label="Event", told="headline", editable=True, required=True),
            Field(path="id", label="Contact", kind="object_id", names="contact", told="headline"),
            Field(
                path="user_id",
                label="Contact by your own ID",
                kind="external_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="email",
                label="Contact by e-mail address",
                kind="email",
                names="contact",
                told="headline",
            ),
            Field(path="created_at", label="Happened", kind="moment"),
            # Of the product's own making: their names are nobody's attributes.
            Field(path="metadata.*", label="Detail"),
        ),
        one_of=(("id", "user_id", "email"),),
        # Messages and workflows can begin with an event.
        rules=(Rule("destructive", "Events can set off messages to this person."),),
        verification=verified.recorded,
    ),
    Tool(
        name="list_segments",
        area=CONTACTS,
        effect="read",
        title="List segments",
        outcome=listed("segment", "", "segments"),
        fields=(Field(path="include_count", label="With the number of members", kind="flag"),),
    ),
    Tool(
        name="retrieve_segment",
        area=CONTACTS,
        effect="read",
        title="Look up a segment",
        outcome=Named(("name",), "Found"),
        fields=(
            Field(
                path="segment_id",
                label="Segment",
                kind="object_id",
                names="segment",
                told="headline",
            ),
        ),
    ),
    Tool(
        name="list_subscription_types",
        area=CONTACTS,
        effect="read",
        title="List subscription types",
        outcome=listed("subscription type"),
    ),
)
