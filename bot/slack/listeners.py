"""From Slack's signed payloads to stored requests.

Nothing slow happens here: a listener stores and enqueues, and only then is Slack told that all is
well. An exception makes the answer a 500, and Slack delivers again.
"""

import asyncio
import functools
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
from bot.slack.bolt import new_bolt_app
from bot.slack.client import SlackFailure, why
from bot.slack.home import publish_home
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.inbound.intake import Incoming, Intake
from bot.slack.messages import CONNECT_BUTTON, HELP, WHO_IS_IT
from bot.slack.payloads import (
    BlockActions,
    Contradiction,
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
from bot.state.models import Command, Conversation, Owner, Press

log = structlog.get_logger()
tracer = trace.get_tracer(__name__)

MALFORMED = "The payload is malformed."
ANYTHING = re.compile(".*")
CARD_MODALS = re.compile(f"^({EDIT}|{DENY})$")
LOOK_UP_SECONDS = 1.5
"""How long Slack may take to say who somebody is where Slack itself waits for the answer: 3 s."""


def build_app(services: Services) -> AsyncApp:
    """Slack's Bolt app with the bot's listeners."""
    token = services.settings.slack_bot_token.get_secret_value()

    async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
        """Bolt's own asks Slack (auth.test), and answers 200 to an event when Slack is down."""
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    settings = services.settings
    secret = settings.slack_signing_secret.get_secret_value()
    app = new_bolt_app(secret, settings.slack_base_url, authorize)
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
        self._intake = Intake(services)

    async def message(self, body: dict[str, Any]) -> None:
        """A mention, a direct message, or a further message in a thread the bot is in."""
        incoming = Incoming(
            envelope=Envelope.model_validate(body),
            event=MessageEvent.model_validate(body["event"]),
        )
        await self._intake.receive(incoming)

    async def home_opened(self, body: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(body)
        event = HomeOpenedEvent.model_validate(body["event"])
        if event.tab != "messages":
            team_id, enterprise_id, _ = envelope.installation
            await publish_home(self._services, SlackUser(team_id, event.user, enterprise_id))

    async def stopped(self, body: dict[str, Any]) -> None:
        """The Stop button ends the run of the one who pressed it, in that thread; anybody else's
        goes on, and who pressed is told why."""
        envelope, event = Envelope.model_validate(body), StoppedEvent.model_validate(body["event"])
        team_id = envelope.installation.team_id
        conversation = Conversation(team_id, event.channel, event.thread_ts, event.user)
        if await self._services.store.stop(conversation):
            await self._services.queue.advance(conversation, f"stop:{envelope.event_id}")
        else:
            await self._services.queue.explain_stop(envelope.event_id, conversation)

    async def user_changed(self, body: dict[str, Any]) -> None:
        """A deactivated member has left: what the agent has of theirs goes."""
        envelope = Envelope.model_validate(body)
        user = UserChangeEvent.model_validate(body["event"]).user
        team_id, enterprise_id, _ = envelope.installation
        await self._services.people.forget(user.id)
        if user.deleted:
            owner = Owner(team_id=team_id, enterprise_id=enterprise_id, user_id=user.id)
            await self._services.queue.left(SlackUser.of(owner).identifier, owner)

    async def tokens_revoked(self, body: dict[str, Any]) -> None:
        """The bot's own: the app is gone from the workspace. A person's came from signing in with
        Slack, and nothing was kept or done with it, so it ends nothing."""
        envelope = Envelope.model_validate(body)
        if TokensRevokedEvent.model_validate(body["event"]).tokens.bot:
            await self._services.queue.uninstalled(envelope.event_id, envelope.left_team_id)

    async def uninstalled(self, body: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(body)
        await self._services.queue.uninstalled(envelope.event_id, envelope.left_team_id)

    async def pressed(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Who pressed is who Slack says it was; a button's value only says what."""
        try:
            pressed = BlockActions.model_validate(body)
        except ValidationError as error:
            log.warning("malformed_action", problems=error.error_count())
            await ack()
            return
        action = pressed.actions[0]
        if action.action_id != CONNECT_BUTTON:
            url = pressed.response_url
            await self._services.queue.press(
                Press(
                    id=pressed.trigger_id,
                    team_id=pressed.team_id or "",
                    enterprise_id=pressed.enterprise_id,
                    user_id=pressed.user.id,
                    user_teams=pressed.user_teams,
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
            user = await self._admit_now(
                Claim(sent.user.id, sent.team_id, sent.enterprise_id, sent.user_teams)
            )
            problems = await self._approvals.submitted(
                user, sent.view.callback_id, sent.view.private_metadata, sent.entered
            )
        except ValidationError as error:
            log.warning("malformed_submission", problems=error.error_count())
            await ack()
            return
        except TurnedAway as turned:
            problems = {field: turned.words for field in list(sent.entered)[:1] if turned.words}
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
            claim = Claim(typed.user_id, typed.team_id, typed.enterprise_id)
            try:
                await self._admit_now(claim)
            except TurnedAway as turned:
                await ack(turned.words)
            else:
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

    async def _admit_now(self, claim: Claim) -> SlackUser:
        """For what Slack shows the answer of, so that it cannot wait for a job. Raises TurnedAway,
        also where Slack takes too long to say who it is."""
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._services.access.admit(claim)
        except SlackFailure as error:
            log.warning("not_looked_up_in_time", why=why(error))
            raise TurnedAway("unknown", WHO_IS_IT) from error


Listener = Callable[[dict[str, Any]], Awaitable[None]]


def _door(listener: Listener) -> Listener:
    """A payload that does not parse is logged and acknowledged: a repeat would not be better."""

    @functools.wraps(listener)
    async def checked(body: dict[str, Any]) -> None:
        try:
            with tracer.start_as_current_span("slack.event"):
                await listener(body)
        except Contradiction as error:
            log.warning("event_refused", event_id=_event_id(body), why=str(error))
        except ValidationError as error:
            fields = [".".join(str(part) for part in item["loc"]) for item in error.errors()]
            log.warning("malformed_event", event_id=_event_id(body), fields=fields)

    return checked


def _event_id(body: dict[str, Any]) -> str | None:
    event_id = body.get("event_id")
    return event_id if isinstance(event_id, str) else None


async def _unreadable(error: Exception) -> BoltResponse:
    """Bolt itself broke over a payload's shape, before any listener saw it."""
    log.warning("malformed_payload", why=type(error).__name__)
    return BoltResponse(status=400, body=MALFORMED)


async def _ignored(body: dict[str, Any]) -> None:
    log.debug("event_ignored", type=body.get("event", {}).get("type"))


async def _acknowledged(ack: AsyncAck) -> None:
    await ack()
