"""Block Kit as Slack checks it: shapes, lengths, counts, unique ids. Raises invalid_blocks.

`task_card` and `plan` are ordinary blocks of messages too, not of streams only (Slack's block
reference shows one alone in `blocks`, and `@slack/types` has both among a message's blocks). Some
13,200 characters in the blocks of one message answer `msg_blocks_too_long`, whatever each block
may hold (measured by others, in no document of Slack's).
"""

from collections.abc import Iterator
from typing import Any, Literal

from bot.sandbox.slack.checks import (
    Check,
    any_field_of,
    array,
    boolean,
    both,
    by_type,
    choice,
    record,
    string,
)
from bot.sandbox.slack.elements import (
    ACCESSORIES,
    ACTION_ELEMENTS,
    BUTTONS,
    CONTEXT_ELEMENTS,
    HTTP,
    INPUT_ELEMENTS,
    feedback_buttons,
    icon_button,
    image,
    plain,
    rich_text,
    rich_text_elements,
    slack_file,
    table_cell,
    text,
    url_source,
)
from bot.sandbox.slack.errors import SlackError

Json = dict[str, Any]
Surface = Literal["message", "modal", "home"]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_BLOCK_TEXT = 13_200
MOST_MARKDOWN = 12_000
BLOCK_ID = {"block_id": string(255)}

_card = both(
    record(
        {},
        {
            **BLOCK_ID,
            "hero_image": by_type({"image": image}),
            "icon": by_type({"image": image}),
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "actions": array(by_type(BUTTONS), 5),
        },
    ),
    any_field_of("hero_image", "title", "actions", "body"),
)
_task_fields: dict[str, Check] = {
    "task_id": string(255),
    "title": string(256),
    "status": choice("pending", "in_progress", "complete", "error"),
}
_task_options: dict[str, Check] = {
    **BLOCK_ID,
    "details": rich_text,
    "output": rich_text,
    "sources": array(url_source, 20),
}
_task_card = record(_task_fields, _task_options)
_actions = record({"elements": array(by_type(ACTION_ELEMENTS), 25)}, BLOCK_ID)
_column = record({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})


def _column_or_none(value: Any, at: str, problems: list[str]) -> None:
    if value is not None:
        _column(value, at, problems)


MESSAGE_ONLY: dict[str, Check] = {
    "context_actions": record(
        {
            "elements": array(
                by_type({"feedback_buttons": feedback_buttons, "icon_button": icon_button}), 5
            )
        },
        BLOCK_ID,
    ),
    "markdown": record({"text": string(MOST_MARKDOWN)}, BLOCK_ID),
    "table": record(
        {"rows": array(array(table_cell, 20), 100)},
        {**BLOCK_ID, "column_settings": array(_column_or_none, 20, 0)},
    ),
    "task_card": _task_card,
    "plan": record(
        {"title": string(256)},
        {**BLOCK_ID, "tasks": array(by_type({"task_card": _task_card}), 50, 0)},
    ),
    "card": _card,
    "carousel": record({"elements": array(by_type({"card": _card}), 10)}, BLOCK_ID),
    "file": record({"external_id": string(255), "source": choice("remote")}, BLOCK_ID),
}
EVERYWHERE: dict[str, Check] = {
    "section": both(
        record(
            {},
            {
                **BLOCK_ID,
                "text": text(3000),
                "fields": array(text(2000), 10),
                "accessory": by_type(ACCESSORIES),
                "expand": boolean,
            },
        ),
        any_field_of("text", "fields"),
    ),
    "header": record({"text": plain(150)}, BLOCK_ID),
    "divider": record({}, BLOCK_ID),
    "context": record({"elements": array(by_type(CONTEXT_ELEMENTS), 10)}, BLOCK_ID),
    "actions": _actions,
    "image": both(
        record(
            {"alt_text": string(2000)},
            {
                **BLOCK_ID,
                "image_url": string(3000, start=HTTP),
                "slack_file": slack_file,
                "title": plain(2000),
            },
        ),
        any_field_of("image_url", "slack_file"),
    ),
    "input": record(
        {"label": plain(2000), "element": by_type(INPUT_ELEMENTS)},
        {**BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": record({"elements": rich_text_elements}, BLOCK_ID),
    "alert": record(
        {"text": text(3000)},
        {**BLOCK_ID, "level": choice("default", "info", "warning", "error", "success")},
    ),
}
SHAPES: dict[str, Check] = {
    "message": by_type({**EVERYWHERE, **MESSAGE_ONLY}),
    "modal": by_type(EVERYWHERE),
    "home": by_type(EVERYWHERE),
}


def check_blocks(
    blocks: list[Any], surface: Surface = "message", *, ids: str = "block"
) -> list[Json]:
    """The blocks with the ids filled in that Slack makes up, beginning with `ids`. Raises
    invalid_blocks and msg_blocks_too_long."""
    problems: list[str] = []
    array(SHAPES[surface], MOST_BLOCKS[surface], 0)(blocks, "/blocks", problems)
    if not problems:
        problems += [*_repeated_ids(blocks), *_mixed_tables(blocks)]
        markdown = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
        if markdown > MOST_MARKDOWN:
            problems.append(f"markdown text of all blocks exceeds {MOST_MARKDOWN} characters")
    if problems:
        raise SlackError("invalid_blocks", *problems)
    if surface == "message" and sum(len(t) for t in _texts(blocks)) > MOST_BLOCK_TEXT:
        raise SlackError("msg_blocks_too_long")
    return [_with_ids(block, f"{ids}{index}") for index, block in enumerate(blocks)]


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of one block."""
    if block["type"] == "carousel":
        return [e for card in block["elements"] for e in elements_of(card)]
    if block["type"] == "card":
        return list(block.get("actions", []))
    if block["type"] in ("actions", "context_actions"):
        return list(block["elements"])
    found = block.get("accessory") or block.get("element")
    return [found] if found and found["type"] != "image" else []


def _with_ids(block: Json, made_up: str) -> Json:
    copy = {**block, "block_id": block.get("block_id") or made_up}
    for number, element in enumerate(elements_of(copy)):
        element.setdefault("action_id", f"{copy['block_id']}-{number}")
    return copy


def _repeated_ids(blocks: list[Json]) -> Iterator[str]:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in seen:
            yield f"`block_id` {block_id} already exists [json-pointer:/blocks/{index}/block_id]"
        if block_id:
            seen.add(block_id)
        actions = [e["action_id"] for e in elements_of(block) if "action_id" in e]
        for action_id in {a for a in actions if actions.count(a) > 1}:
            yield f"`action_id` {action_id} already exists [json-pointer:/blocks/{index}]"


def _mixed_tables(blocks: list[Json]) -> Iterator[str]:
    tables = [index for index, block in enumerate(blocks) if block["type"] == "table"]
    for index in tables[1:]:
        yield f"only one table is allowed in a message [json-pointer:/blocks/{index}]"


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("text", "title") and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
