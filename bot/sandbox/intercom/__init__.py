"""The Intercom stand-in: a small living workspace behind the tools."""

from bot.sandbox.intercom.sandbox import IntercomSandbox
from bot.sandbox.intercom.seed import (
    INJECTION_CONVERSATION,
    PRIYA_CONVERSATION,
    REFUND_CONVERSATION,
    RTL_CONVERSATION,
    SSO_CONVERSATION,
)
from bot.sandbox.intercom.workspace import Write

__all__ = [
    "INJECTION_CONVERSATION",
    "PRIYA_CONVERSATION",
    "REFUND_CONVERSATION",
    "RTL_CONVERSATION",
    "SSO_CONVERSATION",
    "IntercomSandbox",
    "Write",
]
