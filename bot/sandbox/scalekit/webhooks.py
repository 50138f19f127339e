"""Scalekit's webhooks: an event about a connected account, signed and delivered."""

import base64
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

from bot.sandbox.scalekit.accounts import Account, Status

ANSWER_WITHIN = 10.0


def status_event(account: Account, connection_name: str, old_status: Status) -> bytes:
    """The body of `connected_account.status_updated`."""
    return json.dumps(
        {
            "spec_version": "1",
            "id": "evt_" + secrets.token_hex(9),
            "type": "connected_account.status_updated",
            "object": "ConnectedAccount",
            "occurred_at": datetime.now(UTC).isoformat(),
            "environment_id": "env_sandbox",
            "data": {
                "id": account.id,
                "identifier": account.identifier,
                "connection_name": connection_name,
                "provider": "INTERCOM",
                "status": account.status,
                "old_status": old_status,
            },
        }
    ).encode()


def signed(secret: str, body: bytes) -> dict[str, str]:
    """Out: the headers by which the receiver knows that the body is Scalekit's, and when."""
    message_id, sent_at = "msg_" + secrets.token_hex(9), str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{sent_at}.".encode() + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,{signature}",
    }


def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
    """Out: the answer's HTTP status. Raises OSError where nobody answers."""
    request = urllib.request.Request(  # noqa: S310
        url, data=body, headers={**headers, "content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
