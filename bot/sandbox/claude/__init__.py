"""A local Claude: the Messages API as strict as the real one, answering from scripts or a planner.

`sandbox.py` is what tests hold; `replies.py` is how they write down what Claude says.
"""

from bot.sandbox.claude.replies import (
    Fault,
    Gate,
    Planner,
    Reply,
    reply,
    text,
    thinking,
    tool_search,
    tool_use,
)
from bot.sandbox.claude.sandbox import ClaudeSandbox, Recorded

__all__ = [
    "ClaudeSandbox",
    "Fault",
    "Gate",
    "Planner",
    "Recorded",
    "Reply",
    "reply",
    "text",
    "thinking",
    "tool_search",
    "tool_use",
]
