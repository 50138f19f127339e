"""Whether a write whose answer got lost happened all the same, where one read can tell.

Not looked up, since no read can honestly tell:
- auto_assign_conversation: an assignment that is there may be anybody's, to anybody;
- convert_visitor: a visitor that is gone may have expired, and nothing names who it became;
- create_message that begins no conversation: nothing lists it.
"""

from bot.intercom.evidence import contacts, content, conversations, tickets, workspace
from bot.intercom.evidence.look import Evidence, Look, Write
from bot.intercom.evidence.sighting import Sighting

_EVIDENCE: dict[str, Evidence] = {
    **conversations.EVIDENCE,
    **contacts.EVIDENCE,
    **tickets.EVIDENCE,
    **content.EVIDENCE,
    **workspace.EVIDENCE,
}


def look_for(tool_name: str, write: Write) -> Look | None:
    """Where to look for what a write did; None where no read can tell."""
    evidence = _EVIDENCE.get(tool_name.removeprefix("intercom_"))
    return evidence(write) if evidence else None


__all__ = ["Look", "Sighting", "Write", "look_for"]
