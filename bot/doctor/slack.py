"""Slack: the bot's token, its scopes, the clock, and Sign in with Slack."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.guard import guarded
from bot.doctor.slack_scopes import check_scopes
from bot.manifest import manifest_path
from bot.settings import WHERE_TO_FIND, Settings

SKEW_WARNING, SKEW_FAILURE = 60, 240
"""Seconds. Signatures older than five minutes are refused."""

CURE = "see that this machine reaches Slack (network, proxy), and leave SLACK_API_URL out"
NOT_SLACK = "something else than Slack answers at SLACK_API_URL"
_CLIENT_CURES = {
    "bad_client_secret": ("SLACK_CLIENT_SECRET", WHERE_TO_FIND["SLACK_CLIENT_SECRET"]),
    "invalid_client_id": ("SLACK_CLIENT_ID", WHERE_TO_FIND["SLACK_CLIENT_ID"]),
}


async def check_slack(settings: Settings, seconds: float) -> list[Finding]:
    """The token, the scopes that it was granted, and how far the clocks are apart."""
    return await guarded("Slack token", CURE, _token(settings), seconds)


async def check_sign_in(settings: Settings, seconds: float) -> list[Finding]:
    """Whether Slack knows the client id and secret that teammates sign in with."""
    return await guarded("Sign in with Slack", CURE, _sign_in(settings), seconds)


async def _token(settings: Settings) -> list[Finding]:
    client = AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_base_url
    )
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        code = _code(error)
        if not code:
            return [failure("Slack token", NOT_SLACK, CURE)]
        cure = f"copy it again: {WHERE_TO_FIND['SLACK_BOT_TOKEN']}; reinstall the app if need be"
        refused = failure("Slack token", f"Slack answers {code}", cure)
        return [refused, *_clock(error.response.headers)]
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


async def _sign_in(settings: Settings) -> list[Finding]:
    check = "Sign in with Slack"
    try:
        await AsyncWebClient(base_url=settings.slack_base_url).openid_connect_token(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            code="bot-doctor",
            redirect_uri=settings.public_url + "/connect/slack",
        )
    except SlackApiError as error:
        code = _code(error)
        if not code:
            return [failure(check, NOT_SLACK, CURE)]
        # Slack looks at the code only once it has accepted who brings it.
        if code == "invalid_code":
            return [ok(check, "Slack knows the client id and secret")]
        if code in _CLIENT_CURES:
            name, where = _CLIENT_CURES[code]
            return [failure(check, f"Slack answers {code}", f"correct {name}: {where}")]
        return [warning(check, f"Slack answers {code}", "run bot doctor again in a minute")]
    # Nobody who knows which codes there are takes a made-up one.
    return [failure(check, NOT_SLACK, CURE)]


def _code(error: SlackApiError) -> str:
    """Slack's own word for what is wrong; empty where it was not Slack who answered."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""
