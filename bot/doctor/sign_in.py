"""Sign in with Slack: the client id and secret, the redirect URL and the user scope."""

from urllib.parse import parse_qs, urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.accounts.sign_in import CODE_REFUSED, PERMISSIONS_REFUSED, SignIn
from bot.doctor.finding import Finding, failure, ok
from bot.doctor.guard import guarded
from bot.doctor.slack_errors import CURES, NOT_SLACK, UNREACHABLE, code_of, refused
from bot.settings import Settings

CHECK = "Sign in with Slack"
SCOPE_CHECK = "Sign in with Slack, scope"
SCOPE_CURE = (
    "add openid under OAuth & Permissions → User Token Scopes (or paste the manifest that bot "
    "manifest prints under App Manifest), then reinstall the app"
)
_WORDS = {
    "Invalid permissions requested": "invalid_scope",
    "Invalid requested permissions": "invalid_scope",
    "invalid_scope": "invalid_scope",
    "redirect_uri did not match": "bad_redirect_uri",
    "bad_redirect_uri": "bad_redirect_uri",
    "Invalid client_id": "invalid_client_id",
}
"""What Slack's page says to a browser that it refuses, as people report it: openai/codex#33137,
zorn-v/nextcloud-social-login#507."""


async def check_sign_in(settings: Settings, seconds: float) -> list[Finding]:
    """Whether Slack knows the client id and secret that teammates sign in with, and whether it
    refuses the app's sign-in page."""
    return await guarded(CHECK, UNREACHABLE, _sign_in(settings), seconds)


async def _sign_in(settings: Settings) -> list[Finding]:
    try:
        await AsyncWebClient(base_url=settings.slack_base_url).openid_connect_token(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            code="bot-doctor",
            redirect_uri=settings.public_url + "/connect/slack",
        )
    except SlackApiError as error:
        code = code_of(error)
        # Slack looks at the code only once it has accepted who brings it.
        if code not in CODE_REFUSED:
            return [refused(CHECK, code, "openid.connect.token")]
        known = ok(CHECK, "Slack knows the client id and secret")
        return [known, *await guarded(SCOPE_CHECK, UNREACHABLE, _page(settings))]
    # Nobody who knows which codes there are takes a made-up one.
    return [failure(CHECK, NOT_SLACK, UNREACHABLE)]


async def _page(settings: Settings) -> list[Finding]:
    """Open the page as a visitor does. Slack tells some of what is wrong with an app only to
    somebody who is signed in, so nothing refused is not a promise."""
    url = SignIn(settings).url("bot-doctor", "bot-doctor", "")
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        where, text = answer.headers.get("Location", ""), await answer.text()
    brought = parse_qs(urlsplit(where).query).get("error", [""])[0]
    code = brought or next((code for words, code in _WORDS.items() if words in text), "")
    if code in PERMISSIONS_REFUSED:
        return [failure(SCOPE_CHECK, "the app may not ask for openid", SCOPE_CURE)]
    if code in CURES:
        return [failure(SCOPE_CHECK, f"Slack's page says {code}", CURES[code])]
    return [ok(SCOPE_CHECK, "Slack's page refuses nothing, as far as a visitor sees")]
