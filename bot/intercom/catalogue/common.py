"""Fields that several tools share, and the shapes of answers."""

from bot.intercom.catalogue.declaration import Field, Listed

PER_PAGE = Field(path="per_page", label="Items per page", kind="number")
PAGE = Field(path="page", label="Page", kind="number")
CONTINUE = Field(path="starting_after", label="Continue after")
SEARCH = (
    Field(path="query", label="Search", kind="query"),
    Field(path="pagination.per_page", label="Items per page", kind="number"),
    Field(path="pagination.starting_after", label="Continue after"),
)

CONTACT = Field(
    path="contact_id", label="Contact", kind="object_id", names="contact", told="headline"
)
COMPANY = Field(
    path="company_id", label="Company", kind="object_id", names="company", told="headline"
)
CONVERSATION = Field(
    path="conversation_id",
    label="Conversation",
    kind="object_id",
    names="conversation",
    told="headline",
)
TICKET = Field(path="ticket_id", label="Ticket", kind="object_id", names="ticket", told="headline")
AUTHOR = Field(path="admin_id", label="Author", told="signature", kind="object_id", names="admin")
SPEAKS_AS = Field(
    path="type",
    label="Speaks as",
    told="signature",
    kind="choice",
    choices={"admin": "teammate"},
)

THE_CUSTOMER_GETS_THIS = "The customer gets this."
MAY_CREATE_CONTACT = "If no contact has this e-mail address, Intercom creates one."
"""So Intercom's description of adding participants and of creating tickets says."""
CANNOT_BE_UNDONE = "This can't be undone."


def listed(singular: str, plural: str = "", *path: str) -> Listed:
    """The outcome of a read whose answer holds a list, by default under `data`."""
    return Listed(path or ("data",), singular, plural or f"{singular}s")
