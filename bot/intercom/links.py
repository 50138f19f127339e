"""Links into Intercom's own pages."""

import re
from collections.abc import Mapping
from typing import Any

from bot.intercom.catalogue import declared
from bot.intercom.catalogue.declaration import ObjectKind
from bot.intercom.catalogue.values import values
from bot.settings import Region

_HOSTS: dict[Region, str] = {
    "us": "app.intercom.com",
    "eu": "app.eu.intercom.com",
    "au": "app.au.intercom.com",
}


def conversation_link(conversation_id: str, region: Region) -> str:
    """Opens a conversation in the inbox; `_` lets Intercom fill in the workspace."""
    return f"https://{_HOSTS[region]}/a/inbox/_/inbox/conversation/{conversation_id}"


def object_link(kind: ObjectKind, object_id: str, region: Region) -> str:
    """Where a teammate sees an object; empty where we know no such page.

    Tickets open in the inbox like conversations. The addresses of contacts and articles are those
    of Intercom's own pages; `_` stands for the workspace there too.
    """
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", object_id):
        return ""
    match kind:
        case "conversation" | "ticket":
            return conversation_link(object_id, region)
        case "contact":
            return f"https://{_HOSTS[region]}/a/apps/_/users/{object_id}"
        case "article":
            return f"https://{_HOSTS[region]}/a/apps/_/articles/articles/{object_id}/show"
    return ""


def target_link(tool_name: str, tool_input: Mapping[str, Any], region: Region) -> str:
    """Where a teammate sees what a call acts on; empty where there is no such page."""
    tool = declared(tool_name)
    for value in values(tool, tool_input) if tool else ():
        if value.field.kind == "object_id" and value.field.names and value.field.told == "headline":
            link = object_link(value.field.names, str(value.value), region)
            if link:
                return link
    return ""


def call_link(tool_input: Mapping[str, Any], result: Mapping[str, Any], region: Region) -> str:
    """Where a teammate sees what a call was about; empty where there is no such page."""
    conversation_id = tool_input.get("conversation_id")
    if not conversation_id and result.get("type") == "conversation":
        conversation_id = result.get("id")
    if not conversation_id:
        conversation_id = result.get("conversation_id")
    if not isinstance(conversation_id, str) or not conversation_id.isalnum():
        return ""
    return conversation_link(conversation_id, region)
