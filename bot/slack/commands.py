"""What `/intercom …` does once it is out of Slack's hands."""

import structlog

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected
from bot.services import Services
from bot.slack.connect import offer_to_connect
from bot.slack.errands import CannotPost, post_question, respond
from bot.slack.formatting import escape, unescape
from bot.slack.messages import NOT_CONNECTED
from bot.state.models import Command, Request

log = structlog.get_logger()


class Commands:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, command: Command) -> None:
        """Raises RedisError or SlackApiError where trying again later can help."""
        with structlog.contextvars.bound_contextvars(team=command.team_id, user=command.user_id):
            word = command.text.strip().lower()
            try:
                if word == "connect":
                    text = await self._connect(_user(command))
                elif word == "status":
                    text = await self._status(_user(command))
                else:
                    await self._ask(command)
                    return
            except AccountsUnavailable as error:
                log.warning("accounts_unavailable", why=str(error))
                text = (
                    "The service that keeps your Intercom connection does not answer right now. "
                    "Nothing was changed. Try again in a few minutes."
                )
            await self._respond(command, text)

    async def _connect(self, user: SlackUser) -> str:
        try:
            teammate = await self._services.teammates.connected(user.identifier)
        except NotConnected:
            await offer_to_connect(self._services, user, thread_ts=None, anew=True)
            return "I sent you a direct message with a button to connect your Intercom account."
        return (
            f"You are connected already, as *{escape(teammate.name)}* in "
            f"*{escape(teammate.workspace)}*."
        )

    async def _status(self, user: SlackUser) -> str:
        try:
            teammate = await self._services.teammates.connected(user.identifier)
        except NotConnected:
            return NOT_CONNECTED
        return (
            f"You are connected as *{escape(teammate.name)}* ({escape(teammate.email)}) in "
            f"*{escape(teammate.workspace)}*."
        )

    async def _ask(self, command: Command) -> None:
        """Post the question, so that there is a thread to answer in, and take it up there."""
        text = unescape(command.text)
        try:
            ts = await post_question(
                self._services.slack, command.channel_id, command.user_id, text, command.id
            )
        except CannotPost as error:
            return await self._respond(command, str(error))
        request = Request(
            id=command.id,
            team_id=command.team_id,
            enterprise_id=command.enterprise_id,
            user_id=command.user_id,
            channel_id=command.channel_id,
            thread_ts=ts,
            ts=ts,
            text=text,
            is_direct=command.channel_id.startswith("D"),
        )
        await self._services.store.accept(request, [command.id])
        return await self._services.queue.advance(request.conversation, command.id)

    async def _respond(self, command: Command, text: str) -> None:
        await respond(self._services.seal.open(command.sealed_response_url), text)


def _user(command: Command) -> SlackUser:
    return SlackUser(command.team_id, command.user_id, command.enterprise_id)
