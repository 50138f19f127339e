"""The Intercom stand-in: a small living workspace behind the tools."""

from bot.sandbox.intercom.calls import Read, Write
from bot.sandbox.intercom.sandbox import IntercomSandbox
from bot.sandbox.intercom.seed.stories import (
    CHLOE_CONTACT,
    INJECTION_CONVERSATION,
    LAYLA_CONTACT,
    MALLORY_CONTACT,
    OSCAR_CONTACT,
    PRIYA_CONTACT,
    PRIYA_CONVERSATION,
    REFUND_CONVERSATION,
    RTL_CONVERSATION,
    SSO_CONVERSATION,
)

__all__ = [
    "CHLOE_CONTACT",
    "INJECTION_CONVERSATION",
    "LAYLA_CONTACT",
    "MALLORY_CONTACT",
    "OSCAR_CONTACT",
    "PRIYA_CONTACT",
    "PRIYA_CONVERSATION",
    "REFUND_CONVERSATION",
    "RTL_CONVERSATION",
    "SSO_CONVERSATION",
    "IntercomSandbox",
    "Read",
    "Write",
]
