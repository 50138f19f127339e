"""What a run did, for its teammate to look at afterwards."""

import json

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    MarkdownTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.slack.formatting import escape
from bot.state.models import Trace

QUOTED = 2_900
WORK_SHOWN = 40


def work_modal(trace: Trace) -> View:
    """Every call, its input, its outcome and how long it took."""
    blocks: list[Block] = []
    for number, call in enumerate(trace.calls[:WORK_SHOWN], 1):
        took = "" if call.seconds is None else f" · {call.seconds:.1f} s"
        at = f" · {call.started_at:%H:%M:%S} UTC" if call.started_at else ""
        outcome = escape(call.outcome or call.state)
        blocks.append(_section(f"*{number}. {escape(call.title)}*\n{outcome}{took}{at}"))
        given = json.dumps(call.input, ensure_ascii=False, indent=1)
        text = f"{call.name}\n{given}"[:QUOTED]
        part = RichTextElementParts.Text(text=text)
        blocks.append(RichTextBlock(elements=[RichTextPreformattedElement(elements=[part])]))
    left = len(trace.calls) - WORK_SHOWN
    if left > 0:
        blocks.append(_context(f"And {left} more."))
    return View(type="modal", title="What I did", close="Close", blocks=blocks)


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=text[:2_990]))


def _context(text: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=text)])
