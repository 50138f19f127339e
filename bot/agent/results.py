"""Tool results as Claude gets them: data with its provenance, cut to size before its first send."""

import json
from collections.abc import Mapping
from typing import Any

LIMIT = 24_000
"""Characters, about 7,000 tokens."""
LONG_TEXT = 2_000


def as_data(tool_name: str, result: dict[str, Any]) -> str:
    """A result as JSON of at most about LIMIT characters, saying what was left out and how to
    get it."""
    text = _wrap(tool_name, result, "")
    if len(text) <= LIMIT:
        return text
    shortened = _shorten_texts(result)
    text = _wrap(tool_name, shortened, "Long texts are cut and end with […].")
    if len(text) <= LIMIT:
        return text
    key, items = _longest_list(shortened)
    kept = len(items)
    while kept > 1:
        kept = kept * 3 // 4
        note = (
            f"{kept} of {len(items)} in {key!r} are shown. Narrow the search, or ask for fewer "
            "at a time (per_page) and go on with the page's starting_after. Long texts are cut."
        )
        text = _wrap(tool_name, {**shortened, key: items[:kept]}, note)
        if len(text) <= LIMIT:
            return text
    return _wrap(
        tool_name,
        {"cut": json.dumps(result, ensure_ascii=False)[: LIMIT - 1_000]},
        "The result was too large and is cut in the middle of its JSON.",
    )


def with_edits(result: str, edits: Mapping[str, str]) -> str:
    """A result of a call that the teammate changed before approving it."""
    found = json.loads(result)
    note = "The teammate edited this call before approving it; this is what was run."
    notes = [note, found.pop("note", "")]
    said = {"note": " ".join(filter(None, notes)), "edited": dict(edits)}
    return json.dumps({**said, **found}, ensure_ascii=False)


def error(message: str, advice: str) -> str:
    """A failed call: what failed and what to do next."""
    return json.dumps({"error": message, "advice": advice}, ensure_ascii=False)


def _wrap(tool_name: str, result: dict[str, Any], note: str) -> str:
    wrapped: dict[str, Any] = {"source": f"Intercom, by {tool_name}"}
    if note:
        wrapped["note"] = note
    return json.dumps({**wrapped, "result": result}, ensure_ascii=False)


def _shorten_texts(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONG_TEXT:
        return value[:LONG_TEXT] + "[…]"
    if isinstance(value, list):
        return [_shorten_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: _shorten_texts(item) for key, item in value.items()}
    return value


def _longest_list(result: dict[str, Any]) -> tuple[str, list[Any]]:
    lists = [(key, value) for key, value in result.items() if isinstance(value, list)]
    return max(lists, key=lambda pair: len(json.dumps(pair[1])), default=("", []))
