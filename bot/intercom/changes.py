"""A write in plain words, so that its teammate can judge it in a few seconds.

Nothing of the input stays invisible: what is neither in the headline nor in the text is in the
details. The author's fields are left out, since the bot fills them in.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.intercom.call_titles import title
from bot.intercom.plain_text import html_of, text_of
from bot.intercom.policy import effect
from bot.state.models import Change, EditableField

AUTHOR_FIELDS = ("admin_id", "author_id", "sender_id")
SENT_FROM = frozenset({"intercom_create_message"})
Names = Mapping[tuple[str, str], str]


class Subject(NamedTuple):
    """Something of Intercom's that a call names by its id."""

    kind: str
    id: str


KINDS = {
    "conversation_id": "conversation",
    "ticket_id": "ticket",
    "contact_id": "contact",
    "company_id": "company",
    "article_id": "article",
    "news_item_id": "news_item",
    "collection_id": "help_center_collection",
    "tag_id": "tag",
    "assignee_id": "admin",
    "owner_id": "admin",
    "ticket_type_id": "ticket_type",
}
SPECIAL = {
    ("attach_tag_to_contact", "id"): "tag",
    ("attach_tag_to_conversation", "id"): "tag",
    ("attach_tag_to_ticket", "id"): "tag",
    ("attach_contact_to_company", "id"): "company",
    ("merge_contacts", "from"): "contact",
    ("merge_contacts", "into"): "contact",
    ("create_message", "to.id"): "contact",
    ("create_or_update_company", "company_id"): "",
    ("set_away_admin", "admin_id"): "admin",
}
HEADLINES = {
    "archive_contact": "Archive the contact {contact}",
    "unarchive_contact": "Bring the contact {contact} back from the archive",
    "delete_contact": "Delete the contact {contact} for good",
    "merge_contacts": "Merge the contact {from} into {into}; {from} is gone afterwards",
    "delete_company": "Delete the company {company}",
    "delete_article": "Delete the article {article}",
    "delete_tag": "Delete the tag {tag} everywhere",
    "delete_news_item": "Delete the news item {news_item}",
    "delete_help_center_collection": "Delete the collection {help_center_collection}",
    "redact_conversation": "Redact a part of {conversation} for good",
    "attach_tag_to_conversation": "Tag {conversation} with {tag}",
    "attach_tag_to_contact": "Tag the contact {contact} with {tag}",
    "attach_tag_to_ticket": "Tag {ticket} with {tag}",
    "detach_tag_from_conversation": "Remove the tag {tag} from {conversation}",
    "detach_tag_from_contact": "Remove the tag {tag} from the contact {contact}",
    "detach_tag_from_ticket": "Remove the tag {tag} from {ticket}",
    "attach_contact_to_company": "Add the contact {contact} to the company {company}",
    "detach_contact_from_company": "Take the contact {contact} out of the company {company}",
    "detach_contact_from_conversation": "Take the contact {contact} out of {conversation}",
    "attach_contact_to_conversation": "Add a contact to {conversation}",
    "auto_assign_conversation": "Assign {conversation} by the assignment rules",
    "convert_conversation_to_ticket": "Turn {conversation} into a ticket",
    "create_contact_note": "Add a note to the contact {contact}",
    "create_message": "Send a new message to {contact}",
    "create_ticket": "Create a ticket",
    "create_article": "Create an article",
    "create_news_item": "Create a news item",
    "create_contact": "Create a contact",
    "update_contact": "Change the contact {contact}",
    "update_ticket": "Change {ticket}",
    "update_conversation": "Change {conversation}",
    "update_article": "Change the article {article}",
    "update_news_item": "Change the news item {news_item}",
    "set_away_admin": "Set the away mode of {admin}",
}
MANAGED = {
    "assignment": "Assign {conversation} to {admin}",
    "close": "Close {conversation}",
    "open": "Reopen {conversation}",
    "snoozed": "Snooze {conversation}",
}
TEXT = ("body",)
EDITABLE = ("subject", "title", "name", "description")
LOOK_UP = {"help_center_collection": "collection_id"}


def subjects(tool_name: str, tool_input: Mapping[str, Any]) -> list[Subject]:
    """What a call names by id and whose names a person wants to read."""
    found = [
        Subject(kind, str(value))
        for path, value in leaves(tool_input)
        if (kind := _kind(tool_name, path))
    ]
    return list(dict.fromkeys(found))


def lookup(subject: Subject) -> tuple[str, dict[str, Any]]:
    """The read that tells a subject's name."""
    field = LOOK_UP.get(subject.kind, f"{subject.kind}_id")
    return f"intercom_retrieve_{subject.kind}", {field: subject.id}


def name_in(kind: str, found: Mapping[str, Any]) -> str:
    """The name, out of that read's answer; empty if it has none."""
    if kind == "conversation":
        author = (found.get("source") or {}).get("author") or {}
        who, what = author.get("name") or author.get("email") or "", found.get("title") or ""
        if who and what:
            return f"“{what}” with {who}"
        return f"“{what}”" if what else (f"the conversation with {who}" if who else "")
    if kind == "ticket":
        attributes = found.get("ticket_attributes") or {}
        name = attributes.get("_default_title_") or found.get("title")
        return f"the ticket “{name}”" if name else ""
    for key in ("name", "title", "email"):
        if found.get(key):
            return str(found[key])
    return ""


def describe(tool_name: str, tool_input: Mapping[str, Any], names: Names) -> Change:
    """The call in words. `names`: those looked up, by (kind, id)."""
    known = {
        subject: names.get((subject.kind, subject.id)) or _unnamed(subject)
        for subject in subjects(tool_name, tool_input)
    }
    name = tool_name.removeprefix("intercom_")
    values = dict(leaves(tool_input))
    by_kind = {subject.kind: words for subject, words in known.items()}
    for key in ("from", "into"):
        if isinstance(tool_input.get(key), str):
            by_kind[key] = known.get(Subject("contact", tool_input[key]), tool_input[key])
    headline, used = _headline(name, tool_input, by_kind)
    text = text_of(str(values["body"])) if values.get("body") else ""
    hidden = {*AUTHOR_FIELDS} - ({"admin_id"} if name == "set_away_admin" else set())
    details = []
    for path, value in values.items():
        kind = _kind(tool_name, path)
        if path.split(".")[0] in hidden or path in TEXT or path in used:
            continue
        if path.startswith("from.") and tool_name in SENT_FROM:
            continue
        if kind and kind in used:
            continue
        words = known[Subject(kind, str(value))] if kind else _words(path, value)
        details.append((_label(path), words))
    return Change(
        headline=headline,
        text=text,
        reaches_customer=_reaches_customer(tool_name, tool_input),
        details=details,
        editable=_editable(values, text),
    )


def edited(tool_input: Mapping[str, Any], edits: Mapping[str, str]) -> dict[str, Any]:
    """The input with those top-level fields replaced by what a person typed."""
    changed = dict(tool_input)
    for path, value in edits.items():
        changed[path] = html_of(value) if path in TEXT else value
    return changed


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an input with its dotted path."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}.{number}")
    elif value is not None:
        yield path, value


def _kind(tool_name: str, path: str) -> str:
    name = tool_name.removeprefix("intercom_")
    if (name, path) in SPECIAL:
        return SPECIAL[(name, path)]
    if name == "create_ticket" and path.startswith("contacts.") and path.endswith(".id"):
        return "contact"
    return KINDS.get(path.rpartition(".")[2], "")


def _headline(
    name: str, tool_input: Mapping[str, Any], by_kind: Mapping[str, str]
) -> tuple[str, set[str]]:
    """The headline, and which kinds and fields it has told already."""
    used = set()
    if name in ("reply_to_conversation", "reply_to_ticket"):
        kind = name.rpartition("_")[2]
        is_note = tool_input.get("message_type") == "note"
        what = "Add an internal note to" if is_note else "Reply to the customer in"
        template, used = f"{what} {{{kind}}}", {"message_type", "type"}
    elif name == "manage_conversation" and tool_input.get("message_type") in MANAGED:
        template, used = MANAGED[str(tool_input["message_type"])], {"message_type", "type"}
    elif name in HEADLINES:
        template = HEADLINES[name]
    else:
        return title(name, {}), set()
    try:
        headline = template.format_map(by_kind)
    except KeyError:
        return title(name, {}), set()
    told = {kind for kind in by_kind if f"{{{kind}}}" in template}
    if "from" in told:
        told |= {"contact"}
    return headline, used | told


def _reaches_customer(tool_name: str, tool_input: Mapping[str, Any]) -> bool:
    taking = any(word in tool_name.split("_") for word in ("delete", "merge", "detach", "archive"))
    return not taking and effect(tool_name, tool_input) == "destructive"


def _editable(values: Mapping[str, Any], text: str) -> list[EditableField]:
    fields = [EditableField(path="body", label="Text", value=text, multiline=True)] if text else []
    return fields + [
        EditableField(path=path, label=_label(path), value=values[path])
        for path in EDITABLE
        if isinstance(values.get(path), str)
    ]


def _unnamed(subject: Subject) -> str:
    if (subject.kind, subject.id) == ("admin", "0"):
        return "nobody"
    return f"{subject.kind.replace('_', ' ')} {subject.id}"


def _label(path: str) -> str:
    return path.replace("_", " ").replace(".", " / ").capitalize()


def _words(path: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    last = path.rpartition(".")[2]
    if isinstance(value, int) and (last.endswith("_at") or last == "snoozed_until"):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
