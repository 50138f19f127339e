"""The card of a change that waits for its teammate: what will happen, and three buttons."""

from collections.abc import Iterable

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.slack.formatting import escape, moment
from bot.state.models import Change, ToolCall

APPROVE = "approve_call"
APPROVE_ALIKE = "approve_alike"
EDIT = "edit_call"
DENY = "deny_call"
DECISIONS = (APPROVE, APPROVE_ALIKE, EDIT, DENY)
REASON = "reason"
FEEDBACK = "feedback"
SHOW = "show_work"
SHARE = "share_answer"
THANKS = "Thank you. It helps us to make the agent better."
NOTHING_LEFT = "What that request did is not kept any more, or it was somebody else's."
SHARED = "Shared."
QUOTED = 2_900
WORK_SHOWN = 40
FIELDS = 10
FIELD = 1_900
INPUT = 3_000
"""Characters that a text field of a modal holds."""

NOT_YOURS = (
    "Only <@{owner}> can decide on this: it is their Intercom account that would act, and their "
    "name that it would carry."
)
DECIDED = "This is decided already, or no longer waits."
TOO_LATE = "That took too long to open. Press the button again."


def card(call: ToolCall, alike: list[ToolCall], owner: str, signed_as: str) -> list[Block]:
    """The card with its buttons. `alike`: all calls of this kind that wait together."""
    assert call.change
    value = value_of([call], owner)
    buttons = [ButtonElement(text="Approve", action_id=APPROVE, value=value, style="primary")]
    if call.change.editable and all(len(f.value) <= INPUT for f in call.change.editable):
        buttons.append(ButtonElement(text="Edit", action_id=EDIT, value=value))
    buttons.append(ButtonElement(text="Deny", action_id=DENY, value=value, style="danger"))
    if len(alike) > 1:
        text, all_of_them = f"Approve all {len(alike)} alike", value_of(alike, owner)
        if len(all_of_them) <= 2_000:
            buttons.append(ButtonElement(text=text, action_id=APPROVE_ALIKE, value=all_of_them))
    return [*_shown(call, signed_as), ActionsBlock(elements=buttons)]


def settled(call: ToolCall, owner: str, signed_as: str) -> list[Block]:
    """The card once nothing is left to press."""
    return [*_shown(call, signed_as), _context(fate(call, owner))]


def fate(call: ToolCall, owner: str) -> str:
    """What became of a call that waited, in a sentence."""
    decision = call.decision
    if decision is None:
        return f":no_entry_sign: {call.outcome or 'Not run'}"
    at = moment(decision.at)
    if decision.kind == "denied":
        reason = f": {escape(decision.reason)}" if decision.reason else ""
        return f":no_entry_sign: Denied by <@{owner}> · {at}{reason}"
    edited = ", with changes" if decision.edits else ""
    return f":white_check_mark: Approved by <@{owner}>{edited} · {at}"


def summary(change: Change) -> str:
    """For notifications, where no blocks are shown."""
    return f"Waits for your approval: {change.headline}"


def value_of(calls: Iterable[ToolCall], owner: str) -> str:
    return "|".join([owner, *(f"{call.id}:{call.digest}" for call in calls)])


def named_in(value: str) -> tuple[str, list[tuple[str, str]]]:
    """In: a button's value. Out: whose it is said to be, and (call id, digest) of each call."""
    owner, *calls = value.split("|")
    named = [call.partition(":") for call in calls]
    return owner, [(call_id, digest) for call_id, _, digest in named]


def edit_modal(call: ToolCall, metadata: str) -> View:
    assert call.change
    blocks: list[Block] = [_section(f"*{escape(call.change.headline)}*")]
    for field in call.change.editable:
        element = PlainTextInputElement(
            action_id=field.path,
            initial_value=field.value,
            multiline=field.multiline,
            max_length=INPUT,
        )
        blocks.append(InputBlock(block_id=field.path, label=field.label, element=element))
    blocks.append(_context("What you write here is what runs, as soon as you press Approve."))
    return View(
        type="modal",
        callback_id=EDIT,
        private_metadata=metadata,
        title="Edit, then approve",
        submit="Approve",
        close="Back",
        blocks=blocks,
    )


def deny_modal(call: ToolCall, metadata: str) -> View:
    assert call.change
    element = PlainTextInputElement(action_id=REASON, multiline=True, max_length=1_000)
    return View(
        type="modal",
        callback_id=DENY,
        private_metadata=metadata,
        title="Deny this change",
        submit="Deny",
        close="Back",
        blocks=[
            _section(f"*{escape(call.change.headline)}*"),
            InputBlock(
                block_id=REASON, label="Why? The agent takes it up.", element=element, optional=True
            ),
        ],
    )


def _shown(call: ToolCall, signed_as: str) -> list[Block]:
    assert call.change
    change = call.change
    blocks: list[Block] = [_section(f"*{escape(change.headline)}*")]
    if change.reaches_customer:
        blocks.append(_context(":warning: A customer gets this."))
    elif call.effect == "destructive":
        blocks.append(_context(":warning: This takes something away."))
    for part in _parts(change.text):
        text = RichTextElementParts.Text(text=part)
        blocks.append(RichTextBlock(elements=[RichTextQuoteElement(elements=[text])]))
    fields = [
        MarkdownTextObject(text=f"*{escape(label)}*\n{escape(value)[:FIELD]}")
        for label, value in change.details
    ]
    blocks += [
        SectionBlock(fields=fields[start : start + FIELDS])
        for start in range(0, len(fields), FIELDS)
    ]
    link = f" · <{call.link}|Open in Intercom>" if call.link else ""
    return [*blocks, _context(f"Signed as *{escape(signed_as)}*{link}")]


def _parts(text: str) -> list[str]:
    return [text[start : start + QUOTED] for start in range(0, len(text), QUOTED)]


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=text[:2_990]))


def _context(text: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=text)])
