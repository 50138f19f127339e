"""Contacts: users and leads."""

from typing import Any

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.fields import contact_document, of_contacts
from bot.sandbox.intercom.pages import by_cursor
from bot.sandbox.intercom.search import Language
from bot.sandbox.intercom.workspace import (
    Json,
    Workspace,
    admin,
    bad,
    contact,
    link,
    linked,
    links,
)
from bot.sandbox.provider import ProviderError

LINKS_SHOWN = 10
_LANGUAGE = {"integer": {">=", "<="}}
_SETTABLE = [
    "email",
    "external_id",
    "phone",
    "name",
    "role",
    "owner_id",
    "unsubscribed_from_emails",
    "last_seen_at",
    "signed_up_at",
]


def name_of(person: Json) -> str:
    return str(person["name"] or person["email"] or person["id"])


@tool
def list_contacts(call: Call, given: Json) -> Json:
    return by_cursor(_listed(call.workspace), given, 50, "created_at")


@tool
def search_contacts(call: Call, given: Json) -> Json:
    workspace = call.workspace
    test = Language(of_contacts(workspace), by_day=True, also=_LANGUAGE).test(given["query"])
    matching = [
        one
        for one in _listed(workspace)
        if one["id"] not in workspace.unseen and test(contact_document(workspace, one))
    ]
    return by_cursor(matching, paging(given), 50, "created_at")


def _listed(workspace: Workspace) -> list[Json]:
    return [one for key, one in workspace.contacts.items() if key not in workspace.archived]


def paging(given: Json) -> Json:
    asked = given.get("pagination") or {}
    return {key: asked[key] for key in ("per_page", "starting_after") if asked.get(key) is not None}


@tool
def retrieve_contact(call: Call, given: Json) -> Json:
    return _with_few(contact(call.workspace, given["contact_id"]))


def _with_few(one: Json) -> Json:
    """A contact with at most ten of each kind of link; the list says whether there are more."""
    return one | {
        key: {
            **one[key],
            "data": one[key]["data"][:LINKS_SHOWN],
            "has_more": len(one[key]["data"]) > LINKS_SHOWN,
        }
        for key in ("tags", "notes", "companies")
    }


@tool
def create_contact(call: Call, given: Json) -> Json:
    if not any(given.get(key) for key in ("email", "external_id", "role")):
        raise bad("One of email, external_id or role is required", "parameter_not_found")
    _check(call.workspace, given, None)
    new = new_contact(call.workspace, given.get("role", "user"), call.now)
    _set(new, given)
    if given.get("avatar"):
        new["avatar"]["image_url"] = given["avatar"]
    if call.search_lag:
        call.workspace.unseen[new["id"]] = call.search_lag
    call.changed("contact", new["id"], f"Created the {new['role']} {name_of(new)}")
    return new


@tool
def update_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    _check(call.workspace, given, one["id"])
    _set(one, given)
    one["updated_at"] = call.now
    what = ", ".join(sorted(key for key in given if key != "contact_id")) or "nothing"
    call.changed("contact", one["id"], f"Updated {name_of(one)}: {what}")
    return one


@tool
def archive_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    call.workspace.archived.add(one["id"])
    call.changed("contact", one["id"], f"Archived {name_of(one)}")
    return _short(one, "archived", True)


@tool
def unarchive_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    call.workspace.archived.discard(one["id"])
    call.changed("contact", one["id"], f"Brought {name_of(one)} back from the archive")
    return _short(one, "archived", False)


@tool
def delete_contact(call: Call, given: Json) -> Json:
    one = contact(call.workspace, given["contact_id"])
    _remove(call.workspace, one)
    for key in [k for k, n in call.workspace.notes.items() if n["contact"]["id"] == one["id"]]:
        del call.workspace.notes[key]
    call.changed("contact", one["id"], f"Deleted {name_of(one)}")
    return _short(one, "deleted", True)


@tool
def merge_contacts(call: Call, given: Json) -> Json:
    workspace = call.workspace
    lead, user = contact(workspace, given["from"]), contact(workspace, given["into"])
    if lead["role"] != "lead" or user["role"] != "user":
        raise bad("A contact can only be merged from a lead into a user")
    for key, kind in (("tags", "tag"), ("notes", "note"), ("companies", "company")):
        for other_id in linked(lead, key):
            link(user, key, kind, other_id)
    for item in [*workspace.conversations.values(), *workspace.tickets.values()]:
        people = item["contacts"]["contacts"]
        if any(one["id"] == lead["id"] for one in people):
            rest = [one for one in people if one["id"] not in (lead["id"], user["id"])]
            mine = {"type": "contact", "id": user["id"], "external_id": user["external_id"]}
            item["contacts"]["contacts"] = [mine, *rest]
    for one in workspace.notes.values():
        if one["contact"]["id"] == lead["id"]:
            one["contact"]["id"] = user["id"]
    for firm_id in linked(lead, "companies"):
        workspace.companies[firm_id]["user_count"] = members(workspace, firm_id)
    _remove(workspace, lead)
    user["updated_at"] = call.now
    call.changed("contact", user["id"], f"Merged the lead {name_of(lead)} into {name_of(user)}")
    return user


def new_contact(workspace: Workspace, role: str, at: int, contact_id: str | None = None) -> Json:
    """A contact of which nothing is known yet, in the workspace."""
    key = contact_id or workspace.new_hex_id("contact", "66f2a0c1")
    device = ["app_name", "app_version", "device", "os_version", "sdk_version", "last_seen_at"]
    unknown = [
        "phone",
        "name",
        "owner_id",
        "signed_up_at",
        "last_seen_at",
        "last_replied_at",
        "last_contacted_at",
        "last_email_opened_at",
        "last_email_clicked_at",
        "language_override",
        "browser",
        "browser_version",
        "browser_language",
        "os",
    ]
    new: Json = {
        "type": "contact",
        "id": key,
        "external_id": None,
        "workspace_id": "nw7k2qpd",
        "role": role,
        "email": "",
        "email_domain": "",
        **dict.fromkeys(unknown),
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": at,
        "updated_at": at,
        **{f"{system}_{key}": None for system in ("android", "ios") for key in device},
        "custom_attributes": {},
        "avatar": {"type": "avatar", "image_url": None},
        "tags": links(f"/contacts/{key}/tags"),
        "notes": links(f"/contacts/{key}/notes"),
        "companies": links(f"/contacts/{key}/companies"),
        "location": {"type": "location", "country": None, "region": None, "city": None},
        "social_profiles": {"type": "list", "data": []},
    }
    workspace.contacts[key] = new
    return new


def members(workspace: Workspace, company_id: str) -> int:
    return sum(company_id in linked(one, "companies") for one in workspace.contacts.values())


def _check(workspace: Workspace, given: Json, but: str | None) -> None:
    if given.get("owner_id"):
        admin(workspace, given["owner_id"])
    email = given.get("email")
    if email and not _is_email(email):
        raise bad("email is not a valid address")
    for one in workspace.contacts.values():
        if one["id"] == but:
            continue
        archived = " an archived" if one["id"] in workspace.archived else " A"
        for key in ("email", "external_id"):
            # Leads may share an address with others; users may not.
            if key == "email" and "lead" in (one["role"], given.get("role")):
                continue
            wanted = given.get(key)
            if wanted and str(one[key] or "").casefold() == str(wanted).casefold():
                message = f"{archived.strip().capitalize()} contact with that {key} exists already"
                raise ProviderError(409, "conflict", f"{message}: {one['id']}")


def _is_email(text: Any) -> bool:
    local, at, domain = str(text).partition("@")
    return bool(local and at and "." in domain and not set(" <>") & set(str(text)))


def _set(one: Json, given: Json) -> None:
    one.update({key: given[key] for key in _SETTABLE if key in given})
    one["email_domain"] = one["email"].partition("@")[2]


def _short(one: Json, key: str, value: bool) -> Json:
    return {"type": "contact", "id": one["id"], "external_id": one["external_id"], key: value}


def _remove(workspace: Workspace, one: Json) -> None:
    companies = linked(one, "companies")
    del workspace.contacts[one["id"]]
    workspace.archived.discard(one["id"])
    workspace.unseen.pop(one["id"], None)
    workspace.subscriptions.pop(one["id"], None)
    for company_id in companies:
        workspace.companies[company_id]["user_count"] = members(workspace, company_id)
