"""The demo's Claude: a few dozen phrases of a support team, understood by patterns.

It acts only through the tools that a request offers, and knows only what their results say.
`requests.py` maps words to skills, `reading.py` and `writing.py` are the skills, `steps.py` plays
them against the messages so far.
"""

from typing import Any

from bot.sandbox.claude.planner.requests import skill_for
from bot.sandbox.claude.planner.steps import Offered, played
from bot.sandbox.claude.planner.talk import read
from bot.sandbox.claude.replies import Reply


def plan(body: dict[str, Any]) -> Reply:
    """The reply to a request to Claude: the next step of what the latest words ask for."""
    talk = read(body)
    offered = Offered(body)
    return played(skill_for(talk, offered), talk, offered)
