"""Intercom's parts, with the names of their permissions in the Developer Hub."""

from bot.intercom.catalogue.declaration import Area

CONVERSATIONS = Area("Conversations", "Read conversations", "Write conversations")
CONTACTS = Area(
    "Contacts and companies", "Read and list users and companies", "Write users and companies"
)
TICKETS = Area("Tickets", "Read tickets", "Write tickets")
ARTICLES = Area("Help articles", "Read and List articles", "Read and Write Articles")
NEWS = Area(
    "News",
    "Read and List news items and newsfeeds",
    "Read and Write news items and newsfeeds",
)
TAGS = Area("Tags", "Read tags", "Write tags")
EVENTS = Area("Events", "Read events", "Write events")
DATA_ATTRIBUTES = Area("Data attributes", "Read content data", "Write data attributes")
TEAMMATES = Area("Teammates and teams", "Read admins", "Update admins")
ACTIVITY_LOG = Area("Activity log", "Read admin activity logs", "Read admin activity logs")

IN_ORDER = (
    CONVERSATIONS,
    CONTACTS,
    TICKETS,
    ARTICLES,
    NEWS,
    TAGS,
    EVENTS,
    DATA_ATTRIBUTES,
    TEAMMATES,
    ACTIVITY_LOG,
)
"""Those that matter most to people first."""
