"""Token figures: about four characters each, with a prompt cache that remembers prefixes."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.claude.message_rules import blocks_of

CHARACTERS_PER_TOKEN = 4
LEAST_CACHED = 1024
"""A shorter prefix is not cached."""
LOOKBACK = 20
"""How many blocks before a breakpoint an earlier cache entry is looked for."""


@dataclass(frozen=True)
class _Segment:
    """A piece of the prompt; `upto` and `prefix` are tokens and hash of all up to its end."""

    upto: int
    prefix: str
    lifetime: str | None


def tokens(value: Any) -> int:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return max(1, len(written) // CHARACTERS_PER_TOKEN)


def count_tokens(body: dict[str, Any]) -> int:
    return _segments(body)[-1].upto


class PromptCache:
    """Entries live as long as the stand-in: their five minutes or hour never run out."""

    def __init__(self) -> None:
        self._entries: set[str] = set()

    def usage(self, body: dict[str, Any]) -> dict[str, Any]:
        """The input side of a request's usage; what it marks for caching is cached afterwards."""
        segments = _segments(body)
        marked = [
            place
            for place, segment in enumerate(segments)
            if segment.lifetime and segment.upto >= LEAST_CACHED
        ]
        read = max(
            (
                segment.upto
                for place in marked
                for segment in segments[max(0, place - LOOKBACK) : place + 1]
                if segment.prefix in self._entries
            ),
            default=0,
        )
        written = {"5m": 0, "1h": 0}
        done = read
        for place in marked:
            segment = segments[place]
            if segment.upto > done:
                written[str(segment.lifetime)] += segment.upto - done
                done = segment.upto
            self._entries.add(segment.prefix)
        return {
            "input_tokens": segments[-1].upto - done,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_read_input_tokens": read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": written["5m"],
                "ephemeral_1h_input_tokens": written["1h"],
            },
            "service_tier": "standard",
        }


def _segments(body: dict[str, Any]) -> list[_Segment]:
    """The prompt in pieces. A deferred tool counts where a search found it, not before."""
    tools = {tool["name"]: tool for tool in body.get("tools", [])}
    pieces = [tool for tool in tools.values() if not tool.get("defer_loading")]
    pieces += blocks_of(body.get("system") or [])
    for message in body["messages"]:
        pieces += blocks_of(message["content"])
    segments: list[_Segment] = []
    upto, prefix = 0, str(body["model"])
    for place, piece in enumerate(pieces):
        control = piece.get("cache_control")
        if place == len(pieces) - 1:
            control = control or body.get("cache_control")
        bare = {key: value for key, value in piece.items() if key != "cache_control"}
        upto += tokens(bare.get("text") or bare)
        if piece.get("type") == "tool_search_tool_result":
            found = piece["content"].get("tool_references", [])
            upto += sum(tokens(tools[reference["tool_name"]]) for reference in found)
        written = prefix + json.dumps(bare, sort_keys=True)
        prefix = hashlib.blake2b(written.encode(), digest_size=16).hexdigest()
        lifetime = control.get("ttl", "5m") if control else None
        segments.append(_Segment(upto, prefix, lifetime))
    return segments
