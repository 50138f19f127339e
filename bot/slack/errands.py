"""What the bot does in Slack beside answering: buttons, pointers, private words."""

import structlog
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.accounts.connecting import Link
from bot.slack import messages
from bot.slack.client import SlackFailure, is_passing, why
from bot.slack.posting import post, post_once
from bot.state.models import ConnectButton, Press, Request

log = structlog.get_logger()

NOT_A_MEMBER = frozenset({"not_in_channel", "channel_not_found"})


class CannotPost(Exception):
    """The bot may not post there. The text is a sentence for the teammate."""


async def send_connect_button(
    client: AsyncWebClient, user_id: str, link: Link, *, lost: bool, thread_ts: str | None = None
) -> ConnectButton:
    """Send the button by direct message, into `thread_ts` where the teammate asked in the DM.

    Raises SlackFailure.
    """
    opened = await client.conversations_open(users=user_id)
    channel_id = str(opened["channel"]["id"])
    ts = await post(
        client,
        channel_id,
        thread_ts,
        text=messages.CONNECT_TEXT,
        blocks=messages.connect_blocks(link.url, lost=lost),
    )
    return ConnectButton(channel_id=channel_id, ts=ts, link_id=link.id, lost=lost)


async def replace_button(
    client: AsyncWebClient, button: ConnectButton, text: str, blocks: list[Block] | None = None
) -> None:
    """Turn the button's message into what has become of it."""
    try:
        await client.chat_update(
            channel=button.channel_id,
            ts=button.ts,
            text=text,
            blocks=blocks or messages.section(text),
        )
    except SlackFailure as error:
        log.warning("slack_refused", call="chat.update", why=why(error))


async def post_connected(
    client: AsyncWebClient,
    user_id: str,
    key: str,
    text: str,
    blocks: list[Block],
    *,
    again: bool,
) -> ConnectButton:
    """Say once, by direct message, that an account was connected. `again`: it may be there.

    Raises SlackFailure.
    """
    opened = await client.conversations_open(users=user_id)
    channel_id = str(opened["channel"]["id"])
    ts = await post_once(client, channel_id, None, key, look_first=again, text=text, blocks=blocks)
    return ConnectButton(channel_id=channel_id, ts=ts, link_id="")


async def say_privately(client: AsyncWebClient, request: Request, text: str) -> None:
    """Tell only the one who asked: ephemerally in a channel, plainly in the DM."""
    try:
        if request.is_direct:
            await post(client, request.channel_id, request.thread_ts, text=text)
            return
        in_thread = None if request.ts == request.thread_ts else request.thread_ts
        await client.chat_postEphemeral(
            channel=request.channel_id, user=request.user_id, thread_ts=in_thread, text=text
        )
    except SlackFailure as error:
        log.warning("slack_refused", call="say_privately", why=why(error))


async def answer_presser(client: AsyncWebClient, press: Press, text: str) -> None:
    """A private word where something was pressed. Raises SlackFailure."""
    await client.chat_postEphemeral(
        channel=press.channel_id, user=press.user_id, thread_ts=press.thread_ts or None, text=text
    )


async def turn_away(
    client: AsyncWebClient, channel_id: str, user_id: str, words: str, thread_ts: str | None
) -> None:
    """A private word to somebody whom the agent does not work for."""
    try:
        if channel_id.startswith("D"):
            await post(client, channel_id, thread_ts, text=words)
            return
        await client.chat_postEphemeral(
            channel=channel_id, user=user_id, thread_ts=thread_ts, text=words
        )
    except SlackFailure as error:
        log.warning("slack_refused", call="turn_away", why=why(error))


async def tell(client: AsyncWebClient, user_id: str, text: str) -> None:
    """Send a direct message. Raises SlackFailure."""
    opened = await client.conversations_open(users=user_id)
    await post(client, opened["channel"]["id"], text=text)


async def post_question(
    client: AsyncWebClient,
    channel_id: str,
    user_id: str,
    text: str,
    command_id: str,
    *,
    look_first: bool,
) -> str:
    """Post what somebody asked with `/intercom`, once. Out: its ts, the root of the thread.

    Raises CannotPost where Slack refuses it, SlackFailure while Slack is down.
    """
    try:
        return await post_once(
            client,
            channel_id,
            None,
            f"question:{command_id}",
            look_first=look_first,
            text=messages.asked(user_id, text),
            unfurl_links=False,
            unfurl_media=False,
        )
    except SlackFailure as error:
        log.info("question_not_posted", why=why(error))
        if is_passing(error):
            raise
        if why(error) in NOT_A_MEMBER:
            raise CannotPost(messages.NOT_INVITED) from error
        raise CannotPost(messages.CHANNEL_CLOSED) from error


async def respond(
    response_url: str | None,
    text: str,
    blocks: list[Block] | None = None,
    *,
    in_place: bool = False,
) -> None:
    """Answer a command where it was typed, visible only to who typed it; `in_place`: instead of
    the message whose button was pressed."""
    if response_url is None:
        log.warning("response_url_lost")
        return
    answer = await AsyncWebhookClient(response_url).send(
        text=text,
        blocks=blocks,
        response_type="ephemeral",
        unfurl_links=False,
        unfurl_media=False,
        replace_original=True if in_place else None,
    )
    if answer.status_code != 200:
        log.warning("slack_refused", call="response_url", why=answer.body[:100])
