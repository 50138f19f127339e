"""A run whose channel came to be shared with another organization while it was under way: it goes
on in the direct messages. What it has said so far stays where it was said."""

import structlog

from bot.accounts.identity import SlackUser
from bot.agent.tool_calls import withdraw
from bot.services import Services
from bot.slack.client import SlackFailure, why
from bot.slack.errands import say_privately
from bot.slack.privately import open_private_thread
from bot.slack.thread.chunks import blocks, text_of
from bot.slack.thread.session import Session
from bot.state.models import Conversation, Request, Run, StreamState

log = structlog.get_logger()

MOVED = (
    "This channel is shared with another organization by now, so I go on in our direct messages, "
    "where only you see it."
)
CARD_MOVED = "It is asked for again in our direct messages: others read here now."


async def must_move(services: Services, run: Run) -> bool:
    """Whether others than one's own people read by now where the run is under way. Where Slack does
    not say, it goes on: it was begun among one's own."""
    request = run.request
    if request.is_direct or run.set_aside:
        return False
    return await services.channels.reach(request.channel_id) in ("shared", "pending")


async def move(services: Services, conversation: Conversation, token: str, run: Run) -> None:
    """Let the run go on privately.

    Raises:
        Superseded: Another worker has taken it over.
        RedisError or SlackFailure: Where trying again later can help.
    """
    request, user = run.request, SlackUser.of(run.request)
    thread, private = await open_private_thread(services, request, f"moved:{run.reference}")
    decisions = await services.store.decisions(conversation)
    for call in run.calls:
        if call.state == "waiting" and call.digest not in decisions:
            withdraw(call, CARD_MOVED)
    shown, run.stream = run.stream, _carried(run.stream)
    run.request = private
    there = private.conversation
    await services.relocation.move(conversation, token, there, run, user.identifier)
    if await services.private_threads.get(conversation) is None:
        await services.private_threads.save(conversation, thread, user.identifier)
    await services.lines.leave(user.identifier, conversation)
    if run.phase == "waiting_for_connection":
        await services.profiles.end_waiting(user.identifier, conversation)
        await services.profiles.wait_for_connection(user.identifier, there, request.received_at)
        if run.waiting_since:
            expires = run.waiting_since + services.settings.request_wait
            await services.queue.advance(there, f"expiry:{run.reference}", when=expires)
    await services.queue.advance(there)
    await services.queue.advance(conversation)
    log.info("run_moved", run=run.reference)
    if shown:
        await _close(services, request, shown)
    await Session(services.slack, request).rest("active")
    await say_privately(services.slack, request, MOVED)


def _carried(stream: StreamState | None) -> StreamState | None:
    """What was said and what is still to be said: all of it is said in the private thread."""
    return StreamState(unsent=[*stream.kept, *stream.unsent]) if stream else None


async def _close(services: Services, request: Request, shown: StreamState) -> None:
    """The message in the channel stays as it is, and is no longer at work."""
    if not shown.ts:
        return
    slack, channel, ts = services.slack, request.channel_id, shown.ts
    try:
        if shown.way == "stream":
            await slack.chat_stopStream(channel=channel, ts=ts)
        elif shown.kept:
            await slack.chat_update(
                channel=channel,
                ts=ts,
                text=text_of(shown.kept),
                blocks=None if shown.plain else blocks(shown.kept, closed=True),
            )
        else:
            await slack.chat_delete(channel=channel, ts=ts)
    except SlackFailure as error:
        log.info("slack_refused", call="close", why=why(error))
