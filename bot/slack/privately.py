"""Answering in the direct messages what was asked in a channel, where only the asker sees it."""

from datetime import timedelta

from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.errands import say_privately
from bot.slack.formatting import escape
from bot.slack.posting import post_once
from bot.state.models import Origin, Request

KEPT = timedelta(hours=25)
POINTER = "I answer you in our direct messages, where only you see it. You can share it from there."


async def ask_privately(services: Services, request: Request, seen: list[str]) -> None:
    """Take a request from a channel up in a thread of the direct messages. A repeat of the same
    request, known by its place, changes nothing.

    Raises RedisError or SlackFailure where trying again later can help.
    """
    user = SlackUser.of(request)
    place = f"{request.channel_id}:{request.ts}"
    where = await services.profiles.private_thread(place)
    if where is None:
        opened = await services.slack.conversations_open(users=request.user_id)
        channel_id = str(opened["channel"]["id"])
        quoted = escape(request.text).replace("\n", "\n>")
        before = not await services.store.first_time(f"private:{place}")
        ts = await post_once(
            services.slack,
            channel_id,
            None,
            f"private:{place}",
            look_first=before,
            text=f"Privately, from <#{request.channel_id}>:\n>{quoted}",
            unfurl_links=False,
            unfurl_media=False,
        )
        where = Origin(channel_id=channel_id, thread_ts=ts)
        await services.profiles.save_private_thread(place, where, KEPT)
    is_command = request.ts == request.id
    private = request.model_copy(
        update={
            "channel_id": where.channel_id,
            "thread_ts": where.thread_ts,
            "ts": where.thread_ts,
            "is_direct": True,
            "origin": Origin(
                channel_id=request.channel_id,
                thread_ts=None if is_command else request.thread_ts,
            ),
        }
    )
    fresh = await services.store.accept(private, seen, user.identifier)
    await services.queue.advance(private.conversation, private.ts)
    if fresh and not is_command:
        await say_privately(services.slack, request, POINTER)
