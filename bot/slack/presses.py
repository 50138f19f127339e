"""What buttons and choices do once they are out of Slack's hands."""

from typing import Any

import structlog
from slack_sdk.models.blocks import ActionsBlock, ButtonElement
from slack_sdk.models.views import View

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected, NotPermitted
from bot.services import Services
from bot.slack import home, messages
from bot.slack.afterwards import BELOW_ANSWERS, Afterwards
from bot.slack.approvals import Approvals
from bot.slack.client import SlackFailure, why
from bot.slack.connect import NOT_ME, disconnect, offer_to_connect
from bot.slack.errands import respond, tell, turn_away
from bot.slack.home import publish_home
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.questions import ask_aloud
from bot.slack.views import approval_card
from bot.state.models import Press

log = structlog.get_logger()


class Presses:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._approvals = Approvals(services)
        self._afterwards = Afterwards(services)

    async def answer(self, press: Press) -> None:
        """Raises RedisError or SlackFailure where trying again later can help."""
        with structlog.contextvars.bound_contextvars(team=press.team_id, user=press.user_id):
            claim = Claim(press.user_id, press.team_id, press.enterprise_id, press.user_teams)
            try:
                user = await self._services.access.admit(claim)
                known = {"team_id": user.team_id, "enterprise_id": user.enterprise_id}
                await self._answer(press.model_copy(update=known), user)
            except TurnedAway as turned:
                await self._turn_away(press, turned.words)
            except AccountsUnavailable as error:
                log.warning("accounts_unavailable", why=str(error))
                await self._say(press, messages.ACCOUNTS_UNAVAILABLE)

    async def _answer(self, press: Press, user: SlackUser) -> None:
        match press.action_id:
            case home.CONNECT:
                await self._connect(press, user)
            case messages.DISCONNECT | home.DISCONNECT:
                words = await disconnect(self._services, user)
                await publish_home(self._services, user)
                await self._say(press, words)
            case messages.NOT_ME_BUTTON:
                await self._not_me(press, user)
            case action if action in approval_card.DECISIONS:
                await self._approvals.pressed(press)
            case action if action in BELOW_ANSWERS:
                await self._afterwards.pressed(press)
            case home.PRIVATE:
                await self._prefer(user, {"private": press.value == home.PRIVATELY})
            case messages.KEEP_CONNECTION:
                await self._say(press, messages.KEPT)
            case home.APPROVALS:
                deployment = self._services.settings.approvals
                await self._prefer(user, {"approvals": home.stricter(press.value, deployment)})
            case action if action.startswith(home.EXAMPLE):
                await self._ask(press, user)

    async def _connect(self, press: Press, user: SlackUser) -> None:
        """Show the way to Intercom at once; by direct message where that came too late."""
        services = self._services
        try:
            await services.teammates.connected(user.identifier)
        except NotConnected as error:
            lost = error.lost
        except NotPermitted:
            return await publish_home(self._services, user)
        else:
            return await publish_home(self._services, user)
        link = await services.connecting.link(user)
        try:
            await services.slack.views_open(trigger_id=press.id, view=_way_out(link.url, lost=lost))
        except SlackFailure as error:
            log.info("slack_refused", call="views.open", why=why(error))
            await offer_to_connect(services, user, thread_ts=None, lost=lost, anew=True)
        return None

    async def _not_me(self, press: Press, user: SlackUser) -> None:
        """Disconnect at once what this message said was connected, and nothing that came after."""
        now = await self._services.connecting.connection_id(user.identifier)
        if press.value != (now or "-"):
            return await self._say(press, messages.CONNECTION_OVER)
        words = await disconnect(self._services, user, why=NOT_ME)
        await publish_home(self._services, user)
        return await self._say(press, words)

    async def _prefer(self, user: SlackUser, changed: dict[str, Any]) -> None:
        preferences = await self._services.profiles.preferences(user.identifier)
        chosen = preferences.model_copy(update=changed)
        await self._services.profiles.save_preferences(user.identifier, chosen)
        await publish_home(self._services, user)

    async def _ask(self, press: Press, user: SlackUser) -> None:
        """Ask an example in the direct messages."""
        if not press.value.isdecimal() or int(press.value) >= len(home.EXAMPLES):
            return
        text = home.EXAMPLES[int(press.value)][1]
        services = self._services
        opened = await services.slack.conversations_open(users=user.user_id)
        channel_id = str(opened["channel"]["id"])
        await ask_aloud(services, user, press.id, channel_id, text)

    async def _turn_away(self, press: Press, words: str) -> None:
        """In App Home and in modals there is no place for words: Home shows them itself."""
        if words and press.channel_id:
            thread_ts = press.thread_ts or None
            slack = self._services.slack
            await turn_away(slack, press.channel_id, press.user_id, words, thread_ts)
        elif words:
            await publish_home(self._services, SlackUser.of(press))

    async def _say(self, press: Press, text: str) -> None:
        """In place of the message whose button it was, else by direct message."""
        if press.sealed_response_url:
            url = self._services.seal.open(press.sealed_response_url)
            await respond(url, text, messages.section(text), in_place=True)
        else:
            await tell(self._services.slack, press.user_id, text)


def _way_out(link: str, *, lost: bool) -> View:
    button = ButtonElement(
        text="Continue to Intercom", action_id=messages.CONNECT_BUTTON, url=link, style="primary"
    )
    words = (
        "You sign in with Slack first, so that the account is bound to you and nobody else, then "
        "agree at Intercom. The link is yours alone and works for 15 minutes."
    )
    return View(
        type="modal",
        title="Reconnect Intercom" if lost else "Connect Intercom",
        close="Close",
        blocks=[*messages.section(words), ActionsBlock(elements=[button])],
    )
