"""What every write shares: who signs, and what the log gets."""

import html
from dataclasses import dataclass
from typing import Any

from bot.sandbox.intercom.workspace import Workspace, find
from bot.sandbox.provider import ProviderError

Json = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What a write gives back, and what it did."""

    result: Json | None
    object_type: str
    object_id: str
    summary: str


def author_of(tool_input: Json, own: str) -> str:
    """Whom the input names as its author, else the token's own admin."""
    for field in ("admin_id", "author_id", "sender_id"):
        if field in tool_input:
            return str(tool_input[field])
    sender = tool_input.get("from")
    if isinstance(sender, dict) and sender.get("type") == "admin":
        return str(sender.get("id"))
    return own


def as_author(workspace: Workspace, admin_id: str) -> Json:
    """The author of a part. Raises ProviderError where there is no such admin."""
    admin = workspace.admins.get(admin_id)
    if admin is None:
        raise ProviderError(404, "admin_not_found", "Admin not found")
    return {"type": "admin", **{k: admin[k] for k in ("id", "name", "email")}}


def as_html(text: str | None) -> str | None:
    if text is None:
        return None
    return text if text.lstrip().startswith("<") else f"<p>{html.escape(text)}</p>"


def add_part(
    workspace: Workspace,
    thing: Json,
    kind: str,
    body: str | None,
    author: Json,
    **more: Any,
) -> Json:
    """Append a part to a conversation or ticket, and note the time."""
    is_ticket = thing["type"] == "ticket"
    name = "ticket_parts" if is_ticket else "conversation_parts"
    part = {
        "type": name.removesuffix("s"),
        "id": workspace.next_id(),
        "part_type": kind,
        "body": as_html(body),
        "created_at": workspace.time(),
        "updated_at": workspace.time(),
        "notified_at": workspace.time(),
        "author": author,
        "attachments": [],
        "redacted": False,
        **more,
    }
    thing[name][name].append(part)
    thing[name]["total_count"] += 1
    thing["updated_at"] = workspace.time()
    return part


def tagged(workspace: Workspace, holder: Json, tag_id: str, *, on: bool) -> Json:
    """Put a tag on something or take it off. Out: the tag."""
    tag = find(workspace.tags, tag_id, "Tag")
    held = holder["data"] if "data" in holder else holder["tags"]
    present = [item for item in held if item["id"] == tag["id"]]
    if on and not present:
        held.append({"type": "tag", "id": tag["id"], "name": tag["name"]})
    elif not on:
        if not present:
            raise ProviderError(404, "not_found", "Tag is not attached")
        held.remove(present[0])
    if "total_count" in holder:
        holder["total_count"] = len(held)
    return tag
