"""Sign in with Slack: who is in the browser that came back.

OpenID Connect by the client secret, with a nonce and a single-use state, as Slack describes it:
docs.slack.dev/authentication/sign-in-with-slack. No PKCE: it is not in Slack's discovery document,
and a code verifier beside the client secret gets `internal_error` (paradigmxyz/centaur#1101).
"""

import asyncio
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
import structlog
from pydantic import Field, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.settings import Settings

log = structlog.get_logger()

TIMEOUT = 10
"""Seconds for one call; somebody waits in front of a page."""
ATTEMPTS = 2
KEYS_KEPT_SECONDS = 3600.0
KEYS_ASKED_AGAIN_SECONDS = 60.0
"""How often at most Slack is asked for its keys because of a token that none of them signed."""
LEEWAY_SECONDS = 30

# The errors of openid.connect.token by whose they are: docs.slack.dev/reference/methods.
CODE_REFUSED = frozenset({"invalid_code", "invalid_grant"})
"""Slack knows the app, and not the code that the browser brought."""
APP_REFUSED = frozenset(
    {
        "bad_client_secret",
        "bad_redirect_uri",
        "cannot_install_an_org_installed_app",
        "invalid_client",
        "invalid_client_id",
        "invalid_grant_type",
        "invalid_refresh_token",
        "invalid_request",
        "oauth_authorization_url_mismatch",
        "preview_feature_not_available",
        "unsupported_grant_type",
    }
)
"""The app is not set up right: no teammate can do anything about it."""
PERMISSIONS_REFUSED = frozenset(
    {"invalid_scope", "invalid_scope_requested", "scope_not_allowed_on_enterprise"}
)
"""What the browser brings instead of a code when the app may not ask for `openid`."""


class SignInFailed(Exception):
    """Slack did not vouch for anybody: a wrong or used code, or a token that does not hold."""


class SignInRefused(Exception):
    """Slack refuses the app itself; an operator has to look at its settings."""


class SignInUnavailable(Exception):
    """Slack did not do its part; trying again can help."""


class SignedIn(BaseModel):
    """Whom Slack vouches for."""

    user_id: str = Field(validation_alias="https://slack.com/user_id")
    team_id: str = Field(validation_alias="https://slack.com/team_id")


class SignIn:
    def __init__(self, settings: Settings) -> None:
        # Without the handlers that would call again by themselves: a code is good once.
        self._client = AsyncWebClient(
            base_url=settings.slack_base_url, timeout=TIMEOUT, retry_handlers=[]
        )
        self._client_id = settings.slack_client_id
        self._client_secret = settings.slack_client_secret.get_secret_value()
        self._redirect_uri = settings.public_url + "/connect/slack"
        self._slack = settings.slack_api_url.removesuffix("/api")
        self._keys: tuple[float, jwt.PyJWKSet] | None = None
        self._not_again_before = 0.0
        self._asking = asyncio.Lock()

    def url(self, state: str, nonce: str, team_id: str) -> str:
        """Where the browser signs in, with its workspace preselected."""
        query = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": nonce,
            "team": team_id,
        }
        return f"{self._slack}/openid/connect/authorize?{urlencode(query)}"

    async def finish(self, code: str, nonce: str) -> SignedIn:
        """Exchange the code and check the ID token: signature, issuer, audience, expiry, nonce.

        Raises SignInFailed, SignInRefused or SignInUnavailable.
        """
        id_token = await self._exchange(code)
        try:
            kid = str(jwt.get_unverified_header(id_token)["kid"])
        except (jwt.PyJWTError, KeyError) as error:
            raise SignInFailed(type(error).__name__) from error
        return self._checked(id_token, await self._signing_key(kid), nonce)

    async def _exchange(self, code: str) -> str:
        """Out: the ID token. Where Slack broke over it, it is asked once more."""
        broke = ""
        for _ in range(ATTEMPTS):
            try:
                answer = await self._client.openid_connect_token(
                    client_id=self._client_id,
                    client_secret=self._client_secret,
                    code=code,
                    redirect_uri=self._redirect_uri,
                )
            except SlackApiError as error:
                why = error_code(error)
                if why in APP_REFUSED:
                    raise SignInRefused(why) from error
                if why in CODE_REFUSED and not broke:
                    raise SignInFailed(why) from error
                if why in CODE_REFUSED or why == "ratelimited":
                    # The first answer was lost, and the code with it: that is nobody's fault here.
                    raise SignInUnavailable(broke or why) from error
                broke = why or "no answer of Slack's"
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                broke = type(error).__name__
            else:
                id_token = answer.get("id_token")
                if not isinstance(id_token, str):
                    raise SignInUnavailable("no ID token")
                return id_token
        raise SignInUnavailable(broke)

    def _checked(self, id_token: str, key: jwt.PyJWK, nonce: str) -> SignedIn:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=self._slack,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
            signed_in = SignedIn.model_validate(claims)
        except (jwt.PyJWTError, ValidationError) as error:
            raise SignInFailed(type(error).__name__) from error
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInFailed("nonce")
        return signed_in

    async def _signing_key(self, kid: str) -> jwt.PyJWK:
        """The key of this name. One that is not known may be new: then Slack is asked once."""
        async with self._asking:
            keys = await self._signing_keys()
            if _named(keys, kid) is None and time.monotonic() >= self._not_again_before:
                self._not_again_before = time.monotonic() + KEYS_ASKED_AGAIN_SECONDS
                keys = await self._ask_for_keys()
        key = _named(keys, kid)
        if key is None:
            raise SignInUnavailable("the ID token's key is unknown")
        return key

    async def _signing_keys(self) -> jwt.PyJWKSet:
        if self._keys and time.monotonic() - self._keys[0] < KEYS_KEPT_SECONDS:
            return self._keys[1]
        return await self._ask_for_keys()

    async def _ask_for_keys(self) -> jwt.PyJWKSet:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
                session.get(f"{self._slack}/openid/connect/keys") as response,
            ):
                keys = jwt.PyJWKSet.from_dict(await response.json())
        except (
            aiohttp.ClientError,
            TimeoutError,
            jwt.PyJWTError,
            ValueError,
            AttributeError,
        ) as error:
            raise SignInUnavailable(f"keys: {type(error).__name__}") from error
        self._keys = (time.monotonic(), keys)
        return keys


def error_code(error: SlackApiError) -> str:
    """Slack's own word for what is wrong; empty where it was not Slack who answered."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def _named(keys: jwt.PyJWKSet, kid: str) -> jwt.PyJWK | None:
    return next((key for key in keys.keys if key.key_id == kid), None)
