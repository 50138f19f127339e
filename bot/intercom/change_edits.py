"""What a person may change in a call before approving it, and the input that comes of it."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from bot.intercom import html
from bot.intercom.catalogue.values import Value
from bot.intercom.characters import seen
from bot.state.models import EditableField, FieldInput

LOSES_FORMATTING = "What you write here is plain text: bold, lists and links of the draft go."
LEFT_OUT = "Left empty, it is left out."
OPTIONS = 100
"""Of a select menu, as docs.slack.dev has it."""
YES_OR_NO = [("true", "yes"), ("false", "no")]
NOBODY = ("0", "nobody")


class BadEdit(ValueError):
    """What was entered does not fit its field. The text is for the one who entered it."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(words)
        self.path = path


def editable_field(value: Value, choices: Sequence[tuple[str, str]]) -> EditableField | None:
    """How a person changes this value; None where they may not, or nothing fits.

    Args:
        value: One value of a call's input.
        choices: What a value that names something can be chosen from, ids with names.
    """
    declared, given = value.field, value.value
    if not declared.editable or isinstance(given, Mapping | list) or given is None:
        return None
    text, hint = str(given), ""
    options: Sequence[tuple[str, str]] = ()
    shape: FieldInput = "line"
    match declared.kind:
        case "text" | "email" | "external_id" | "number":
            shape = "lines" if "\n" in text else "line"
        case "long_text":
            shape = "lines"
        case "message_html" | "article_html":
            shape, text = "lines", html.text_of(text)
            if html.html_of(text) != given:
                if declared.kind == "article_html":
                    return None
                hint = LOSES_FORMATTING
        case "moment" if isinstance(given, int):
            shape = "moment"
        case "flag" if isinstance(given, bool):
            shape, text, options = "choice", "true" if given else "false", YES_OR_NO
        case "choice" if declared.choices:
            shape, options = "choice", list(declared.choices.items())
        case "object_id" if choices:
            nobody = [NOBODY] if declared.names == "admin" else []
            shape, options = "choice", _within([*nobody, *choices], text)
            if len(options) < len(nobody) + len(choices):
                hint = f"{len(options)} of {len(nobody) + len(choices)} are listed here."
        case _:
            return None
    if shape == "choice" and text not in dict(options):
        return None
    name = " ".join(seen(value.name).split())
    label = f"{declared.label} “{name}”" if name else declared.label
    return EditableField(
        path=".".join(map(str, value.place)),
        label=label,
        value=text,
        multiline=shape == "lines",
        input=shape,
        options=list(options),
        required=declared.required,
        is_html=declared.kind in ("message_html", "article_html"),
        hint=hint,
    )


def _within(choices: Sequence[tuple[str, str]], chosen: str) -> list[tuple[str, str]]:
    """As many choices as Slack lists, with the one that is chosen now."""
    now = [choice for choice in choices if choice[0] == chosen]
    others = [choice for choice in choices if choice[0] != chosen]
    listed = {*others[: OPTIONS - len(now)], *now}
    return [choice for choice in choices if choice in listed]


def edited(
    given: Mapping[str, Any], fields: Sequence[EditableField], edits: Mapping[str, str]
) -> dict[str, Any]:
    """The input with what a person entered, each value as the kind that was there.

    Raises BadEdit.
    """
    changed = copy.deepcopy(dict(given))
    for offered in fields:
        if offered.path not in edits:
            continue
        entered = edits[offered.path]
        if not entered.strip() and offered.required:
            raise BadEdit(offered.path, f"{offered.label} can't be empty.")
        holder, last = _holder(changed, offered.path)
        if not entered.strip():
            del holder[last]
        else:
            holder[last] = _typed(offered, holder[last], entered)
    return changed


def _holder(given: dict[str, Any], path: str) -> tuple[Any, Any]:
    """The object or list that holds the value at this path, and the value's place in it. Names
    may contain dots, so it is what is there that decides."""
    found = _find(given, path)
    if found is None:
        raise BadEdit(path, "This can't be changed any more.")
    return found


def _find(holder: Any, path: str) -> tuple[Any, Any] | None:
    items: list[tuple[Any, Any]] = []
    if isinstance(holder, dict):
        items = list(holder.items())
    elif isinstance(holder, list):
        items = list(enumerate(holder))
    for name, value in items:
        if path == str(name):
            return holder, name
        if path.startswith(f"{name}.") and (found := _find(value, path.removeprefix(f"{name}."))):
            return found
    return None


def _typed(offered: EditableField, before: Any, entered: str) -> Any:
    if offered.is_html:
        return html.html_of(entered)
    if isinstance(before, bool):
        return entered == "true"
    if isinstance(before, int | float):
        try:
            number = float(entered) if "." in entered else int(entered)
        except ValueError:
            raise BadEdit(offered.path, f"{offered.label} has to be a number.") from None
        return number
    return entered
