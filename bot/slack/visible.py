"""What a Slack thread shows to everybody: all that an agent may know of what others did in it.
Rule 3 of the design."""

from typing import Any

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.slack.client import SlackFailure
from bot.slack.people import People
from bot.state.models import Request

log = structlog.get_logger()

MESSAGES = 30
CHARACTERS = 6_000
PAGE = 200


class Visible(BaseModel):
    author: str
    text: str


class _Message(BaseModel):
    ts: str
    user: str = ""
    text: str = ""
    blocks: list[dict[str, Any]] = []


async def visible_thread(
    client: AsyncWebClient, people: People, request: Request, mine: set[str], since: str
) -> list[Visible]:
    """The messages of others before this request, oldest first, the latest MESSAGES of them.

    `mine`: the answers that the agent gave to this very teammate, who knows them already.
    `since`: a ts; earlier ones were seen before. What Slack does not give is done without.
    """
    try:
        page = await client.conversations_replies(
            channel=request.channel_id,
            ts=request.thread_ts,
            oldest=since or None,
            latest=request.ts,
            limit=PAGE,
        )
        messages = [_Message.model_validate(message) for message in page["messages"]]
    except (*SlackFailure, ValidationError) as error:
        log.info("thread_not_read", why=type(error).__name__)
        return []
    others = [
        message
        for message in messages
        if message.user != request.user_id
        and message.ts not in mine
        and message.ts > since
        and message.ts < request.ts
    ]
    found = []
    for message in others[-MESSAGES:]:
        text = message.text.strip() or _text(message.blocks)
        if text:
            author = await people.name(message.user)
            found.append(Visible(author=author, text=text[: CHARACTERS // MESSAGES * 5]))
    while sum(len(item.text) for item in found) > CHARACTERS:
        found.pop(0)
    return found


def _text(blocks: list[dict[str, Any]]) -> str:
    texts = [block.get("text") for block in blocks]
    return "\n".join(
        str(text.get("text", "")) if isinstance(text, dict) else str(text) for text in texts if text
    )
