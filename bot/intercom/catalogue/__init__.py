"""Everything that the bot knows of the tools, one declaration a tool."""

from collections.abc import Mapping

from bot.intercom.catalogue import (
    articles,
    companies,
    contact_links,
    contacts,
    conversations,
    data,
    messages,
    news,
    tags,
    teammates,
    ticket_types,
    tickets,
)
from bot.intercom.catalogue.declaration import Tool

PREFIX = "intercom_"
"""What Scalekit puts before the name of each of the connector's tools."""

TOOLS: Mapping[str, Tool] = {
    f"{PREFIX}{tool.name}" if tool.origin == "intercom" else tool.name: tool
    for area in (
        conversations,
        messages,
        contacts,
        contact_links,
        companies,
        tickets,
        ticket_types,
        articles,
        news,
        tags,
        teammates,
        data,
    )
    for tool in area.TOOLS
}
"""Every tool by its full name."""

_FORMERLY = {PREFIX + older: tool for tool in TOOLS.values() for older in tool.formerly}


def declared(name: str) -> Tool | None:
    """The declaration of a tool, under an older name too; None if we do not know the tool."""
    return TOOLS.get(name) or _FORMERLY.get(name)


__all__ = ["PREFIX", "TOOLS", "Tool", "declared"]
