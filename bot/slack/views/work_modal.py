"""What a run did, for its teammate to look at afterwards."""

import json
from collections.abc import Iterator

from slack_sdk.models.blocks import (
    Block,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
)
from slack_sdk.models.views import View

from bot.slack.views.literal import as_it_is, heading, note, parts
from bot.state.models import ToolCall, Trace

QUOTED = 2_900
BLOCKS = 95
"""A modal has room for 100."""
QUOTES_EACH = 8
"""Blocks for one call's input; what is left of it is counted."""


def work_modal(trace: Trace) -> View:
    """Every call as it was sent, its outcome and how long it took."""
    blocks: list[Block] = []
    for number, call in enumerate(trace.calls, 1):
        shown = list(_call(number, call))
        if len(blocks) + len(shown) > BLOCKS:
            blocks.append(note(f"And {len(trace.calls) - number + 1} more."))
            break
        blocks += shown
    return View(type="modal", title="What I did", close="Close", blocks=blocks)


def _call(number: int, call: ToolCall) -> Iterator[Block]:
    title = call.change.headline if call.change else call.title
    yield heading(f"{number}. {title}")
    took = "" if call.seconds is None else f" · {call.seconds:.1f} s"
    at = f" · {call.started_at:%H:%M:%S} UTC" if call.started_at else ""
    edited = call.decision is not None and bool(call.decision.edits)
    edit = " · you edited it before it ran" if edited and call.started_at else ""
    yield note(as_it_is(f"{call.outcome or call.state}{took}{at}{edit}"))
    given = json.dumps(call.input, ensure_ascii=False, indent=1)
    quotes = list(parts(f"{call.name}\n{given}", QUOTED))
    if any(len(quote) > QUOTED * 2 for quote in quotes):
        yield note("Its input is too long to be shown here.")
        return
    for quote in quotes[:QUOTES_EACH]:
        part = RichTextElementParts.Text(text=quote)
        yield RichTextBlock(elements=[RichTextPreformattedElement(elements=[part])])
    if left := sum(map(len, quotes[QUOTES_EACH:])):
        yield note(f"{left:,} more characters are not shown here.")
