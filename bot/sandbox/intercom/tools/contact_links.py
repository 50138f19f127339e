"""What hangs on a contact: notes, tags, companies, segments, subscriptions."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import by_number, one_page
from bot.sandbox.intercom.text import as_html
from bot.sandbox.intercom.tools.contacts import members, name_of
from bot.sandbox.intercom.workspace import (
    Json,
    company,
    contact,
    found,
    in_segment,
    link,
    linked,
    unlink,
)
from bot.sandbox.provider import ProviderError


@tool
def create_contact_note(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    author = call.author(given)
    key = call.workspace.new_id("note", 41_001)
    new = {
        "type": "note",
        "id": key,
        "created_at": call.now,
        "contact": {"type": "contact", "id": one["id"]},
        "author": author,
        "body": as_html(given["body"]),
    }
    call.workspace.notes[key] = new
    link(one, "notes", "note", key)
    call.changed("contact", one["id"], f"Added a note to {name_of(one)}")
    return new


@tool
def list_contact_notes(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    notes = [call.workspace.notes[key] for key in linked(one, "notes")]
    notes.sort(key=lambda note: (-note["created_at"], -int(note["id"])))
    return by_number(notes, given, 50, f"/contacts/{one['id']}/notes")


@tool
def retrieve_note(call: Call, given: Json) -> Json:
    return found(call.workspace.notes, given["note_id"], "Resource Not Found")


@tool
def attach_tag_to_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    tag = found(call.workspace.tags, given["id"], "Resource Not Found")
    link(one, "tags", "tag", tag["id"])
    one["updated_at"] = call.now
    call.changed("contact", one["id"], f"Tagged {name_of(one)} with {tag['name']}")
    return tag


@tool
def detach_tag_from_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    tag = found(call.workspace.tags, given["tag_id"], "Resource Not Found")
    if not unlink(one, "tags", tag["id"]):
        raise ProviderError(404, "tag_not_found", "Tag not found")
    one["updated_at"] = call.now
    call.changed("contact", one["id"], f"Took the tag {tag['name']} off {name_of(one)}")
    return tag


@tool
def attach_contact_to_company(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    firm = company(call.workspace, given["id"])
    link(one, "companies", "company", firm["id"])
    firm["user_count"] = members(call.workspace, firm["id"])
    call.changed("contact", one["id"], f"Added {name_of(one)} to {firm['name']}")
    return firm


@tool
def detach_contact_from_company(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    firm = company(call.workspace, given["company_id"])
    if not unlink(one, "companies", firm["id"]):
        raise ProviderError(404, "company_not_found", "Company Not Found")
    firm["user_count"] = members(call.workspace, firm["id"])
    call.changed("contact", one["id"], f"Took {name_of(one)} out of {firm['name']}")
    return firm


@tool
def list_contact_companies(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    firms = [call.workspace.companies[key] for key in linked(one, "companies")]
    return by_number(firms, given, 50, f"/contacts/{one['id']}/companies")


@tool
def list_contact_segments(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    return one_page([call.workspace.segments[key] for key in in_segment(call.workspace, one)])


@tool
def list_contact_subscriptions(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    chosen = call.workspace.subscriptions.get(one["id"], {})
    types = call.workspace.subscription_types
    return one_page([{**types[key], "consent_type": consent} for key, consent in chosen.items()])


@tool
def attach_subscription_to_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    kind = found(call.workspace.subscription_types, given["id"], "Resource Not Found")
    call.workspace.subscriptions.setdefault(one["id"], {})[kind["id"]] = given["consent_type"]
    verb = "in to" if given["consent_type"] == "opt_in" else "out of"
    name = kind["default_translation"]["name"]
    call.changed("contact", one["id"], f"Opted {name_of(one)} {verb} {name}")
    return {**kind, "consent_type": given["consent_type"]}


@tool
def detach_subscription_from_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    kind = found(call.workspace.subscription_types, given["subscription_id"], "Resource Not Found")
    chosen = call.workspace.subscriptions.get(one["id"], {})
    if chosen.pop(kind["id"], None) is None:
        raise ProviderError(404, "not_found", "Resource Not Found")
    name = kind["default_translation"]["name"]
    call.changed("contact", one["id"], f"Took back {name_of(one)}'s choice on {name}")
    return kind
