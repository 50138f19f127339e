"""The HTTP side: endpoints, authentication, errors and server-sent events."""

import asyncio
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.sandbox.claude import models
from bot.sandbox.claude.errors import ApiError, Refused, new_request_id
from bot.sandbox.claude.replies import Gate, Reply
from bot.sandbox.claude.rules import check_rules
from bot.sandbox.claude.shapes import check_count_body, check_message_body
from bot.sandbox.claude.signatures import Signatures
from bot.sandbox.claude.streaming import Step, events, message, whole
from bot.sandbox.claude.usage import PromptCache, count_tokens

log = structlog.get_logger()

LARGEST_BODY = 32 * 1024 * 1024
SLOW_START_SECONDS = 2.0


class Script(Protocol):
    """What the server answers, and what is noted of it."""

    @property
    def api_key(self) -> str: ...

    def record(
        self,
        body: dict[str, Any],
        headers: Mapping[str, str],
        response: dict[str, Any],
        status: int,
    ) -> None:
        """Note a request and what it got."""

    def next_failure(self) -> ApiError | None:
        """A failure that the next request is to get."""

    def reply_to(self, body: dict[str, Any]) -> Reply:
        """What Claude says to this request. Raises ApiError."""


def make_app(script: Script, pace: float) -> Starlette:
    """`pace`: seconds between the pieces of a stream."""
    api = _Api(script, pace)
    return Starlette(
        routes=[
            Route("/v1/messages", api.messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", api.count_tokens, methods=["POST"]),
            Route("/v1/models", api.list_models, methods=["GET"]),
            Route("/v1/models/{model_id}", api.retrieve_model, methods=["GET"]),
        ],
        exception_handlers={ApiError: _refusal, HTTPException: _http_error},
    )


class _Api:
    def __init__(self, script: Script, pace: float) -> None:
        self._script = script
        self._pace = pace
        self._signatures = Signatures()
        self._cache = PromptCache()

    async def messages(self, request: Request) -> Response:
        self._authenticate(request)
        body = await _json_body(request)
        headers = dict(request.headers)
        try:
            if failure := self._script.next_failure():
                raise failure
            return self._answer(body, headers)
        except ApiError as error:
            request_id = new_request_id()
            response = error.envelope(request_id)
            self._script.record(body, headers, response, error.status)
            return _error_response(error, request_id)

    def _answer(self, body: dict[str, Any], headers: dict[str, str]) -> Response:
        check_message_body(body)
        model = models.usable(body["model"])
        check_rules(body, model, ends_in_pause=self._signatures.ends_in_pause(body))
        self._signatures.check(body)
        size = count_tokens(body)
        if size > model.max_input_tokens:
            raise Refused(f"prompt is too long: {size} tokens > {model.max_input_tokens} maximum")
        reply = self._reply(body)
        said = message(reply, body, model, self._cache.usage(body))
        self._signatures.sign(body, said["content"])
        if said["stop_reason"] == "pause_turn":
            self._signatures.paused(said["content"])
        if not body.get("stream") and reply.fault == "overloaded_event":
            raise ApiError("overloaded_error", "Overloaded")
        self._script.record(body, headers, whole(said, reply), 200)
        if body.get("stream"):
            return _Events(events(said, reply), self._pace)
        return _Whole(whole(said, reply), reply.gate, broken=reply.fault in ("cut", "end_early"))

    def _reply(self, body: dict[str, Any]) -> Any:
        try:
            return self._script.reply_to(body)
        except ApiError:
            raise
        except Exception as error:
            log.exception("sandbox_claude_reply_failed")
            raise ApiError(
                "api_error", f"A reply could not be made: {error!r}", x_should_retry="false"
            ) from error

    async def count_tokens(self, request: Request) -> Response:
        self._authenticate(request)
        body = await _json_body(request)
        check_count_body(body)
        model = models.usable(body["model"])
        check_rules(body, model, ends_in_pause=self._signatures.ends_in_pause(body))
        return JSONResponse({"input_tokens": count_tokens(body)}, headers=_headers())

    async def list_models(self, request: Request) -> Response:
        self._authenticate(request)
        query = request.query_params
        lifecycles = query.getlist("lifecycle") + query.getlist("lifecycle[]")
        return JSONResponse(models.listed(query, lifecycles), headers=_headers())

    async def retrieve_model(self, request: Request) -> Response:
        self._authenticate(request)
        found = models.described(request.path_params["model_id"])
        return JSONResponse(found, headers=_headers())

    def _authenticate(self, request: Request) -> None:
        bearer = request.headers.get("authorization", "").partition("Bearer ")[2]
        key = request.headers.get("x-api-key") or bearer
        if not hmac.compare_digest(key.encode(), self._script.api_key.encode()):
            raise ApiError("authentication_error", "API key is invalid.")
        if "anthropic-version" not in request.headers:
            raise Refused("anthropic-version: header is required")


class _Events(Response):
    """A stream of server-sent events that can break off in the middle."""

    def __init__(self, steps: Iterator[Step], pace: float) -> None:
        super().__init__(headers=_headers(), media_type="text/event-stream")
        del self.headers["content-length"]
        self._steps = steps
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for step in self._steps:
            if isinstance(step, Gate):
                await step.passed()
            elif step == "pause":
                await asyncio.sleep(SLOW_START_SECONDS)
            elif step == "cut":
                # An answer that is never completed: the server then drops the connection.
                return
            else:
                written = f"event: {step['type']}\ndata: {json.dumps(step)}\n\n"
                await send(
                    {"type": "http.response.body", "body": written.encode(), "more_body": True}
                )
                if self._pace and step["type"] == "content_block_delta":
                    await asyncio.sleep(self._pace)
        await send({"type": "http.response.body", "body": b""})


class _Whole(JSONResponse):
    """A message in one piece, after its gate; `broken`: the connection breaks before its end."""

    def __init__(self, content: dict[str, Any], gate: Gate | None, *, broken: bool) -> None:
        super().__init__(content, headers=_headers())
        self._gate = gate
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._gate is not None:
            await self._gate.passed()
        if not self._broken:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[:1], "more_body": True})


async def _json_body(request: Request) -> dict[str, Any]:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY:
            raise ApiError("request_too_large", "Request exceeds the maximum size")
    try:
        body = json.loads(received)
    except ValueError as error:
        raise Refused(f"The request body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise Refused("Input should be an object")
    return body


def _headers() -> dict[str, str]:
    return {"request-id": new_request_id(), "anthropic-organization-id": "org-sandbox"}


def _error_response(error: ApiError, request_id: str) -> Response:
    headers = {**_headers(), "request-id": request_id, **error.headers}
    return JSONResponse(error.envelope(request_id), status_code=error.status, headers=headers)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _error_response(error, new_request_id())


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = "not_found_error" if error.status_code == 404 else "invalid_request_error"
    return _error_response(ApiError(kind, error.detail, status=error.status_code), new_request_id())
