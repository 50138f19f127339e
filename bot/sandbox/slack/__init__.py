"""A Slack workspace on loopback, for the demo and the tests."""

from bot.sandbox.slack.delivery import Attempt, Delivery
from bot.sandbox.slack.sandbox import SlackSandbox
from bot.sandbox.slack.server import Call
from bot.sandbox.slack.text import Task
from bot.sandbox.slack.workspace import (
    ARCHIVED,
    BILLING,
    BOT_ID,
    BOT_USER_ID,
    DM_MAYA_TOM,
    GROUP_DM,
    HOSTED,
    PRODUCT,
    SHARED,
    SUPPORT,
    Message,
    Session,
)

__all__ = [
    "ARCHIVED",
    "BILLING",
    "BOT_ID",
    "BOT_USER_ID",
    "DM_MAYA_TOM",
    "GROUP_DM",
    "HOSTED",
    "PRODUCT",
    "SHARED",
    "SUPPORT",
    "Attempt",
    "Call",
    "Delivery",
    "Message",
    "Session",
    "SlackSandbox",
    "Task",
]
