"""Finding Intercom's data in whatever JSON a tool result wraps it in, cut off or not."""

import html
import json
import re
from typing import Any

Json = dict[str, Any]


def parsed(text: str) -> Any:
    """The JSON in a text; of one that was cut off, what is whole; None if there is none."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return None
    text = text[start:]
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except ValueError:
        return _salvaged(text)


def _salvaged(text: str) -> Any:
    """What was read before the cut: up to the end of the last whole object, then all closed."""
    closers: list[str] = []
    whole: str | None = None
    in_string = escaped = False
    for place, character in enumerate(text):
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            closers.append("}" if character == "{" else "]")
        elif character in "}]" and closers:
            closers.pop()
            whole = text[: place + 1] + "".join(reversed(closers))
    try:
        return json.loads(whole) if whole else None
    except ValueError:
        return None


def items(value: Any, key: str) -> list[Json]:
    """The objects of the first list under `key`, at any depth, JSON inside of strings included."""
    found = _first(value, lambda item: isinstance(item.get(key), list))
    return [item for item in found[key] if isinstance(item, dict)] if found else []


def of_type(value: Any, kind: str) -> Json | None:
    """The first object of that Intercom type, at any depth."""
    return _first(value, lambda item: item.get("type") == kind and "id" in item)


def total(value: Any) -> int | None:
    """How many there are in all, as the result says."""
    found = _first(value, lambda item: isinstance(item.get("total_count"), int | float))
    return int(found["total_count"]) if found else None


def error_of(value: Any) -> str | None:
    """The words of a failure, if the result is one."""
    found = _first(value, lambda item: isinstance(item.get("error"), str))
    return str(found["error"]) if found else None


def plain(body: Any, limit: int = 300) -> str:
    """Intercom's HTML as one line of text."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", str(body or "")))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _first(value: Any, fits: Any) -> Json | None:
    """Breadth first, so that what wraps the data comes before what is inside of it."""
    queue = [value]
    while queue:
        item = queue.pop(0)
        if isinstance(item, str) and item[:1] in "{[":
            item = parsed(item)
        if isinstance(item, dict):
            if fits(item):
                return item
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
    return None
