"""Whether a write whose answer got lost happened all the same, where a read can tell."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bot.intercom.plain_text import text_of

STATES = {"close": "closed", "open": "open", "snoozed": "snoozed"}
CLOCKS_APART = 60.0
"""Seconds by which Intercom's clock may differ from ours."""


class Look(NamedTuple):
    """The read that can tell."""

    tool_name: str
    tool_input: dict[str, Any]


def look_for(tool_name: str, tool_input: Mapping[str, Any]) -> Look | None:
    """Where to look for what a call did; None where no read can tell."""
    name = tool_name.removeprefix("intercom_")
    managed = name == "manage_conversation" and tool_input.get("message_type") in STATES
    if name == "reply_to_conversation" or managed:
        found = {"conversation_id": tool_input.get("conversation_id")}
        return Look("intercom_retrieve_conversation", found)
    return None


def happened(
    tool_name: str,
    tool_input: Mapping[str, Any],
    admin_id: str,
    since: datetime,
    found: Mapping[str, Any],
) -> bool:
    """In: the call, as whom and when it went out, and what the read brought. Out: whether its
    effect is there."""
    if tool_name == "intercom_manage_conversation":
        return bool(found.get("state") == STATES.get(str(tool_input.get("message_type"))))
    parts = (found.get("conversation_parts") or {}).get("conversation_parts") or []
    said = text_of(str(tool_input.get("body") or ""))
    return any(
        text_of(str(part.get("body") or "")) == said
        and str((part.get("author") or {}).get("id")) == admin_id
        and float(part.get("created_at") or 0) >= since.timestamp() - CLOCKS_APART
        for part in parts
    )
