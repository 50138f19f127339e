"""Slack's own Stop button, pressed by somebody else than the one whose request runs: it is shown to
everybody in the thread, and a request is its teammate's to end.

Slack leaves it to the app to say where the session stands after a press (its page on
`agent_session_stopped`), so it is said again that the agent is at work: the button is there for the
one who may use it.
"""

import structlog

from bot.services import Services
from bot.slack.client import SlackFailure, why
from bot.slack.messages import NOT_YOURS_TO_STOP
from bot.slack.thread.session import progress
from bot.state.models import Conversation

log = structlog.get_logger()


async def explain_stop(services: Services, pressed: Conversation) -> None:
    """Tell who pressed whose request goes on. `pressed`: their own conversation in that thread;
    where nobody's request runs, there is nothing to tell."""
    owners = await _owners(services, pressed)
    if not owners:
        return
    await _set_status(services, pressed, "processing")
    if not await _owners(services, pressed):
        # The last run ended meanwhile, and had said so before.
        await _set_status(services, pressed, "active")
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


async def _owners(services: Services, pressed: Conversation) -> list[str]:
    """Whose requests are under way in that thread, other than the presser's own."""
    return [
        conversation.user_id
        for conversation in await services.store.in_thread(pressed)
        if conversation.user_id != pressed.user_id
    ]


async def _set_status(services: Services, pressed: Conversation, status: str) -> None:
    with progress("agents.sessions.setStatus"):
        await services.slack.agents_sessions_setStatus(
            channel_id=pressed.channel_id, thread_ts=pressed.thread_ts, status=status
        )
