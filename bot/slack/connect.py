"""What teammates see of connecting: the button, one to a teammate at a time, whose account it is
then, and the end of it."""

import asyncio
from contextlib import suppress

from bot.accounts.connecting import LINK_LIFETIME
from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.errands import post_connected, replace_button, send_connect_button
from bot.slack.messages import (
    NOT_YOURS,
    REPLACED,
    connected_blocks,
    connected_text,
    disconnected,
    section,
)
from bot.state.audit import AuditEntry
from bot.state.models import ConnectButton, Teammate

NOT_ME = "that's not me"
"""The audit's reason for an account that its teammate did not know."""
NOTICE_SECONDS = 5


async def offer_to_connect(
    services: Services, user: SlackUser, *, thread_ts: str | None, lost: bool, anew: bool = False
) -> None:
    """Send the button unless one that still works and says the same was sent before (`anew`: even
    then). `lost`: it is for reconnecting.

    Raises SlackFailure.
    """
    before = await services.profiles.connect_button(user.identifier)
    says_the_same = before is not None and before.lost == lost
    if before and says_the_same and not anew and await services.connecting.is_good(before.link_id):
        return
    link = await services.connecting.link(user)
    button = await send_connect_button(
        services.slack, user.user_id, link, lost=lost, thread_ts=thread_ts
    )
    await services.profiles.save_connect_button(user.identifier, button, LINK_LIFETIME)
    if before:
        await replace_button(services.slack, before, REPLACED)


async def say_connected(services: Services, user: SlackUser, teammate: Teammate) -> None:
    """Say by direct message whose Intercom was connected, with a button that takes it back: in
    place of the connect button, or as a message of its own.

    Raises SlackFailure.
    """
    profiles = services.profiles
    connection = await services.connecting.connection_id(user.identifier)
    text, blocks = connected_text(teammate), connected_blocks(teammate, connection)
    button = await profiles.connect_button(user.identifier)
    if button:
        await replace_button(services.slack, button, text, blocks)
        if await profiles.connect_button(user.identifier) == button:
            await profiles.forget_connect_button(user.identifier)
        notice = button
    else:
        key = f"connected:{user.identifier}:{connection}"
        again = not await services.store.first_time(key)
        notice = await post_connected(services.slack, user.user_id, key, text, blocks, again=again)
    await profiles.save_connected_notice(user.identifier, notice)


async def disconnect(services: Services, user: SlackUser, why: str = "") -> str:
    """Delete the account and end what waits or runs with it. Out: what was done and what remains.

    Raises AccountsUnavailable.
    """
    # Marked before the account goes: what waits must not ask to connect again in between.
    ending = await services.store.stop_all(user.identifier, "disconnected")
    said = [
        await services.profiles.connected_notice(user.identifier),
        await services.profiles.connect_button(user.identifier),
    ]
    await services.connecting.disconnect(user.identifier)
    for conversation in ending:
        await services.queue.advance(conversation)
    await services.audit.record(
        AuditEntry(
            what="disconnected",
            why=why,
            identifier=user.identifier,
            team_id=user.team_id,
            user_id=user.user_id,
        )
    )
    await _no_longer_connected(services, [message for message in said if message], why)
    await services.profiles.forget_connected_notice(user.identifier)
    words = disconnected(len(ending), services.settings.conversation_ttl)
    return f"{NOT_YOURS} {words}" if why == NOT_ME else words


async def _no_longer_connected(services: Services, said: list[ConnectButton], why: str) -> None:
    """What said "connected", or offered to, no longer does. Nobody waits long for it."""
    text = NOT_YOURS if why == NOT_ME else "Disconnected. `/intercom connect` connects you again."
    with suppress(TimeoutError):
        async with asyncio.timeout(NOTICE_SECONDS):
            for message in said:
                await replace_button(services.slack, message, text, section(text))
