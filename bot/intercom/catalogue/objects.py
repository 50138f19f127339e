"""What an id names: how each kind of object is looked up, and by which words people know it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.intercom.catalogue.declaration import ObjectKind

Found = Mapping[str, Any]


@dataclass(frozen=True)
class ObjectType:
    """One kind of object.

    Args:
        noun: What people call it.
        retrieve: The read that gives one, without `intercom_`; "" where there is none.
        id_field: That read's field for the id.
        name: Its answer in words that tell this object from others of the same name; "" if none.
    """

    noun: str
    retrieve: str
    id_field: str
    name: Callable[[Found], str]


def _person(found: Found) -> str:
    """A name alone does not tell two customers apart: with it stands what does."""
    name, email = _text(found.get("name")), _text(found.get("email"))
    company = _first_company(found)
    phone, external_id = _text(found.get("phone")), _text(found.get("external_id"))
    apart = email or company or phone or external_id or f"id {found.get('id')}"
    return f"{name} ({apart})" if name else apart


def _first_company(found: Found) -> str:
    companies = found.get("companies")
    listed = companies.get("data") if isinstance(companies, Mapping) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    return _text(first.get("name")) if isinstance(first, Mapping) else ""


def _conversation(found: Found) -> str:
    source = found.get("source")
    author = source.get("author") if isinstance(source, Mapping) else None
    who = _person({**author, "companies": None}) if isinstance(author, Mapping) else ""
    title = _text(found.get("title"))
    if title:
        return f"“{title}” with {who}" if who else f"“{title}”"
    return f"the conversation with {who}" if who else ""


def _ticket(found: Found) -> str:
    attributes = found.get("ticket_attributes")
    title = _text(attributes.get("_default_title_")) if isinstance(attributes, Mapping) else ""
    number = _text(found.get("ticket_id"))
    if not title:
        return f"ticket #{number}" if number else ""
    return f"the ticket “{title}” (#{number})" if number else f"the ticket “{title}”"


def _company(found: Found) -> str:
    name, key = _text(found.get("name")), _text(found.get("company_id"))
    return f"{name} ({key})" if name and key else name or key


def _named(found: Found) -> str:
    return _text(found.get("name")) or _text(found.get("title")) or _text(found.get("email"))


def _quoted(found: Found) -> str:
    title = _named(found)
    return f"“{title}”" if title else ""


def _text(value: object) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int) else ""


OBJECTS: Mapping[ObjectKind, ObjectType] = {
    "admin": ObjectType("teammate", "retrieve_admin", "admin_id", _person),
    "article": ObjectType("article", "retrieve_article", "article_id", _quoted),
    "company": ObjectType("company", "retrieve_company", "company_id", _company),
    "contact": ObjectType("contact", "retrieve_contact", "contact_id", _person),
    "conversation": ObjectType(
        "conversation", "retrieve_conversation", "conversation_id", _conversation
    ),
    "conversation_part": ObjectType("part of a conversation", "", "", _named),
    "data_attribute": ObjectType("attribute", "", "", _named),
    "help_center": ObjectType("help center", "retrieve_help_center", "help_center_id", _named),
    "help_center_collection": ObjectType(
        "collection", "retrieve_help_center_collection", "collection_id", _quoted
    ),
    "news_item": ObjectType("news item", "retrieve_news_item", "news_item_id", _quoted),
    "newsfeed": ObjectType("newsfeed", "retrieve_newsfeed", "newsfeed_id", _named),
    "note": ObjectType("note", "retrieve_note", "note_id", _named),
    "segment": ObjectType("segment", "retrieve_segment", "segment_id", _named),
    "subscription_type": ObjectType("subscription", "", "", _named),
    "tag": ObjectType("tag", "retrieve_tag", "tag_id", _quoted),
    "team": ObjectType("team", "retrieve_team", "team_id", _named),
    "ticket": ObjectType("ticket", "retrieve_ticket", "ticket_id", _ticket),
    "ticket_type": ObjectType("ticket type", "retrieve_ticket_type", "ticket_type_id", _quoted),
    "ticket_type_attribute": ObjectType("attribute", "", "", _named),
    "visitor": ObjectType("visitor", "retrieve_visitor", "user_id", _person),
}
