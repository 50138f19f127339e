"""The conversation so far, as the planner needs it."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.claude.message_rules import blocks_of
from bot.sandbox.claude.planner.data import Json, error_of, items, of_type, parsed

INBOX = "https://app.intercom.com/a/inbox/_/inbox/conversation/"
_LINK = re.compile(r"https://app\.(?:\w+\.)?intercom\.com/\S*?/conversation/")
_CONVERSATION = re.compile(r"/conversation/(\d+)|(?:conversation #?|#)(\d{3,})", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """What a tool call came back with."""

    data: Any
    error: str | None = None

    @property
    def refused(self) -> bool:
        """It was never run, and trying again would not change that."""
        return self.error is not None and "not run" in self.error.lower()

    @property
    def unknown(self) -> bool:
        return self.error is not None and "unknown" in self.error.lower()


@dataclass
class Talk:
    """`text` is the latest request; `steps` are the outcomes of the turns that worked on it."""

    text: str
    steps: list[list[Outcome]]
    said: list[str] = field(default_factory=list)
    """What Claude said before this request, latest last."""
    earlier: list[Json] = field(default_factory=list)
    """All that tools returned before this request, latest last."""
    touched: list[str] = field(default_factory=list)
    """Ids of conversations that were worked on or named before, latest last."""
    now: int = 0
    inbox: str = INBOX

    def last_conversation(self) -> str | None:
        return self.touched[-1] if self.touched else None

    def last_contact(self) -> Json | None:
        for value in reversed(self.earlier):
            contact = of_type(value, "contact")
            if contact and (contact.get("name") or contact.get("email")):
                return contact
            if conversation := of_type(value, "conversation"):
                people = items(conversation.get("contacts"), "contacts")
                author = (conversation.get("source") or {}).get("author") or {}
                if people:
                    return {**author, "id": people[0]["id"], "type": "contact"}
        return None


def conversation_in(words: str) -> str | None:
    """The id of the conversation that some words name by its number or a link."""
    found = _CONVERSATION.search(words)
    return (found[1] or found[2]) if found else None


def read(body: dict[str, Any]) -> Talk:
    """The talk in the body of a request to Claude."""
    messages = body["messages"]
    began = max(
        (at for at, message in enumerate(messages) if _asks(message)),
        default=0,
    )
    talk = Talk(_text(messages[began]), steps=[])
    for message in messages[:began]:
        _remember(talk, message)
    # Results that came in the same message as the request belong to what was asked before.
    _remember(talk, {**messages[began], "content": _results(messages[began])})
    for message in messages[began + 1 :]:
        if message["role"] == "user" and (results := _results(message)):
            talk.steps.append([_outcome(block) for block in results])
    system = " ".join(str(block["text"]) for block in blocks_of(body.get("system") or []))
    if link := _LINK.search(system):
        talk.inbox = link[0]
    told = " ".join(_text(message) for message in messages if message["role"] == "system")
    clock = re.findall(r"Unix time (\d+)", told)
    talk.now = int(clock[-1]) if clock else int(time.time())
    return talk


def _asks(message: dict[str, Any]) -> bool:
    return message["role"] == "user" and bool(_text(message))


def _text(message: dict[str, Any]) -> str:
    blocks = blocks_of(message["content"])
    return " ".join(block["text"] for block in blocks if block["type"] == "text").strip()


def _results(message: dict[str, Any]) -> list[Json]:
    return [block for block in blocks_of(message["content"]) if block["type"] == "tool_result"]


def _outcome(block: Json) -> Outcome:
    text = " ".join(part.get("text", "") for part in blocks_of(block.get("content") or ""))
    data = parsed(text)
    error = error_of(data)
    if block.get("is_error"):
        error = error or text or "The call failed."
    return Outcome(data, error)


def _remember(talk: Talk, message: dict[str, Any]) -> None:
    if message["role"] == "assistant":
        for block in blocks_of(message["content"]):
            if block["type"] == "tool_use" and block["input"].get("conversation_id"):
                talk.touched.append(str(block["input"]["conversation_id"]))
        if text := _text(message):
            talk.said.append(text)
            if named := conversation_in(text):
                # What an answer names first is what "it" means afterwards.
                talk.touched.append(named)
    elif message["role"] == "user":
        talk.earlier += [_outcome(block).data for block in _results(message)]
