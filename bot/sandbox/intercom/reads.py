"""The tools that only look."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.intercom.search import matcher
from bot.sandbox.intercom.workspace import (
    Table,
    Workspace,
    cursor_page,
    find,
    listed,
    numbered_page,
)
from bot.sandbox.provider import ProviderError

Json = dict[str, Any]
Read = Callable[[Json, str], Json]

_TAG = re.compile(r"<[^>]+>")


def plaintext(body: str | None) -> str | None:
    if body is None:
        return None
    text = _TAG.sub(" ", body).strip()
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _retrieve(table: Table, field: str, kind: str) -> Read:
    return lambda tool_input, admin_id: find(table, tool_input[field], kind)


class Reads:
    def __init__(self, workspace: Workspace, workspace_name: str, region: str) -> None:
        self._w = workspace
        self._app = {"type": "app", "id_code": "nw1", "name": workspace_name, "region": region}

    def tools(self) -> dict[str, Read]:
        w = self._w
        simple: dict[str, tuple[Table, str, str]] = {
            "retrieve_admin": (w.admins, "admin_id", "Admin"),
            "retrieve_article": (w.articles, "article_id", "Article"),
            "retrieve_company": (w.companies, "company_id", "Company"),
            "retrieve_help_center": (w.help_centers, "help_center_id", "Help center"),
            "retrieve_help_center_collection": (w.collections, "collection_id", "Collection"),
            "retrieve_news_item": (w.news_items, "news_item_id", "News item"),
            "retrieve_newsfeed": (w.newsfeeds, "newsfeed_id", "Newsfeed"),
            "retrieve_note": (w.notes, "note_id", "Note"),
            "retrieve_segment": (w.segments, "segment_id", "Segment"),
            "retrieve_tag": (w.tags, "tag_id", "Tag"),
            "retrieve_team": (w.teams, "team_id", "Team"),
            "retrieve_ticket": (w.tickets, "ticket_id", "Ticket"),
            "retrieve_ticket_type": (w.ticket_types, "ticket_type_id", "Ticket type"),
            "retrieve_visitor": (w.visitors, "user_id", "Visitor"),
            "retrieve_contact": (w.contacts, "contact_id", "User"),
        }
        tools: dict[str, Read] = {
            name: _retrieve(table, field, kind) for name, (table, field, kind) in simple.items()
        }
        tools |= {
            "identify_admin": lambda i, a: {
                **find(w.admins, a, "Admin"),
                "email_verified": True,
                "app": self._app,
            },
            "list_admins": lambda i, a: {"type": "admin.list", "admins": list(w.admins.values())},
            "list_teams": lambda i, a: {"type": "team.list", "teams": list(w.teams.values())},
            "list_tags": lambda i, a: listed("list", w.tags.values()),
            "list_segments": lambda i, a: {
                "type": "segment.list",
                "segments": list(w.segments.values()),
            },
            "list_ticket_types": lambda i, a: listed("list", w.ticket_types.values()),
            "list_subscription_types": lambda i, a: listed("list", w.subscription_types.values()),
            "list_help_centers": lambda i, a: listed("list", w.help_centers.values()),
            "list_help_center_collections": lambda i, a: listed("list", w.collections.values()),
            "list_news_items": lambda i, a: listed("list", w.news_items.values()),
            "list_newsfeeds": lambda i, a: listed("list", w.newsfeeds.values()),
            "list_newsfeed_items": self._newsfeed_items,
            "list_articles": lambda i, a: numbered_page("list", list(w.articles.values()), i, 25),
            "list_companies": self._companies,
            "list_company_contacts": self._company_contacts,
            "list_company_segments": lambda i, a: listed(
                "list", find(w.companies, i["company_id"], "Company")["segments"]["segments"]
            ),
            "list_contact_companies": self._contact_companies,
            "list_contact_notes": self._contact_notes,
            "list_contact_segments": lambda i, a: listed(
                "list", list(w.segments.values())[:1] if self._contact(i) else []
            ),
            "list_contact_subscriptions": lambda i, a: listed(
                "list",
                [w.subscription_types[s] for s in self._contact(i)["subscriptions"]],
            ),
            "list_contacts": lambda i, a: cursor_page("list", self._visible_contacts(), i, 50),
            "list_conversations": lambda i, a: cursor_page(
                "conversation.list",
                [self._summary(c) for c in self._by_update(w.conversations)],
                i,
                20,
                "conversations",
            ),
            "list_data_attributes": self._data_attributes,
            "list_data_events": self._data_events,
            "list_activity_logs": self._activity_logs,
            "retrieve_conversation": self._conversation,
            "search_articles": self._search_articles,
            "search_contacts": self._search_contacts,
            "search_conversations": self._search_conversations,
            "search_tickets": self._search_tickets,
        }
        return tools

    def _contact(self, tool_input: Json) -> Json:
        return find(self._w.contacts, tool_input["contact_id"], "User")

    def _visible_contacts(self) -> list[Json]:
        return [c for c in self._w.contacts.values() if not c["archived"]]

    @staticmethod
    def _by_update(table: Table) -> list[Json]:
        return sorted(table.values(), key=lambda c: (-c["updated_at"], c["id"]))

    @staticmethod
    def _summary(conversation: Json) -> Json:
        return {k: v for k, v in conversation.items() if k != "conversation_parts"}

    def _companies(self, tool_input: Json, admin_id: str) -> Json:
        found = list(self._w.companies.values())
        for field in ("name", "company_id"):
            if field in tool_input:
                found = [c for c in found if c[field] == tool_input[field]]
        return numbered_page("list", found, tool_input, 15)

    def _company_contacts(self, tool_input: Json, admin_id: str) -> Json:
        company = find(self._w.companies, tool_input["company_id"], "Company")
        return listed(
            "list",
            [
                c
                for c in self._visible_contacts()
                if company["id"] in {one["id"] for one in c["companies"]["data"]}
            ],
        )

    def _contact_companies(self, tool_input: Json, admin_id: str) -> Json:
        ids = [one["id"] for one in self._contact(tool_input)["companies"]["data"]]
        return listed("list", [self._w.companies[key] for key in ids])

    def _contact_notes(self, tool_input: Json, admin_id: str) -> Json:
        contact = self._contact(tool_input)
        notes = [n for n in self._w.notes.values() if n["contact"]["id"] == contact["id"]]
        return numbered_page("list", notes, tool_input, 10)

    def _newsfeed_items(self, tool_input: Json, admin_id: str) -> Json:
        feed = find(self._w.newsfeeds, tool_input["newsfeed_id"], "Newsfeed")
        return listed(
            "list",
            [
                item
                for item in self._w.news_items.values()
                if any(str(n["newsfeed_id"]) == feed["id"] for n in item["newsfeed_assignments"])
            ],
        )

    def _data_attributes(self, tool_input: Json, admin_id: str) -> Json:
        model, archived = tool_input.get("model"), tool_input.get("include_archived", False)
        return listed(
            "list",
            [
                d
                for d in self._w.data_attributes.values()
                if (model is None or d["model"] == model) and (archived or not d["archived"])
            ],
        )

    def _data_events(self, tool_input: Json, admin_id: str) -> Json:
        wanted = {tool_input.get("user_id"), tool_input.get("intercom_user_id")} - {None}
        if not wanted:
            raise ProviderError(400, "parameter_not_found", "name a user_id or intercom_user_id")
        events = [e for e in self._w.data_events if wanted & {e["user_id"], e["intercom_user_id"]}]
        return {"type": "event.list", "events": events}

    def _activity_logs(self, tool_input: Json, admin_id: str) -> Json:
        try:
            after = int(tool_input["created_at_after"])
            before = int(tool_input.get("created_at_before", 2**40))
        except ValueError as error:
            raise ProviderError(400, "parameter_invalid", "dates are Unix timestamps") from error
        logs = [e for e in self._w.activity_logs if after < e["created_at"] < before]
        return {"type": "activity_log.list", "activity_logs": logs}

    def _conversation(self, tool_input: Json, admin_id: str) -> Json:
        found = find(self._w.conversations, tool_input["conversation_id"], "Conversation")
        if tool_input.get("display_as") != "plaintext":
            return found
        parts = found["conversation_parts"]
        plain = [{**p, "body": plaintext(p["body"])} for p in parts["conversation_parts"]]
        source = {**found["source"], "body": plaintext(found["source"]["body"])}
        return {
            **found,
            "source": source,
            "conversation_parts": {**parts, "conversation_parts": plain},
        }

    def _search_articles(self, tool_input: Json, admin_id: str) -> Json:
        words = str(tool_input.get("phrase", "")).lower().split()
        state = tool_input.get("state", "all")
        found = [
            article
            for article in self._w.articles.values()
            if state in ("all", article["state"])
            and any(w in f"{article['title']} {article['body']}".lower() for w in words)
        ]
        return {
            "type": "list",
            "total_count": len(found),
            "data": {"articles": found, "highlights": []},
            "pages": {"type": "pages", "page": 1, "per_page": 25, "total_pages": 1},
        }

    def _search_contacts(self, tool_input: Json, admin_id: str) -> Json:
        test = matcher(tool_input["query"], dates_by_day=True)
        found = [c for c in self._visible_contacts() if test(c)]
        return cursor_page("list", found, tool_input.get("pagination", {}), 50)

    def _search_conversations(self, tool_input: Json, admin_id: str) -> Json:
        test = matcher(tool_input["query"], dates_by_day=False)
        found = [self._summary(c) for c in self._by_update(self._w.conversations) if test(c)]
        paging = tool_input.get("pagination", {})
        return cursor_page("conversation.list", found, paging, 20, "conversations")

    def _search_tickets(self, tool_input: Json, admin_id: str) -> Json:
        test = matcher(tool_input["query"], dates_by_day=False)
        found = [
            {k: v for k, v in t.items() if k != "ticket_parts"}
            for t in self._by_update(self._w.tickets)
            if test(
                {**t, **{f"ticket_attribute.{k}": v for k, v in t["ticket_attributes"].items()}}
            )
        ]
        paging = tool_input.get("pagination", {})
        return cursor_page("ticket.list", found, paging, 20, "tickets")
