"""Intercom's objects as lines of Markdown."""

import re
from typing import Any

from bot.sandbox.claude.planner.data import Json, items, plain
from bot.sandbox.claude.planner.talk import Talk

_ORDERS = re.compile(
    r"(ignore|disregard) (all |any |the |your )*(previous|prior|above|earlier)|system prompt"
    r"|you are now|as an ai\b",
    re.IGNORECASE,
)


def link(talk: Talk, conversation_id: Any) -> str:
    return f"[#{conversation_id}]({talk.inbox}{conversation_id})"


def subject(conversation: Json) -> str:
    source = conversation.get("source") or {}
    return (
        plain(conversation.get("title") or source.get("subject"), 80)
        or plain(source.get("body"), 80)
        or "(no subject)"
    )


def customer(conversation: Json) -> str:
    author = (conversation.get("source") or {}).get("author") or {}
    if author.get("type") not in ("admin", "bot") and (author.get("name") or author.get("email")):
        return str(author.get("name") or author["email"])
    return "a customer"


def state(conversation: Json) -> str:
    known = conversation.get("state")
    return str(known) if known else ("open" if conversation.get("open") else "closed")


def is_unassigned(conversation: Json) -> bool:
    return conversation.get("admin_assignee_id") in (None, "", 0, "0")


def line(talk: Talk, conversation: Json) -> str:
    """A conversation in a list."""
    who = ", unassigned" if is_unassigned(conversation) else ""
    priority = ", priority" if conversation.get("priority") == "priority" else ""
    waiting = _ago(talk, conversation.get("waiting_since"))
    wait = f", waiting {waiting}" if waiting and state(conversation) == "open" else ""
    return (
        f"- {link(talk, conversation.get('id'))} **{subject(conversation)}** · "
        f"{customer(conversation)} · {state(conversation)}{who}{priority}{wait}"
    )


def lines(talk: Talk, conversations: list[Json], count: int = 0, limit: int = 10) -> str:
    """A list of conversations. `count`: how many there are, where the result had fewer of them."""
    shown = [line(talk, conversation) for conversation in conversations[:limit]]
    left_out = max(count, len(conversations)) - len(shown)
    if left_out:
        shown.append(f"- … and {left_out} more")
    return "\n".join(shown)


def contact_name(contact: Json) -> str:
    return str(contact.get("name") or contact.get("email") or "this customer")


def contact_facts(talk: Talk, contact: Json) -> str:
    """What is known of a customer, as a list."""
    companies = items(contact.get("companies"), "data") + items(contact, "companies")
    facts = {
        "E-mail": contact.get("email"),
        "Phone": contact.get("phone"),
        "Role": contact.get("role"),
        "Company": ", ".join(str(c["name"]) for c in companies if c.get("name")),
        "Last seen": _ago(talk, contact.get("last_seen_at"), " ago"),
        "Customer since": _ago(talk, contact.get("signed_up_at"), " ago"),
    }
    attributes = contact.get("custom_attributes")
    if isinstance(attributes, dict):
        facts |= {str(key): value for key, value in list(attributes.items())[:5]}
    return "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def quoted(text: str) -> str:
    return "\n".join(f"> {part}" for part in text.splitlines())


def parts(conversation: Json) -> list[tuple[str, str]]:
    """Who said what, in order; notes and replies, without mere events."""
    source = conversation.get("source") or {}
    said = [(customer(conversation), plain(source.get("body")))]
    for part in items(conversation.get("conversation_parts"), "conversation_parts"):
        author = part.get("author") or {}
        name = str(author.get("name") or author.get("type") or "somebody")
        if part.get("part_type") == "note":
            name += " (note)"
        said.append((name, plain(part.get("body"))))
    return [(name, words) for name, words in said if words]


def gives_orders(conversation: Json) -> bool:
    """Whether somebody in it talks to an assistant instead of to the team."""
    return any(_ORDERS.search(words) for _, words in parts(conversation))


def duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def _ago(talk: Talk, moment: Any, suffix: str = "") -> str:
    if not isinstance(moment, int | float) or not 0 < moment <= talk.now:
        return ""
    return duration(talk.now - moment) + suffix
