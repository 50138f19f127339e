"""Messages whose ts is not known: their worker died while they were begun, or Slack's answer got
lost."""

import json
import re

from bot.slack.client import Client
from bot.slack.posting import find_posted
from bot.state.models import Request, StreamState

CLOCKS_APART = 10.0
"""Seconds by which Slack's clock may differ from ours."""


async def find_orphans(client: Client, request: Request, state: StreamState) -> list[str]:
    """Out: the ts of each that is there. Raises SlackFailure."""
    found = []
    if state.posting:
        found.append(
            await find_posted(client, request.channel_id, request.thread_ts, state.posting)
        )
    if state.starting:
        found.append(await _find_stream(client, request, state))
    return [ts for ts in found if ts and ts not in state.touched]


async def _find_stream(client: Client, request: Request, state: StreamState) -> str | None:
    """A stream gets its key when it ends only: until then it holds what it was started with."""
    page = await client.conversations_replies(
        channel=request.channel_id,
        ts=request.thread_ts,
        oldest=str(state.starting_at - CLOCKS_APART),
        limit=200,
    )
    ids = [shown.call.id for shown in state.starting if shown.call]
    text = _letters("".join(shown.text for shown in state.starting))
    for message in page["messages"]:
        if not message.get("bot_id") or message["ts"] in state.touched:
            continue
        in_blocks = json.dumps(message.get("blocks") or [])
        same_cards = all(f'"{call_id}"' in in_blocks for call_id in ids)
        if same_cards and _letters(str(message.get("text", ""))) == text and (ids or text):
            return str(message["ts"])
    return None


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
