"""Slack: the bot's token, its scopes, and the clock."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.guard import guarded
from bot.doctor.slack_errors import UNREACHABLE, code_of, refused
from bot.doctor.slack_scopes import check_scopes
from bot.manifest import manifest_path
from bot.settings import Settings

SKEW_WARNING, SKEW_FAILURE = 60, 240
"""Seconds. Signatures older than five minutes are refused."""


async def check_slack(settings: Settings, seconds: float) -> list[Finding]:
    """The token, the scopes that it was granted, and how far the clocks are apart."""
    return await guarded("Slack token", UNREACHABLE, _token(settings), seconds)


async def _token(settings: Settings) -> list[Finding]:
    client = AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_base_url
    )
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        told = refused("Slack token", code_of(error), "auth.test")
        return [told, *(_clock(error.response.headers) if code_of(error) else [])]
    who = f"@{answer.get('user')} in {answer.get('team')}"
    return [ok("Slack token", who), _scopes(answer.headers), *_clock(answer.headers)]


def _scopes(headers: Mapping[str, str]) -> Finding:
    granted = {scope.strip() for scope in headers.get("X-OAuth-Scopes", "").split(",")}
    manifest = yaml.safe_load(manifest_path().read_text())
    return check_scopes(manifest["oauth_config"]["scopes"]["bot"], granted)


def _clock(headers: Mapping[str, str]) -> list[Finding]:
    if "Date" not in headers:
        return []
    skew = time.time() - parsedate_to_datetime(headers["Date"]).timestamp()
    told = f"{abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} Slack's"
    cure = "synchronize this machine's clock (NTP)"
    if abs(skew) > SKEW_FAILURE:
        why = "Slack's signatures count as too old from 5 minutes on, and are refused"
        return [failure("Clock", f"{told}: {why}", cure)]
    if abs(skew) > SKEW_WARNING:
        return [warning("Clock", told, cure)]
    return [ok("Clock", "agrees with Slack's")]
