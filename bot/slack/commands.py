"""What `/intercom …` does once it is out of Slack's hands."""

from datetime import UTC, datetime, timedelta

import structlog
from slack_sdk.models.blocks import Block

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected, NotPermitted
from bot.intercom.permissions import permission_for
from bot.services import Services
from bot.slack.connect import offer_to_connect
from bot.slack.errands import CannotPost, respond
from bot.slack.formatting import unescape
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.messages import (
    ACCOUNTS_UNAVAILABLE,
    BEGUN_ANEW,
    FORGOTTEN,
    LOST,
    NOT_CONNECTED,
    abilities_in_words,
    account_details,
    audit_in_words,
    connected_as,
    disconnect_blocks,
    who,
)
from bot.slack.privately import POINTER as PRIVATELY
from bot.slack.privately import ask_privately
from bot.slack.questions import ask_aloud
from bot.slack.standing import standing
from bot.state.models import Command, Request

log = structlog.get_logger()

AUDIT_SHOWN = timedelta(days=30)
AUDIT_ENTRIES = 10


class Commands:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, command: Command) -> None:
        """Raises RedisError or SlackFailure where trying again later can help."""
        with structlog.contextvars.bound_contextvars(team=command.team_id, user=command.user_id):
            words = {
                "connect": self._connect,
                "disconnect": self._ask_to_disconnect,
                "status": self._status,
                "forget": self._forget,
                "stop": self._stop,
                "new": self._begin_anew,
                "audit": self._audit,
            }
            run = words.get(command.text.strip().lower(), self._ask)
            if command.text.lower().startswith("private "):
                run = self._ask_privately
            claim = Claim(command.user_id, command.team_id, command.enterprise_id)
            try:
                user = await self._services.access.admit(claim)
                known = {"team_id": user.team_id, "enterprise_id": user.enterprise_id}
                await run(command.model_copy(update=known))
            except TurnedAway as turned:
                if turned.words:
                    await self._respond(command, turned.words)
            except AccountsUnavailable as error:
                log.warning("accounts_unavailable", why=str(error))
                await self._respond(command, ACCOUNTS_UNAVAILABLE)

    async def _connect(self, command: Command) -> None:
        user = SlackUser.of(command)
        try:
            teammate = await self._services.teammates.connected(user.identifier)
        except NotConnected as error:
            await offer_to_connect(self._services, user, thread_ts=None, lost=error.lost, anew=True)
            what = "reconnect" if error.lost else "connect"
            text = f"I sent you a direct message with a button to {what} your Intercom account."
        except NotPermitted as error:
            text = not_permitted(error)
        else:
            text = (
                f"You are connected already, as *{who(teammate.name)}* in "
                f"*{who(teammate.workspace)}*."
            )
        await self._respond(command, text)

    async def _ask_to_disconnect(self, command: Command) -> None:
        """The account's name is shown if Intercom tells it; it can be disconnected all the same."""
        user = SlackUser.of(command)
        account = await self._services.scalekit.find(user.identifier)
        if account is None:
            return await self._respond(command, NOT_CONNECTED)
        try:
            teammate = await self._services.teammates.connected(user.identifier)
            name, workspace = teammate.name, teammate.workspace
        except (NotConnected, NotPermitted):
            name, workspace = "your account", "Intercom"
        blocks = disconnect_blocks(name, workspace)
        return await self._respond(command, "Disconnect Intercom?", blocks)

    async def _status(self, command: Command) -> None:
        services, user = self._services, SlackUser.of(command)
        try:
            teammate, since, can = await standing(services, user.identifier)
        except NotConnected as error:
            return await self._respond(command, LOST if error.lost else NOT_CONNECTED)
        except NotPermitted as error:
            return await self._respond(command, not_permitted(error))
        lines = [
            connected_as(teammate.name, teammate.workspace),
            account_details(teammate, since),
            "What I may do there:",
            *abilities_in_words(can),
        ]
        return await self._respond(command, "\n".join(lines))

    async def _forget(self, command: Command) -> None:
        """Forget the conversations; those in which something runs or waits go on."""
        services, identifier = self._services, SlackUser.of(command).identifier
        for conversation in await services.store.conversations(identifier):
            if not await services.store.is_busy(conversation):
                await services.erase(identifier, conversation)
        await self._respond(command, FORGOTTEN)

    async def _stop(self, command: Command) -> None:
        """Stop everything of this teammate's that runs or waits for approval."""
        services, identifier = self._services, SlackUser.of(command).identifier
        stopping = await services.store.stop_all(identifier)
        for conversation in stopping:
            await services.queue.advance(conversation)
        text = {0: "Nothing of yours is running.", 1: "I stop what is running."}.get(
            len(stopping), f"I stop the {len(stopping)} requests that are running."
        )
        await self._respond(command, text)

    async def _begin_anew(self, command: Command) -> None:
        """Begin afresh in the threads of this channel in which nothing runs."""
        services, identifier = self._services, SlackUser.of(command).identifier
        for conversation in await services.store.conversations(identifier):
            here = conversation.channel_id == command.channel_id
            if here and not await services.store.is_busy(conversation):
                await services.store.begin_anew(conversation)
        await self._respond(command, BEGUN_ANEW)

    async def _audit(self, command: Command) -> None:
        identifier = SlackUser.of(command).identifier
        since = datetime.now(UTC) - AUDIT_SHOWN
        entries = await self._services.audit.since(since, identifier)
        await self._respond(command, audit_in_words(entries[-AUDIT_ENTRIES:]))

    async def _ask_privately(self, command: Command) -> None:
        await self._take_up_privately(command, command.text[len("private ") :])

    async def _ask(self, command: Command) -> None:
        """Post the question, so that there is a thread to answer in, and take it up there; or in
        the direct messages, where others than the teammate's own people would read it."""
        user, text = SlackUser.of(command), unescape(command.text)
        in_dm = command.channel_id.startswith("D")
        if not in_dm and await self._is_private(command):
            return await self._take_up_privately(command, command.text)
        try:
            await ask_aloud(self._services, user, command.id, command.channel_id, text)
        except CannotPost as error:
            if in_dm:  # somebody else's direct messages: the agent's own are where it can post
                return await self._take_up_privately(command, command.text)
            await self._respond(command, str(error))
        return None

    async def _is_private(self, command: Command) -> bool:
        """Whether the teammate wants it so, or another organization reads there, or might."""
        services = self._services
        preferences = await services.profiles.preferences(SlackUser.of(command).identifier)
        return preferences.private or await services.channels.is_shared(command.channel_id)

    async def _take_up_privately(self, command: Command, text: str) -> None:
        request = Request(
            id=command.id,
            team_id=command.team_id,
            enterprise_id=command.enterprise_id,
            user_id=command.user_id,
            channel_id=command.channel_id,
            thread_ts=command.id,
            ts=command.id,
            text=unescape(text).strip(),
        )
        await ask_privately(self._services, request, [command.id])
        await self._respond(command, PRIVATELY)

    async def _respond(
        self, command: Command, text: str, blocks: list[Block] | None = None
    ) -> None:
        await respond(self._services.seal.open(command.sealed_response_url), text, blocks)


def not_permitted(error: NotPermitted) -> str:
    permission = permission_for(error.tool_name, is_read=True)
    return (
        f"Your account is connected, but the permission “{permission}” is missing for this app in "
        "Intercom's Developer Hub. An operator has to tick it there."
    )
