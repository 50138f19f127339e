"""Whether a write whose answer got lost happened all the same, where one read can tell.

Not looked up, since no read can honestly tell:
- auto_assign_conversation: an assignment that is there may be anybody's, to anybody;
- convert_visitor: a visitor that is gone may have expired, and nothing names who it became;
- create_message that begins no conversation: nothing lists it.
"""

from bot.intercom.verification import contacts, content, conversations, tickets, workspace
from bot.intercom.verification.probe import Probe, Verification, Write
from bot.intercom.verification.verdict import Verdict

_VERIFICATIONS: dict[str, Verification] = {
    **conversations.VERIFICATIONS,
    **contacts.VERIFICATIONS,
    **tickets.VERIFICATIONS,
    **content.VERIFICATIONS,
    **workspace.VERIFICATIONS,
}


def probe_for(tool_name: str, write: Write) -> Probe | None:
    """Where to look for what a write did; None where no read can tell."""
    verification = _VERIFICATIONS.get(tool_name.removeprefix("intercom_"))
    return verification(write) if verification else None


__all__ = ["Probe", "Verdict", "Write", "probe_for"]
