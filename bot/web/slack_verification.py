"""Is it Slack? A request's signature is checked before anything else looks at its body."""

import json
import re
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request

from bot.web.bodies import LENGTH, Refused, read_body

TIMESTAMP = re.compile(r"[0-9]{1,12}")
"""Seconds. With many more digits it is no number that Python compares with a time."""


async def verified_body(request: Request, signing_secret: str) -> bytes:
    """Read the body of a request that Slack signed.

    Signatures are compared in constant time and may be five minutes old:
    docs.slack.dev/authentication/verifying-requests-from-slack

    Raises:
        Refused: 411, 413, 408, 401 or 400.
        ClientDisconnect: the client hung up.
    """
    # A chunked body ends where it likes, whatever length is announced beside it.
    announced = LENGTH.fullmatch(request.headers.get("content-length", ""))
    if not announced or "transfer-encoding" in request.headers:
        raise Refused(411, "The body's length has to be announced.")
    body = await read_body(request)
    if not _signed(request, body, signing_secret):
        raise Refused(401, "The signature is missing, wrong or too old.")
    if not _readable(request.headers.get("content-type", ""), body):
        raise Refused(400, "The body is malformed.")
    return body


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
