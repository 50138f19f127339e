"""What shows of teammates, data attributes and events."""

from collections.abc import Mapping
from typing import Any

from bot.intercom.verification.probe import (
    Probe,
    Write,
    made_by,
    probe_with,
    updated,
)
from bot.intercom.verification.verdict import (
    Found,
    Verdict,
    compared,
    item,
    same,
    seen,
)

ATTRIBUTES = ("data",)


def defined(write: Write) -> Probe:
    """Told by an attribute of the name, author and time."""
    given = write.input

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(
            found,
            ATTRIBUTES,
            lambda one: (
                made_by(write, one, one.get("admin_id"))
                and same(given.get("name"), one.get("name"))
            ),
        )

    return probe_with("list_data_attributes", {"model": given.get("model")}, write, evaluate)


def redefined(write: Write) -> Probe:
    wanted = {key: value for key, value in write.input.items() if key != "options"}
    if "options" in write.input:
        wanted["options"] = _values(write.input["options"])

    def evaluate(write: Write, found: Found) -> Verdict:
        one = item(found, ATTRIBUTES, write.input.get("data_attribute_id")) or {}
        return compared(wanted, {**one, "options": _values(one.get("options"))})

    return probe_with("list_data_attributes", {"include_archived": True}, write, evaluate)


def _values(options: Any) -> list[Any]:
    return [one.get("value") if isinstance(one, Mapping) else one for one in options or []]


def recorded(write: Write) -> Probe | None:
    """Told by an event of that name at that second, whoever recorded it."""
    given = write.input
    names = {"id": "intercom_user_id", "user_id": "user_id"}
    who = {name: given[key] for key, name in names.items() if given.get(key)}
    if not who:
        return None

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(
            found,
            ("events",),
            lambda one: (
                same(given.get("event_name"), one.get("event_name"))
                and same(given.get("created_at"), one.get("created_at"))
            ),
        )

    return probe_with("list_data_events", {"type": "user", **who}, write, evaluate)


set_away = updated("admin")
