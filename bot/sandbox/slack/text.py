"""Blocks, tasks and streamed text as the words that a person reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

MARKS = {"pending": "○", "in_progress": "…", "complete": "✓", "error": "✗"}


@dataclass
class Task:
    """A task card of a streamed message."""

    id: str
    title: str
    status: str
    details: str = ""
    output: str = ""
    sources: list[Json] = field(default_factory=list)

    @property
    def plain(self) -> str:
        lines = [f"{MARKS.get(self.status, '?')} {self.title}", self.details, self.output]
        lines += [f"{source['text']} <{source['url']}>" for source in self.sources]
        return "\n".join(line for line in lines if line)


def tasks_in(blocks: list[Json]) -> list[Task]:
    """The task cards among these blocks, alone or in a plan."""
    cards = [card for b in blocks for card in ([b] if b["type"] == "task_card" else [])]
    cards += [card for b in blocks if b["type"] == "plan" for card in b.get("tasks", [])]
    return [
        Task(
            id=card["task_id"],
            title=card["title"],
            status=card["status"],
            details="\n".join(words(card.get("details"))),
            output="\n".join(words(card.get("output"))),
            sources=list(card.get("sources", [])),
        )
        for card in cards
    ]


def plain_text(
    text: str, markdown: str, plan_title: str | None, tasks: list[Task], blocks: list[Json]
) -> str:
    """`text` is only what shows where blocks cannot, so it counts when there is nothing else."""
    parts = [plan_title or "", *(task.plain for task in tasks), markdown]
    parts += ["\n".join(words(block)) for block in blocks]
    return "\n".join(part for part in parts if part) or text


def words(node: Any) -> Iterator[str]:
    """Every visible string of a block, in order; a button's between brackets."""
    if isinstance(node, list):
        for item in node:
            yield from words(item)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        yield "".join(_inline(item) for item in node["elements"])
    elif kind in ("button", "icon_button", "workflow_button"):
        yield f"[{node['text']['text']}]"
    elif kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            yield f"[{node[side]['text']['text']}]"
    elif kind == "task_card":
        yield f"{MARKS.get(node.get('status', ''), '?')} {_string(node['title'])}"
        yield from words([node.get("details"), node.get("output"), node.get("sources")])
    elif kind == "url":
        yield f"{node['text']} <{node['url']}>"
    elif kind == "raw_number":
        yield node.get("text") or str(node["value"])
    else:
        for key, value in node.items():
            if key == "confirm":
                continue  # shows only once the button is pressed
            if key in ("text", "title", "alt_text", "subtitle", "initial_value") and isinstance(
                value, str
            ):
                yield value
            else:
                yield from words(value)


def _string(value: Any) -> str:
    return str(value["text"] if isinstance(value, dict) else value)


def _inline(item: Json) -> str:
    match item.get("type"):
        case "user":
            return f"<@{item['user_id']}>"
        case "channel":
            return f"<#{item['channel_id']}>"
        case "emoji":
            return f":{item['name']}:"
        case "link":
            return item.get("text") or str(item["url"])
        case "broadcast":
            return f"<!{item['range']}>"
        case _:
            return str(item.get("text", ""))
