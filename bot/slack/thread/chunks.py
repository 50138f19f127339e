"""Pieces of an answer: cut to what Slack takes in one call, counted, and put in Slack's words."""

from collections.abc import Iterable

from slack_sdk.models.blocks import Block, MarkdownBlock, RichTextBlock, TaskCardBlock
from slack_sdk.models.blocks.block_elements import RichTextElementParts, RichTextSectionElement
from slack_sdk.models.messages.chunk import Chunk, MarkdownTextChunk, TaskUpdateChunk

from bot.slack.formatting import safe_markdown, split_at
from bot.state.models import CallState, Shown, ToolCall

PIECE_CHARACTERS = 4_000
CARD_CHARACTERS = 250
ELSEWHERE = "Goes on below"

_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")
_STATUS: dict[CallState, str] = {
    "pending": "pending",
    "waiting": "pending",
    "approved": "pending",
    "started": "in_progress",
    "done": "complete",
    "failed": "error",
    "refused": "error",
    "unknown": "error",
}


def pieces(waiting: Iterable[Shown], characters: int = PIECE_CHARACTERS) -> list[list[Shown]]:
    """What goes out in one call each: everything, unless a text is too long for one."""
    found: list[list[Shown]] = [[]]
    for shown in waiting:
        if shown.call:
            found[-1].append(shown)
            continue
        rest = safe_markdown(shown.text)
        while rest:
            part, rest = split_at(rest, characters)
            found[-1].append(Shown(text=part))
            if rest:
                found.append([])
    return [piece for piece in found if piece]


def copies(shown: Iterable[Shown]) -> list[Shown]:
    return [item.model_copy(deep=True) for item in shown]


def merge(shown: list[Shown], new: Shown) -> None:
    """Add a piece to what is shown; a call that is there already changes in its place."""
    if new.call is None:
        shown.append(new)
        return
    for old in shown:
        if old.call and old.call.id == new.call.id:
            old.call = new.call
            return
    shown.append(new)


def running(shown: Iterable[Shown]) -> list[Shown]:
    """The cards in it that have not come to their end."""
    return [item for item in shown if item.call and not item.call.ended]


def size(shown: Iterable[Shown]) -> int:
    """Bytes, counted on the safe side."""
    total = 0
    for item in shown:
        total += len(item.text.encode())
        if item.call:
            total += 100 + len(f"{item.call.title}{item.call.outcome * 2}".encode())
    return total


def chunks(piece: Iterable[Shown]) -> list[Chunk]:
    """For a message that is streamed."""
    return [
        _task(shown.call) if shown.call else MarkdownTextChunk(text=shown.text) for shown in piece
    ]


def closing(shown: Iterable[Shown]) -> list[Chunk]:
    """For a message that ends while something in it still runs: that goes on in the next one."""
    return [
        _task(item.call, status="complete", output=ELSEWHERE)
        for item in running(shown)
        if item.call
    ]


def blocks(piece: Iterable[Shown], *, closed: bool = False) -> list[Block]:
    """For a message that is posted as a whole; `closed`: what still runs goes on elsewhere."""
    found: list[Block] = []
    for item in piece:
        if item.call is None:
            found.append(MarkdownBlock(text=item.text))
            continue
        elsewhere = closed and not item.call.ended
        output = ELSEWHERE if elsewhere else _output(item.call)
        part = RichTextSectionElement(elements=[RichTextElementParts.Text(text=output or " ")])
        found.append(
            TaskCardBlock(
                task_id=item.call.id,
                title=_title(item.call),
                status="complete" if elsewhere else _STATUS[item.call.state],
                output=RichTextBlock(elements=[part]) if output else None,
                sources=_sources(item.call),
            )
        )
    return found


def text_of(piece: Iterable[Shown]) -> str:
    """For notifications, where no blocks are shown."""
    said = " ".join(item.text.strip() or (item.call.title if item.call else "") for item in piece)
    return split_at(said.strip(), PIECE_CHARACTERS)[0] or "…"


def _task(call: ToolCall, *, status: str = "", output: str = "") -> TaskUpdateChunk:
    return TaskUpdateChunk(
        id=call.id,
        title=_title(call),
        status=status or _STATUS[call.state],
        output=output or _output(call) or None,
        sources=_sources(call),
    )


def _title(call: ToolCall) -> str:
    return call.title.translate(_NO_MARKUP)[:CARD_CHARACTERS]


def _output(call: ToolCall) -> str:
    return split_at(safe_markdown(call.outcome), CARD_CHARACTERS)[0]


def _sources(call: ToolCall) -> list[dict[str, str]] | None:
    return [{"type": "url", "text": "Open in Intercom", "url": call.link}] if call.link else None
