"""PUBLIC_URL, seen from outside: is this deployment's `bot web` there, with these secrets?"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.doctor.finding import Amiss, Finding, failure, ok, warning
from bot.doctor.guard import guarded
from bot.settings import WHERE_TO_FIND, Settings

CURE = "start `bot web`, and see that PUBLIC_URL leads to it (DNS, certificate, proxy)"
RESTART = "start `bot web` again with this environment"
EVENTS, WEBHOOKS = "Slack events", "Intercom webhooks"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    """The JSON; None where it is none."""


async def check_public_url(settings: Settings, seconds: float) -> list[Finding]:
    """Whether browsers get there safely, and whether it is this bot that answers."""
    reached = await guarded("PUBLIC_URL answers", CURE, _ready(settings), seconds)
    return [_scheme(settings.public_url), *reached]


async def check_events(settings: Settings, seconds: float) -> list[Finding]:
    """Whether Slack's events would be taken. Socket Mode can do without an address for them."""
    amiss = warning if settings.slack_app_token else failure
    return await guarded(EVENTS, CURE, _events(settings, amiss), seconds, amiss)


async def check_webhooks(settings: Settings, seconds: float) -> list[Finding]:
    """Whether Intercom's webhooks would be taken, where they shall be."""
    if settings.intercom_client_secret is None:
        return [ok(WEBHOOKS, "not set: Intercom's webhooks are not taken")]
    secret = settings.intercom_client_secret.get_secret_value()
    return await guarded(WEBHOOKS, CURE, _webhooks(settings.public_url, secret), seconds)


def _scheme(url: str) -> Finding:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ok("PUBLIC_URL scheme", "https")
    if _is_loopback(parts.hostname or ""):
        cure = "use an https address for a real workspace"
        return warning("PUBLIC_URL scheme", "http to this machine: only for trying out", cure)
    cure = "put https in front of `bot web`, and set PUBLIC_URL to it"
    return failure("PUBLIC_URL scheme", "http: what browsers and Slack send can be read", cure)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _ready(settings: Settings) -> list[Finding]:
    answer = await _ask("GET", settings.public_url + "/readyz")
    told = answer.body.get("ready") if isinstance(answer.body, dict) else None
    if answer.status == 200 and told is True:
        return [ok("PUBLIC_URL answers", "`bot web` is ready")]
    if answer.status == 503 and told is False:
        cure = "start that Redis, or correct REDIS_URL where `bot web` runs"
        return [failure("PUBLIC_URL answers", "`bot web` does not reach its Redis", cure)]
    told = f"something else answers at /readyz (HTTP {answer.status})"
    return [failure("PUBLIC_URL answers", told, CURE)]


async def _events(settings: Settings, amiss: Amiss) -> list[Finding]:
    challenge = secrets.token_hex(16)
    body = json.dumps({"type": "url_verification", "token": "bot-doctor", "challenge": challenge})
    timestamp = str(int(time.time()))
    verifier = SignatureVerifier(settings.slack_signing_secret.get_secret_value())
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": verifier.generate_signature(timestamp=timestamp, body=body) or "",
    }
    answer = await _ask("POST", settings.public_url + "/slack/events", body, headers)
    if answer.status == 200 and answer.body == {"challenge": challenge}:
        return [ok(EVENTS, "answered at PUBLIC_URL/slack/events")]
    if answer.status == 401:
        where = WHERE_TO_FIND["SLACK_SIGNING_SECRET"]
        told = "the running `bot web` has another SLACK_SIGNING_SECRET (or another clock)"
        return [failure(EVENTS, told, f"{RESTART}; the secret: {where}")]
    told = f"PUBLIC_URL/slack/events is not the bot's (HTTP {answer.status})"
    return [amiss(EVENTS, told, CURE)]


async def _webhooks(public_url: str, secret: str) -> list[Finding]:
    body = json.dumps({"type": "notification_event", "topic": "ping", "data": {}})
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha1).hexdigest()
    headers = {"X-Hub-Signature": f"sha1={signature}"}
    answer = await _ask("POST", public_url + "/intercom/webhooks", body, headers)
    if answer.status == 200:
        return [ok(WEBHOOKS, "answered at PUBLIC_URL/intercom/webhooks")]
    if answer.status == 401:
        where = WHERE_TO_FIND["INTERCOM_CLIENT_SECRET"]
        told = "the running `bot web` has another INTERCOM_CLIENT_SECRET"
        return [failure(WEBHOOKS, told, f"{RESTART}; the secret: {where}")]
    if answer.status == 404:
        return [warning(WEBHOOKS, "the running `bot web` does not take them", RESTART)]
    return [failure(WEBHOOKS, f"not taken (HTTP {answer.status})", CURE)]


async def _ask(
    method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None
) -> Answer:
    # A redirect is an answer by somebody else: Slack and Intercom do not follow it either.
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method,
            url,
            data=body,
            headers={"Content-Type": "application/json", **(headers or {})},
            allow_redirects=False,
        ) as response,
    ):
        text = await response.text(errors="replace")
    try:
        return Answer(response.status, json.loads(text))
    except ValueError:
        return Answer(response.status, None)
