"""The shapes of what sits inside blocks: texts, buttons, selects, inputs, rich text."""

from bot.sandbox.slack.checks import (
    Check,
    any_field_of,
    array,
    boolean,
    both,
    by_type,
    choice,
    integer,
    mapping,
    number,
    record,
    string,
)

HTTP = ("http://", "https://")


def plain(most: int, least: int = 1) -> Check:
    return by_type({"plain_text": record({"text": string(most, least)}, {"emoji": boolean})})


def text(most: int, least: int = 1) -> Check:
    return by_type(
        {
            "plain_text": record({"text": string(most, least)}, {"emoji": boolean}),
            "mrkdwn": record({"text": string(most, least)}, {"verbatim": boolean}),
        }
    )


ACTION_ID = {"action_id": string(255)}
USERS = array(string(20), 100)
STYLE = choice("primary", "danger")

confirm = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": STYLE},
)
option = record(
    {"text": text(75), "value": string(150)}, {"description": text(75), "url": string(3000)}
)
options = array(option, 100)
option_group = record({"label": plain(75), "options": options}, {})
button = record(
    {"text": plain(75)},
    {
        **ACTION_ID,
        "url": string(3000, start=(*HTTP, "mailto:")),
        "value": string(2000),
        "style": STYLE,
        "confirm": confirm,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "agent_prompt_display": string(4000),
        "visible_to_user_ids": USERS,
    },
)
slack_file = both(record({}, {"id": string(255), "url": string(3000)}), any_field_of("id", "url"))
image = both(
    record(
        {"alt_text": string(2000)},
        {"image_url": string(3000, start=HTTP), "slack_file": slack_file},
    ),
    any_field_of("image_url", "slack_file"),
)
feedback_button = record(
    {"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)}
)
feedback_buttons = record(
    {"positive_button": feedback_button, "negative_button": feedback_button}, ACTION_ID
)
icon_button = record(
    {"icon": choice("trash"), "text": plain(75)},
    {
        **ACTION_ID,
        "value": string(2000),
        "confirm": confirm,
        "accessibility_label": string(75),
        "visible_to_user_ids": USERS,
    },
)
overflow = record({"options": array(option, 5)}, {**ACTION_ID, "confirm": confirm})

_SELECT = {
    **ACTION_ID,
    "placeholder": plain(150),
    "confirm": confirm,
    "focus_on_load": boolean,
}
_MULTI = {**_SELECT, "max_selected_items": integer}
_OPTIONS = {"options": options, "option_groups": array(option_group, 100)}
_DISPATCH = {"dispatch_action_config": mapping}
_CONVERSATIONS = {"default_to_current_conversation": boolean, "filter": mapping}


def _static(fields: dict[str, Check]) -> Check:
    return both(record({}, {**fields, **_OPTIONS}), any_field_of("options", "option_groups"))


SELECTS: dict[str, Check] = {
    "static_select": _static({**_SELECT, "initial_option": option}),
    "multi_static_select": _static({**_MULTI, "initial_options": options}),
    "external_select": record(
        {}, {**_SELECT, "initial_option": option, "min_query_length": integer}
    ),
    "users_select": record({}, {**_SELECT, "initial_user": string(20)}),
    "multi_users_select": record({}, {**_MULTI, "initial_users": USERS}),
    "conversations_select": record(
        {},
        {
            **_SELECT,
            **_CONVERSATIONS,
            "initial_conversation": string(20),
            "response_url_enabled": boolean,
        },
    ),
    "channels_select": record(
        {}, {**_SELECT, "initial_channel": string(20), "response_url_enabled": boolean}
    ),
}
PICKERS: dict[str, Check] = {
    "radio_buttons": record(
        {"options": array(option, 10)},
        {**ACTION_ID, "initial_option": option, "confirm": confirm, "focus_on_load": boolean},
    ),
    "checkboxes": record(
        {"options": array(option, 10)},
        {**ACTION_ID, "initial_options": options, "confirm": confirm, "focus_on_load": boolean},
    ),
    "datepicker": record({}, {**_SELECT, "initial_date": string(10, 10)}),
    "timepicker": record({}, {**_SELECT, "initial_time": string(5, 5), "timezone": string(60)}),
    "datetimepicker": record(
        {},
        {**ACTION_ID, "initial_date_time": integer, "confirm": confirm, "focus_on_load": boolean},
    ),
}
_INPUT = {
    **ACTION_ID,
    **_DISPATCH,
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "initial_value": string(3000, 0),
}
INPUTS: dict[str, Check] = {
    "plain_text_input": record(
        {}, {**_INPUT, "multiline": boolean, "min_length": integer, "max_length": integer}
    ),
    "email_text_input": record({}, _INPUT),
    "url_text_input": record({}, _INPUT),
    "number_input": record(
        {"is_decimal_allowed": boolean},
        {**_INPUT, "min_value": string(30), "max_value": string(30)},
    ),
}
BUTTONS: dict[str, Check] = {"button": button, "overflow": overflow}
ACTION_ELEMENTS: dict[str, Check] = {**BUTTONS, **SELECTS, **PICKERS}
ACCESSORIES: dict[str, Check] = {**ACTION_ELEMENTS, "image": image}
INPUT_ELEMENTS: dict[str, Check] = {**INPUTS, **SELECTS, **PICKERS}
CONTEXT_ELEMENTS: dict[str, Check] = {
    "image": image,
    "mrkdwn": text(2000),
    "plain_text": text(2000),
}

_RICH_STYLE = {
    "style": record(
        {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "unlink"), boolean)
    )
}
_rich_inline = by_type(
    {
        "text": record({"text": string(12000)}, _RICH_STYLE),
        "link": record(
            {"url": string(3000)}, {**_RICH_STYLE, "text": string(12000), "unsafe": boolean}
        ),
        "user": record({"user_id": string(20)}, _RICH_STYLE),
        "channel": record({"channel_id": string(20)}, _RICH_STYLE),
        "usergroup": record({"usergroup_id": string(20)}, _RICH_STYLE),
        "emoji": record({"name": string(100)}, {**_RICH_STYLE, "unicode": string(50)}),
        "broadcast": record({"range": choice("here", "channel", "everyone")}, _RICH_STYLE),
        "date": record(
            {"timestamp": integer, "format": string(100)},
            {**_RICH_STYLE, "url": string(3000), "fallback": string(300)},
        ),
    }
)
_inlines = array(_rich_inline, 1000, 0)
_rich_section = record({"elements": _inlines}, {})
rich_text_elements = array(
    by_type(
        {
            "rich_text_section": _rich_section,
            "rich_text_preformatted": record(
                {"elements": _inlines}, {"border": integer, "language": string(50)}
            ),
            "rich_text_quote": record({"elements": _inlines}, {"border": integer}),
            "rich_text_list": record(
                {
                    "style": choice("bullet", "ordered"),
                    "elements": array(by_type({"rich_text_section": _rich_section}), 1000),
                },
                {"indent": integer, "offset": integer, "border": integer},
            ),
        }
    ),
    1000,
)
rich_text = by_type(
    {"rich_text": record({"elements": rich_text_elements}, {"block_id": string(255)})}
)
url_source = by_type({"url": record({"url": string(3000, start=HTTP), "text": string(256)}, {})})
table_cell = by_type(
    {
        "raw_text": record({"text": string(12000)}, {}),
        "raw_number": record({"value": number}, {"text": string(12000)}),
        "rich_text": record({"elements": rich_text_elements}, {"block_id": string(255)}),
    }
)
