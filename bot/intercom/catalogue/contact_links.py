"""What hangs on a contact: notes, companies, segments and what it agreed to receive."""

from bot.intercom.catalogue.areas import CONTACTS
from bot.intercom.catalogue.common import AUTHOR, CONTACT, PAGE, PER_PAGE, listed
from bot.intercom.catalogue.declaration import ByValue, Field, Named, Rule, Tool
from bot.intercom.verification import contacts as verified

CONSENT = "This changes which messages this person agreed to get."

TOOLS = (
    Tool(
        name="create_contact_note",
        formerly=("notes_create",),
        area=CONTACTS,
        effect="write",
        title="Add a note to a contact",
        headline="Add an internal note to the contact {contact_id}",
        fields=(
            CONTACT,
            Field(
                path="body",
                label="Text",
                kind="message_html",
                told="text",
                editable=True,
                required=True,
            ),
            AUTHOR,
        ),
        author=("admin_id",),
        verification=verified.noted,
        loaded=True,
    ),
    Tool(
        name="list_contact_notes",
        area=CONTACTS,
        effect="read",
        title="List a contact's notes",
        outcome=listed("note"),
        fields=(CONTACT, PAGE, PER_PAGE),
    ),
    Tool(
        name="retrieve_note",
        area=CONTACTS,
        effect="read",
        title="Read a note",
        outcome=Named(("body",), "Found"),
        fields=(
            Field(path="note_id", label="Note", kind="object_id", names="note", told="headline"),
        ),
    ),
    Tool(
        name="list_contact_companies",
        area=CONTACTS,
        effect="read",
        title="List a contact's companies",
        outcome=listed("company", "companies"),
        fields=(CONTACT,),
    ),
    Tool(
        name="list_contact_segments",
        area=CONTACTS,
        effect="read",
        title="List a contact's segments",
        outcome=listed("segment"),
        fields=(CONTACT,),
    ),
    Tool(
        name="list_contact_subscriptions",
        area=CONTACTS,
        effect="read",
        title="List a contact's subscriptions",
        outcome=listed("subscription"),
        fields=(CONTACT,),
    ),
    Tool(
        name="attach_contact_to_company",
        area=CONTACTS,
        effect="write",
        title="Add a contact to a company",
        headline="Add the contact {contact_id} to the company {id}",
        fields=(
            CONTACT,
            Field(path="id", label="Company", kind="object_id", names="company", told="headline"),
        ),
        verification=verified.joined_company,
    ),
    Tool(
        name="detach_contact_from_company",
        area=CONTACTS,
        effect="destructive",
        title="Take a contact out of a company",
        headline="Take the contact {contact_id} out of the company {company_id}",
        fields=(
            CONTACT,
            Field(
                path="company_id",
                label="Company",
                kind="object_id",
                names="company",
                told="headline",
            ),
        ),
        rules=(Rule("destructive", "The contact no longer belongs to the company."),),
        verification=verified.left_company,
    ),
    # Consent belongs to the customer. What attaching means also depends on the type: attached to
    # an opt-out type, Intercom's description says, a contact is opted out.
    Tool(
        name="attach_subscription_to_contact",
        area=CONTACTS,
        effect="destructive",
        title="Set a contact's subscription",
        headline=ByValue(
            "consent_type",
            {
                "opt_in": "Opt {contact_id} in to {id}",
                "opt_out": "Opt {contact_id} out of {id}",
            },
            "Set what {contact_id} gets of {id}",
        ),
        fields=(
            CONTACT,
            Field(
                path="id",
                label="Subscription",
                kind="object_id",
                names="subscription_type",
                told="headline",
            ),
            Field(
                path="consent_type",
                label="Choice",
                kind="choice",
                choices={"opt_in": "opt in", "opt_out": "opt out"},
                told="headline",
            ),
        ),
        rules=(Rule("destructive", CONSENT),),
        verification=verified.chosen,
    ),
    Tool(
        name="detach_subscription_from_contact",
        area=CONTACTS,
        effect="destructive",
        title="Remove a contact's subscription choice",
        headline="Take back the choice of {contact_id} on {subscription_id}",
        fields=(
            CONTACT,
            Field(
                path="subscription_id",
                label="Subscription",
                kind="object_id",
                names="subscription_type",
                told="headline",
            ),
        ),
        rules=(Rule("destructive", CONSENT),),
        verification=verified.unchosen,
    ),
)
