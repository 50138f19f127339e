"""The card of a change that waits for its teammate: all that will happen, and its buttons.

Whatever is of Intercom's or of Claude's stands as literal text (`literal`); only words of ours are
markup. A card that is too long for one message goes on in further ones, of which the last has the
buttons; one that is longer still comes with a file.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    PlainTextObject,
)

from bot.slack.formatting import escape, moment
from bot.slack.views.literal import (
    Line,
    Words,
    as_it_is,
    blocks,
    heading,
    label_and_value,
    note,
    parts,
    quoted,
)
from bot.state.models import Change, ToolCall, WithdrawnCard

APPROVE = "approve_call"
APPROVE_ALIKE = "approve_alike"
EDIT = "edit_call"
DENY = "deny_call"
DECISIONS = (APPROVE, APPROVE_ALIKE, EDIT, DENY)
PAGE_CHARACTERS = 10_500
"""Of a message: Slack refuses it at about 13,200, and the last one has buttons too."""
PAGE_BLOCKS = 40
PAGES_AT_MOST = 4
"""A card of more messages than this comes with a file instead."""
BEGINNING = 1_500
"""Characters of a text in a file that the card shows too."""
ROOM_FOR_DETAILS = 6_000
"""Characters of fields that the card shows beside a file."""
INPUT = 3_000
"""Characters that a text field of a modal holds."""
BUTTON_VALUE = 2_000
CONFIRM_TEXT = 300

NOT_YOURS = (
    "Only <@{owner}> can decide on this: it is their Intercom account that would act, and their "
    "name that it would carry."
)
DECIDED = "This is decided already, or no longer waits."
OUTDATED = "I was updated while this waited, so I show it anew below. Please decide there."
TOO_LATE = "That took too long to open. Press the button again."
COMPARED = "Bold is new, struck through goes."


@dataclass(frozen=True)
class Card:
    """A card as it is posted."""

    pages: list[list[Block]]
    """A message each; the last one has the buttons."""
    file: str = ""
    """All of it as text, if it is too long for messages: posted before them."""


def card(call: ToolCall, alike: Sequence[ToolCall], owner: str) -> Card:
    """The card with its buttons.

    Args:
        call: What waits.
        alike: All that its button for several covers, this call included; none for no button.
        owner: Who decides, by Slack's id.
    """
    return _paged(call, [ActionsBlock(elements=_buttons(call, alike, owner))])


def settled(call: ToolCall, owner: str) -> Card:
    """The card once nothing is left to press: what was decided, and what was sent."""
    return _paged(call, [_fate(call, owner)])


def longer_now(call: ToolCall, owner: str) -> list[Block]:
    """The last message of a settled card that an edit made longer than it was."""
    words = "What was sent is longer than this card now: *Show what you did* has all of it."
    return [heading(_change(call).headline), note(words), _signature(call), _fate(call, owner)]


def settled_text(call: ToolCall, owner: str) -> str:
    """What became of a call that waited, for where no blocks are shown."""
    return f"{_fate_in_words(call, owner)} · {plain_markup(_change(call).headline)}"


def withdrawn(former: WithdrawnCard) -> list[Block]:
    """A card that counts no more."""
    return [heading(former.headline), note(f":arrow_down: {former.why}")]


def summary(change: Change, page: int = 1, pages: int = 1) -> str:
    """For notifications, where no blocks are shown."""
    what = "Waits for your approval" if page == pages else f"Part {page} of {pages} of what waits"
    return f"{what}: {plain_markup(change.headline)}"


def withdrawn_text(former: WithdrawnCard) -> str:
    return f"{former.why} · {plain_markup(former.headline)}"


def file_name(call: ToolCall) -> str:
    """Finds the file again in its thread."""
    return f"proposal-{call.digest[:12]}.txt"


def alike_groups(calls: Iterable[ToolCall]) -> list[list[ToolCall]]:
    """Calls that one press may approve together: the same tool, effect and kind of reader."""
    groups: dict[tuple[str, str, str], list[ToolCall]] = {}
    for call in calls:
        key = (call.name, call.effect, _change(call).warning)
        groups.setdefault(key, []).append(call)
    return list(groups.values())


def value_of(calls: Iterable[ToolCall], owner: str) -> str:
    return "|".join([owner, *(f"{call.id}:{call.digest}" for call in calls)])


def named_in(value: str) -> tuple[str, list[tuple[str, str]]]:
    """Whose a button is said to be, and (call id, digest) of each call that its value names."""
    owner, *calls = value.split("|")
    named = [call.partition(":") for call in calls]
    return owner, [(call_id, digest) for call_id, _, digest in named]


def plain_markup(text: str) -> str:
    """Plain text for a message's `text`: it pings nobody, and nothing in it is styled."""
    text = re.sub(r":([a-z0-9_+'-]+):", "\ua789\\1\ua789", escape(text), flags=re.IGNORECASE)
    text = text.translate({ord("*"): "\u2217", ord("~"): "\u223c", ord("`"): "'"})
    return re.sub(r"(?<!\w)_|_(?!\w)", "\uff3f", text)


def _buttons(call: ToolCall, alike: Sequence[ToolCall], owner: str) -> list[ButtonElement]:
    value = value_of([call], owner)
    buttons = [ButtonElement(text="Approve", action_id=APPROVE, value=value, style="primary")]
    if any(len(field.value) <= INPUT for field in _change(call).editable):
        buttons.append(ButtonElement(text="Edit", action_id=EDIT, value=value))
    buttons.append(ButtonElement(text="Deny", action_id=DENY, value=value, style="danger"))
    all_of_them = value_of(alike, owner)
    if len(alike) > 1 and len(all_of_them) <= BUTTON_VALUE:
        buttons.append(
            ButtonElement(
                text=f"Approve all {len(alike)} alike",
                action_id=APPROVE_ALIKE,
                value=all_of_them,
                confirm=ConfirmObject(
                    title=as_it_is(f"Approve these {len(alike)}?"),
                    text=as_it_is(_covered(alike)),
                    confirm="Approve all",
                    deny="Back",
                ),
            )
        )
    return buttons


def _covered(alike: Sequence[ToolCall]) -> str:
    """What a press on the button for several approves, as far as a question has room."""
    lines: list[str] = []
    for number, call in enumerate(alike, 1):
        line = f"{number}. {_change(call).headline}"
        left = len(alike) - len(lines)
        if len("\n".join([*lines, line])) > CONFIRM_TEXT - 60:
            lines.append(f"and {left} more: each has its card above.")
            break
        lines.append(line)
    return "\n".join(lines)


def _paged(call: ToolCall, last: list[Block]) -> Card:
    change = _change(call)
    pages = _pages(_body(change, in_file=False))
    if len(pages) <= PAGES_AT_MOST and all(_size(page) <= PAGE_CHARACTERS for page in pages):
        return Card(_framed(call, pages, last))
    pages = _pages(_body(change, in_file=True))
    return Card(_framed(call, pages, last), _as_text(call))


def _body(change: Change, *, in_file: bool) -> list[Line]:
    if in_file:
        return _beginning(change)
    lines = quoted(change.text, change.text_before) if change.text else []
    if change.text and change.text_before not in ("", change.text):
        lines.append(Line((Words(COMPARED, italic=True),)))
    for label, value in change.details:
        lines += label_and_value(label, value, change.before.get(label))
    return lines


def _beginning(change: Change) -> list[Line]:
    """As much of a change as one message has room for, and how much more is in the file."""
    lines = [Line((Words("All of it is in the file above: it is too long for a message."),))]
    text = change.text
    if text and len(text) <= BEGINNING:
        lines += quoted(text)
    elif text:
        lines.append(Line((Words(f"The text has {len(text):,} characters. It begins:"),)))
        beginning = next(parts(text, BEGINNING))
        shown = f"{beginning.rstrip()} …" if len(beginning) <= BEGINNING else "…"
        lines += quoted(shown)
    room, left = ROOM_FOR_DETAILS, 0
    for label, value in change.details:
        shown_lines = label_and_value(label, value, change.before.get(label))
        size = sum(line.size for line in shown_lines)
        if size <= room:
            room -= size
            lines += shown_lines
        else:
            left += 1
    if left:
        words = f"{left} more {'field' if left == 1 else 'fields'}: in the file."
        lines.append(Line((Words(words, italic=True),)))
    return lines


def _pages(lines: list[Line]) -> list[list[Block]]:
    """Blocks by messages, as few as their sizes allow."""
    pages: list[list[Block]] = [[]]
    for block in blocks(lines):
        full = _size([*pages[-1], block]) > PAGE_CHARACTERS or len(pages[-1]) >= PAGE_BLOCKS
        if pages[-1] and full:
            pages.append([])
        pages[-1].append(block)
    return pages


def _framed(call: ToolCall, pages: list[list[Block]], last: list[Block]) -> list[list[Block]]:
    """Each message with what it is about, the first with the warning, the last with the rest."""
    change = _change(call)
    framed = []
    for number, page in enumerate(pages, 1):
        top: list[Block] = [heading(change.headline)]
        if number == 1:
            top += _warning(call)
        else:
            top.append(note(f"Part {number} of {len(pages)}"))
        if number < len(pages):
            below: list[Block] = [note(f"Part {number} of {len(pages)} · goes on below")]
        else:
            below = [_signature(call), *last]
        framed.append([*top, *page, *below])
    return framed


def _warning(call: ToolCall) -> list[Block]:
    change = _change(call)
    if change.warning:
        return [note(f":warning: {escape(change.warning)}")]
    if change.reaches_customer:
        return [note(":warning: A customer gets this.")]
    if call.effect == "destructive":
        return [note(":warning: This takes something away.")]
    return []


def _signature(call: ToolCall) -> Block:
    signed = as_it_is(f"Signed as {call.signed_as}")
    return note(signed, f"<{call.link}|Open in Intercom>") if call.link else note(signed)


def _fate(call: ToolCall, owner: str) -> ContextBlock:
    words: list[str | PlainTextObject] = [_fate_in_words(call, owner)]
    decision = call.decision
    if decision and decision.kind == "denied" and decision.reason:
        words.append(as_it_is(f"“{decision.reason}”"))
    block = note(*words)
    assert isinstance(block, ContextBlock)
    return block


def _fate_in_words(call: ToolCall, owner: str) -> str:
    decision = call.decision
    if decision is None:
        return f":no_entry_sign: {escape(call.outcome or 'Not run')}"
    at = moment(decision.at)
    if decision.kind == "denied":
        return f":no_entry_sign: Denied by <@{owner}> · {at}"
    if not decision.edits:
        return f":white_check_mark: Approved by <@{owner}> · {at}"
    return f":white_check_mark: Edited and approved by <@{owner}> · {at}"


def _as_text(call: ToolCall) -> str:
    """All of a card, for its file."""
    change = _change(call)
    lines = [change.headline]
    lines += [f"Warning: {change.warning}"] if change.warning else []
    lines.append(f"Signed as {call.signed_as}")
    for label, value in change.details:
        before = change.before.get(label)
        was = f"\n  (so far: {before or 'nothing'})" if before is not None else ""
        lines.append(f"\n{label}: {value}{was}")
    if change.text:
        lines.append(f"\n----- Text -----\n{change.text}")
    if change.text_before:
        lines.append(f"\n----- Text so far -----\n{change.text_before}")
    return "\n".join(lines) + "\n"


def _size(page: Iterable[Block]) -> int:
    def count(node: object) -> int:
        if isinstance(node, list):
            return sum(map(count, node))
        if isinstance(node, dict):
            return sum(
                len(item) if key == "text" and isinstance(item, str) else count(item)
                for key, item in node.items()
            )
        return 0

    return sum(count(block.to_dict()) for block in page)


def _change(call: ToolCall) -> Change:
    assert call.change
    return call.change
