"""Who gets in: a request from Slack is measured, its signature checked and its body read before
anything else looks at it."""

import json
import re
from urllib.parse import parse_qs

import structlog
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

log = structlog.get_logger()

LARGEST_BODY = 1_000_000
"""Bytes. Slack's own payloads stay far below it."""
TIMESTAMP = re.compile(r"[0-9]{1,12}")
"""Seconds. With many more digits it is no number that Python compares with a time."""


async def refusal(request: Request, signing_secret: str) -> Response | None:
    """The answer to a request that must not come in: 411, 413, 401 or 400; None for a good one.

    The body stays readable for who comes next. Signatures are compared in constant time and may
    be five minutes old: docs.slack.dev/authentication/verifying-requests-from-slack
    """
    announced = request.headers.get("content-length", "")
    # A chunked body ends where it likes, whatever length is announced beside it.
    if not announced.isdigit() or "transfer-encoding" in request.headers:
        return _refuse(411, "The body's length has to be announced.")
    if int(announced) > LARGEST_BODY:
        return _refuse(413, "The body is too large.")
    body = await request.body()
    if not _signed(request, body, signing_secret):
        return _refuse(401, "The signature is missing, wrong or too old.")
    if not _readable(request.headers.get("content-type", ""), body):
        return _refuse(400, "The body is malformed.")
    return None


def _signed(request: Request, body: bytes, signing_secret: str) -> bool:
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not (TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
        return False
    try:
        return SignatureVerifier(signing_secret).is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        return False


def _readable(content_type: str, body: bytes) -> bool:
    try:
        text = body.decode()
        if content_type.startswith("application/json"):
            return isinstance(json.loads(text), dict)
        form = parse_qs(text)
        if "payload" in form:
            return isinstance(json.loads(form["payload"][0]), dict)
        return bool(form)
    except (ValueError, RecursionError):
        return False


def _refuse(status: int, why: str) -> Response:
    log.warning("request_refused", status=status, why=why)
    return PlainTextResponse(why, status_code=status)
