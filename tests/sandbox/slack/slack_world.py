"""What the tests of the Slack stand-in share: a manifest, a clock, a bot to deliver to."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.people import MAYA, PETRA, TEAM_ID, TOM
from bot.sandbox.serving import Serving
from bot.sandbox.slack import SlackSandbox

REDIRECT = "http://127.0.0.1:3000/connect/slack"
IN_CHANNEL = {"recipient_team_id": TEAM_ID, "recipient_user_id": MAYA.slack_user_id}


def manifest() -> dict[str, Any]:
    return {
        "features": {
            "agent_view": {"agent_description": "Helps"},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "slash_commands": [{"command": "/intercom"}],
        },
        "oauth_config": {
            "redirect_urls": [REDIRECT],
            "scopes": {
                "bot": [
                    "app_mentions:read",
                    "assistant:write",
                    "channels:history",
                    "channels:read",
                    "chat:write",
                    "commands",
                    "groups:history",
                    "im:history",
                    "im:write",
                    "mpim:history",
                    "mpim:read",
                    "reactions:write",
                    "users:read",
                ],
                "user": ["openid", "profile"],
            },
        },
        "settings": {
            "interactivity": {"is_enabled": True},
            "event_subscriptions": {
                "bot_events": [
                    "agent_session_stopped",
                    "app_home_opened",
                    "app_mention",
                    "app_uninstalled",
                    "message.channels",
                    "message.groups",
                    "message.im",
                    "message.mpim",
                    "tokens_revoked",
                    "user_change",
                ]
            },
        },
    }


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def client_of(slack: SlackSandbox, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token or slack.bot_token, base_url=slack.url + "/api/")


async def refused(call: Any) -> dict[str, Any]:
    """The body of the answer to a call that Slack refuses."""
    try:
        answer = await call
    except SlackApiError as error:
        return dict(error.response.data)
    raise AssertionError(f"was not refused: {answer.data}")


class Bot:
    """A real Bolt app behind a real server, which notes what reaches its listeners."""

    def __init__(self, slack: SlackSandbox) -> None:
        self.app = AsyncApp(
            client=client_of(slack),
            signing_secret=slack.signing_secret,
            process_before_response=True,
        )
        self.seen: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.answers: list[Response] = []
        """Given out, first to last, before Bolt sees anything."""
        self.gate = threading.Event()
        """While it is cleared, no request gets an answer."""
        self.gate.set()
        handler = AsyncSlackRequestHandler(self.app)

        async def endpoint(request: Request) -> Response:
            self.requests.append(request)
            if not self.gate.is_set():
                await asyncio.to_thread(self.gate.wait, 5)
            if self.answers:
                return self.answers.pop(0)
            return await handler.handle(request)

        async def note(body: dict[str, Any]) -> None:
            self.seen.append(body)

        self.app.event("message")(note)
        self.app.event({"type": "message", "subtype": "message_changed"})(note)
        for event in ("app_mention", "app_home_opened", "agent_session_stopped", "user_change"):
            self.app.event(event)(note)
        route = Route("/slack/events", endpoint, methods=["POST"])
        self.serving = Serving(Starlette(routes=[route]))
        self.url = self.serving.url + "/slack/events"


@dataclass(frozen=True)
class Page:
    status: int
    headers: Mapping[str, str]
    text: str


async def fetch(url: str, verb: str = "GET", **more: Any) -> Page:
    """One request; redirects are not followed."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, url, allow_redirects=False, **more) as answer,
    ):
        return Page(answer.status, answer.headers, await answer.text())


MAYA_ID, TOM_ID, PETRA_ID = MAYA.slack_user_id, TOM.slack_user_id, PETRA.slack_user_id


def button(action_id: str, value: str = "1", **more: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": action_id.title()}
    return {"type": "button", "action_id": action_id, "value": value, "text": text, **more}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def settled(slack: SlackSandbox) -> None:
    """Until everything sent so far has been delivered or given up."""
    slack.wait(lambda: all(d.done.is_set() for d in slack.deliveries), what="deliveries")


def modal(**more: Any) -> dict[str, Any]:
    words = {"type": "plain_text_input", "action_id": "words", "max_length": 10}
    block = {
        "type": "input",
        "block_id": "edit",
        "label": {"type": "plain_text", "text": "Reply"},
        "element": words,
    }
    title, send = ({"type": "plain_text", "text": t} for t in ("Edit", "Send"))
    view = {"type": "modal", "callback_id": "edit", "title": title, "submit": send}
    return {**view, "blocks": [block], **more}
