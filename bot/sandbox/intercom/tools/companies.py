"""Companies."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import by_number, one_page
from bot.sandbox.intercom.workspace import (
    WORKSPACE_ID,
    Json,
    Workspace,
    bad,
    company,
    company_segments,
    linked,
    unlink,
)
from bot.sandbox.provider import ProviderError


@tool
def list_companies(call: Call, given: Json) -> Json:
    firms = list(call.workspace.companies.values())
    for key in ("company_id", "name"):
        if key in given:
            match = next((one for one in firms if one[key] == given[key]), None)
            if match is None:
                raise ProviderError(404, "company_not_found", "Company Not Found")
            return match
    if "segment_id" in given:
        firms = [f for f in firms if given["segment_id"] in company_segments(call.workspace, f)]
    if "tag_id" in given:
        firms = [f for f in firms if given["tag_id"] in [t["id"] for t in f["tags"]["tags"]]]
    firms.sort(key=lambda firm: -(firm["last_request_at"] or 0))
    return by_number(firms, given, 15, "/companies", most=60)


@tool
def retrieve_company(call: Call, given: Json) -> Json:
    return company(call.workspace, given["company_id"])


@tool
def create_or_update_company(call: Call, given: Json) -> Json:
    if not given.get("company_id"):
        raise bad("company_id is required", "parameter_not_found")
    firms = call.workspace.companies.values()
    one = next((firm for firm in firms if firm["company_id"] == given["company_id"]), None)
    verb = "Updated" if one else "Created"
    if one is None:
        one = new_company(call.workspace, given["company_id"], call.now)
    for key in ("name", "industry", "size", "website", "monthly_spend", "remote_created_at"):
        if key in given:
            one[key] = given[key]
    if "plan" in given:
        one["plan"] = {"type": "plan", "id": "plan-" + given["plan"].lower(), "name": given["plan"]}
    one["updated_at"] = call.now
    call.changed("company", one["id"], f"{verb} the company {one['name'] or one['company_id']}")
    return one


@tool
def delete_company(call: Call, given: Json) -> Json:
    one = company(call.workspace, given["company_id"])
    del call.workspace.companies[one["id"]]
    for person in call.workspace.contacts.values():
        unlink(person, "companies", one["id"])
    call.changed("company", one["id"], f"Deleted the company {one['name']}")
    return {"id": one["id"], "object": "company", "deleted": True}


@tool
def list_company_contacts(call: Call, given: Json) -> Json:
    one = company(call.workspace, given["company_id"])
    people = [
        person
        for key, person in call.workspace.contacts.items()
        if one["id"] in linked(person, "companies") and key not in call.workspace.archived
    ]
    return by_number(people, given, 50, f"/companies/{one['id']}/contacts")


@tool
def list_company_segments(call: Call, given: Json) -> Json:
    one = company(call.workspace, given["company_id"])
    keys = company_segments(call.workspace, one)
    return one_page([call.workspace.segments[key] for key in keys])


def new_company(workspace: Workspace, company_id: str, at: int) -> Json:
    """A company of which only your own id is known, in the workspace."""
    key = workspace.new_hex_id("company", "66f2c0de")
    new: Json = {
        "type": "company",
        "id": key,
        "company_id": company_id,
        "app_id": WORKSPACE_ID,
        "name": None,
        "plan": {},
        "remote_created_at": None,
        "created_at": at,
        "updated_at": at,
        "last_request_at": None,
        "size": None,
        "website": None,
        "industry": None,
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": 0,
        "custom_attributes": {},
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
    }
    workspace.companies[key] = new
    return new
