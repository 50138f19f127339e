"""The tools that change conversations and tickets."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.intercom.changes import Change, add_part, as_author, author_of, tagged
from bot.sandbox.intercom.workspace import Workspace, find
from bot.sandbox.provider import ProviderError

Json = dict[str, Any]
Write = Callable[[Json, str], Change]


class ConversationWrites:
    def __init__(self, workspace: Workspace) -> None:
        self._w = workspace

    def tools(self) -> dict[str, Write]:
        return {
            "reply_to_conversation": self.reply,
            "manage_conversation": self.manage,
            "update_conversation": self.update,
            "auto_assign_conversation": self.auto_assign,
            "redact_conversation": self.redact,
            "create_conversation": self.create,
            "create_message": self.message,
            "convert_conversation_to_ticket": self.convert,
            "attach_contact_to_conversation": self.attach_contact,
            "detach_contact_from_conversation": self.detach_contact,
            "attach_tag_to_conversation": lambda i, a: self._tag(i, a, "id", True),
            "detach_tag_from_conversation": lambda i, a: self._tag(i, a, "tag_id", False),
            "attach_tag_to_ticket": lambda i, a: self._tag_ticket(i, a, "id", True),
            "detach_tag_from_ticket": lambda i, a: self._tag_ticket(i, a, "tag_id", False),
            "create_ticket": self.create_ticket,
            "update_ticket": self.update_ticket,
            "reply_to_ticket": self.reply_to_ticket,
        }

    def _find(self, tool_input: Json) -> Json:
        return find(self._w.conversations, tool_input["conversation_id"], "Conversation")

    def reply(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        kind, body = tool_input["message_type"], tool_input.get("body")
        if not body:
            raise ProviderError(400, "parameter_not_found", "body is required")
        if tool_input["type"] == "user":
            contact = conversation["contacts"]["contacts"][0]
            author: Json = {"type": "user", "id": contact["id"], "name": "", "email": ""}
        else:
            author = as_author(self._w, author_of(tool_input, own))
        add_part(self._w, conversation, kind, body, author)
        if kind == "comment" and tool_input["type"] == "admin":
            conversation["waiting_since"] = None
            statistics = conversation["statistics"] or {"type": "conversation_statistics"}
            statistics.setdefault("first_admin_reply_at", self._w.time())
            statistics.setdefault(
                "time_to_admin_reply", self._w.time() - conversation["created_at"]
            )
            statistics["last_admin_reply_at"] = self._w.time()
            conversation["statistics"] = statistics
            if conversation["state"] == "closed":
                self._set_state(conversation, "open")
        what = "Added a note to" if kind == "note" else "Replied to"
        return self._change(conversation, f"{what} “{conversation['title']}”")

    def manage(self, tool_input: Json, own: str) -> Change:
        conversation, kind = self._find(tool_input), tool_input["message_type"]
        author = as_author(self._w, author_of(tool_input, own))
        body = tool_input.get("body")
        if kind == "assignment":
            return self._assign(conversation, tool_input, author)
        if kind == "snoozed":
            until = tool_input.get("snoozed_until")
            if not isinstance(until, int) or until <= self._w.time():
                raise ProviderError(
                    400, "parameter_invalid", "snoozed_until has to lie in the future"
                )
            conversation["snoozed_until"] = until
        state = {"close": "closed", "open": "open", "snoozed": "snoozed"}[kind]
        if kind == "close" and conversation["state"] == "closed":
            raise ProviderError(409, "conversation_closed", "Conversation is closed already")
        self._set_state(conversation, state)
        add_part(self._w, conversation, kind, body, author)
        word = {"close": "Closed", "open": "Reopened", "snoozed": "Snoozed"}[kind]
        return self._change(conversation, f"{word} “{conversation['title']}”")

    def _assign(self, conversation: Json, tool_input: Json, author: Json) -> Change:
        assignee = str(tool_input.get("assignee_id", ""))
        if assignee in ("", "0"):
            conversation["admin_assignee_id"] = conversation["team_assignee_id"] = None
            target, name = None, "nobody"
        elif assignee in self._w.admins:
            conversation["admin_assignee_id"] = int(assignee)
            target, name = {"type": "admin", "id": assignee}, self._w.admins[assignee]["name"]
        elif assignee in self._w.teams:
            conversation["team_assignee_id"] = assignee
            target, name = {"type": "team", "id": assignee}, self._w.teams[assignee]["name"]
        else:
            raise ProviderError(404, "assignee_not_found", "Assignee not found")
        body = tool_input.get("body")
        add_part(self._w, conversation, "assignment", body, author, assigned_to=target)
        return self._change(conversation, f"Assigned “{conversation['title']}” to {name}")

    def update(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        conversation["custom_attributes"] |= tool_input.get("custom_attributes", {})
        conversation["read"] = tool_input.get("read", conversation["read"])
        conversation["updated_at"] = self._w.time()
        return self._change(conversation, f"Updated “{conversation['title']}”")

    def auto_assign(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        conversation["admin_assignee_id"] = int(own)
        author = as_author(self._w, own)
        add_part(self._w, conversation, "assignment", None, author)
        return self._change(conversation, f"Ran assignment rules on “{conversation['title']}”")

    def redact(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        if tool_input["type"] == "source":
            redacted = conversation["source"]
        else:
            wanted = tool_input.get("conversation_part_id")
            parts = conversation["conversation_parts"]["conversation_parts"]
            found = [part for part in parts if part["id"] == wanted]
            if not found:
                raise ProviderError(404, "conversation_part_not_found", "Part not found")
            redacted = found[0]
        redacted["body"], redacted["redacted"] = "<p><i>This message was deleted</i></p>", True
        return self._change(conversation, f"Redacted a message in “{conversation['title']}”")

    def create(self, tool_input: Json, own: str) -> Change:
        sender = tool_input["from"]
        if sender.get("type") not in ("user", "lead", "contact"):
            raise ProviderError(400, "parameter_invalid", "from.type must be a contact")
        contact = find(self._w.contacts, sender.get("id"), "User")
        author = {
            "type": "user",
            "id": contact["id"],
            "name": contact["name"],
            "email": contact["email"],
        }
        conversation = self._new(contact, tool_input["body"], author, "customer_initiated")
        return self._change(conversation, f"Started a conversation as {contact['name']}")

    def message(self, tool_input: Json, own: str) -> Change:
        sender, to = tool_input["from"], tool_input["to"]
        if sender.get("type") != "admin":
            raise ProviderError(400, "parameter_invalid", "from.type must be admin")
        author = as_author(self._w, str(sender.get("id")))
        contact = find(self._w.contacts, to.get("id"), "User")
        conversation = self._new(contact, tool_input["body"], author, "admin_initiated")
        result = {
            "type": "admin_message",
            "id": self._w.next_id(),
            "body": tool_input["body"],
            "message_type": tool_input.get("message_type", "in_app"),
            "conversation_id": conversation["id"],
            "created_at": self._w.time(),
        }
        summary = f"Sent a message to {contact['name']}"
        return Change(result, "conversation", conversation["id"], summary)

    def _new(self, contact: Json, body: str, author: Json, delivered_as: str) -> Json:
        now, key = self._w.time(), self._w.next_id()
        conversation: Json = {
            "type": "conversation",
            "id": key,
            "title": body[:40],
            "state": "open",
            "open": True,
            "read": False,
            "priority": "not_priority",
            "created_at": now,
            "updated_at": now,
            "waiting_since": now,
            "snoozed_until": None,
            "admin_assignee_id": None,
            "team_assignee_id": None,
            "ai_agent": None,
            "source": {
                "type": "conversation",
                "id": f"s{key}",
                "delivered_as": delivered_as,
                "subject": "",
                "body": f"<p>{body}</p>",
                "author": author,
                "redacted": False,
            },
            "contacts": {
                "type": "contact.list",
                "contacts": [{"type": "contact", "id": contact["id"]}],
            },
            "tags": {"type": "tag.list", "tags": []},
            "conversation_rating": None,
            "custom_attributes": {},
            "statistics": None,
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": [],
                "total_count": 0,
            },
        }
        self._w.conversations[key] = conversation
        return conversation

    def convert(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        contacts = conversation["contacts"]["contacts"]
        ticket = self._new_ticket(
            str(tool_input["ticket_type_id"]),
            contacts,
            {
                "_default_title_": conversation["title"],
                "_default_description_": conversation["source"]["body"],
            },
        )
        ticket["conversation_id"] = conversation["id"]
        summary = f"Turned “{conversation['title']}” into a ticket"
        return Change(ticket, "ticket", ticket["id"], summary)

    def attach_contact(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        customer = tool_input["customer"]
        key = customer.get("intercom_user_id") or customer.get("id")
        contact = find(self._w.contacts, key, "User")
        conversation["contacts"]["contacts"].append({"type": "contact", "id": contact["id"]})
        return self._change(conversation, f"Added {contact['name']} to the conversation")

    def detach_contact(self, tool_input: Json, own: str) -> Change:
        conversation = self._find(tool_input)
        held = conversation["contacts"]["contacts"]
        kept = [c for c in held if c["id"] != tool_input["contact_id"]]
        if len(kept) == len(held):
            raise ProviderError(404, "not_found", "Contact is not in the conversation")
        if not kept:
            raise ProviderError(422, "last_contact", "The last contact cannot be removed")
        conversation["contacts"]["contacts"] = kept
        return self._change(conversation, "Removed a contact from the conversation")

    def _tag(self, tool_input: Json, own: str, field: str, on: bool) -> Change:
        conversation = self._find(tool_input)
        as_author(self._w, author_of(tool_input, own))
        tag = tagged(self._w, conversation["tags"], tool_input[field], on=on)
        word = "Tagged" if on else "Untagged"
        return Change(
            tag,
            "conversation",
            conversation["id"],
            f"{word} “{conversation['title']}”: {tag['name']}",
        )

    def _tag_ticket(self, tool_input: Json, own: str, field: str, on: bool) -> Change:
        ticket = find(self._w.tickets, tool_input["ticket_id"], "Ticket")
        as_author(self._w, author_of(tool_input, own))
        tag = tagged(self._w, ticket["tags"], tool_input[field], on=on)
        return Change(tag, "ticket", ticket["id"], f"{'Tagged' if on else 'Untagged'} a ticket")

    def create_ticket(self, tool_input: Json, own: str) -> Change:
        contacts = []
        for given in tool_input["contacts"]:
            contact = find(self._w.contacts, given.get("id"), "User")
            contacts.append({"type": "contact", "id": contact["id"]})
        if not contacts:
            raise ProviderError(400, "parameter_invalid", "contacts must not be empty")
        ticket = self._new_ticket(
            str(tool_input["ticket_type_id"]), contacts, tool_input.get("ticket_attributes", {})
        )
        title = ticket["ticket_attributes"].get("_default_title_", "")
        return Change(ticket, "ticket", ticket["id"], f"Created ticket “{title}”")

    def _new_ticket(self, type_id: str, contacts: list[Json], attributes: Json) -> Json:
        kind = find(self._w.ticket_types, type_id, "Ticket type")
        key = self._w.next_id()
        ticket: Json = {
            "type": "ticket",
            "id": key,
            "ticket_id": str(len(self._w.tickets) + 1),
            "open": True,
            "category": kind["category"],
            "ticket_state": "submitted",
            "ticket_attributes": dict(attributes),
            "ticket_type": {"type": "ticket_type", "id": kind["id"], "name": kind["name"]},
            "admin_assignee_id": "0",
            "team_assignee_id": "0",
            "is_shared": False,
            "contacts": {"type": "contact.list", "contacts": list(contacts)},
            "tags": {"type": "tag.list", "tags": []},
            "created_at": self._w.time(),
            "updated_at": self._w.time(),
            "ticket_parts": {
                "type": "ticket_part.list",
                "ticket_parts": [],
                "total_count": 0,
            },
        }
        self._w.tickets[key] = ticket
        return ticket

    def update_ticket(self, tool_input: Json, own: str) -> Change:
        ticket = find(self._w.tickets, tool_input["ticket_id"], "Ticket")
        ticket["ticket_attributes"] |= tool_input.get("ticket_attributes", {})
        if "state" in tool_input:
            ticket["ticket_state"] = tool_input["state"]
        for field in ("open", "is_shared", "snoozed_until"):
            if field in tool_input:
                ticket[field] = tool_input[field]
        if assignment := tool_input.get("assignment"):
            assignee = str(assignment.get("assignee_id", "0"))
            if assignee != "0":
                as_author(self._w, assignee)
            ticket["admin_assignee_id"] = assignee
        ticket["updated_at"] = self._w.time()
        return Change(ticket, "ticket", ticket["id"], "Updated a ticket")

    def reply_to_ticket(self, tool_input: Json, own: str) -> Change:
        ticket = find(self._w.tickets, tool_input["ticket_id"], "Ticket")
        author = as_author(self._w, author_of(tool_input, own))
        if not tool_input.get("body"):
            raise ProviderError(400, "parameter_not_found", "body is required")
        part = add_part(self._w, ticket, tool_input["message_type"], tool_input["body"], author)
        return Change(part, "ticket", ticket["id"], "Replied to a ticket")

    @staticmethod
    def _set_state(conversation: Json, state: str) -> None:
        conversation["state"], conversation["open"] = state, state != "closed"
        if state == "closed":
            conversation["waiting_since"] = None

    @staticmethod
    def _change(conversation: Json, summary: str) -> Change:
        return Change(conversation, "conversation", conversation["id"], summary)
