"""Whose name a write carries: always the connected teammate's own.

An Intercom token lets its holder name any admin as the author, so the author's field is taken
out of what Claude sees and filled in by the bot. Fields that name the target of an action
(`assignee_id`, `owner_id`, `assignment`, the admin of `retrieve_admin`) are left alone.
"""

from typing import Any

from bot.intercom.policy import READS

AUTHOR_FIELDS = ("admin_id", "author_id", "sender_id")
TARGETS_AN_ADMIN = READS | {"intercom_set_away_admin"}
SENT_FROM = frozenset({"intercom_create_message"})
"""Tools whose `from` says who writes, as {"type": "admin", "id": …}."""
ONLY_AS_CUSTOMER = frozenset({"intercom_create_conversation"})
"""Tools whose `from` Intercom takes only if it is a contact: no teammate can use them."""
REPLIES = frozenset({"intercom_reply_to_conversation", "intercom_reply_to_ticket"})


class SpeaksAsCustomer(Exception):
    """The call would put words into a customer's mouth."""


def without_author(tool_name: str, input_schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that Claude sees: the same, without the field that names the author."""
    hidden = set(_author_fields(tool_name, input_schema))
    if not hidden:
        return input_schema
    properties = input_schema.get("properties", {})
    return {
        **input_schema,
        "properties": {key: value for key, value in properties.items() if key not in hidden},
        "required": [key for key in input_schema.get("required", []) if key not in hidden],
    }


def sign(
    tool_name: str, input_schema: dict[str, Any], tool_input: dict[str, Any], admin_id: str
) -> dict[str, Any]:
    """The input as it goes to Intercom: signed by `admin_id`, whatever Claude wrote.

    Raises SpeaksAsCustomer for a reply of type `user`, and for tools that only customers can use.
    """
    as_customer = tool_name in REPLIES and tool_input.get("type") == "user"
    if as_customer or tool_name in ONLY_AS_CUSTOMER:
        raise SpeaksAsCustomer
    properties = input_schema.get("properties", {})
    signed = dict(tool_input)
    for field in _author_fields(tool_name, input_schema):
        if field == "from":
            signed["from"] = {"type": "admin", "id": admin_id}
        elif properties[field].get("type") in ("integer", "number"):
            signed[field] = int(admin_id)
        else:
            signed[field] = admin_id
    assignment = signed.get("assignment")
    if isinstance(assignment, dict) and {"admin_id", "assignee_id"} <= set(assignment):
        # Beside an assignee, the admin of an assignment is the one who assigns.
        signed["assignment"] = {**assignment, "admin_id": admin_id}
    return signed


def _author_fields(tool_name: str, input_schema: dict[str, Any]) -> list[str]:
    if tool_name in TARGETS_AN_ADMIN:
        return []
    properties = input_schema.get("properties", {})
    fields = [name for name in AUTHOR_FIELDS if name in properties]
    if tool_name in SENT_FROM and "from" in properties:
        fields.append("from")
    return fields
