"""A reply as the API sends it: one message, or the events of a stream."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any, Literal

from bot.sandbox.claude.models import Model
from bot.sandbox.claude.replies import Block, Gate, Reply, Text, Thinking, ToolSearch, ToolUse
from bot.sandbox.claude.tool_rules import is_tool_search
from bot.sandbox.claude.usage import tokens

Step = dict[str, Any] | Gate | Literal["pause", "cut"]
"""An event, a gate to wait at, a pause, or a break of the connection."""

JSON_PIECE = 16
_STOPS = {
    "max_tokens": "max_tokens",
    "refusal": "refusal",
    "pause_turn": "pause_turn",
    "context_exceeded": "model_context_window_exceeded",
}
_HALFWAY = ("cut", "end_early", "overloaded_event", "max_tokens")


def message(
    reply: Reply, body: dict[str, Any], model: Model, input_usage: dict[str, Any]
) -> dict[str, Any]:
    """The whole message; thinking is not signed yet."""
    blocks = [block for block in reply.blocks if not isinstance(block, Gate)]
    if not _thinks(body, model):
        blocks = [block for block in blocks if not isinstance(block, Thinking)]
    content = [part for block in blocks for part in _content(block, body, model)]
    thought = sum(tokens(block.text) for block in blocks if isinstance(block, Thinking))
    usage = {
        **input_usage,
        "output_tokens": 2 + thought + sum(tokens(part) for part in content),
        "output_tokens_details": {"thinking_tokens": thought},
        **(reply.usage or {}),
    }
    called = any(block["type"] == "tool_use" for block in content)
    stop_reason = _STOPS.get(reply.fault or "") or reply.stop_reason
    refusal = {
        "type": "refusal",
        "category": "general_harms",
        "explanation": "The request could be related to an area that was determined as harmful.",
    }
    return {
        "id": "msg_01" + secrets.token_hex(11),
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": content,
        "stop_reason": stop_reason or ("tool_use" if called else "end_turn"),
        "stop_sequence": None,
        "stop_details": refusal if stop_reason == "refusal" else None,
        "usage": usage,
    }


def whole(message: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """The answer to a request without a stream, where half a block cannot be shown as JSON."""
    if reply.fault != "max_tokens" or not message["content"]:
        return message
    *rest, last = message["content"]
    if last["type"] == "text":
        last = {**last, "text": last["text"][: len(last["text"]) // 2] or "…"}
    elif last["type"] == "tool_use":
        last = {**last, "input": {}}
    return {**message, "content": [*rest, last]}


def events(message: dict[str, Any], reply: Reply) -> Iterator[Step]:
    """The stream of a message, with the reply's gates and its fault."""
    if reply.fault == "slow_start":
        yield {"type": "ping"}
        yield reply.gate or "pause"
    yield {"type": "message_start", "message": _beginning(message)}
    gates = _gates(reply, len(message["content"]))
    holding = reply.gate if reply.fault != "slow_start" else None
    last = len(message["content"]) - 1
    for index, block in enumerate(message["content"]):
        yield from gates[index]
        yield {"type": "content_block_start", "index": index, "content_block": _empty(block)}
        if index == 0:
            yield {"type": "ping"}
        deltas = list(_deltas(block))
        if index == last and reply.fault in _HALFWAY:
            deltas = deltas[: max(1, len(deltas) // 2)]
        for number, delta in enumerate(deltas):
            if holding is not None and number == min(1, len(deltas) - 1):
                yield holding
                holding = None
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        if index == last and reply.fault in _HALFWAY and reply.fault != "max_tokens":
            break
        yield {"type": "content_block_stop", "index": index}
    yield from gates[-1]
    if holding is not None:
        yield holding
    if reply.fault == "cut":
        yield "cut"
    elif reply.fault == "overloaded_event":
        yield {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    elif reply.fault != "end_early":
        yield from _ending(message)


def _ending(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = message["usage"]
    yield {
        "type": "message_delta",
        "delta": {key: message[key] for key in ("stop_reason", "stop_sequence", "stop_details")},
        "usage": {
            key: value
            for key, value in usage.items()
            if key not in ("cache_creation", "service_tier")
        },
    }
    yield {"type": "message_stop"}


def _beginning(message: dict[str, Any]) -> dict[str, Any]:
    usage = {
        key: value for key, value in message["usage"].items() if key != "output_tokens_details"
    }
    return {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {**usage, "output_tokens": 1},
    }


def _gates(reply: Reply, parts: int) -> list[list[Gate]]:
    """By content block: the gates before it; one more for those at the end."""
    gates: list[list[Gate]] = [[] for _ in range(parts + 1)]
    index = 0
    for block in reply.blocks:
        if isinstance(block, Gate):
            gates[min(index, parts)].append(block)
        else:
            index += 2 if isinstance(block, ToolSearch) else 1
    return gates


def _thinks(body: dict[str, Any], model: Model) -> bool:
    kind = body.get("thinking", {}).get("type")
    return model.always_adaptive or kind in ("enabled", "adaptive", "between_tools")


def _content(block: Block, body: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    if isinstance(block, Text):
        return [{"type": "text", "text": block.text}]
    if isinstance(block, Thinking):
        default = "omitted" if model.always_adaptive else "summarized"
        shown = (body.get("thinking", {}).get("display") or default) == "summarized"
        return [{"type": "thinking", "thinking": block.text if shown else "", "signature": ""}]
    if isinstance(block, ToolUse):
        return [
            {
                "type": "tool_use",
                "id": block.id,
                "name": block.name,
                "input": block.input,
                "caller": {"type": "direct"},
            }
        ]
    return _search(block, body)


def _search(block: ToolSearch, body: dict[str, Any]) -> list[dict[str, Any]]:
    searches = [tool["name"] for tool in body.get("tools", []) if is_tool_search(tool)]
    name = searches[0] if searches else "tool_search_tool_bm25"
    references = [{"type": "tool_reference", "tool_name": found} for found in block.found]
    return [
        {
            "type": "server_tool_use",
            "id": block.id,
            "name": name,
            "input": {"pattern" if name.endswith("regex") else "query": block.query},
            "caller": {"type": "direct"},
        },
        {
            "type": "tool_search_tool_result",
            "tool_use_id": block.id,
            "content": {
                "type": "tool_search_tool_search_result",
                "tool_references": references,
            },
        },
    ]


def _empty(block: dict[str, Any]) -> dict[str, Any]:
    """A block as it starts, before its deltas."""
    empty: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
        "server_tool_use": {"input": {}},
    }
    return {**block, **empty.get(block["type"], {})}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in _words(block["text"]):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        for piece in _words(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] in ("tool_use", "server_tool_use"):
        yield {"type": "input_json_delta", "partial_json": ""}
        written = json.dumps(block["input"]) if block["input"] else ""
        size = max(1, min(JSON_PIECE, len(written) // 2))
        for start in range(0, len(written), size):
            yield {"type": "input_json_delta", "partial_json": written[start : start + size]}


def _words(text: str) -> list[str]:
    """Text in pieces of a word or two."""
    pieces = re.findall(r"\s*\S{1,40}\s?(?:\S{1,4}\s)?", text)
    rest = text[sum(map(len, pieces)) :]
    return [*pieces, rest] if rest else pieces
