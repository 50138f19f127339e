"""Reading conversations, answering in them and managing them."""

import copy

from bot.sandbox.intercom import threads
from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.fields import conversation_document, of_conversations
from bot.sandbox.intercom.pages import by_cursor
from bot.sandbox.intercom.search import Language
from bot.sandbox.intercom.text import plaintext
from bot.sandbox.intercom.tools.contacts import paging
from bot.sandbox.intercom.workspace import Json, admin, bad, contact, conversation
from bot.sandbox.provider import ProviderError


def _item(one: Json) -> Json:
    return {key: value for key, value in one.items() if key != "conversation_parts"}


def _list(items: list[Json], asked: Json) -> Json:
    page = by_cursor(items, asked, 20, "updated_at", "conversations", "conversation.list")
    page["conversations"] = [_item(one) for one in page["conversations"]]
    return page


@tool
def list_conversations(call: Call, given: Json) -> Json:
    return _list(list(call.workspace.conversations.values()), given)


@tool
def search_conversations(call: Call, given: Json) -> Json:
    test = Language(of_conversations(call.workspace)).test(given["query"])
    every = call.workspace.conversations.values()
    return _list([one for one in every if test(conversation_document(one))], paging(given))


@tool
def retrieve_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    if given.get("display_as") != "plaintext":
        return one
    plain = copy.deepcopy(one)
    source = plain["source"]
    source.update(body=plaintext(source["body"]), subject=plaintext(source["subject"]))
    for part in plain["conversation_parts"]["conversation_parts"]:
        part["body"] = plaintext(part["body"])
    return plain


@tool
def reply_to_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    body = (given.get("body") or "").strip()
    if not body:
        raise bad("Body is required")
    at, author = _moment(call, given), call.author(given)
    if given["type"] == "user":
        if given["message_type"] != "comment":
            raise bad("A user can only reply with a comment")
        person = contact(call.workspace, one["contacts"]["contacts"][0]["id"])
        threads.contact_reply(call.workspace, one, person, body, at)
        summary = f"Replied to conversation {one['id']} as the customer {person['name']}"
    elif given["message_type"] == "note":
        threads.note(call.workspace, one, author, body, at)
        summary = f"{author['name']} left a note in conversation {one['id']}"
    else:
        threads.admin_reply(call.workspace, one, author, body, at)
        summary = f"{author['name']} replied to conversation {one['id']}"
    call.changed("conversation", one["id"], summary)
    return one


@tool
def manage_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    by, at, body = call.author(given), call.now, given.get("body")
    match given["message_type"]:
        case "close":
            threads.close(call.workspace, one, by, at, body)
            what = "closed"
        case "open":
            threads.reopen(call.workspace, one, by, at)
            what = "reopened"
        case "snoozed":
            until = given.get("snoozed_until")
            if until is None:
                raise bad("snoozed_until is required to snooze", "parameter_not_found")
            if until <= at:
                raise bad("snoozed_until must be in the future")
            threads.snooze(call.workspace, one, by, at, until)
            what = "snoozed"
        case "assignment":
            to = _assignee(call, given)
            threads.assign(call.workspace, one, by, to, at, body)
            what = f"assigned to {to['name']}:" if to else "unassigned"
        case other:
            raise bad(f"message_type {other} is not known")
    call.changed("conversation", one["id"], f"{by['name']} {what} conversation {one['id']}")
    return one


def _assignee(call: Call, given: Json) -> Json | None:
    key = given.get("assignee_id")
    if key is None:
        raise bad("assignee_id is required to assign", "parameter_not_found")
    if str(key) == "0":
        return None
    return find_assignee(call, key, teams_only=given["type"] == "team")


def find_assignee(call: Call, key: object, *, teams_only: bool = False) -> Json:
    """The teammate or team with that id. Raises ProviderError 404."""
    team = call.workspace.teams.get(str(key))
    one = team or (None if teams_only else call.workspace.admins.get(str(key)))
    if one is None:
        raise ProviderError(404, "assignee_not_found", "Assignee not found")
    return one


@tool
def update_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    attributes = given.get("custom_attributes") or {}
    known = {
        attribute["name"]: attribute
        for attribute in call.workspace.data_attributes.values()
        if attribute["model"] == "conversation" and not attribute["archived"]
    }
    for name, value in attributes.items():
        if name not in known:
            raise bad(f"Custom attribute {name} does not exist")
        options = [option["value"] for option in known[name].get("options") or []]
        if options and value not in options:
            raise bad(f"{value} is not an option of {name}")
    one["custom_attributes"].update(attributes)
    if "read" in given:
        one["read"] = given["read"]
    one["updated_at"] = call.now
    call.changed("conversation", one["id"], f"Updated conversation {one['id']}")
    return one


@tool
def auto_assign_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    team = call.workspace.teams.get(str(one["team_assignee_id"]))
    candidates = [
        person
        for person in call.workspace.admins.values()
        if not person["away_mode_enabled"]
        and (team is None or int(person["id"]) in team["admin_ids"])
    ]
    if not candidates:
        raise ProviderError(422, "unprocessable_entity", "Nobody is available for assignment")

    def load(person: Json) -> int:
        return sum(
            item["admin_assignee_id"] == int(person["id"]) and item["state"] == "open"
            for item in call.workspace.conversations.values()
        )

    chosen = min(candidates, key=load)
    by = admin(call.workspace, call.admin_id)
    threads.assign(call.workspace, one, by, chosen, call.now)
    call.changed("conversation", one["id"], f"Conversation {one['id']} went to {chosen['name']}")
    return one


@tool
def redact_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    if given["type"] == "source":
        target = one["source"]
    else:
        parts = one["conversation_parts"]["conversation_parts"]
        wanted = given.get("conversation_part_id")
        target = next((part for part in parts if part["id"] == wanted), None)
        if target is None:
            raise ProviderError(
                404,
                "conversation_part_or_message_not_found",
                "Conversation part or message not found",
            )
    target.update(body="<p><i>This message was deleted</i></p>", redacted=True, attachments=[])
    if given["type"] == "source":
        target["subject"] = ""
    what = "the first message" if given["type"] == "source" else f"part {target['id']}"
    call.changed("conversation", one["id"], f"Redacted {what} of conversation {one['id']}")
    return one


def _moment(call: Call, given: Json) -> int:
    at: int = given.get("created_at", call.now)
    if at > call.now:
        raise bad("created_at must not be in the future")
    return at
