"""Kinds of tickets and what is asked for in each."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import one_page
from bot.sandbox.intercom.workspace import WORKSPACE_ID, Json, Workspace, bad, found
from bot.sandbox.provider import ProviderError

STATES = {
    "submitted": "Submitted",
    "in_progress": "In progress",
    "waiting_on_customer": "Waiting on you",
    "resolved": "Resolved",
}
_FLAGS = [
    "required_to_create",
    "required_to_create_for_contacts",
    "visible_on_create",
    "visible_to_contacts",
]


def ticket_type(workspace: Workspace, type_id: object) -> Json:
    """Raises ProviderError 404."""
    return found(workspace.ticket_types, type_id, "Resource Not Found")


def state(category: str) -> Json:
    return {
        "type": "ticket_state",
        "id": str(8_531 + list(STATES).index(category)),
        "category": category,
        "internal_label": STATES[category],
        "external_label": STATES[category],
    }


@tool
def list_ticket_types(call: Call, given: Json) -> Json:
    return one_page(list(call.workspace.ticket_types.values()))


@tool
def retrieve_ticket_type(call: Call, given: Json) -> Json:
    return ticket_type(call.workspace, given["ticket_type_id"])


@tool
def create_ticket_type(call: Call, given: Json) -> Json:
    new = new_ticket_type(call.workspace, given, call.now)
    call.changed("ticket_type", new["id"], f"Created the ticket type {new['name']}")
    return new


@tool
def update_ticket_type(call: Call, given: Json) -> Json:
    one = ticket_type(call.workspace, given["ticket_type_id"])
    for key in ("name", "description", "icon", "category", "is_internal", "archived"):
        if key in given:
            one[key] = given[key]
    one["updated_at"] = call.now
    call.changed("ticket_type", one["id"], f"Updated the ticket type {one['name']}")
    return one


@tool
def create_ticket_type_attribute(call: Call, given: Json) -> Json:
    kind = ticket_type(call.workspace, given["ticket_type_id"])
    names = [one["name"] for one in kind["ticket_type_attributes"]["data"]]
    if given["name"] in names:
        raise ProviderError(409, "conflict", f"The attribute {given['name']} exists already")
    new = add_attribute(call.workspace, kind, given, call.now)
    call.changed("ticket_type", kind["id"], f"Added {new['name']} to {kind['name']}")
    return new


@tool
def update_ticket_type_attribute(call: Call, given: Json) -> Json:
    kind = ticket_type(call.workspace, given["ticket_type_id"])
    attributes = kind["ticket_type_attributes"]["data"]
    one: Json | None = next((a for a in attributes if a["id"] == given["attribute_id"]), None)
    if one is None:
        raise ProviderError(404, "not_found", "Resource Not Found")
    if one["default"] and given.get("archived"):
        raise bad("The title and the description cannot be archived")
    for key in ("name", "description", "archived", *_FLAGS):
        if key in given:
            one[key] = given[key]
    one["updated_at"] = call.now
    call.changed("ticket_type", kind["id"], f"Updated {one['name']} of {kind['name']}")
    return one


def new_ticket_type(workspace: Workspace, given: Json, at: int) -> Json:
    """A ticket type with title and description, in the workspace."""
    new: Json = {
        "type": "ticket_type",
        "id": workspace.new_id("ticket_type", 95),
        "category": given.get("category", "Customer"),
        "name": given["name"],
        "description": given.get("description", ""),
        "icon": given.get("icon", "🎟️"),
        "workspace_id": WORKSPACE_ID,
        "is_internal": given.get("is_internal", False),
        "ticket_type_attributes": {"type": "list", "data": []},
        "ticket_states": {"type": "list", "data": [state(category) for category in STATES]},
        "archived": False,
        "created_at": at,
        "updated_at": at,
    }
    workspace.ticket_types[new["id"]] = new
    for name in ("_default_title_", "_default_description_"):
        add_attribute(workspace, new, {"name": name, "data_type": "string"}, at, default=True)
    return new


def add_attribute(
    workspace: Workspace, kind: Json, given: Json, at: int, *, default: bool = False
) -> Json:
    attributes = kind["ticket_type_attributes"]["data"]
    new = {
        "type": "ticket_type_attribute",
        "id": workspace.new_id("ticket_type_attribute", 210),
        "workspace_id": WORKSPACE_ID,
        "name": given["name"],
        "description": given.get("description", ""),
        "data_type": given["data_type"],
        "input_options": given.get("input_options"),
        "order": len(attributes),
        **{flag: given.get(flag, flag.startswith("visible") or default) for flag in _FLAGS},
        "default": default,
        "ticket_type_id": int(kind["id"]),
        "archived": False,
        "created_at": at,
        "updated_at": at,
    }
    if default:
        new.update(
            required_to_create=given["name"] == "_default_title_",
            required_to_create_for_contacts=False,
        )
    attributes.append(new)
    return new
