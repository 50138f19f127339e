"""Pieces of an answer: cut to what Slack takes in one call, counted, and put in Slack's words."""

import re
from collections.abc import Iterable
from itertools import groupby

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    MarkdownBlock,
    MarkdownTextObject,
    RichTextBlock,
    TaskCardBlock,
)
from slack_sdk.models.blocks.block_elements import RichTextElementParts, RichTextSectionElement
from slack_sdk.models.messages.chunk import Chunk, MarkdownTextChunk, TaskUpdateChunk

from bot.slack.formatting import complete_part, safe_markdown, split_at
from bot.state.models import CallState, Shown, ToolCall

PIECE_CARDS = 30
FALLBACK_CHARACTERS = 3_900
"""Slack cuts a message's text, where it shows instead of blocks, from about 4,000 on."""
CARD_CHARACTERS = 250
ELSEWHERE = "Goes on below"
SMALLEST = 500
"""Characters; a shorter text is not cut because Slack finds it too long."""
_WHOLE_WORDS = re.compile(r"[\s.,;:!?)\]}|`*~\u2026\"']\Z")

_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")
_MARKS = {"pending": "\u25cb", "in_progress": "\u2026", "complete": "\u2713", "error": "\u2717"}
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


def pieces(waiting: Iterable[Shown], characters: int) -> list[list[Shown]]:
    """What goes out in one call each: everything, unless a text is too long for one, or there are
    too many cards."""
    found: list[list[Shown]] = [[]]
    for shown in waiting:
        if shown.call:
            if sum(1 for item in found[-1] if item.call) == PIECE_CARDS:
                found.append([])
            found[-1].append(shown)
            continue
        rest = safe_markdown(shown.text)
        while rest:
            room = characters - sum(len(item.text) for item in found[-1])
            if room < characters and len(rest) > room:
                found.append([])
                continue
            part, rest = split_at(rest, room)
            found[-1].append(Shown(text=part))
    return [piece for piece in found if piece]


def complete(waiting: list[Shown]) -> tuple[list[Shown], list[Shown]]:
    """What can be shown already, and the last words as far as they are still unfinished."""
    if not waiting or waiting[-1].call:
        return waiting, []
    waiting[-1].text, held = complete_part(waiting[-1].text)
    return waiting, [Shown(text=held)] if held else []


def halves(piece: list[Shown]) -> tuple[list[Shown], list[Shown]]:
    """A piece that was too long for one message; the second half is empty if it cannot be cut."""
    if len(piece) > 1:
        middle = len(piece) // 2
        return piece[:middle], piece[middle:]
    if len(piece[0].text) < SMALLEST:
        return piece, []
    part, rest = split_at(piece[0].text, len(piece[0].text) // 2)
    return [Shown(text=part)], [Shown(text=rest)]


def parted(shown: list[Shown]) -> tuple[list[Shown], list[Shown]]:
    """The steps, up to the last card, and the words after them."""
    steps = max((at for at, item in enumerate(shown, 1) if item.call), default=0)
    words = shown[steps:]
    return (shown, []) if is_blank(words) else (shown[:steps], words)


def is_blank(shown: Iterable[Shown]) -> bool:
    """Whether there is nothing in it that anybody would see."""
    return not any(item.call or item.text.strip() for item in shown)


def words_cut_short(shown: list[Shown]) -> tuple[list[Shown], list[Shown]]:
    """What was shown of a message that ended too early, without the last words if they break off
    in the middle; and those words."""
    steps, said = parted(shown)
    text = "".join(item.text for item in said)
    if not text or _WHOLE_WORDS.search(text):
        return shown, []
    head, tail = split_at(text, len(text) - 1)
    if not _WHOLE_WORDS.search(head):
        head, tail = "", text
    return [*steps, *([Shown(text=head)] if head.strip() else [])], [Shown(text=tail)]


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


def blocks(piece: Iterable[Shown], *, closed: bool = False, progress: str = "") -> list[Block]:
    """For a message that is posted or updated as a whole; `closed`: what still runs goes on
    elsewhere. `progress`: what is being done."""
    found: list[Block] = []
    for is_text, group in groupby(piece, key=lambda item: item.call is None):
        if is_text:
            text = "".join(item.text for item in group).strip("\n")
            found += [MarkdownBlock(text=text)] if text.strip() else []
        else:
            found += [_card(item.call, closed=closed) for item in group if item.call]
    if progress:
        found.append(ContextBlock(elements=[MarkdownTextObject(text=f"_{progress}_")]))
    return found


def markdown(piece: Iterable[Shown], *, closed: bool = False, progress: str = "") -> str:
    """The same as text, for where Slack takes no such blocks."""
    found = []
    for item in piece:
        if item.call:
            elsewhere = closed and not item.call.ended
            outcome = ELSEWHERE if elsewhere else _output(item.call)
            mark = _MARKS["complete" if elsewhere else _STATUS[item.call.state]]
            link = f" [Open in Intercom]({item.call.link})" if item.call.link else ""
            title = safe_markdown(_title(item.call))
            found.append(f"\n\n{mark} {title}{': ' + outcome if outcome else ''}{link}\n\n")
        else:
            found.append(item.text)
    if progress:
        found.append(f"\n\n_{progress}_")
    return re.sub(r"\n{3,}", "\n\n", "".join(found)).strip() or "…"


def text_of(piece: Iterable[Shown], progress: str = "") -> str:
    """For notifications, where no blocks are shown: the words, or else the cards' titles."""
    items = list(piece)
    said = " ".join(text for item in items if (text := item.text.strip()))
    titles = " · ".join(_title(item.call) for item in items if item.call)
    return split_at(said or titles or progress, FALLBACK_CHARACTERS)[0] or "…"


def _card(call: ToolCall, *, closed: bool) -> TaskCardBlock:
    elsewhere = closed and not call.ended
    # Rich text is literal: what markup would need escaped, people would read as `&lt;` there.
    output = ELSEWHERE if elsewhere else call.outcome[:CARD_CHARACTERS]
    part = RichTextSectionElement(elements=[RichTextElementParts.Text(text=output or " ")])
    return TaskCardBlock(
        task_id=call.id,
        title=_title(call),
        status="complete" if elsewhere else _STATUS[call.state],
        output=RichTextBlock(elements=[part]) if output else None,
        sources=_sources(call),
    )


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
