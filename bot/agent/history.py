"""What is kept of a conversation, in the shapes of Claude's API."""

import json
from typing import Any

from bot.agent.claude import Ending, Turn
from bot.agent.work import Thread
from bot.state.models import ToolCall

ENDINGS_IN_WORDS: dict[Ending, str] = {
    "answer": "I have nothing to add to that.",
    "too_long": "\n\n_My answer got too long and is cut off here. Say “go on” for the rest._",
    "refused": "Claude declined to answer this, and nothing more was done. Ask in other words, or "
    "do it in Intercom.",
    "context_full": "\n\nThis thread has grown too long for me to read in one go. Start a new one "
    "and tell me what still matters.",
}


def read_history(stored: list[str]) -> list[dict[str, Any]]:
    """The messages as they were kept; none if any of them is damaged."""
    try:
        return [json.loads(message) for message in stored]
    except ValueError:
        return []


def is_torn(messages: list[dict[str, Any]]) -> bool:
    """Whether the beginning is missing: a conversation begins with something asked."""
    if not messages or messages[0]["role"] != "user":
        return True
    content = messages[0]["content"]
    return isinstance(content, list) and content[0]["type"] == "tool_result"


def answer(call: ToolCall) -> dict[str, Any]:
    """A call's `tool_result`."""
    return {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": call.result,
        "is_error": call.state != "done",
    }


def assistant(turn: Turn) -> dict[str, Any]:
    """A turn, echoed as it is."""
    return {"role": "assistant", "content": turn.content}


def spoken(text: str) -> dict[str, Any]:
    """Words of the bot's own, in Claude's place."""
    return {"role": "assistant", "content": [{"type": "text", "text": text.strip()}]}


def last_words(turn: Turn, thread: Thread) -> list[dict[str, Any]]:
    """Say what is special about how the last turn ended. Out: what the history keeps of it,
    which always is an answer of Claude's: the next question has to follow one."""
    if turn.ending == "answer" and turn.text.strip():
        return [assistant(turn)]
    words = ENDINGS_IN_WORDS[turn.ending]
    thread.say(words)
    if turn.ending == "too_long" and turn.text.strip():
        kept = [block for block in turn.content if block["type"] != "tool_use"]
        return [{"role": "assistant", "content": kept}]
    return [spoken(words)]
