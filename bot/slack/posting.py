"""Posting what must not be there twice: each message carries a key, by which it is found again
after a crash, or when Slack's answer got lost."""

import secrets
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import ATTEMPTS, SlackFailure, is_unclear

EVENT = "intercom_agent"
PAGE = 200


async def post(
    client: AsyncWebClient, channel_id: str, thread_ts: str | None = None, **message: Any
) -> str:
    """Post a message, once, even where Slack's answer gets lost. Out: its ts.

    Raises SlackFailure.
    """
    return await post_once(
        client, channel_id, thread_ts, secrets.token_hex(8), look_first=False, **message
    )


async def post_once(
    client: AsyncWebClient,
    channel_id: str,
    thread_ts: str | None,
    key: str,
    *,
    look_first: bool,
    **message: Any,
) -> str:
    """Post a message in a thread, or in the channel itself. `look_first`: it may be there already.
    Out: its ts.

    Raises SlackFailure.
    """
    for attempt in range(1, ATTEMPTS + 1):
        if look_first:
            found = await find_posted(client, channel_id, thread_ts, key)
            if found:
                return found
        try:
            sent = await client.chat_postMessage(
                channel=channel_id,
                thread_ts=thread_ts,
                metadata={"event_type": EVENT, "event_payload": {"key": key}},
                **message,
            )
        except SlackFailure as error:
            if attempt == ATTEMPTS or not is_unclear(error):
                raise
            look_first = True
        else:
            return str(sent["ts"])
    raise AssertionError


async def find_posted(
    client: AsyncWebClient, channel_id: str, thread_ts: str | None, key: str
) -> str | None:
    """The ts of the message with this key in that thread, or among the channel's latest ones.

    Raises SlackFailure.
    """
    cursor = ""
    while True:
        wanted: dict[str, Any] = {
            "channel": channel_id,
            "include_all_metadata": True,
            "limit": PAGE,
        }
        if thread_ts is None:
            page = await client.conversations_history(**wanted)
        else:
            page = await client.conversations_replies(**wanted, ts=thread_ts, cursor=cursor or None)
        for message in page["messages"]:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("key") == key:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor or thread_ts is None:
            return None
