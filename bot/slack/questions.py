"""Questions that have no message of the asker's own: they are posted, and answered below."""

from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.errands import post_question
from bot.state.models import Request


async def ask_aloud(
    services: Services, user: SlackUser, id: str, channel_id: str, text: str
) -> None:
    """Post what `user` asks, so that there is a thread to answer in, and take it up there; `id`
    tells repeats of it.

    Raises CannotPost.
    """
    before = not await services.store.first_time(f"question:{id}")
    ts = await post_question(services.slack, channel_id, user.user_id, text, id, look_first=before)
    request = Request(
        id=id,
        team_id=user.team_id,
        enterprise_id=user.enterprise_id,
        user_id=user.user_id,
        channel_id=channel_id,
        thread_ts=ts,
        ts=ts,
        text=text,
        is_direct=channel_id.startswith("D"),
    )
    await services.store.accept(request, [id], user.identifier)
    await services.queue.advance(request.conversation, id)
