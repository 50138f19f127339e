"""Anonymous visitors of the website."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.tools.contacts import name_of, new_contact
from bot.sandbox.intercom.workspace import Json, bad, by_identity
from bot.sandbox.provider import ProviderError


@tool
def retrieve_visitor(call: Call, given: Json) -> Json:
    return _visitor(call, {"user_id": given["user_id"]})


@tool
def update_visitor(call: Call, given: Json) -> Json:
    one = _visitor(call, given)
    if "name" in given:
        one["name"] = given["name"]
    one["custom_attributes"].update(given.get("custom_attributes") or {})
    one["updated_at"] = call.now
    call.changed("visitor", one["id"], f"Updated the visitor {one['name'] or one['pseudonym']}")
    return one


@tool
def convert_visitor(call: Call, given: Json) -> Json:
    visitor = _visitor(call, given["visitor"])
    wanted = given.get("user") or {}
    if given["type"] == "user" and not wanted:
        raise bad("user is required to convert to a user", "parameter_not_found")
    try:
        person = by_identity(call.workspace, wanted)
    except ProviderError as problem:
        if problem.status == 404 and wanted.get("id"):
            raise
        person = new_contact(call.workspace, given["type"], call.now)
        email = str(wanted.get("email") or visitor["email"])
        person.update(
            name=visitor["name"],
            email=email,
            email_domain=email.partition("@")[2],
            external_id=wanted.get("user_id") or visitor["user_id"],
        )
    del call.workspace.visitors[visitor["id"]]
    summary = f"Turned the visitor {visitor['pseudonym']} into {name_of(person)}"
    call.changed("contact", person["id"], summary)
    return person


def _visitor(call: Call, given: Json) -> Json:
    for one in call.workspace.visitors.values():
        for key in ("id", "user_id", "email"):
            if given.get(key):
                if one[key] == given[key]:
                    return one
                break
    raise ProviderError(404, "not_found", "Visitor Not Found")
