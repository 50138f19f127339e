"""Companies, and website visitors who are no contacts yet."""

from bot.intercom.catalogue.areas import CONTACTS
from bot.intercom.catalogue.common import CANNOT_BE_UNDONE, COMPANY, PAGE, PER_PAGE, listed
from bot.intercom.catalogue.declaration import ByValue, Field, Named, Rule, Tool
from bot.intercom.verification import contacts as verified

TOOLS = (
    Tool(
        name="list_companies",
        area=CONTACTS,
        effect="read",
        title="List companies: {name|company_id}",
        outcome=listed("company", "companies"),
        fields=(
            Field(path="name", label="Name"),
            Field(path="company_id", label="Your own ID"),
            Field(path="tag_id", label="Tag", kind="object_id", names="tag"),
            Field(path="segment_id", label="Segment", kind="object_id", names="segment"),
            PAGE,
            PER_PAGE,
        ),
    ),
    Tool(
        name="retrieve_company",
        area=CONTACTS,
        effect="read",
        title="Look up a company",
        outcome=Named(("name", "company_id"), "Found"),
        fields=(COMPANY,),
    ),
    Tool(
        name="list_company_contacts",
        area=CONTACTS,
        effect="read",
        title="List a company's contacts",
        outcome=listed("contact"),
        fields=(COMPANY,),
    ),
    Tool(
        name="list_company_segments",
        area=CONTACTS,
        effect="read",
        title="List a company's segments",
        outcome=listed("segment"),
        fields=(COMPANY,),
    ),
    Tool(
        name="create_or_update_company",
        area=CONTACTS,
        effect="write",
        title="Save a company: {name}",
        headline="Save the company {company_id|name}",
        outcome=Named(("name",), "Done"),
        fields=(
            # Your own product's ID: it decides whether a company is created or changed.
            Field(
                path="company_id",
                label="Your own ID",
                kind="external_id",
                names="company",
                told="headline",
            ),
            Field(path="name", label="Name", editable=True),
            Field(path="plan", label="Plan", editable=True, stored="plan.name"),
            Field(path="monthly_spend", label="Monthly spend", kind="number", editable=True),
            Field(path="size", label="Employees", kind="number", editable=True),
            Field(path="industry", label="Industry", editable=True),
            Field(path="website", label="Website", editable=True),
            Field(path="remote_created_at", label="Customer since", kind="moment"),
        ),
        changes="company_id",
        verification=verified.saved_company,
    ),
    Tool(
        name="delete_company",
        area=CONTACTS,
        effect="destructive",
        title="Delete a company",
        headline="Delete the company {company_id}",
        fields=(COMPANY,),
        # "Archives the company record and detaches any contacts", Intercom's description says.
        rules=(
            Rule("destructive", "The company is gone. Its contacts stay, without the company."),
        ),
        verification=verified.deleted_company,
    ),
    Tool(
        name="retrieve_visitor",
        area=CONTACTS,
        effect="read",
        title="Look up a visitor",
        outcome=Named(("name", "pseudonym", "email"), "Found"),
        fields=(
            Field(
                path="user_id",
                label="Visitor",
                kind="external_id",
                names="visitor",
                told="headline",
            ),
        ),
    ),
    Tool(
        name="update_visitor",
        area=CONTACTS,
        effect="write",
        title="Update a visitor: {name}",
        headline="Change the visitor {id}",
        fields=(
            Field(path="id", label="Visitor", kind="object_id", names="visitor", told="headline"),
            Field(
                path="user_id",
                label="Visitor by browser ID",
                kind="external_id",
                names="visitor",
            ),
            Field(path="name", label="Name", editable=True),
            Field(
                path="custom_attributes.*",
                label="Attribute",
                attributes_of="contact",
                editable=True,
            ),
        ),
        changes="user_id",
        verification=verified.updated_visitor,
    ),
    Tool(
        name="convert_visitor",
        area=CONTACTS,
        effect="destructive",
        title="Convert a visitor",
        headline=ByValue(
            "type",
            {
                "lead": "Turn the visitor {visitor.id|visitor.user_id|visitor.email} into a lead",
                "user": "Turn the visitor {visitor.id|visitor.user_id|visitor.email} into the user"
                " {user.id|user.user_id|user.email}",
            },
            "Convert the visitor {visitor.id|visitor.user_id|visitor.email}",
        ),
        fields=(
            Field(
                path="type",
                label="Becomes a",
                kind="choice",
                choices={"lead": "lead", "user": "user"},
                told="headline",
            ),
            Field(
                path="visitor.id",
                label="Visitor",
                kind="object_id",
                names="visitor",
                told="headline",
            ),
            Field(
                path="visitor.user_id",
                label="Visitor by browser ID",
                kind="external_id",
                names="visitor",
                told="headline",
            ),
            Field(
                path="visitor.email",
                label="Visitor by e-mail address",
                kind="email",
                names="visitor",
                told="headline",
            ),
            Field(
                path="user.id",
                label="Contact",
                kind="object_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="user.user_id",
                label="Contact by your own ID",
                kind="external_id",
                names="contact",
                told="headline",
            ),
            Field(
                path="user.email",
                label="Contact by e-mail address",
                kind="email",
                names="contact",
                told="headline",
            ),
        ),
        one_of=(
            ("visitor.id", "visitor.user_id", "visitor.email"),
            ("user.id", "user.user_id", "user.email"),
        ),
        rules=(
            Rule(
                "destructive",
                f"If this contact exists, the visitor is merged into it. {CANNOT_BE_UNDONE}",
            ),
        ),
        # Not verified: a visitor that is gone may have expired, and nothing names who it became.
    ),
)
