"""Sign in with Slack: the consent page, the code's exchange, the id token's keys.

An app may ask for the user scopes of its manifest and nothing else: the Java SDK's guide to Sign in
with Slack requires `openid` there, and derive-to/derive#598 was refused without it. The exchange is
a confidential client's: a code verifier beside the client secret gets `internal_error`, and none
without the secret `bad_client_secret` (paradigmxyz/centaur#1101).
"""

import base64
import hashlib
import html
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.sandbox.people import OTHER_TEAM_NAME, TEAM_ID, TEAM_NAME, Person
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

CODE_LIFETIME = 600.0
TOKEN_LIFETIME = 3600
SCOPES = {"openid", "email", "profile"}


@dataclass
class Grant:
    """A person's consent, waiting behind a code."""

    person: Person
    redirect_uri: str
    scopes: set[str]
    nonce: str | None
    challenge: str | None
    made: float


class SignIn:
    def __init__(
        self,
        workspace: Workspace,
        manifest: Mapping[str, Any],
        client: tuple[str, str],
        issuer: str,
        url: str,
    ) -> None:
        self._workspace = workspace
        oauth: Mapping[str, Any] = manifest.get("oauth_config", {})
        self._redirects = set(oauth.get("redirect_urls", []))
        self._scopes = SCOPES & set(oauth.get("scopes", {}).get("user", []))
        self._client = client
        self._issuer = issuer
        self._url = url
        self._codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}
        self._key_number = 1
        self.keys_asked = 0
        """How often the keys were asked for."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        # Made when first needed: it takes longer than all the rest of a start.
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def _key_id(self) -> str:
        return f"sandbox-{self._key_number}"

    def rotate_key(self) -> None:
        """From now on another key signs, and only that one is published."""
        self._key_number += 1
        self.__dict__.pop("_key", None)

    def methods(self) -> dict[str, Method]:
        names = ("client_id", "client_secret", "code", "redirect_uri", "grant_type")
        token: dict[str, type] = dict.fromkeys((*names, "refresh_token", "code_verifier"), str)
        return {
            "openid.connect.token": Method(self._token, token, (), (), 100),
            "openid.connect.userInfo": Method(self._user_info, {"access_token": str}, (), (), 100),
        }

    async def authorize(self, request: Request) -> Response:
        """GET shows who one may be; each person's link comes back here and goes on to the app."""
        query = dict(request.query_params)
        problem = self._problem(query)
        if problem:
            return HTMLResponse(_page(f"<p>{html.escape(problem)}</p>"), status_code=400)
        user_id = query.pop("sandbox_user", None)
        if user_id == "cancel":
            return _redirect(query, error="access_denied")
        if user_id is None:
            return HTMLResponse(self._choices(query))
        person = self._workspace.people.get(user_id)
        if person is None or query.get("team") not in (None, "", person.slack_team_id):
            text = "<p>That person is not in the workspace that was asked for.</p>"
            return HTMLResponse(_page(text), status_code=400)
        code = secrets.token_urlsafe(16)
        self._codes[code] = Grant(
            person,
            query["redirect_uri"],
            _scopes(query),
            query.get("nonce"),
            query.get("code_challenge"),
            self._workspace.now(),
        )
        return _redirect(query, code=code)

    async def configuration(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self._issuer,
                "authorization_endpoint": f"{self._url}/openid/connect/authorize",
                "token_endpoint": f"{self._url}/api/openid.connect.token",
                "userinfo_endpoint": f"{self._url}/api/openid.connect.userInfo",
                "jwks_uri": f"{self._url}/openid/connect/keys",
                "scopes_supported": sorted(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["form_post"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["sub", "auth_time", "iss"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
            }
        )

    async def keys(self, request: Request) -> Response:
        self.keys_asked += 1
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self._key_id,
            "n": _b64(numbers.n.to_bytes(256, "big")),
            "e": _b64(numbers.e.to_bytes(3, "big")),
        }
        return JSONResponse({"keys": [key]})

    def _problem(self, query: dict[str, str]) -> str | None:
        if query.get("client_id") != self._client[0]:
            return "Invalid client_id parameter"
        if query.get("redirect_uri") not in self._redirects:
            return "redirect_uri did not match any configured URIs"
        if query.get("response_type") != "code":
            return "response_type must be code"
        if "openid" not in _scopes(query) or _scopes(query) - self._scopes:
            return "Invalid permissions requested"
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256"
        return None

    def _choices(self, query: dict[str, str]) -> str:
        wanted = query.get("team")
        items = [
            _choice(query, person.slack_user_id, f"{person.name} · {_team_name(person)}")
            for person in self._workspace.people.values()
            if not wanted or person.slack_team_id == wanted
        ]
        question = "<p>Who are you in Slack, in this browser?</p>"
        return _page(question + "".join([*items, _choice(query, "cancel", "Cancel")]))

    def _token(self, args: Json) -> Json:
        if args.get("client_id") != self._client[0]:
            raise SlackError("invalid_client_id")
        if not secrets.compare_digest(args.get("client_secret", ""), self._client[1]):
            raise SlackError("bad_client_secret")
        if args.get("grant_type", "authorization_code") != "authorization_code":
            raise SlackError("invalid_grant_type")
        # Popped at once: a code that came a second time is as good as none.
        grant = self._codes.pop(args.get("code", ""), None)
        if grant is None or self._workspace.now() - grant.made > CODE_LIFETIME:
            raise SlackError("invalid_code")
        if args.get("redirect_uri") != grant.redirect_uri:
            raise SlackError("bad_redirect_uri")
        if grant.challenge or args.get("code_verifier"):
            raise SlackError("internal_error")
        token = f"xoxp-sandbox-{secrets.token_hex(12)}"
        self.tokens[token] = grant
        return {
            "access_token": token,
            "token_type": "Bearer",
            "id_token": self._id_token(grant, token),
            "state": "",
        }

    def _user_info(self, args: Json) -> Json:
        grant = self.tokens[args["access_token"]]
        return {"sub": grant.person.slack_user_id, **_claims(grant)}

    def _id_token(self, grant: Grant, access_token: str) -> str:
        now = int(self._workspace.now())
        digest = hashlib.sha256(access_token.encode()).digest()
        claims: Json = {
            "iss": self._issuer,
            "sub": grant.person.slack_user_id,
            "aud": self._client[0],
            "exp": now + TOKEN_LIFETIME,
            "iat": now,
            "auth_time": now,
            "at_hash": _b64(digest[:16]),
            **_claims(grant),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        header = {"alg": "RS256", "typ": "JWT", "kid": self._key_id}
        signed = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
        proof = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_b64(proof)}"


def _claims(grant: Grant) -> Json:
    person = grant.person
    claims: Json = {
        "https://slack.com/user_id": person.slack_user_id,
        "https://slack.com/team_id": person.slack_team_id,
    }
    if "email" in grant.scopes:
        claims |= {"email": person.email, "email_verified": True}
    if "profile" in grant.scopes:
        claims |= {
            "name": person.name,
            "given_name": person.name.split()[0],
            "family_name": person.name.split()[-1],
            "locale": "en-US",
            "https://slack.com/team_name": _team_name(person),
            "https://slack.com/team_domain": _team_name(person).lower().replace(" ", "-"),
        }
    return claims


def _team_name(person: Person) -> str:
    return TEAM_NAME if person.slack_team_id == TEAM_ID else OTHER_TEAM_NAME


def _scopes(query: dict[str, str]) -> set[str]:
    return set(query.get("scope", "").replace(",", " ").split())


def _redirect(query: dict[str, str], **extra: str) -> Response:
    answer = {**extra, "state": query.get("state", "")}
    uri = query["redirect_uri"]
    return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}", 302)


def _choice(query: dict[str, str], user_id: str, label: str) -> str:
    link = html.escape("?" + urlencode({**query, "sandbox_user": user_id}))
    return f'<p><a data-user="{user_id}" href="{link}">{html.escape(label)}</a></p>'


def _page(body: str) -> str:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in with Slack</title>'
    return f"{head}<h1>Sign in with Slack (sandbox)</h1>{body}</html>"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
