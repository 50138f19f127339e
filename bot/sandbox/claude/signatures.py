"""Thinking blocks: signed, to be echoed unchanged, and bound to the prompt they were made under.

A signature holds all that is needed to check it, so it survives a restart of the stand-in.
"""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from bot.sandbox.claude.errors import Refused
from bot.sandbox.claude.message_rules import blocks_of

_KEY = b"the sandbox's own"
_PREFIX, _TEXT, _NONCE = 16, 8, 12


class Signatures:
    """Signs what Claude thinks and checks what comes back."""

    def __init__(self) -> None:
        self._thought_before: dict[str, str] = {}
        """By tool_use id: the signature of the last thinking before it in the same turn."""
        self._paused: set[bytes] = set()

    def sign(self, body: dict[str, Any], content: list[dict[str, Any]]) -> None:
        """Put signatures into the thinking blocks of a turn that answers `body`."""
        prefix = _chain(body)[-1]
        last = None
        for place, block in enumerate(content):
            if block["type"] == "thinking":
                last = block["signature"] = _sealed(prefix, place, block["thinking"])
            elif block["type"] == "tool_use" and last is not None:
                self._thought_before[block["id"]] = last

    def paused(self, content: list[dict[str, Any]]) -> None:
        """Remember a turn that ended as pause_turn: it may come back as the last message."""
        self._paused.add(_digest(content))

    def ends_in_pause(self, body: dict[str, Any]) -> bool:
        last = body["messages"][-1:]
        return bool(last) and _digest(blocks_of(last[0]["content"])) in self._paused

    def check(self, body: dict[str, Any]) -> None:
        """Raises Refused when thinking was changed, or what it was based on."""
        chain = _chain(body)
        at = 0
        for number, message in enumerate(body["messages"]):
            blocks = blocks_of(message["content"])
            signatures = [block.get("signature") for block in blocks]
            for place, block in enumerate(blocks):
                where = f"messages.{number}.content.{place}"
                if block["type"] == "redacted_thinking":
                    raise Refused(f"{where}: Invalid `data` in `redacted_thinking` block")
                if block["type"] == "thinking":
                    self._check_block(where, block, chain, at + place)
                expected = self._thought_before.get(block.get("id", ""))
                if expected and expected not in signatures:
                    raise Refused(
                        f"{where}: the `thinking` block that came before this `tool_use` is "
                        "missing; echo the whole assistant content"
                    )
            at += len(blocks)

    @staticmethod
    def _check_block(where: str, block: dict[str, Any], chain: list[bytes], at: int) -> None:
        opened = _opened(block["signature"])
        if opened is None:
            raise Refused(f"{where}: Invalid `signature` in `thinking` block")
        prefix, place, text = opened
        if text != _hash(block["thinking"].encode(), _TEXT):
            raise Refused(
                f"{where}: `thinking` or `redacted_thinking` blocks in the conversation cannot be "
                "modified"
            )
        if at < place or chain[at - place] != prefix:
            raise Refused(
                f"{where}: this `thinking` block was created under another prompt: system, tools "
                "or earlier messages have changed since"
            )


def _sealed(prefix: bytes, place: int, text: str) -> str:
    payload = prefix + bytes([place]) + _hash(text.encode(), _TEXT) + secrets.token_bytes(_NONCE)
    return base64.b64encode(payload + hmac.digest(_KEY, payload, "sha256")).decode()


def _opened(signature: str) -> tuple[bytes, int, bytes] | None:
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return None
    payload, seal = raw[:-32], raw[-32:]
    if not hmac.compare_digest(seal, hmac.digest(_KEY, payload, "sha256")):
        return None
    return payload[:_PREFIX], payload[_PREFIX], payload[_PREFIX + 1 : _PREFIX + 1 + _TEXT]


def _chain(body: dict[str, Any]) -> list[bytes]:
    """Hashes of the prompt up to each block of the messages; the first is of what precedes them."""
    system = blocks_of(body.get("system") or [])
    chain = [_digest([body.get("tools", []), system])]
    for message in body["messages"]:
        for block in blocks_of(message["content"]):
            chain.append(_hash(chain[-1] + _digest([message["role"], block]), _PREFIX))
    return chain


def _digest(value: Any) -> bytes:
    return _hash(json.dumps(_essence(value), sort_keys=True).encode(), _PREFIX)


def _essence(value: Any) -> Any:
    """Without cache breakpoints, which may move, and nulls, which say nothing."""
    if isinstance(value, dict):
        return {
            key: _essence(item)
            for key, item in value.items()
            if key != "cache_control" and item is not None
        }
    if isinstance(value, list):
        return [_essence(item) for item in value]
    return value


def _hash(data: bytes, size: int) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()
