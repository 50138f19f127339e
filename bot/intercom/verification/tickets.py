"""What shows of tickets and their types."""

from collections.abc import Mapping
from typing import Any

from bot.intercom.verification.conversations import assigned, wrote
from bot.intercom.verification.probe import (
    Probe,
    Write,
    attached,
    detached,
    made_since,
    probe_with,
    retrieved,
    updated,
)
from bot.intercom.verification.verdict import (
    Found,
    Verdict,
    all_of,
    compared,
    item,
    same,
    seen,
    within,
)

PARTS = ("ticket_parts", "ticket_parts")
TAGS = ("tags", "tags")
ATTRIBUTES = ("ticket_type_attributes", "data")


def _updated(write: Write, found: Found) -> Verdict:
    given = {key: value for key, value in write.input.items() if key != "assignment"}
    state = within(found, "ticket_state", "category")
    verdicts = []
    if set(given) - {"ticket_id"}:
        verdicts.append(compared(given, {**found, "state": state}))
    if "assignment" in write.input:
        assignee_id = within(write.input["assignment"], "assignee_id")
        verdicts.append(assigned(assignee_id, found) if assignee_id else "unclear")
    return all_of(*verdicts)


def created(write: Write) -> Probe | None:
    """Tickets do not tell who created them, so title and the like have to be given; and a
    contact named by e-mail address could not be recognized in them."""
    given = write.input
    attributes = given.get("ticket_attributes")
    people = [_person(one) for one in given.get("contacts") or []]
    if not (attributes and people and all(people)):
        return None
    since = {"field": "created_at", "operator": ">", "value": write.earliest}
    if given.get("created_at") is not None:
        since = {"field": "created_at", "operator": "=", "value": given["created_at"]}
    kind = {"field": "ticket_type_id", "operator": "=", "value": given.get("ticket_type_id")}

    def evaluate(write: Write, found: Found) -> Verdict:
        def is_it(ticket: Found) -> bool:
            return (
                (given.get("created_at") is not None or made_since(write, ticket))
                and compared({"ticket_attributes": attributes}, ticket) == "shown"
                and all(_is_for(ticket, person) for person in people)
            )

        return seen(found, ("tickets",), is_it)

    query = {"operator": "AND", "value": [kind, since]}
    return probe_with("search_tickets", {"query": query}, write, evaluate)


def _person(given: object) -> dict[str, Any]:
    """What a ticket, too, tells of a contact that a write names."""
    if not isinstance(given, Mapping):
        return {}
    return {key: given[key] for key in ("id", "external_id") if given.get(key)}


def _is_for(ticket: Found, person: Found) -> bool:
    def is_it(contact: Found) -> bool:
        return all(same(value, contact.get(key)) for key, value in person.items())

    return seen(ticket, ("contacts", "contacts"), is_it) == "shown"


def created_type(write: Write) -> Probe:
    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(found, ("data",), lambda kind: _is_new(write, kind))

    return probe_with("list_ticket_types", {}, write, evaluate)


def _created_attribute(write: Write, found: Found) -> Verdict:
    return seen(found, ATTRIBUTES, lambda attribute: _is_new(write, attribute))


def _is_new(write: Write, thing: Found) -> bool:
    return made_since(write, thing) and same(write.input.get("name"), thing.get("name"))


def _updated_attribute(write: Write, found: Found) -> Verdict:
    return compared(write.input, item(found, ATTRIBUTES, write.input.get("attribute_id")))


updated_ticket = retrieved("ticket", _updated)
replied = retrieved("ticket", lambda w, found: wrote(w, found, PARTS))
tagged = attached("ticket", TAGS)
untagged = detached("ticket", TAGS, "tag_id")
updated_type = updated("ticket_type")
created_attribute = retrieved("ticket_type", _created_attribute)
updated_attribute = retrieved("ticket_type", _updated_attribute)
