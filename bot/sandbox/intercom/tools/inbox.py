"""Starting conversations, and who takes part in them."""

from bot.sandbox.intercom import threads
from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.text import as_html
from bot.sandbox.intercom.tools.contacts import name_of
from bot.sandbox.intercom.workspace import Json, admin, bad, by_identity, contact, conversation
from bot.sandbox.provider import ProviderError


@tool
def create_conversation(call: Call, given: Json) -> Json:
    sender = given["from"]
    if sender.get("type") not in ("user", "lead", "contact"):
        raise bad("from must be a user, a lead or a contact")
    body = given["body"].strip()
    if not body:
        raise bad("Body is required")
    person = contact(call.workspace, sender.get("id"))
    at = given.get("created_at", call.now)
    subject = given.get("subject") or ""
    one = threads.start(call.workspace, person, person, body, at, subject=subject)
    call.changed("conversation", one["id"], f"Started a conversation as {name_of(person)}")
    return {
        "type": "user_message",
        "id": one["source"]["id"],
        "created_at": at,
        "body": given["body"],
        "message_type": "inapp",
        "conversation_id": one["id"],
    }


@tool
def create_message(call: Call, given: Json) -> Json:
    sender, recipient = given["from"], given["to"]
    if sender.get("type") != "admin":
        raise bad("from must be an admin")
    if recipient.get("type") not in ("user", "lead", "contact"):
        raise bad("to must be a user or a lead")
    if not given["body"].strip():
        raise bad("Body is required")
    author = admin(call.workspace, sender.get("id"))
    person = contact(call.workspace, recipient.get("id"))
    is_email = given.get("message_type") == "email"
    subject = given.get("subject") or ""
    if is_email and not subject:
        raise ProviderError(422, "parameter_not_found", "No subject supplied for email message")
    if is_email and (person["unsubscribed_from_emails"] or not person["email"]):
        raise ProviderError(422, "unprocessable_entity", "This contact cannot be sent emails")
    message: Json = {
        "type": "admin_message",
        "id": call.workspace.new_id("message", 403_990_001),
        "created_at": call.now,
        "subject": subject,
        "body": as_html(given["body"]),
        "message_type": "email" if is_email else "inapp",
        "conversation_id": None,
    }
    if given.get("create_conversation_without_contact_reply"):
        one = threads.start(
            call.workspace,
            author,
            person,
            given["body"],
            call.now,
            subject=subject,
            channel="email" if is_email else "conversation",
        )
        message["conversation_id"] = one["id"]
    person["last_contacted_at"] = call.now
    what = "an e-mail" if is_email else "a message"
    call.changed("message", message["id"], f"{author['name']} sent {what} to {name_of(person)}")
    return message


@tool
def attach_contact_to_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    by = call.author(given)
    person = by_identity(call.workspace, given["customer"])
    people = one["contacts"]["contacts"]
    if any(other["id"] == person["id"] for other in people):
        raise ProviderError(422, "unprocessable_entity", "The contact takes part already")
    people.append(threads.reference(person))
    threads.add_part(call.workspace, one, "participant_added", by, call.now)
    summary = f"Added {name_of(person)} to conversation {one['id']}"
    call.changed("conversation", one["id"], summary)
    return one


@tool
def detach_contact_from_conversation(call: Call, given: Json) -> Json:
    one = conversation(call.workspace, given["conversation_id"])
    people = one["contacts"]["contacts"]
    rest = [other for other in people if other["id"] != given["contact_id"]]
    if len(rest) == len(people):
        raise ProviderError(404, "not_found", "User Not Found")
    if not rest:
        raise ProviderError(422, "parameter_invalid", "Removing the last customer is not allowed")
    one["contacts"]["contacts"] = rest
    by = admin(call.workspace, call.admin_id)
    threads.add_part(call.workspace, one, "participant_removed", by, call.now)
    summary = f"Took contact {given['contact_id']} out of conversation {one['id']}"
    call.changed("conversation", one["id"], summary)
    return one
