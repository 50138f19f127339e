"""Runs and requests that no longer parse: they are set aside, so that they stop nobody, and what
can still be read of them is told."""

import json
import secrets
from typing import Any, Literal, NamedTuple, TypeGuard, TypeVar

from pydantic import ValidationError

from bot.base_model import BaseModel
from bot.state.models import Conversation, Request, Run, StreamState, ToolCall

M = TypeVar("M", bound=BaseModel)

SET_ASIDE = """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[2])
if ARGV[5] == 'request' then redis.call('LTRIM', KEYS[3], 1, -1) end
redis.call('SET', KEYS[4], ARGV[6], 'EX', ARGV[2])
redis.call('ZADD', KEYS[5], ARGV[8], ARGV[7])
return 1
"""


class Unreadable(NamedTuple):
    """What is next to be worked on in a conversation and does not parse, as it is stored."""

    kind: Literal["run", "request"]
    value: bytes


def stand_in(conversation: Conversation, unreadable: Unreadable) -> Run:
    """A run in place of what does not parse, with what of it does: its reference, its request, its
    calls and where its answer stands."""
    stored = _loose(unreadable.value)
    request = _fit(Request, stored if unreadable.kind == "request" else stored.get("request"))
    if request is None or request.conversation != conversation:
        request = _no_request(conversation)
    reference = stored.get("reference")
    return Run(
        reference=reference if _is_reference(reference) else secrets.token_hex(4),
        request=request,
        phase="turn",
        set_aside=True,
        calls=_calls(stored.get("calls")),
        ended_calls=_calls(stored.get("ended_calls")),
        stream=_fit(StreamState, stored.get("stream")),
    )


def _loose(value: bytes) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fit(model: type[M], value: Any) -> M | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _calls(value: Any) -> list[ToolCall]:
    found = [_fit(ToolCall, item) for item in value] if isinstance(value, list) else []
    return [call for call in found if call]


def _is_reference(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii() and value.isalnum() and len(value) == 8


def _no_request(conversation: Conversation) -> Request:
    """Where it was asked is all that is known."""
    return Request(
        id="",
        team_id=conversation.team_id,
        user_id=conversation.user_id,
        channel_id=conversation.channel_id,
        thread_ts=conversation.thread_ts,
        ts=conversation.thread_ts,
        text="",
        is_direct=conversation.channel_id.startswith("D"),
    )
