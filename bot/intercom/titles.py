"""Tool calls in plain language, for the people who watch the thread."""

from collections.abc import Iterator, Mapping
from typing import Any

_TITLES = {
    "identify_admin": "Check who you are in Intercom",
    "list_admins": "List teammates",
    "list_activity_logs": "Read the activity log",
    "retrieve_admin": "Look up a teammate",
    "retrieve_contact": "Look up a contact",
    "retrieve_conversation": "Read conversation",
    "retrieve_ticket": "Read ticket",
    "retrieve_company": "Look up a company",
    "retrieve_article": "Read an article",
    "search_articles": "Search help articles",
    "create_contact_note": "Add a note to a contact",
    "attach_tag_to_conversation": "Tag conversation",
    "attach_tag_to_contact": "Tag a contact",
    "attach_tag_to_ticket": "Tag ticket",
    "detach_tag_from_conversation": "Remove a tag from conversation",
    "auto_assign_conversation": "Auto-assign conversation",
    "convert_conversation_to_ticket": "Turn conversation into a ticket",
    "set_away_admin": "Set a teammate's away mode",
    "create_or_update_company": "Save a company",
    "create_or_update_tag": "Save a tag",
    "create_message": "Send a new message",
}
_MANAGED = {
    "assignment": "Assign conversation",
    "close": "Close conversation",
    "open": "Reopen conversation",
    "snoozed": "Snooze conversation",
}
_HINT_LENGTH = 60


def title(tool_name: str, tool_input: Mapping[str, Any]) -> str:
    """What a call does, for example "Search contacts: priya" or "Close conversation 4711"."""
    name = tool_name.removeprefix("intercom_")
    if name == "manage_conversation":
        text = _MANAGED.get(str(tool_input.get("message_type")), "Change conversation")
    elif name in ("reply_to_conversation", "reply_to_ticket"):
        what = name.rpartition("_")[2]
        is_note = tool_input.get("message_type") == "note"
        text = f"Add a note to {what}" if is_note else f"Reply to {what}"
    else:
        text = _TITLES.get(name) or name.replace("_", " ").capitalize()
    if number := tool_input.get("conversation_id") or tool_input.get("ticket_id"):
        return f"{text} {number}"
    hint = ", ".join(_searched_for(tool_input))
    return f"{text}: {hint[:_HINT_LENGTH]}" if hint else text


def outcome(result: Mapping[str, Any]) -> str:
    """What came back, in a few words: "12 conversations", a name, or "Done"."""
    data = result.get("data")
    lists = {**result, **data} if isinstance(data, Mapping) else result
    for key in ("conversations", "data", "contacts", "tickets", "articles", "admins", "teams"):
        items = lists.get(key)
        if isinstance(items, list):
            total = result.get("total_count")
            count = total if isinstance(total, int | float) else len(items)
            return _counted(int(count), _kind(key, items))
    for key in ("name", "title", "subject"):
        if isinstance(result.get(key), str) and result[key]:
            return str(result[key])[:_HINT_LENGTH]
    return "Done"


def _searched_for(tool_input: Mapping[str, Any]) -> Iterator[str]:
    for key in ("phrase", "name", "email", "title"):
        if isinstance(tool_input.get(key), str):
            yield tool_input[key]
    yield from _values(tool_input.get("query"))


def _values(query: Any) -> Iterator[str]:
    if not isinstance(query, Mapping):
        return
    value = query.get("value")
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from _values(item)
    elif value is not None and not str(query.get("field", "")).endswith(("_at", "_id", "_ids")):
        yield str(value).strip("[]'")


def _kind(key: str, items: list[Any]) -> str:
    if key != "data":
        return key
    types = {item.get("type") for item in items if isinstance(item, Mapping)}
    kind = types.pop() if len(types) == 1 else None
    return f"{kind}s" if isinstance(kind, str) and kind else "results"


def _counted(count: int, plural: str) -> str:
    if count == 0:
        return f"No {plural}"
    words = {"companys": "companies", "activity_logs": "entries"}
    plural = words.get(plural, plural).replace("_", " ")
    singular = "company" if plural == "companies" else plural.removesuffix("s")
    return f"{count} {singular if count == 1 else plural}"
