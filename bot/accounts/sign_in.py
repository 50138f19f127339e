"""Sign in with Slack: who is in the browser that came back.

OpenID Connect with PKCE and nonce, as Slack describes it:
docs.slack.dev/authentication/sign-in-with-slack
"""

import base64
import hashlib
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

KEYS_KEPT_SECONDS = 3600.0
LEEWAY_SECONDS = 30


class SignInFailed(Exception):
    """Slack did not vouch for anybody: a wrong or used code, or a token that does not hold."""


class SignInUnavailable(Exception):
    """Slack could not be asked; trying again later can help."""


class Challenge(BaseModel):
    """What ties Slack's answer to this browser and this attempt."""

    nonce: str
    code_verifier: str

    @classmethod
    def new(cls) -> "Challenge":
        return cls(nonce=secrets.token_urlsafe(32), code_verifier=secrets.token_urlsafe(48))


class SignedIn(BaseModel):
    """Whom Slack vouches for."""

    user_id: str = Field(validation_alias="https://slack.com/user_id")
    team_id: str = Field(validation_alias="https://slack.com/team_id")


class SignIn:
    def __init__(self, settings: Settings, client: AsyncWebClient) -> None:
        self._client = client
        self._client_id = settings.slack_client_id
        self._client_secret = settings.slack_client_secret.get_secret_value()
        self._redirect_uri = settings.public_url + "/connect/slack"
        self._slack = settings.slack_api_url.removesuffix("/api")
        self._keys: tuple[float, jwt.PyJWKSet] | None = None

    def url(self, state: str, challenge: Challenge, team_id: str) -> str:
        """Where the browser signs in, with its workspace preselected."""
        digest = hashlib.sha256(challenge.code_verifier.encode()).digest()
        query = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": challenge.nonce,
            "team": team_id,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._slack}/openid/connect/authorize?{urlencode(query)}"

    async def finish(self, code: str, challenge: Challenge) -> SignedIn:
        """Exchange the code and check the ID token: signature, issuer, audience, expiry, nonce.

        Raises SignInFailed or SignInUnavailable.
        """
        try:
            answer = await self._client.openid_connect_token(
                client_id=self._client_id,
                client_secret=self._client_secret,
                code=code,
                redirect_uri=self._redirect_uri,
                code_verifier=challenge.code_verifier,
            )
            keys = await self._signing_keys()
        except SlackApiError as error:
            raise SignInFailed(str(error.response.get("error"))) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SignInUnavailable(type(error).__name__) from error
        return self._checked(str(answer.get("id_token")), keys, challenge.nonce)

    def _checked(self, id_token: str, keys: jwt.PyJWKSet, nonce: str) -> SignedIn:
        try:
            key = keys[jwt.get_unverified_header(id_token)["kid"]]
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
        except (jwt.PyJWTError, KeyError, ValidationError) as error:
            raise SignInFailed(type(error).__name__) from error
        if not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise SignInFailed("nonce")
        return signed_in

    async def _signing_keys(self) -> jwt.PyJWKSet:
        if self._keys and time.monotonic() - self._keys[0] < KEYS_KEPT_SECONDS:
            return self._keys[1]
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
            session.get(f"{self._slack}/openid/connect/keys") as response,
        ):
            keys = jwt.PyJWKSet.from_dict(await response.json())
        self._keys = (time.monotonic(), keys)
        return keys
