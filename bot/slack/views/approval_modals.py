"""What opens from an approval card: changing the call before it runs, and why it is denied."""

from slack_sdk.models.blocks import (
    Block,
    DateTimePickerElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.views.approval_card import DENY, EDIT, INPUT
from bot.slack.views.literal import as_it_is, heading, note
from bot.state.models import EditableField, ToolCall

REASON = "reason"
OPTION = 75
"""Characters of a choice."""
ID = 255
"""Characters of a block's id."""
LEFT_OUT = "Left empty, it is left out."
PICKED = range(1_000_000_000, 10_000_000_000)
"""Moments that a picker takes: ten digits."""


def edit_modal(call: ToolCall, metadata: str) -> View:
    """One input for each field that a person may change."""
    assert call.change
    blocks: list[Block] = [heading(call.change.headline)]
    for field in call.change.editable:
        element = _element(field)
        if element is None:
            words = (
                f"“{field.label}” is longer than {INPUT:,} characters, more than fits in here. "
                "To change it, deny this and say what should be different."
            )
            blocks.append(note(as_it_is(words)))
            continue
        hint = " ".join(filter(None, [field.hint, "" if field.required else LEFT_OUT]))
        blocks.append(
            InputBlock(
                block_id=field.path,
                label=as_it_is(field.label),
                element=element,
                optional=not field.required,
                hint=as_it_is(hint) if hint else None,
            )
        )
    blocks.append(note("What you write here is what runs, as soon as you press Approve."))
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
            heading(call.change.headline),
            InputBlock(
                block_id=REASON, label="Why? The agent takes it up.", element=element, optional=True
            ),
        ],
    )


def _element(field: EditableField) -> InputInteractiveElement | None:
    """None for a value that fits into no element."""
    if len(field.path) > ID or len(field.value) > INPUT:
        return None
    if field.input == "choice":
        options = [_option(value, words) for value, words in field.options]
        chosen = next((o for o in options if o.value == field.value), None)
        return StaticSelectElement(action_id=field.path, options=options, initial_option=chosen)
    if field.input == "moment" and field.value.isdecimal() and int(field.value) in PICKED:
        return DateTimePickerElement(action_id=field.path, initial_date_time=int(field.value))
    return PlainTextInputElement(
        action_id=field.path,
        initial_value=field.value,
        multiline=field.multiline,
        max_length=INPUT,
    )


def _option(value: str, words: str) -> Option:
    shown = words if len(words) <= OPTION else words[: OPTION - 1] + "…"
    return Option(value=value, text=as_it_is(shown))
