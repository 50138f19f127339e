"""Tags, and putting them on conversations and tickets."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import one_page
from bot.sandbox.intercom.workspace import Json, bad, conversation, found, ticket, unlink
from bot.sandbox.provider import ProviderError


@tool
def list_tags(call: Call, given: Json) -> Json:
    return one_page(list(call.workspace.tags.values()))


@tool
def retrieve_tag(call: Call, given: Json) -> Json:
    return _tag(call, given["tag_id"])


@tool
def create_or_update_tag(call: Call, given: Json) -> Json:
    tags, name = call.workspace.tags, given["name"].strip()
    if not name:
        raise bad("invalid tag parameters")
    same = next((tag for tag in tags.values() if tag["name"].casefold() == name.casefold()), None)
    if given.get("id"):
        one = _tag(call, given["id"])
        if same not in (None, one):
            raise ProviderError(409, "conflict", "A tag with that name exists already")
        call.changed("tag", one["id"], f"Renamed the tag {one['name']} to {name}")
        one["name"] = name
        for item in [
            *call.workspace.conversations.values(),
            *call.workspace.tickets.values(),
            *call.workspace.companies.values(),
        ]:
            for attached in item["tags"]["tags"]:
                if attached["id"] == one["id"]:
                    attached["name"] = name
        return one
    if same is None:
        same = {"type": "tag", "id": call.workspace.new_id("tag", 7_800_001), "name": name}
        tags[same["id"]] = same
        call.changed("tag", same["id"], f"Created the tag {name}")
    return same


@tool
def delete_tag(call: Call, given: Json) -> None:
    one = _tag(call, given["tag_id"])
    workspace = call.workspace
    del workspace.tags[one["id"]]
    for person in workspace.contacts.values():
        unlink(person, "tags", one["id"])
    for item in [
        *workspace.conversations.values(),
        *workspace.tickets.values(),
        *workspace.companies.values(),
    ]:
        item["tags"]["tags"] = [t for t in item["tags"]["tags"] if t["id"] != one["id"]]
    call.changed("tag", one["id"], f"Deleted the tag {one['name']}")


@tool
def attach_tag_to_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    return _attach(call, given, one, "conversation")


@tool
def detach_tag_from_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    return _detach(call, given, one, "conversation")


@tool
def attach_tag_to_ticket(call: Call, given: Json) -> Json:
    return _attach(call, given, ticket(call.workspace, given["ticket_id"]), "ticket")


@tool
def detach_tag_from_ticket(call: Call, given: Json) -> Json:
    return _detach(call, given, ticket(call.workspace, given["ticket_id"]), "ticket")


def applied(tag: Json, by: Json, at: int) -> Json:
    """A tag as it shows on what carries it."""
    return {**tag, "applied_at": at, "applied_by": {"type": by["type"], "id": by["id"]}}


def _tag(call: Call, tag_id: str) -> Json:
    return found(call.workspace.tags, tag_id, "Resource Not Found")


def _attach(call: Call, given: Json, item: Json, kind: str) -> Json:
    tag, author = _tag(call, given["id"]), call.author(given)
    attached = applied(tag, author, call.now)
    rest = [one for one in item["tags"]["tags"] if one["id"] != tag["id"]]
    item["tags"]["tags"] = [*rest, attached]
    item["updated_at"] = call.now
    call.changed(kind, item["id"], f"Tagged {kind} {item['id']} with {tag['name']}")
    return attached


def _detach(call: Call, given: Json, item: Json, kind: str) -> Json:
    call.author(given)
    on = next((one for one in item["tags"]["tags"] if one["id"] == given["tag_id"]), None)
    if on is None:
        raise ProviderError(404, "tag_not_found", "Tag not found")
    item["tags"]["tags"].remove(on)
    item["updated_at"] = call.now
    call.changed(kind, item["id"], f"Took the tag {on['name']} off {kind} {item['id']}")
    return {"type": "tag", "id": on["id"], "name": on["name"]}
