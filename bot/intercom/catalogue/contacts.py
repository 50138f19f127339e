"""Contacts: the people who write to a workspace."""

from bot.intercom.catalogue.areas import CONTACTS
from bot.intercom.catalogue.common import (
    CANNOT_BE_UNDONE,
    CONTACT,
    CONTINUE,
    PAGE,
    PER_PAGE,
    SEARCH,
    listed,
)
from bot.intercom.catalogue.declaration import Field, Named, Rule, Tool, has
from bot.intercom.verification import contacts as verified

FOUND = listed("contact")
WHO = Named(("name", "email", "external_id", "phone"), "Done")
ROLE = Field(
    path="role",
    label="Role",
    kind="choice",
    choices={"user": "user", "lead": "lead"},
    editable=True,
)
PROFILE = (
    Field(path="name", label="Name", editable=True),
    Field(path="email", label="E-mail address", editable=True),
    Field(path="phone", label="Phone", editable=True),
    Field(path="external_id", label="Your own ID", editable=True),
    ROLE,
    Field(path="owner_id", label="Owner", kind="object_id", names="admin", editable=True),
    Field(path="unsubscribed_from_emails", label="Unsubscribed from e-mails", kind="flag"),
)
CONSENT = "This changes whether this person gets your e-mails."

TOOLS = (
    Tool(
        name="search_contacts",
        formerly=("contacts_search",),
        area=CONTACTS,
        effect="read",
        title="Search contacts: {query}",
        outcome=FOUND,
        fields=SEARCH,
        loaded=True,
    ),
    Tool(
        name="list_contacts",
        area=CONTACTS,
        effect="read",
        title="List contacts",
        outcome=FOUND,
        fields=(PAGE, PER_PAGE, CONTINUE),
    ),
    Tool(
        name="retrieve_contact",
        area=CONTACTS,
        effect="read",
        title="Look up a contact",
        outcome=Named(("name", "email", "external_id", "phone"), "Found"),
        fields=(CONTACT,),
        loaded=True,
    ),
    Tool(
        name="create_contact",
        area=CONTACTS,
        effect="write",
        title="Create a contact: {name|email}",
        headline="Create the contact {name|email|phone|external_id}",
        outcome=WHO,
        fields=(
            *PROFILE,
            Field(path="avatar", label="Picture"),
            Field(path="signed_up_at", label="Signed up", kind="moment"),
            Field(path="last_seen_at", label="Last seen", kind="moment"),
        ),
        rules=(Rule("destructive", CONSENT, has("unsubscribed_from_emails")),),
        verification=verified.created,
    ),
    Tool(
        name="update_contact",
        area=CONTACTS,
        effect="write",
        title="Update a contact",
        headline="Change the contact {contact_id}",
        outcome=WHO,
        fields=(CONTACT, *PROFILE),
        rules=(
            Rule("destructive", CONSENT, has("unsubscribed_from_emails")),
            # Messages go where these lead, and by the external ID a product tells who somebody is.
            Rule(
                "destructive",
                "What you write to this contact goes to this address from then on.",
                has("email", "phone"),
            ),
            Rule(
                "destructive",
                "This decides which person in your product this contact is.",
                has("external_id"),
            ),
        ),
        changes="contact_id",
        verification=verified.updated_contact,
    ),
    Tool(
        name="archive_contact",
        area=CONTACTS,
        effect="destructive",
        title="Archive a contact",
        headline="Archive the contact {contact_id}",
        fields=(CONTACT,),
        rules=(
            Rule(
                "destructive",
                "The contact disappears from lists and searches until somebody brings it back.",
            ),
        ),
        verification=verified.archived,
    ),
    Tool(
        name="unarchive_contact",
        area=CONTACTS,
        effect="write",
        title="Unarchive a contact",
        headline="Bring the contact {contact_id} back from the archive",
        fields=(CONTACT,),
        verification=verified.unarchived,
    ),
    Tool(
        name="delete_contact",
        area=CONTACTS,
        effect="destructive",
        title="Delete a contact",
        headline="Delete the contact {contact_id} for good",
        fields=(CONTACT,),
        rules=(
            Rule(
                "destructive",
                f"The contact and what belongs to it are gone. {CANNOT_BE_UNDONE}",
            ),
        ),
        verification=verified.deleted_contact,
    ),
    Tool(
        name="merge_contacts",
        area=CONTACTS,
        effect="destructive",
        title="Merge contacts",
        headline="Merge the contact {from} into {into}",
        fields=(
            Field(
                path="from",
                label="Contact that goes away",
                kind="object_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="into",
                label="Contact that stays",
                kind="object_id",
                names="contact",
                told="headline",
            ),
        ),
        rules=(Rule("destructive", f"The first contact is gone afterwards. {CANNOT_BE_UNDONE}"),),
        verification=verified.merged,
    ),
)
