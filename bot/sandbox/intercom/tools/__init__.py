"""Every tool, by group. Importing this registers them all."""

from bot.sandbox.intercom.tools import (
    admins,
    articles,
    companies,
    contact_links,
    contacts,
    conversations,
    data,
    inbox,
    news,
    tags,
    ticket_types,
    tickets,
    visitors,
)

__all__ = [
    "admins",
    "articles",
    "companies",
    "contact_links",
    "contacts",
    "conversations",
    "data",
    "inbox",
    "news",
    "tags",
    "ticket_types",
    "tickets",
    "visitors",
]
