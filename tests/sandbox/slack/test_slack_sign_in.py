"""Sign in with Slack."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    MAYA_ID,
    PETRA_ID,
    REDIRECT,
    Clock,
    Page,
    client_of,
    fetch,
    manifest,
    refused,
)

from bot.sandbox.people import MAYA, PETRA, TEAM_ID
from bot.sandbox.slack import (
    SlackSandbox,
)


class TestSignIn:
    async def test_a_person_signs_in(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        code = await self._code(slack, MAYA_ID, nonce="n-1")
        token = await client.openid_connect_token(
            slack.client_id, slack.client_secret, code=code, redirect_uri=REDIRECT
        )
        claims = await self._verified(slack, token["id_token"])
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (
            slack.url,
            slack.client_id,
            "n-1",
        )
        assert claims["https://slack.com/user_id"] == MAYA_ID
        assert claims["https://slack.com/team_id"] == TEAM_ID
        assert "email" not in claims, "that scope was not asked for"
        info = await client_of(slack, token["access_token"]).openid_connect_userInfo()
        assert (info["sub"], info["name"]) == (MAYA_ID, MAYA.name)
        assert (await refused(client.openid_connect_userInfo()))["error"] == "invalid_auth"

    async def test_a_code_is_good_once(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        exchange = {
            "client_id": slack.client_id,
            "client_secret": slack.client_secret,
            "code": await self._code(slack, MAYA_ID),
            "redirect_uri": REDIRECT,
        }
        await client.openid_connect_token(**exchange)
        assert (await refused(client.openid_connect_token(**exchange)))["error"] == "invalid_code"

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"client_id": "1.2"}, "invalid_client_id"),
            ({"client_secret": "guess"}, "bad_client_secret"),
            ({"redirect_uri": REDIRECT + "/x"}, "bad_redirect_uri"),
            ({"code": "guess"}, "invalid_code"),
        ],
    )
    async def test_refuses_exchanges(
        self, slack: SlackSandbox, client: AsyncWebClient, change: dict[str, str], error: str
    ) -> None:
        exchange = {
            "client_id": slack.client_id,
            "client_secret": slack.client_secret,
            "code": await self._code(slack, MAYA_ID),
            "redirect_uri": REDIRECT,
            **change,
        }
        assert (await refused(client.openid_connect_token(**exchange)))["error"] == error

    async def test_a_code_waits_ten_minutes(
        self, slack: SlackSandbox, client: AsyncWebClient, clock: Clock
    ) -> None:
        code = await self._code(slack, MAYA_ID)
        clock.time += 601
        call = client.openid_connect_token(
            slack.client_id, slack.client_secret, code=code, redirect_uri=REDIRECT
        )
        assert (await refused(call))["error"] == "invalid_code"

    async def test_a_proof_key_beside_the_secret_is_refused_as_slack_does(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        digest = hashlib.sha256(b"verifier").digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
        for verifier in ({}, {"code_verifier": "verifier"}):
            code = await self._code(slack, MAYA_ID, **pkce)
            call = client.openid_connect_token(
                slack.client_id, slack.client_secret, code=code, redirect_uri=REDIRECT, **verifier
            )
            assert (await refused(call))["error"] == "internal_error"
        code = await self._code(slack, MAYA_ID, **pkce)
        call = client.openid_connect_token(
            slack.client_id, "", code=code, redirect_uri=REDIRECT, code_verifier="verifier"
        )
        assert (await refused(call))["error"] == "bad_client_secret"

    async def test_an_app_may_ask_for_the_user_scopes_of_its_manifest_only(self) -> None:
        without = manifest()
        without["oauth_config"]["scopes"]["user"] = ["profile"]
        slack = SlackSandbox(without)
        slack.start()
        page = await self._ask(slack, self._query(slack) | {"scope": "openid"})
        slack.stop()
        assert page.status == 400
        assert "Invalid permissions requested" in page.text

    async def test_another_key_signs_after_a_rotation(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        kids = []
        for _ in range(2):
            code = await self._code(slack, MAYA_ID)
            token = await client.openid_connect_token(
                slack.client_id, slack.client_secret, code=code, redirect_uri=REDIRECT
            )
            await self._verified(slack, token["id_token"])
            header = token["id_token"].partition(".")[0]
            kids.append(json.loads(base64.urlsafe_b64decode(header + "=="))["kid"])
            slack.rotate_signing_key()
        assert kids[0] != kids[1]
        assert slack.keys_asked == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"client_id": "1.2"},
            {"redirect_uri": "http://elsewhere.example/"},
            {"scope": "profile"},
            {"scope": "openid,chat:write"},
            {"response_type": "token"},
            {"code_challenge": "x", "code_challenge_method": "plain"},
        ],
    )
    async def test_refuses_to_ask(self, slack: SlackSandbox, change: dict[str, str]) -> None:
        query = self._query(slack) | change
        page = await self._ask(slack, query)
        assert page.status == 400

    async def test_the_page_offers_the_people_of_the_team(self, slack: SlackSandbox) -> None:
        query = self._query(slack) | {"team": TEAM_ID}
        page = await self._ask(slack, query)
        assert f'data-user="{MAYA_ID}"' in page.text
        assert PETRA.name not in page.text
        petra = await self._ask(slack, query | {"sandbox_user": PETRA_ID})
        assert petra.status == 400
        cancelled = await self._ask(slack, query | {"sandbox_user": "cancel"})
        assert "error=access_denied" in cancelled.headers["Location"]

    async def _ask(self, slack: SlackSandbox, query: dict[str, str]) -> Page:
        return await fetch(f"{slack.url}/openid/connect/authorize", params=query)

    def _query(self, slack: SlackSandbox) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": slack.client_id,
            "scope": "openid,profile",
            "redirect_uri": REDIRECT,
            "state": "s-1",
        }

    async def _code(self, slack: SlackSandbox, user_id: str, **more: str) -> str:
        query = self._query(slack) | more | {"sandbox_user": user_id}
        answer = await self._ask(slack, query)
        where = urlsplit(answer.headers["Location"])
        values = parse_qs(where.query)
        assert values["state"] == ["s-1"]
        return values["code"][0]

    async def _verified(self, slack: SlackSandbox, id_token: str) -> dict[str, Any]:
        """The claims, once the signature holds under the published key."""

        def decoded(part: str) -> bytes:
            return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

        header, claims, proof = id_token.split(".")
        about = await fetch(f"{slack.url}/.well-known/openid-configuration")
        keys = json.loads((await fetch(json.loads(about.text)["jwks_uri"])).text)["keys"]
        [key] = [k for k in keys if k["kid"] == json.loads(decoded(header))["kid"]]
        e, n = (int.from_bytes(decoded(key[name]), "big") for name in ("e", "n"))
        public = rsa.RSAPublicNumbers(e, n).public_key()
        signed = f"{header}.{claims}".encode()
        public.verify(decoded(proof), signed, padding.PKCS1v15(), hashes.SHA256())
        return dict(json.loads(decoded(claims)))
