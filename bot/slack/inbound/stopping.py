"""Slack's own Stop button, pressed by somebody else than the one whose request runs: it is shown to
everybody in the thread, and a request is its teammate's to end."""

import structlog

from bot.services import Services
from bot.slack.client import SlackFailure, why
from bot.slack.messages import NOT_YOURS_TO_STOP
from bot.state.models import Conversation

log = structlog.get_logger()


async def explain_stop(services: Services, pressed: Conversation) -> None:
    """Tell who pressed whose request goes on. `pressed`: their own conversation in that thread;
    where nobody's request runs, there is nothing to tell."""
    owners = [
        conversation.user_id
        for conversation in await services.store.in_thread(pressed)
        if conversation.user_id != pressed.user_id
    ]
    if not owners:
        return
    words = NOT_YOURS_TO_STOP.format(owners=", ".join(f"<@{owner}>" for owner in owners))
    try:
        await services.slack.chat_postEphemeral(
            channel=pressed.channel_id,
            user=pressed.user_id,
            thread_ts=pressed.thread_ts,
            text=words,
        )
    except SlackFailure as error:
        log.warning("slack_refused", call="chat.postEphemeral", why=why(error))
