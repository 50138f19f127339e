"""Answering in the direct messages what was asked in a channel, where only the asker sees it.

Each thread of a channel has one private thread for each teammate, so that what follows is asked
where the rest stands."""

from slack_sdk.errors import SlackApiError

from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.client import why
from bot.slack.errands import say_privately
from bot.slack.formatting import escape
from bot.slack.posting import post_once
from bot.state.models import Origin, Request
from bot.state.private_threads import PrivateThread

POINTER = "I answer you in our direct messages, where only you see it. You can share it from there."
THREAD_GONE = frozenset(
    {"cannot_reply_to_message", "invalid_thread_ts", "message_not_found", "thread_not_found"}
)


async def ask_privately(services: Services, request: Request, seen: list[str]) -> None:
    """Take a request from a channel up in a thread of the direct messages. A repeat of the same
    request, known by its place, changes nothing.

    Raises RedisError or SlackFailure where trying again later can help.
    """
    user = SlackUser.of(request)
    thread, ts = await _place(services, request, user)
    private = _privately(request, thread, ts)
    fresh = await services.store.accept(private, seen, user.identifier)
    await services.queue.advance(private.conversation, private.ts)
    if fresh and not _is_command(request):
        await say_privately(services.slack, request, POINTER)


async def open_private_thread(
    services: Services, request: Request, key: str
) -> tuple[PrivateThread, Request]:
    """A private thread of its own for a request; `key` tells repeats of it. Returns the thread,
    and the request as it stands there.

    Raises RedisError or SlackFailure.
    """
    opened = await services.slack.conversations_open(users=request.user_id)
    channel_id = str(opened["channel"]["id"])
    ts = await _quote(services, request, channel_id, None, key)
    thread = PrivateThread(channel_id=channel_id, thread_ts=ts, opened_for=request.ts)
    return thread, _privately(request, thread, ts)


def _privately(request: Request, thread: PrivateThread, ts: str) -> Request:
    """The request as it stands in a private thread, by the message `ts` there."""
    in_thread = None if _is_command(request) else request.thread_ts
    return request.model_copy(
        update={
            "channel_id": thread.channel_id,
            "thread_ts": thread.thread_ts,
            "ts": ts,
            "is_direct": True,
            "origin": Origin(channel_id=request.channel_id, thread_ts=in_thread),
        }
    )


def _is_command(request: Request) -> bool:
    return request.ts == request.id


async def _place(
    services: Services, request: Request, user: SlackUser
) -> tuple[PrivateThread, str]:
    """The private thread, and the ts of the message there that stands for the request."""
    key = f"private:{request.channel_id}:{request.ts}"
    known = await services.private_threads.get(request.conversation)
    if known and known.opened_for == request.ts:
        return known, known.thread_ts
    if known:
        try:
            return known, await _quote(services, request, known.channel_id, known.thread_ts, key)
        except SlackApiError as error:
            if why(error) not in THREAD_GONE:
                raise
            await services.private_threads.forget(request.conversation)
    thread, private = await open_private_thread(services, request, key)
    await services.private_threads.carry_over(request.conversation, private.conversation)
    await services.private_threads.save(request.conversation, thread, user.identifier)
    return thread, private.ts


async def _quote(
    services: Services, request: Request, channel_id: str, thread_ts: str | None, key: str
) -> str:
    """Post what was asked, once."""
    before = not await services.store.first_time(key)
    quoted = escape(request.text).replace("\n", "\n>")
    return await post_once(
        services.slack,
        channel_id,
        thread_ts,
        key,
        look_first=before,
        text=f"Privately, from <#{request.channel_id}>:\n>{quoted}",
        unfurl_links=False,
        unfurl_media=False,
    )
