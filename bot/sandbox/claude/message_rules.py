"""What the API refuses in the order and pairing of messages."""

from typing import Any

from bot.sandbox.claude.errors import Refused
from bot.sandbox.claude.models import Model

_ONLY_USER = frozenset({"tool_result", "image", "document", "search_result"})
_ONLY_ASSISTANT = frozenset(
    {
        "tool_use",
        "thinking",
        "redacted_thinking",
        "server_tool_use",
        "tool_search_tool_result",
    }
)


def blocks_of(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Content as blocks; a string is short for one block of text."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def check_messages(body: dict[str, Any], model: Model, *, ends_in_pause: bool) -> None:
    """Raises Refused. `ends_in_pause`: the last message echoes a turn that the API paused."""
    messages = body["messages"]
    if not messages:
        raise Refused("messages: at least one message is required")
    _check_roles(messages, model, ends_in_pause=ends_in_pause)
    for place, message in enumerate(messages):
        _check_content(place, message)
    for block in blocks_of(body.get("system") or []):
        _check_text("system", block)
    _check_tool_results(messages)
    _check_tool_searches(messages, {tool["name"] for tool in body.get("tools", [])})


def _check_roles(messages: list[dict[str, Any]], model: Model, *, ends_in_pause: bool) -> None:
    roles = [message["role"] for message in messages]
    if "system" in roles and not model.system_messages:
        raise Refused("role 'system' is not supported on this model")
    for place, role in enumerate(roles):
        if role != "system":
            continue
        if place == 0 or roles[place - 1] != "user":
            raise Refused(f"messages.{place}: role 'system' must follow a 'user' message")
        if roles[place + 1 : place + 2] not in ([], ["assistant"]):
            raise Refused(
                f"messages.{place}: role 'system' must precede an 'assistant' message or end the "
                "array"
            )
    if roles[0] != "user":
        raise Refused('messages: first message must use the "user" role')
    if roles[-1] == "assistant" and not ends_in_pause:
        raise Refused(
            "This model does not support assistant message prefill. The conversation must end "
            "with a user message."
        )


def _check_content(place: int, message: dict[str, Any]) -> None:
    where = f"messages.{place}"
    blocks = message["content"] and blocks_of(message["content"])
    if not blocks:
        raise Refused(f"{where}: {message['role']} messages must have non-empty content")
    for number, block in enumerate(blocks):
        kind = block["type"]
        if message["role"] != "user" and kind in _ONLY_USER:
            raise Refused(f"{where}.content.{number}: `{kind}` blocks belong in user messages")
        if message["role"] != "assistant" and kind in _ONLY_ASSISTANT:
            raise Refused(f"{where}.content.{number}: `{kind}` blocks belong in assistant messages")
        _check_text(where, block)
        if kind == "tool_result":
            if block.get("is_error") and not block.get("content"):
                raise Refused(
                    f"{where}.content.{number}.tool_result: content cannot be empty if `is_error` "
                    "is true"
                )
            if isinstance(block.get("content"), list):
                for inner in block["content"]:
                    _check_text(where, inner)


def _check_text(where: str, block: dict[str, Any]) -> None:
    if block["type"] != "text":
        return
    if not block["text"]:
        raise Refused(f"{where}: text content blocks must be non-empty")
    if not block["text"].strip():
        raise Refused(f"{where}: text content blocks must contain non-whitespace text")


def _check_tool_results(messages: list[dict[str, Any]]) -> None:
    known: set[str] = set()
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        where = f"messages.{place}"
        blocks = blocks_of(message["content"])
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        for result in results:
            if result not in open_calls:
                raise Refused(
                    f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {result}. "
                    "Each `tool_result` block must have a corresponding `tool_use` block in the "
                    "previous message."
                )
            if results.count(result) > 1:
                raise Refused(
                    f"{where}: each tool_use must have a single result. Found multiple "
                    f"`tool_result` blocks with id: {result}"
                )
        if missing := [call for call in open_calls if call not in results]:
            raise Refused(
                f"messages.{place - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a "
                "corresponding `tool_result` block in the next message."
            )
        if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            raise Refused(f"{where}: `tool_result` blocks must come first in the content")
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        for call in open_calls:
            if call in known:
                raise Refused(f"{where}: `tool_use` ids must be unique ({call})")
            known.add(call)


def _check_tool_searches(messages: list[dict[str, Any]], tools: set[str]) -> None:
    searching: set[str] = set()
    for place, message in enumerate(messages):
        where = f"messages.{place}"
        if message["role"] != "assistant" and searching:
            raise Refused(
                f"{where}: `server_tool_use` ids were found without their result: "
                f"{', '.join(sorted(searching))}"
            )
        for block in blocks_of(message["content"]):
            if block["type"] == "server_tool_use":
                searching.add(block["id"])
            elif block["type"] == "tool_search_tool_result":
                if block["tool_use_id"] not in searching:
                    raise Refused(
                        f"{where}: unexpected `tool_use_id` in `tool_search_tool_result`: "
                        f"{block['tool_use_id']}"
                    )
                searching.remove(block["tool_use_id"])
                for reference in block["content"].get("tool_references", []):
                    if reference["tool_name"] not in tools:
                        raise Refused(
                            f"{where}: tool reference '{reference['tool_name']}' was not found in "
                            "the tools of the request"
                        )
