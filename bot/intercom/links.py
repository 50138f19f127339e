"""Links into Intercom's own pages."""

from collections.abc import Mapping
from typing import Any

from bot.settings import Region

_HOSTS: dict[Region, str] = {
    "us": "app.intercom.com",
    "eu": "app.eu.intercom.com",
    "au": "app.au.intercom.com",
}


def conversation_link(conversation_id: str, region: Region) -> str:
    """Opens a conversation in the inbox; `_` lets Intercom fill in the workspace."""
    return f"https://{_HOSTS[region]}/a/inbox/_/inbox/conversation/{conversation_id}"


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
