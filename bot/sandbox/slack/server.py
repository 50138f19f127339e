"""The HTTP side: tokens, arguments, limits and failures around each Web API method."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.interactions import Interactions
from bot.sandbox.slack.rules import Fault, Faults, Method, RateLimits, Scopes, check_arguments
from bot.sandbox.slack.sign_in import SignIn
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

UPLOAD = "upload"
"""What planned failures call the sending of a file to its address."""
CONNECTIONS_OPEN = "apps.connections.open"
"""The one method that takes the app-level token."""


@dataclass(frozen=True)
class Call:
    """One call of a Web API method and what it got."""

    method: str
    args: Json
    response: Json
    status: int
    at: float

    @property
    def is_ok(self) -> bool:
        return self.response.get("ok") is True


class Server:
    """Answers the Web API, response URLs and Sign in with Slack."""

    def __init__(
        self,
        workspace: Workspace,
        scopes: Scopes,
        bot_token: Callable[[], str],
        app_token: str,
        rate_limits: bool,
    ) -> None:
        self.calls: list[Call] = []
        self.responses: list[Json] = []
        """What was sent to response URLs."""
        self.faults = Faults()
        self.revoked: str | None = None
        self._workspace = workspace
        self._scopes = scopes
        self._bot_token = bot_token
        self._app_token = app_token
        self._limits = RateLimits(workspace.now) if rate_limits else None
        self._methods: dict[str, Method] = {}
        self._sign_in: SignIn
        self._interactions: Interactions
        self.files: Files

    def serve(
        self,
        methods: dict[str, Method],
        sign_in: SignIn,
        interactions: Interactions,
        files: Files,
    ) -> None:
        """What to serve; the parts need the server's address, hence after it is known."""
        self._methods, self._sign_in, self._interactions = methods, sign_in, interactions
        self.files = files

    def typed(self, call: Call) -> Json:
        """A call's arguments with their real types. Raises SlackError if they never had any."""
        return check_arguments(self._methods[call.method], call.args, from_json=False)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                Route("/upload/v1/{file_id}", self._upload, methods=["POST"]),
                Route("/files-pri/{file_id}/{name}", self._download),
                Route("/commands/{team}/{url_id}", self._respond, methods=["POST"]),
                Route("/actions/{team}/{url_id}", self._respond, methods=["POST"]),
                Route("/openid/connect/authorize", self._authorize),
                Route("/openid/connect/keys", self._keys),
                Route("/.well-known/openid-configuration", self._configuration),
            ]
        )

    async def _api(self, request: Request) -> Response:
        name = request.path_params["method"]
        try:
            args, from_json = await _arguments(request)
        except ValueError:
            return self._answer(name, {}, {"ok": False, "error": "invalid_json"}, 200)
        fault = self.faults.take(name, args)
        if fault and fault.delay and not fault.applied:
            await asyncio.sleep(fault.delay)
        if fault and not fault.applied and _fails(fault):
            return self._failed(name, args, fault)
        answer, retry_after = self._run(name, args, from_json, _token(request, args))
        if fault and fault.delay and fault.applied:
            # Taken at once; it is the answer that is late.
            await asyncio.sleep(fault.delay)
        if retry_after:
            return self._answer(name, args, answer, 429, {"Retry-After": str(retry_after)})
        if fault and _fails(fault):
            return self._failed(name, args, fault)
        headers = {"X-OAuth-Scopes": ",".join(self._scopes.granted), "X-Accepted-OAuth-Scopes": ""}
        return self._answer(name, args, answer, 200, headers)

    def _run(self, name: str, args: Json, from_json: bool, token: str) -> tuple[Json, int]:
        """The answer, and how long to wait first if there were too many calls."""
        try:
            method = self._methods.get(name)
            if method is None:
                raise SlackError("unknown_method", req_method=name)
            self._check_token(name, token)
            if name == "openid.connect.userInfo":
                args = {"access_token": token}
            retry_after = self._wait_before(name, method, args)
            if retry_after:
                return {"ok": False, "error": "ratelimited"}, retry_after
            self._scopes.need(*method.scopes)
            checked = check_arguments(method, args, from_json)
            with self._workspace.changing():
                return {"ok": True, **method.run(checked)}, 0
        except SlackError as error:
            return {"ok": False, "error": error.code, **error.extra}, 0

    def _wait_before(self, name: str, method: Method, args: Json) -> int:
        if self._limits is None:
            return 0
        return self._limits.wait_before(name, method.per_minute, args.get("channel"))

    def _check_token(self, name: str, token: str) -> None:
        if name == "openid.connect.token":
            return
        if not token:
            raise SlackError("not_authed")
        if name == "openid.connect.userInfo":
            known = token in self._sign_in.tokens
        elif token == (self._bot_token() if name == CONNECTIONS_OPEN else self._app_token):
            raise SlackError("not_allowed_token_type")
        elif name == CONNECTIONS_OPEN:
            known = token == self._app_token
        else:
            known = token == self._bot_token()
            if known and self.revoked:
                raise SlackError(self.revoked)
        if not known:
            raise SlackError("invalid_auth")

    def _failed(self, name: str, args: Json, fault: Fault) -> Response:
        if fault.retry_after is not None or fault.status == 429:
            headers = {"Retry-After": str(fault.retry_after or 1)}
            return self._answer(name, args, {"ok": False, "error": "ratelimited"}, 429, headers)
        error = fault.error or "internal_error"
        return self._answer(name, args, {"ok": False, "error": error}, fault.status or 200)

    def _answer(
        self, name: str, args: Json, answer: Json, status: int, headers: Any = None
    ) -> Response:
        with self._workspace.changing():
            self.calls.append(Call(name, args, answer, status, self._workspace.now()))
        # Escaped, since half a character is kept as it came, and UTF-8 has none.
        return Response(json.dumps(answer), status, headers, media_type="application/json")

    async def _respond(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            with self._workspace.changing():
                self._interactions.respond(request.path_params["url_id"], body)
            self.responses.append(body)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        except SlackError as error:
            gone = error.code in ("expired_url", "used_url")
            body = {"ok": False, "error": error.code, **error.extra}
            return JSONResponse(body, 404 if gone else 400)
        return PlainTextResponse("ok")

    async def _upload(self, request: Request) -> Response:
        fault = self.faults.take(UPLOAD, {})
        if fault and not fault.applied:
            return PlainTextResponse("", fault.status or 500)
        content = await request.body()
        with self._workspace.changing():
            taken = self.files.receive(request.path_params["file_id"], content)
        if fault or not taken:
            return PlainTextResponse("", (fault and fault.status) or 400)
        return PlainTextResponse(f"OK - {len(content)}")

    async def _download(self, request: Request) -> Response:
        """A private file. Who may not have it gets Slack's sign-in page, with 200 all the same
        (the classic trap in public reports of apps that saved that page as the file)."""
        content = self.files.content(request.path_params["file_id"])
        if content is None or _token(request, {}) != self._bot_token():
            return HTMLResponse("<!DOCTYPE html><title>Sign in to your workspace</title>")
        return Response(content, media_type="application/octet-stream")

    async def _authorize(self, request: Request) -> Response:
        return await self._sign_in.authorize(request)

    async def _keys(self, request: Request) -> Response:
        return await self._sign_in.keys(request)

    async def _configuration(self, request: Request) -> Response:
        return await self._sign_in.configuration(request)


def _fails(fault: Fault) -> bool:
    return any(v is not None for v in (fault.error, fault.status, fault.retry_after))


async def _arguments(request: Request) -> tuple[Json, bool]:
    """Query, form or JSON as one; and whether it was JSON. Raises ValueError for broken JSON."""
    args: Json = dict(request.query_params)
    body = await request.body()
    is_json = request.headers.get("content-type", "").startswith("application/json")
    if is_json:
        sent = json.loads(body)
        if not isinstance(sent, dict):
            raise ValueError
        return args | sent, True
    if body:
        args |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return args | _client(request), False


def _token(request: Request, args: Json) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value if scheme == "Bearer" else str(args.get("token", ""))


def _client(request: Request) -> Json:
    """The client id and secret of HTTP Basic authentication, as arguments."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return {}
    client_id, _, secret = base64.b64decode(value).decode().partition(":")
    return {"client_id": client_id, "client_secret": secret}
