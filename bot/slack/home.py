"""App Home: the connection, what the agent can do with it, what was asked, what one prefers."""

import asyncio
from datetime import datetime

import structlog
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.teammates import NotConnected, NotPermitted
from bot.intercom.permissions import Ability
from bot.services import Services
from bot.settings import STRICTNESS, Approvals
from bot.slack import messages
from bot.slack.client import SlackFailure, why
from bot.slack.formatting import moment, named
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.standing import standing
from bot.state.models import Outcome, Owner, Preferences, RecentRequest, Teammate

log = structlog.get_logger()

CONNECT = "home_connect"
DISCONNECT = "home_disconnect"
APPROVALS = "approvals_preference"
PRIVATE = "private_preference"
PRIVATELY, IN_THREAD = "private", "thread"
EXAMPLE = "example"
SHOWN_REQUESTS = 5
LIKE_DEPLOYMENT = "deployment"
EXAMPLES = messages.SUGGESTED_PROMPTS

_APPROVALS = {
    "off": "Nothing waits",
    "destructive": "What deletes or reaches a customer",
    "writes": "Every change",
}
_OUTCOMES: dict[Outcome, str] = {
    "working": "at work",
    "waiting": "waits for you to connect",
    "asking": "waits for your approval",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
    "expired": "expired",
}


def stricter(chosen: str, deployment: Approvals) -> Approvals | None:
    """The choice, if it is as strict as the deployment's or stricter; None: the deployment's."""
    allowed = STRICTNESS[STRICTNESS.index(deployment) :]
    return next((item for item in allowed if item == chosen), None)


async def publish_home(services: Services, user: SlackUser) -> None:
    """Have App Home shown anew."""
    owner = Owner(team_id=user.team_id, enterprise_id=user.enterprise_id, user_id=user.user_id)
    await services.queue.publish_home(user.identifier, owner)


class Home:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def publish(self, user: SlackUser) -> None:
        """Show this teammate how things stand now, and others why there is nothing for them.

        Raises RedisError, or SlackFailure while Slack does not say who it is.
        """
        claim = Claim(user.user_id, user.team_id, user.enterprise_id)
        try:
            blocks = await self._for_teammate(await self._services.access.admit(claim))
        except TurnedAway as turned:
            if not turned.words:
                return
            blocks = messages.section(turned.words)
        try:
            view = View(type="home", blocks=blocks)
            await self._services.slack.views_publish(user_id=user.user_id, view=view)
        except SlackFailure as error:
            log.warning("slack_refused", call="views.publish", why=why(error))

    async def _for_teammate(self, user: SlackUser) -> list[Block]:
        blocks = [*await self._account(user), *await self._requests(user)]
        preferences = await self._services.profiles.preferences(user.identifier)
        blocks += _preferences(preferences, self._services.settings.approvals)
        return blocks + _examples()

    async def _account(self, user: SlackUser) -> list[Block]:
        try:
            teammate, since, can = await standing(self._services, user.identifier)
        except NotConnected as error:
            return _not_connected(lost=error.lost)
        except (NotPermitted, AccountsUnavailable):
            return [*messages.section(messages.STATUS_UNKNOWN)]
        return [*_connected(teammate, since), *_abilities(can)]

    async def _requests(self, user: SlackUser) -> list[Block]:
        recent = await self._services.profiles.recent_requests(user.identifier)
        shown = recent[:SHOWN_REQUESTS]
        links = await asyncio.gather(*(self._link(user, request) for request in shown))
        lines = [_request(request, link) for request, link in zip(shown, links, strict=True)]
        words = "\n".join(lines) or "Nothing yet. What you ask me shows up here, with its outcome."
        return [HeaderBlock(text="What you asked lately"), *messages.section(words)]

    async def _link(self, user: SlackUser, request: RecentRequest) -> str:
        """The permalink, asked for once; empty where there is none."""
        if request.permalink:
            return request.permalink
        try:
            answer = await self._services.slack.chat_getPermalink(
                channel=request.channel_id, message_ts=request.ts
            )
        except SlackFailure:
            return ""
        link = str(answer["permalink"])
        known = request.model_copy(update={"permalink": link})
        await self._services.profiles.note_request(user.identifier, known)
        return link


def _not_connected(*, lost: bool) -> list[Block]:
    words = (
        "*Intercom no longer accepts your connection.* It was revoked or has expired."
        if lost
        else "*Connect your Intercom account* and I work in Intercom as you: with your "
        "permissions, signed with your name. Nobody else can use your account through me."
    )
    label = "Reconnect Intercom" if lost else "Connect Intercom"
    return [
        HeaderBlock(text="Your Intercom account"),
        *messages.section(words),
        ActionsBlock(elements=[ButtonElement(text=label, action_id=CONNECT, style="primary")]),
    ]


def _connected(teammate: Teammate, since: datetime | None) -> list[Block]:
    return [
        HeaderBlock(text="Your Intercom account"),
        SectionBlock(
            text=MarkdownTextObject(
                text=messages.connected_as(teammate.name, teammate.workspace)
                + "\n"
                + messages.account_details(teammate, since),
                verbatim=True,
            ),
            accessory=ButtonElement(
                text="Disconnect",
                action_id=DISCONNECT,
                style="danger",
                confirm=ConfirmObject(
                    title="Disconnect Intercom?",
                    text="What waits or runs for you ends, and I can do nothing in Intercom for "
                    "you until you connect again.",
                    confirm="Disconnect",
                    deny="Keep it",
                ),
            ),
        ),
    ]


def _abilities(can: list[Ability]) -> list[Block]:
    lines = messages.abilities_in_words(can)
    return [
        HeaderBlock(text="What I can do with it"),
        *messages.section("\n".join(lines) or "This account offers me no tools."),
        ContextBlock(
            elements=[MarkdownTextObject(text="What changes something carries your name.")]
        ),
    ]


def _request(request: RecentRequest, link: str) -> str:
    words = named(request.text, 80).replace("|", "¦") or "(no text)"
    title = f"<{link}|{words}>" if link else words
    return f"• {title} · *{_OUTCOMES[request.outcome]}* · {moment(request.received_at)}"


def _preferences(preferences: Preferences, deployment: Approvals) -> list[Block]:
    like = Option(text=f"As set for everybody: {_APPROVALS[deployment]}", value=LIKE_DEPLOYMENT)
    allowed = STRICTNESS[STRICTNESS.index(deployment) + 1 :]
    options = [like, *(Option(text=_APPROVALS[item], value=item) for item in allowed)]
    chosen = preferences.approvals and stricter(preferences.approvals, deployment)
    where = [
        Option(text="Everybody in the thread", value=IN_THREAD),
        Option(text="Only you, by direct message", value=PRIVATELY),
    ]
    initial = next((option for option in options if option.value == chosen), like)
    return [
        HeaderBlock(text="What waits for your approval"),
        SectionBlock(
            text=MarkdownTextObject(
                text="You can be as strict as your deployment or stricter, never looser."
            ),
            accessory=StaticSelectElement(
                action_id=APPROVALS, options=options, initial_option=initial
            ),
        ),
        HeaderBlock(text="Who sees my answers in channels"),
        SectionBlock(
            text=MarkdownTextObject(
                text="Channels shared with other organizations are private in any case. A private "
                "answer has a button to share it."
            ),
            accessory=StaticSelectElement(
                action_id=PRIVATE,
                options=where,
                initial_option=where[1] if preferences.private else where[0],
            ),
        ),
    ]


def _examples() -> list[Block]:
    buttons = [
        ButtonElement(text=title, action_id=f"{EXAMPLE}_{number}", value=str(number))
        for number, (title, _) in enumerate(EXAMPLES)
    ]
    return [
        DividerBlock(),
        HeaderBlock(text="Try one of these"),
        *messages.section("I answer in our direct messages."),
        ActionsBlock(elements=buttons),
        *messages.section(messages.HELP),
    ]
