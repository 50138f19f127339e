"""From Slack's signed payloads to stored requests.

Nothing slow happens here: a listener stores and enqueues, and only then is Slack told that all is
well. An exception makes the answer a 500, and Slack delivers again.
"""

import functools
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from opentelemetry import trace
from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.approvals import Approvals
from bot.slack.formatting import unescape
from bot.slack.home import publish_home
from bot.slack.messages import CONNECT_BUTTON, HELP
from bot.slack.payloads import (
    BlockActions,
    Envelope,
    HomeOpenedEvent,
    MessageEvent,
    SlashCommand,
    StoppedEvent,
    TokensRevokedEvent,
    UserChangeEvent,
    ViewSubmission,
)
from bot.slack.views.approval_card import DENY, EDIT
from bot.state.models import Command, Conversation, Owner, Press, Request

log = structlog.get_logger()
tracer = trace.get_tracer(__name__)

MALFORMED = "The payload is malformed."
ANYTHING = re.compile(".*")
CARD_MODALS = re.compile(f"^({EDIT}|{DENY})$")
MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


def build_app(services: Services) -> AsyncApp:
    """Slack's Bolt app with the bot's listeners."""
    token = services.settings.slack_bot_token.get_secret_value()

    async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
        """Bolt's own asks Slack (auth.test), and answers 200 to an event when Slack is down."""
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = AsyncApp(
        client=services.slack,
        signing_secret=services.settings.slack_signing_secret.get_secret_value(),
        authorize=authorize,
        process_before_response=True,
        logger=logging.getLogger("slack_bolt"),
    )
    of_listeners = app.listener_runner.listener_error_handler
    app.error(_unreadable)
    # `error` is for both, but what a listener could not do is no fault of the payload.
    app.listener_runner.listener_error_handler = of_listeners
    listeners = Listeners(services)
    app.event("app_mention")(_door(listeners.message))
    app.event("message")(_door(listeners.message))
    app.event("app_home_opened")(_door(listeners.home_opened))
    app.event("agent_session_stopped")(_door(listeners.stopped))
    app.event("user_change")(_door(listeners.user_changed))
    app.event("tokens_revoked")(_door(listeners.tokens_revoked))
    app.event("app_uninstalled")(_door(listeners.uninstalled))
    app.event(ANYTHING)(_ignored)
    app.command("/intercom")(listeners.command)
    app.action(ANYTHING)(listeners.pressed)
    app.view(CARD_MODALS)(listeners.submitted)
    app.view(ANYTHING)(_acknowledged)
    app.view_closed(ANYTHING)(_acknowledged)
    return app


class Listeners:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._approvals = Approvals(services)

    async def message(self, body: dict[str, Any]) -> None:
        """A mention, a direct message, or a further message in a thread the bot is in."""
        envelope, event = Envelope.model_validate(body), MessageEvent.model_validate(body["event"])
        if not event.is_by_a_person or event.user is None:
            return
        mentioned = MENTION.findall(event.text)
        is_mention = envelope.bot_user_id in mentioned
        home = (None, envelope.team_id, envelope.enterprise_id)
        if event.user_team not in home:
            if is_mention and await self._services.store.first_time(f"{event.channel}:{event.ts}"):
                await self._services.queue.turn_away(envelope.event_id, event.channel, event.user)
            return
        request = Request(
            id=envelope.event_id,
            team_id=envelope.team_id,
            enterprise_id=envelope.enterprise_id,
            user_id=event.user,
            channel_id=event.channel,
            thread_ts=event.thread_ts or event.ts,
            ts=event.ts,
            text=_said(event.text, envelope.bot_user_id),
            is_direct=event.is_direct,
        )
        if not (is_mention or event.is_direct):
            is_for_somebody_else = bool(mentioned)
            if is_for_somebody_else or not await self._services.store.knows(request.conversation):
                return
        if is_stop(request.text) and await self._stop(request.conversation, event.ts):
            return
        seen = [envelope.event_id, f"{envelope.team_id}:{event.channel}:{event.ts}"]
        identifier = SlackUser.of(request).identifier
        if is_mention and not event.is_direct:
            preferences = await self._services.profiles.preferences(identifier)
            if envelope.is_ext_shared_channel or preferences.private:
                await self._services.queue.ask_privately(request, seen)
                return
        fresh = await self._services.store.accept(request, seen, identifier)
        log.info("request_accepted", request=request.id, repeat=not fresh)
        await self._services.queue.advance(request.conversation, event.ts)

    async def home_opened(self, body: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(body)
        event = HomeOpenedEvent.model_validate(body["event"])
        if event.tab == "messages":
            await self._services.queue.open_pane(envelope.event_id, event.channel)
        else:
            await publish_home(
                self._services,
                SlackUser(envelope.team_id, event.user, envelope.enterprise_id),
            )

    async def stopped(self, body: dict[str, Any]) -> None:
        """The Stop button ends the run of the one who pressed it, in that thread."""
        envelope, event = Envelope.model_validate(body), StoppedEvent.model_validate(body["event"])
        conversation = Conversation(envelope.team_id, event.channel, event.thread_ts, event.user)
        await self._stop(conversation, envelope.event_id)

    async def _stop(self, conversation: Conversation, cause: str) -> bool:
        """Out: whether there was a run to stop."""
        stopped = await self._services.store.stop(conversation)
        if stopped:
            await self._services.queue.advance(conversation, f"stop:{cause}")
        return stopped

    async def user_changed(self, body: dict[str, Any]) -> None:
        """A deactivated member has left: what the agent has of theirs goes."""
        envelope = Envelope.model_validate(body)
        event = UserChangeEvent.model_validate(body["event"])
        if event.user.deleted:
            await self._left(envelope, event.user.id)

    async def tokens_revoked(self, body: dict[str, Any]) -> None:
        """The bot's own: the app is gone from the workspace. Somebody's: they took theirs back."""
        envelope = Envelope.model_validate(body)
        tokens = TokensRevokedEvent.model_validate(body["event"]).tokens
        if tokens.bot:
            await self._services.queue.uninstalled(envelope.event_id, envelope.team_id)
        for user_id in tokens.oauth:
            await self._left(envelope, user_id)

    async def uninstalled(self, body: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(body)
        await self._services.queue.uninstalled(envelope.event_id, envelope.team_id)

    async def _left(self, envelope: Envelope, user_id: str) -> None:
        owner = Owner(
            team_id=envelope.team_id, enterprise_id=envelope.enterprise_id, user_id=user_id
        )
        await self._services.queue.left(SlackUser.of(owner).identifier, owner)

    async def pressed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Who pressed is who Slack says it was; a button's value only says what."""
        try:
            pressed = BlockActions.model_validate(body)
        except ValidationError as error:
            log.warning("malformed_action", problems=error.error_count())
            await ack()
            return
        action = pressed.actions[0]
        if pressed.is_by_a_member and action.action_id != CONNECT_BUTTON:
            url = pressed.response_url
            await self._services.queue.press(
                Press(
                    id=pressed.trigger_id,
                    **pressed.owner.model_dump(),
                    action_id=action.action_id,
                    value=action.chosen,
                    channel_id=pressed.container.channel_id,
                    message_ts=pressed.container.message_ts,
                    thread_ts=pressed.container.thread_ts,
                    sealed_response_url=self._services.seal.close(url) if url else "",
                )
            )
        await ack()

    async def submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A modal was sent: what is wrong with it is said in it, at once."""
        try:
            sent = ViewSubmission.model_validate(body)
            problems = await self._approvals.submitted(
                SlackUser.of(sent.owner),
                sent.view.callback_id,
                sent.view.private_metadata,
                sent.entered,
            )
        except ValidationError as error:
            log.warning("malformed_submission", problems=error.error_count())
            await ack()
            return
        if problems:
            await ack(response_action="errors", errors=problems)
        else:
            await ack(response_action="clear")

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            typed = SlashCommand.model_validate(body)
        except ValidationError as error:
            log.warning("malformed_command", problems=error.error_count())
            await ack("I could not read this command. Try again.")
            return
        if typed.text.strip().lower() in ("", "help"):
            await ack(HELP)
            return
        await self._services.queue.answer_command(
            Command(
                id=typed.trigger_id,
                team_id=typed.team_id,
                enterprise_id=typed.enterprise_id,
                user_id=typed.user_id,
                channel_id=typed.channel_id,
                text=typed.text.strip(),
                sealed_response_url=self._services.seal.close(typed.response_url),
            )
        )
        await ack()


Listener = Callable[[dict[str, Any]], Awaitable[None]]


def _door(listener: Listener) -> Listener:
    """A payload that does not parse is logged and acknowledged: a repeat would not be better."""

    @functools.wraps(listener)
    async def checked(body: dict[str, Any]) -> None:
        try:
            with tracer.start_as_current_span("slack.event"):
                await listener(body)
        except ValidationError as error:
            fields = [".".join(str(part) for part in item["loc"]) for item in error.errors()]
            event_id = body.get("event_id")
            shown = event_id if isinstance(event_id, str) else None
            log.warning("malformed_event", event_id=shown, fields=fields)

    return checked


async def _unreadable(error: Exception) -> BoltResponse:
    """Bolt itself broke over a payload's shape, before any listener saw it."""
    log.warning("malformed_payload", why=type(error).__name__)
    return BoltResponse(status=400, body=MALFORMED)


async def _ignored(body: dict[str, Any]) -> None:
    log.debug("event_ignored", type=body.get("event", {}).get("type"))


async def _acknowledged(ack: AsyncAck) -> None:
    await ack()


def is_stop(text: str) -> bool:
    """Whether somebody says nothing but stop."""
    return text.strip().strip(".!").lower() in ("stop", "/stop", "stop it")


def _said(text: str, bot_user_id: str) -> str:
    """What was said to the bot, without its own name."""
    without_name = MENTION.sub(lambda name: "" if name[1] == bot_user_id else name[0], text)
    return unescape(without_name).strip()
