"""What is left of a run that no longer parses, made into one that can be ended in words."""

import json

from bot.agent.work import Work
from bot.state.models import ToolCall

UNREADABLE_STEP = "A step that I can't read any more"


async def match_history(work: Work) -> None:
    """Give the run exactly the calls that Claude still waits for, so that each gets its answer and
    the conversation can go on. What is not known of one counts as started: it may have happened.
    A history that does not parse is dropped."""
    run, store = work.run, work.store
    try:
        messages = [json.loads(item) for item in await store.messages(work.conversation)]
        asked = messages[-1]["content"] if messages and messages[-1]["role"] == "assistant" else []
        uses = [block for block in asked if block["type"] == "tool_use"]
        known = {call.id: call for call in run.calls}
        run.calls = [known.get(use["id"]) or _unknown(use["id"], use["name"]) for use in uses]
    except (ValueError, TypeError, KeyError):
        await store.begin_anew(work.conversation)
        run.calls = []


def _unknown(call_id: str, name: str) -> ToolCall:
    return ToolCall(id=call_id, name=name, input={}, title=UNREADABLE_STEP, state="started")
