"""What teammates see of connecting: the button, one to a teammate at a time, and the end of it."""

from bot.accounts.connecting import LINK_LIFETIME
from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.errands import replace_button, send_connect_button
from bot.slack.messages import REPLACED, disconnected
from bot.state.audit import AuditEntry


async def offer_to_connect(
    services: Services, user: SlackUser, *, thread_ts: str | None, lost: bool, anew: bool = False
) -> None:
    """Send the button unless one that still works was sent before (`anew`: even then). `lost`: it
    is for reconnecting.

    Raises AccountsUnavailable or SlackFailure.
    """
    before = await services.profiles.connect_button(user.identifier)
    if before and not anew and await services.connecting.is_good(before.link_id):
        return
    link = await services.connecting.link(user)
    button = await send_connect_button(
        services.slack, user.user_id, link, lost=lost, thread_ts=thread_ts
    )
    await services.profiles.save_connect_button(user.identifier, button, LINK_LIFETIME)
    if before:
        await replace_button(services.slack, before, REPLACED)


async def disconnect(services: Services, user: SlackUser) -> str:
    """Delete the account and end what waits or runs with it. Out: what was done and what remains.

    Raises AccountsUnavailable.
    """
    # Marked before the account goes: what waits must not ask to connect again in between.
    ending = await services.store.stop_all(user.identifier, "disconnected")
    await services.connecting.disconnect(user.identifier)
    for conversation in ending:
        await services.queue.advance(conversation)
    await services.audit.record(
        AuditEntry(
            what="disconnected",
            identifier=user.identifier,
            team_id=user.team_id,
            user_id=user.user_id,
        )
    )
    return disconnected(len(ending), services.settings.conversation_ttl)
