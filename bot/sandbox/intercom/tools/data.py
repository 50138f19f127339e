"""Custom data, events, segments and subscription types."""

import re
from datetime import UTC, datetime

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import number, one_page
from bot.sandbox.intercom.workspace import (
    Json,
    Workspace,
    bad,
    by_identity,
    company_segments,
    found,
    in_segment,
)

KEPT_FOR = 90 * 86_400


@tool
def list_data_attributes(call: Call, given: Json) -> Json:
    return one_page(
        [
            one
            for one in call.workspace.data_attributes.values()
            if given.get("model") in (None, one["model"])
            and (given.get("include_archived") or not one["archived"])
        ]
    )


@tool
def create_data_attribute(call: Call, given: Json) -> Json:
    name = given["name"]
    if not re.fullmatch(r"[\w \-$€£]+", name):
        raise bad(
            "Your name for this attribute must only contain alphanumeric characters, "
            "currency symbols, and hyphens"
        )
    every = call.workspace.data_attributes.values()
    same = [one for one in every if one["model"] == given["model"] and not one["archived"]]
    if any(one["name"].casefold() == name.casefold() for one in same):
        raise bad(f"You already have '{name}' in your {given['model']} data")
    options = given.get("options")
    if given["data_type"] == "list" and len(options or []) < 2:
        raise bad("A list needs at least two options")
    new = new_attribute(call.workspace, given, call.now)
    new["admin_id"] = call.admin_id
    call.changed("data_attribute", new["id"], f"Defined the attribute {name}")
    return new


@tool
def update_data_attribute(call: Call, given: Json) -> Json:
    one = found(
        call.workspace.data_attributes,
        given["data_attribute_id"],
        "We couldn't find that data attribute to update",
        "field_not_found",
    )
    if not one["custom"]:
        raise bad("Only custom attributes can be changed")
    if "options" in given:
        if not one.get("options"):
            raise bad("Only lists have options")
        one["options"] = [_option(option) for option in given["options"]]
    for key in ("description", "archived", "messenger_writable"):
        if key in given:
            one[key] = given[key]
    one["updated_at"] = call.now
    call.changed("data_attribute", one["id"], f"Updated the attribute {one['name']}")
    return one


def new_attribute(workspace: Workspace, given: Json, at: int) -> Json:
    name, custom = given["name"], given.get("custom", True)
    new: Json = {
        "type": "data_attribute",
        "id": workspace.new_id("data_attribute", 34_001),
        "model": given["model"],
        "name": name,
        "full_name": f"custom_attributes.{name}" if custom else name,
        "label": name,
        "description": given.get("description", ""),
        "data_type": "string" if given["data_type"] == "list" else given["data_type"],
        "api_writable": True,
        "messenger_writable": given.get("messenger_writable", False),
        "ui_writable": custom,
        "custom": custom,
        "archived": False,
        "created_at": at,
        "updated_at": at,
    }
    if given.get("options"):
        new["options"] = [_option(option) for option in given["options"]]
    workspace.data_attributes[new["id"]] = new
    return new


def _option(option: Json | str) -> Json:
    value = option.get("value") if isinstance(option, dict) else option
    if not isinstance(value, str) or not value:
        raise bad("an option needs a value")
    return {"value": value}


@tool
def create_data_event(call: Call, given: Json) -> None:
    if given["created_at"] > call.now:
        raise bad("created_at must not be in the future")
    if set(".$") & set(given["event_name"]):
        raise bad("event_name must not contain full stops or dollar signs")
    if any(isinstance(value, dict) for value in (given.get("metadata") or {}).values()):
        raise bad("metadata must be a flat object")
    person = by_identity(call.workspace, given)
    new = new_event(call.workspace, person, given)
    summary = f"Recorded {new['event_name']} of {person['name'] or person['id']}"
    call.changed("event", new["id"], summary)


def new_event(workspace: Workspace, person: Json, given: Json) -> Json:
    new = {
        "type": "event",
        "id": f"e{workspace.new_id('event', 1):0>8}-57ab-11f0-8000-0242ac120002",
        "event_name": given["event_name"],
        "created_at": given["created_at"],
        "user_id": person["external_id"],
        "intercom_user_id": person["id"],
        "email": person["email"],
        "metadata": given.get("metadata") or {},
    }
    workspace.events.append(new)
    return new


@tool
def list_data_events(call: Call, given: Json) -> Json:
    if given["type"] != "user":
        raise bad("type must be user")
    person = by_identity(call.workspace, given)
    mine = [one for one in call.workspace.events if one["intercom_user_id"] == person["id"]]
    mine.sort(key=lambda one: -int(one["created_at"]))
    if given.get("summary"):
        return {
            "type": "event.summary",
            "email": person["email"],
            "intercom_user_id": person["id"],
            "user_id": person["external_id"],
            "events": _summed(mine),
        }
    recent = [one for one in mine if one["created_at"] >= call.now - KEPT_FOR]
    shown = recent[: number(given, "per_page", 50, 150)]
    following = None
    if len(shown) < len(recent):
        before = shown[-1]["created_at"]
        following = f"https://api.intercom.io/events?type=user&before={before}"
    return {"type": "event.list", "events": shown, "pages": {"next": following}}


def _summed(events: list[Json]) -> list[Json]:
    summed: list[Json] = []
    for name in sorted({one["event_name"] for one in events}):
        times = [one["created_at"] for one in events if one["event_name"] == name]
        first, last = (
            datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            for at in (min(times), max(times))
        )
        summed.append(
            {"name": name, "first": first, "last": last, "count": len(times), "description": name}
        )
    return summed


@tool
def list_segments(call: Call, given: Json) -> Json:
    segments = list(call.workspace.segments.values())
    if given.get("include_count"):
        segments = [{**one, "count": _members(call.workspace, one["id"])} for one in segments]
    return {"type": "segment.list", "segments": segments}


@tool
def retrieve_segment(call: Call, given: Json) -> Json:
    return found(call.workspace.segments, given["segment_id"], "Resource Not Found")


def _members(workspace: Workspace, segment_id: str) -> int:
    people = (p for key, p in workspace.contacts.items() if key not in workspace.archived)
    return sum(segment_id in in_segment(workspace, one) for one in people) + sum(
        segment_id in company_segments(workspace, one) for one in workspace.companies.values()
    )


@tool
def list_subscription_types(call: Call, given: Json) -> Json:
    return one_page(list(call.workspace.subscription_types.values()))
