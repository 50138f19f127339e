"""What a person's choice in an element looks like in Slack's payloads."""

from typing import Any

Json = dict[str, Any]

PLAIN = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
CHOSEN_VALUE = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
ONE_OPTION = {"static_select", "external_select", "radio_buttons", "overflow"}
MANY_OPTIONS = {"multi_static_select", "checkboxes"}


def state_of(element: Json, value: Any) -> Json:
    """The element's state once the person has entered or chosen `value`.

    Options are named by their value. Raises LookupError for an option that is not offered.
    """
    kind = element["type"]
    state: Json = {"type": kind}
    if kind in PLAIN:
        state["value"] = value
    elif kind in CHOSEN_VALUE:
        state[CHOSEN_VALUE[kind]] = value
    elif kind in ONE_OPTION:
        state["selected_option"] = None if value is None else _option(element, value)
    elif kind in MANY_OPTIONS:
        state["selected_options"] = [_option(element, one) for one in value or []]
    else:
        raise LookupError(f"nobody can enter anything into a {kind}")
    return state


def initial(element: Json) -> Any:
    """What the element holds before the person touches it."""
    kind = element["type"]
    if kind in MANY_OPTIONS:
        return [option["value"] for option in element.get("initial_options", [])]
    if kind in ONE_OPTION:
        return element.get("initial_option", {}).get("value")
    names = ("value", "date", "time", "date_time", "user", "users", "conversation", "channel")
    return next((element[f"initial_{n}"] for n in names if f"initial_{n}" in element), None)


def action_of(element: Json, block_id: str, value: Any, action_ts: str) -> Json:
    """The entry in a block_actions payload for a press of, or a choice in, this element."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": action_ts,
    }
    if kind in ("button", "icon_button"):
        if value is not None and value != element.get("value"):
            raise LookupError(f"the button's value is {element.get('value')!r}, not {value!r}")
        action |= {k: element[k] for k in ("text", "value", "style", "url") if k in element}
        return action
    if kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            if value == element[name]["value"]:
                return action | {"text": element[name]["text"], "value": value}
        raise LookupError(f"no feedback button has the value {value!r}")
    return action | state_of(element, value)


def submitted(blocks: list[Json], values: dict[str, dict[str, Any]]) -> Json:
    """`view.state.values` for what a person entered. Raises LookupError for an input that is not
    there and ValueError where Slack's own client would not let them submit."""
    known = {b["block_id"]: b for b in blocks if b["type"] == "input"}
    for block_id, entered in values.items():
        block = known.get(block_id)
        if block is None or set(entered) != {block["element"]["action_id"]}:
            raise LookupError(f"no such input: {block_id} {list(entered)}; there are {_ids(known)}")
    state: Json = {}
    for block_id, block in known.items():
        element = block["element"]
        action_id = element["action_id"]
        value = values.get(block_id, {}).get(action_id, initial(element))
        if value in (None, "", []) and not block.get("optional"):
            raise ValueError(f"{block_id} must be filled in")
        if isinstance(value, str) and not (
            element.get("min_length", 0) <= len(value) <= element.get("max_length", 3000)
        ):
            raise ValueError(f"{block_id} has the wrong length")
        state[block_id] = {action_id: state_of(element, value)}
    return state


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups", [])
    options = element.get("options") or [o for group in groups for o in group["options"]]
    for option in options:
        if option["value"] == value:
            return dict(option)
    raise LookupError(f"{value!r} is not among {[o['value'] for o in options]}")


def _ids(blocks: dict[str, Json]) -> list[str]:
    return [f"{block_id}/{block['element']['action_id']}" for block_id, block in blocks.items()]
