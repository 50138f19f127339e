"""What the API refuses although every part of the body has the right shape: settings and caching.

`check_rules` is the way in; rules for tools and for the order of messages have files of their own.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.claude.errors import Refused
from bot.sandbox.claude.message_rules import blocks_of, check_messages
from bot.sandbox.claude.models import Model
from bot.sandbox.claude.tool_rules import check_tools

MOST_BREAKPOINTS = 4
LEAST_THINKING_BUDGET = 1024


def check_rules(body: dict[str, Any], model: Model, *, ends_in_pause: bool) -> None:
    """Raises Refused. `ends_in_pause`: the last message echoes a turn that the API paused."""
    _check_max_tokens(body, model)
    _check_thinking(body, model)
    _check_tool_choice(body, model)
    check_tools(body.get("tools", []))
    check_messages(body, model, ends_in_pause=ends_in_pause)
    _check_cache_control(body)


def _check_max_tokens(body: dict[str, Any], model: Model) -> None:
    asked = body.get("max_tokens")
    if asked is None:
        return
    if asked < 1:
        raise Refused("max_tokens: Input should be greater than or equal to 1")
    if asked > model.max_tokens:
        raise Refused(
            f"max_tokens: {asked} > {model.max_tokens}, which is the maximum allowed number of "
            f"output tokens for {model.id}"
        )


def _check_thinking(body: dict[str, Any], model: Model) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    kind = thinking["type"]
    if kind in ("enabled", "disabled") and model.always_adaptive:
        raise Refused(f'thinking.type: "{kind}" is not supported by {model.id}; use "adaptive"')
    if kind == "adaptive" and not model.adaptive:
        raise Refused(f"thinking.type: adaptive thinking is not supported by {model.id}")
    if kind == "enabled":
        budget = thinking["budget_tokens"]
        if budget < LEAST_THINKING_BUDGET:
            raise Refused(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to "
                f"{LEAST_THINKING_BUDGET}"
            )
        if budget >= body.get("max_tokens", budget + 1):
            raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`")


def _check_tool_choice(body: dict[str, Any], model: Model) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    if not body.get("tools"):
        raise Refused("tool_choice: may only be given together with tools")
    if choice["type"] in ("any", "tool"):
        thinking = body.get("thinking", {}).get("type")
        if model.always_adaptive or thinking in ("enabled", "adaptive"):
            raise Refused("tool_choice: a tool cannot be forced while thinking is on")
    if choice["type"] == "tool" and all(t["name"] != choice["name"] for t in body["tools"]):
        raise Refused(f"tool_choice: tool '{choice['name']}' is not among the tools")


def _check_cache_control(body: dict[str, Any]) -> None:
    explicit = [block["cache_control"] for block in cacheable(body) if block.get("cache_control")]
    count = len(explicit) + (body.get("cache_control") is not None)
    if count > MOST_BREAKPOINTS:
        raise Refused(
            f"A maximum of {MOST_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {count}."
        )
    lifetimes = [control.get("ttl", "5m") for control in explicit]
    if body.get("cache_control"):
        lifetimes.append(body["cache_control"].get("ttl", "5m"))
    if "5m" in lifetimes and "1h" in lifetimes[lifetimes.index("5m") :]:
        raise Refused(
            "cache_control: a block with ttl='1h' must not come after one with ttl='5m' "
            "(in the order tools, system, messages)"
        )


def cacheable(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that may carry a cache_control of its own, in the order of the prompt."""
    yield from body.get("tools", [])
    yield from blocks_of(body.get("system", []))
    for message in body["messages"]:
        for block in blocks_of(message["content"]):
            if block["type"] == "tool_result" and isinstance(block.get("content"), list):
                yield from block["content"]
            yield block
