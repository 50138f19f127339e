"""The connect button: one to a teammate at a time, in the direct messages."""

from bot.accounts.connecting import LINK_LIFETIME
from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.errands import send_connect_button


async def offer_to_connect(
    services: Services, user: SlackUser, *, thread_ts: str | None, anew: bool = False
) -> None:
    """Send the button unless one that still works was sent before (`anew`: even then).

    Raises AccountsUnavailable or SlackApiError.
    """
    button = await services.store.connect_button(user.identifier)
    if button and not button.is_spent and not anew:
        return
    link = await services.connecting.link(user)
    button = await send_connect_button(services.slack, user.user_id, link, thread_ts=thread_ts)
    await services.store.save_connect_button(user.identifier, button, LINK_LIFETIME)
