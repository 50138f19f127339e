"""What shows in a conversation."""

from typing import Any

from bot.intercom.verification.probe import (
    Probe,
    Write,
    attached,
    detached,
    made_by,
    made_since,
    probe_with,
    retrieved,
    updated,
)
from bot.intercom.verification.verdict import (
    Found,
    Path,
    Verdict,
    compared,
    item,
    same,
    seen,
    told,
    within,
)

PARTS = ("conversation_parts", "conversation_parts")
TAGS = ("tags", "tags")
CONTACTS = ("contacts", "contacts")
STATES = {"close": "closed", "open": "open", "snoozed": "snoozed"}
NAMED_BY = {"intercom_user_id": "id", "user_id": "external_id"}
"""How a write names a person, and how a conversation does. It does not tell e-mail addresses."""


def wrote(write: Write, found: Found, parts: Path) -> Verdict:
    """Whether a part has the write's words, of its author and time."""
    given = write.input
    is_note = given.get("message_type") == "note"

    def is_it(part: Found) -> bool:
        if given.get("created_at") is not None:
            in_time = same(given["created_at"], part.get("created_at"))
        else:
            in_time = made_since(write, part)
        return (
            in_time
            and same(write.admin_id, within(part, "author", "id"))
            and same(given.get("body"), part.get("body"))
            # A reply can also reopen or assign, and is a part of that type then.
            and str(part.get("part_type")).startswith("note") == is_note
        )

    return seen(found, parts, is_it)


def assigned(assignee_id: object, found: Found, *, team: bool = False) -> Verdict:
    """Whether that teammate or team has it; nobody, if it is "0"."""
    keys = ("admin_assignee_id", "team_assignee_id")
    if not all(key in found for key in keys):
        return "unclear"
    if same("0", assignee_id):
        return told(found["team_assignee_id" if team else "admin_assignee_id"] in (None, 0, "0"))
    return told(any(same(assignee_id, found[key]) for key in keys))


def _managed(write: Write, found: Found) -> Verdict:
    given = write.input
    action = given.get("message_type")
    if given.get("body") and action in ("close", "assignment"):
        # The state alone would not show that the words went out, too.
        return wrote(write, found, PARTS)
    if action == "assignment":
        return assigned(given.get("assignee_id"), found, team=given.get("type") == "team")
    if action not in STATES:
        return "unclear"
    wanted: dict[str, Any] = {"state": STATES[action]}
    if action == "snoozed":
        wanted["snoozed_until"] = given.get("snoozed_until")
    return compared(wanted, found)


def _redacted(write: Write, found: Found) -> Verdict:
    wanted = {"redacted": True}
    if write.input.get("type") == "source":
        return compared(wanted, found.get("source"))
    return compared(wanted, item(found, PARTS, write.input.get("conversation_part_id")))


def joined(write: Write) -> Probe | None:
    customer = write.input.get("customer")
    named = [(key, within(customer, key)) for key in NAMED_BY if within(customer, key)]
    if not named:
        return None
    key, person = named[0]

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(found, CONTACTS, lambda one: same(person, one.get(NAMED_BY[key])))

    return retrieved("conversation", evaluate)(write)


def _converted(write: Write, found: Found) -> Verdict:
    def is_it(linked: Found) -> bool:
        return linked.get("type") == "ticket" and linked.get("category") == "Customer"

    # Intercom does not say that every converted conversation is linked with its ticket.
    verdict = seen(found, ("linked_objects", "data"), is_it)
    return "shown" if verdict == "shown" else "unclear"


def begun(write: Write) -> Probe | None:
    """Only a message that begins a conversation at once can be found again."""
    to = within(write.input.get("to"), "id")
    if not (to and write.input.get("create_conversation_without_contact_reply") is True):
        return None
    query = {
        "operator": "AND",
        "value": [
            {"field": "contact_ids", "operator": "=", "value": str(to)},
            {"field": "created_at", "operator": ">", "value": write.earliest},
        ],
    }

    def evaluate(write: Write, found: Found) -> Verdict:
        def is_it(one: Found) -> bool:
            return made_by(write, one, within(one, "source", "author", "id")) and same(
                write.input.get("body"), within(one, "source", "body")
            )

        return seen(found, ("conversations",), is_it)

    return probe_with("search_conversations", {"query": query}, write, evaluate)


replied = retrieved("conversation", lambda w, found: wrote(w, found, PARTS))
managed = retrieved("conversation", _managed)
updated_conversation = updated("conversation")
redacted = retrieved("conversation", _redacted)
converted = retrieved("conversation", _converted)
left = detached("conversation", CONTACTS, "contact_id")
tagged = attached("conversation", TAGS)
untagged = detached("conversation", TAGS, "tag_id")
