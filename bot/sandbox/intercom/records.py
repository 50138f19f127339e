"""The tools that change contacts, companies, tags, content and settings."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.intercom.changes import Change, as_author, as_html, author_of, tagged
from bot.sandbox.intercom.workspace import Table, Workspace, find
from bot.sandbox.provider import ProviderError

Json = dict[str, Any]
Write = Callable[[Json, str], Change]

_OWN_KEYS = ("schema_version", "tool_version")


class RecordWrites:
    def __init__(self, workspace: Workspace) -> None:
        self._w = workspace

    def tools(self) -> dict[str, Write]:
        w = self._w
        return {
            "create_contact": self.create_contact,
            "update_contact": self.update_contact,
            "delete_contact": self.delete_contact,
            "archive_contact": lambda i, a: self._archive(i, True),
            "unarchive_contact": lambda i, a: self._archive(i, False),
            "merge_contacts": self.merge_contacts,
            "create_contact_note": self.note,
            "attach_tag_to_contact": lambda i, a: self._tag(i, "id", True),
            "detach_tag_from_contact": lambda i, a: self._tag(i, "tag_id", False),
            "attach_contact_to_company": self.attach_company,
            "detach_contact_from_company": self.detach_company,
            "attach_subscription_to_contact": lambda i, a: self._subscribe(i, "id", True),
            "detach_subscription_from_contact": lambda i, a: self._subscribe(
                i, "subscription_id", False
            ),
            "convert_visitor": self.convert_visitor,
            "update_visitor": self.update_visitor,
            "create_or_update_company": self.save_company,
            "delete_company": lambda i, a: self._delete(w.companies, i["company_id"], "company"),
            "create_or_update_tag": self.save_tag,
            "delete_tag": lambda i, a: self._delete(w.tags, i["tag_id"], "tag"),
            "create_article": self.create_article,
            "update_article": lambda i, a: self._edit(w.articles, i, "article_id", "article"),
            "delete_article": lambda i, a: self._delete(w.articles, i["article_id"], "article"),
            "create_help_center_collection": self.create_collection,
            "update_help_center_collection": lambda i, a: self._edit(
                w.collections, i, "collection_id", "collection"
            ),
            "delete_help_center_collection": lambda i, a: self._delete(
                w.collections, i["collection_id"], "collection"
            ),
            "create_news_item": self.create_news,
            "update_news_item": lambda i, a: self._edit(
                w.news_items, i, "news_item_id", "news-item"
            ),
            "delete_news_item": lambda i, a: self._delete(
                w.news_items, i["news_item_id"], "news-item"
            ),
            "create_data_attribute": self.create_attribute,
            "update_data_attribute": lambda i, a: self._edit(
                w.data_attributes, i, "data_attribute_id", "data_attribute"
            ),
            "create_data_event": self.create_event,
            "create_ticket_type": self.create_ticket_type,
            "update_ticket_type": lambda i, a: self._edit(
                w.ticket_types, i, "ticket_type_id", "ticket_type"
            ),
            "create_ticket_type_attribute": self.create_type_attribute,
            "update_ticket_type_attribute": self.update_type_attribute,
            "set_away_admin": self.set_away,
        }

    def _contact(self, tool_input: Json) -> Json:
        return find(self._w.contacts, tool_input["contact_id"], "User")

    def _unique_email(self, email: Any, key: str = "") -> None:
        for other in self._w.contacts.values():
            if email and other["email"] == email and other["id"] != key:
                raise ProviderError(
                    409, "conflict", f"A contact matching those details exists: id={other['id']}"
                )

    def create_contact(self, tool_input: Json, own: str) -> Change:
        if not {"email", "external_id", "role", "name", "phone"} & set(tool_input):
            raise ProviderError(400, "parameter_not_found", "email, external_id or role is needed")
        self._unique_email(tool_input.get("email"))
        now, key = self._w.time(), f"{int(self._w.next_id()):024x}"
        contact: Json = {
            "type": "contact",
            "id": key,
            "external_id": None,
            "role": "user",
            "email": None,
            "name": None,
            "phone": None,
            "owner_id": None,
            "unsubscribed_from_emails": False,
            "created_at": now,
            "signed_up_at": None,
            "last_seen_at": None,
            **_fields(tool_input),
            "updated_at": now,
            "archived": False,
            "custom_attributes": {},
            "tags": {"type": "list", "data": [], "total_count": 0},
            "companies": {"type": "list", "data": [], "total_count": 0},
            "subscriptions": [],
        }
        self._w.contacts[key] = contact
        name = contact["name"] or contact["email"] or "a contact"
        return Change(contact, "contact", key, f"Created {name}")

    def update_contact(self, tool_input: Json, own: str) -> Change:
        contact = self._contact(tool_input)
        self._unique_email(tool_input.get("email"), contact["id"])
        contact |= _fields(tool_input, "contact_id")
        contact["updated_at"] = self._w.time()
        return Change(contact, "contact", contact["id"], f"Updated {contact['name']}")

    def delete_contact(self, tool_input: Json, own: str) -> Change:
        contact = self._contact(tool_input)
        del self._w.contacts[contact["id"]]
        result = {"type": "contact", "id": contact["id"], "deleted": True}
        return Change(result, "contact", contact["id"], f"Deleted {contact['name']}")

    def _archive(self, tool_input: Json, archived: bool) -> Change:
        contact = self._contact(tool_input)
        contact["archived"] = archived
        result = {"type": "contact", "id": contact["id"], "archived": archived}
        word = "Archived" if archived else "Unarchived"
        return Change(result, "contact", contact["id"], f"{word} {contact['name']}")

    def merge_contacts(self, tool_input: Json, own: str) -> Change:
        lead = find(self._w.contacts, tool_input["from"], "User")
        user = find(self._w.contacts, tool_input["into"], "User")
        if lead["role"] != "lead" or user["role"] != "user":
            raise ProviderError(400, "parameter_invalid", "a lead merges into a user")
        del self._w.contacts[lead["id"]]
        for conversation in self._w.conversations.values():
            for contact in conversation["contacts"]["contacts"]:
                if contact["id"] == lead["id"]:
                    contact["id"] = user["id"]
        return Change(user, "contact", user["id"], f"Merged {lead['name']} into {user['name']}")

    def note(self, tool_input: Json, own: str) -> Change:
        contact = self._contact(tool_input)
        key = self._w.next_id()
        note = {
            "type": "note",
            "id": key,
            "created_at": self._w.time(),
            "contact": {"type": "contact", "id": contact["id"]},
            "author": as_author(self._w, author_of(tool_input, own)),
            "body": as_html(tool_input["body"]),
        }
        self._w.notes[key] = note
        return Change(note, "contact", contact["id"], f"Added a note to {contact['name']}")

    def _tag(self, tool_input: Json, field: str, on: bool) -> Change:
        contact = self._contact(tool_input)
        tag = tagged(self._w, contact["tags"], tool_input[field], on=on)
        word = "Tagged" if on else "Untagged"
        return Change(tag, "contact", contact["id"], f"{word} {contact['name']}: {tag['name']}")

    def attach_company(self, tool_input: Json, own: str) -> Change:
        contact = self._contact(tool_input)
        company = find(self._w.companies, tool_input["id"], "Company")
        held = contact["companies"]["data"]
        if company["id"] not in {c["id"] for c in held}:
            held.append({"type": "company", "id": company["id"], "name": company["name"]})
        summary = f"Added {contact['name']} to {company['name']}"
        return Change(company, "contact", contact["id"], summary)

    def detach_company(self, tool_input: Json, own: str) -> Change:
        contact = self._contact(tool_input)
        company = find(self._w.companies, tool_input["company_id"], "Company")
        held = contact["companies"]["data"]
        contact["companies"]["data"] = [c for c in held if c["id"] != company["id"]]
        if len(contact["companies"]["data"]) == len(held):
            raise ProviderError(404, "not_found", "Contact is not in the company")
        summary = f"Removed {contact['name']} from {company['name']}"
        return Change(company, "contact", contact["id"], summary)

    def _subscribe(self, tool_input: Json, field: str, on: bool) -> Change:
        contact = self._contact(tool_input)
        kind = find(self._w.subscription_types, tool_input[field], "Subscription")
        held = contact["subscriptions"]
        if on and kind["id"] not in held:
            held.append(kind["id"])
        elif not on:
            if kind["id"] not in held:
                raise ProviderError(404, "not_found", "Contact has no such subscription")
            held.remove(kind["id"])
        word = "Subscribed" if on else "Unsubscribed"
        return Change(kind, "contact", contact["id"], f"{word} {contact['name']}")

    def convert_visitor(self, tool_input: Json, own: str) -> Change:
        visitor = tool_input["visitor"]
        key = visitor.get("user_id") or visitor.get("id")
        found = find(self._w.visitors, key, "Visitor")
        del self._w.visitors[str(key)]
        created = self.create_contact(
            {"role": tool_input["type"], "external_id": found["user_id"]}, own
        )
        return Change(created.result, "contact", created.object_id, "Converted a visitor")

    def update_visitor(self, tool_input: Json, own: str) -> Change:
        found = next((v for v in self._w.visitors.values() if v["id"] == tool_input["id"]), None)
        if found is None:
            raise ProviderError(404, "not_found", "Visitor not found")
        found |= _fields(tool_input, "id")
        return Change(found, "visitor", found["id"], "Updated a visitor")

    def save_company(self, tool_input: Json, own: str) -> Change:
        wanted = tool_input.get("company_id")
        found = next((c for c in self._w.companies.values() if c["company_id"] == wanted), None)
        if found is None:
            if not wanted or not tool_input.get("name"):
                raise ProviderError(400, "parameter_not_found", "company_id and name are needed")
            key = f"co{self._w.next_id()}"
            found = {
                "type": "company",
                "id": key,
                "created_at": self._w.time(),
                "tags": {"type": "tag.list", "tags": []},
                "segments": {"type": "segment.list", "segments": []},
                "custom_attributes": {},
            }
            self._w.companies[key] = found
        fields = _fields(tool_input)
        if "plan" in fields:
            fields["plan"] = {"type": "plan", "name": fields["plan"]}
        found |= {**fields, "updated_at": self._w.time()}
        return Change(found, "company", found["id"], f"Saved {found['name']}")

    def save_tag(self, tool_input: Json, own: str) -> Change:
        key = str(tool_input.get("id") or "")
        if key:
            tag = find(self._w.tags, key, "Tag")
        else:
            same = [t for t in self._w.tags.values() if t["name"] == tool_input["name"]]
            tag = same[0] if same else {"type": "tag", "id": self._w.next_id()}
        tag["name"] = tool_input["name"]
        self._w.tags[tag["id"]] = tag
        return Change(tag, "tag", tag["id"], f"Saved tag {tag['name']}")

    def create_article(self, tool_input: Json, own: str) -> Change:
        as_author(self._w, author_of(tool_input, own))
        return self._add(
            self._w.articles,
            "article",
            {"state": "draft", "body": "", "description": "", **_fields(tool_input)},
        )

    def create_collection(self, tool_input: Json, own: str) -> Change:
        return self._add(self._w.collections, "collection", _fields(tool_input))

    def create_news(self, tool_input: Json, own: str) -> Change:
        as_author(self._w, author_of(tool_input, own))
        fields = {"state": "draft", "newsfeed_assignments": [], **_fields(tool_input)}
        return self._add(self._w.news_items, "news-item", fields)

    def create_attribute(self, tool_input: Json, own: str) -> Change:
        for other in self._w.data_attributes.values():
            if (other["name"], other["model"]) == (tool_input["name"], tool_input["model"]):
                raise ProviderError(409, "conflict", "You already have that attribute")
        fields = {"custom": True, "archived": False, **_fields(tool_input)}
        return self._add(self._w.data_attributes, "data_attribute", fields)

    def create_event(self, tool_input: Json, own: str) -> Change:
        wanted = {tool_input.get(k) for k in ("user_id", "id", "email")} - {None}
        contact = next(
            (
                c
                for c in self._w.contacts.values()
                if wanted & {c["external_id"], c["id"], c["email"]}
            ),
            None,
        )
        if contact is None:
            raise ProviderError(404, "not_found", "User not found")
        event = {
            "type": "event",
            "id": self._w.next_id(),
            "event_name": tool_input["event_name"],
            "created_at": tool_input["created_at"],
            "user_id": contact["external_id"],
            "intercom_user_id": contact["id"],
            "email": contact["email"],
            "metadata": tool_input.get("metadata", {}),
        }
        self._w.data_events.append(event)
        return Change(None, "contact", contact["id"], f"Recorded {event['event_name']}")

    def create_ticket_type(self, tool_input: Json, own: str) -> Change:
        fields = {
            "category": "Customer",
            "archived": False,
            "ticket_type_attributes": {"type": "list", "data": []},
            **_fields(tool_input),
        }
        return self._add(self._w.ticket_types, "ticket_type", fields)

    def create_type_attribute(self, tool_input: Json, own: str) -> Change:
        kind = find(self._w.ticket_types, tool_input["ticket_type_id"], "Ticket type")
        attribute = {
            "type": "ticket_type_attribute",
            "id": self._w.next_id(),
            "archived": False,
            **_fields(tool_input, "ticket_type_id"),
        }
        kind["ticket_type_attributes"]["data"].append(attribute)
        return Change(attribute, "ticket_type", kind["id"], f"Added {attribute['name']}")

    def update_type_attribute(self, tool_input: Json, own: str) -> Change:
        kind = find(self._w.ticket_types, tool_input["ticket_type_id"], "Ticket type")
        held = {str(a["id"]): a for a in kind["ticket_type_attributes"]["data"]}
        attribute = find(held, tool_input["attribute_id"], "Attribute")
        attribute |= _fields(tool_input, "ticket_type_id", "attribute_id")
        return Change(attribute, "ticket_type", kind["id"], f"Updated {attribute['name']}")

    def set_away(self, tool_input: Json, own: str) -> Change:
        admin = find(self._w.admins, tool_input["admin_id"], "Admin")
        admin["away_mode_enabled"] = tool_input["away_mode_enabled"]
        admin["away_mode_reassign"] = tool_input["away_mode_reassign"]
        return Change(admin, "admin", admin["id"], f"Set away mode of {admin['name']}")

    def _add(self, table: Table, kind: str, fields: Json) -> Change:
        key = self._w.next_id()
        now = self._w.time()
        thing = {"type": kind, "id": key, "created_at": now, "updated_at": now, **fields}
        table[key] = thing
        return Change(thing, kind, key, f"Created {thing.get('title') or thing.get('name')}")

    def _edit(self, table: Table, tool_input: Json, field: str, kind: str) -> Change:
        thing = find(table, tool_input[field], kind.capitalize())
        if author := tool_input.get("author_id") or tool_input.get("sender_id"):
            as_author(self._w, str(author))
        thing |= {**_fields(tool_input, field), "updated_at": self._w.time()}
        name = thing.get("title") or thing.get("name")
        return Change(thing, kind, thing["id"], f"Updated {name}")

    def _delete(self, table: Table, key: str, kind: str) -> Change:
        thing = find(table, key, kind.capitalize())
        del table[str(key)]
        name = thing.get("title") or thing.get("name")
        result = {"id": thing["id"], "object": kind, "deleted": True}
        return Change(result, kind, thing["id"], f"Deleted {name}")


def _fields(tool_input: Json, *without: str) -> Json:
    return {k: v for k, v in tool_input.items() if k not in (*without, *_OWN_KEYS)}
