"""Where to look for what a write did, by the declaration of its tool."""

from bot.intercom.catalogue import declared
from bot.intercom.verification.probe import Probe, Write


def probe_for(tool_name: str, write: Write) -> Probe | None:
    """Where to look for what a write did; None where no read can tell."""
    tool = declared(tool_name)
    return tool.verification(write) if tool and tool.verification else None
