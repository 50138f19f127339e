"""What an id names: how each kind of object is looked up, and by which words people know it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.intercom.catalogue.declaration import Field, Input, ObjectKind
from bot.intercom.html import text_of
from bot.intercom.plain import plain
from bot.intercom.verification.verdict import item, within

Found = Mapping[str, Any]

NAME, APART, TITLE = 60, 80, 80
"""Characters of a name, of what tells it from others like it, and of a title before that. Together
they are shorter than what a headline shows of an object."""


class Lookup(NamedTuple):
    """The read that gives an object which a value names, and where in its answer it is."""

    tool_name: str
    """Scalekit's, with `intercom_`."""
    tool_input: dict[str, Any]
    one: Callable[[Found], Found | None]
    """The object, out of the answer; None if it is not in there, or not the only one."""


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
    name, email = _before_parentheses(found.get("name")), _text(found.get("email"))
    company = _first_company(found)
    phone, external_id = _text(found.get("phone")), _text(found.get("external_id"))
    apart = plain(email or company or phone or external_id or f"id {found.get('id')}", APART)
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
    title = _text(found.get("title"), TITLE)
    if title:
        return f"“{title}” with {who}" if who else f"“{title}”"
    return f"the conversation with {who}" if who else ""


def _ticket(found: Found) -> str:
    attributes = found.get("ticket_attributes")
    title = (
        _text(attributes.get("_default_title_"), TITLE) if isinstance(attributes, Mapping) else ""
    )
    number = _text(found.get("ticket_id"))
    if not title:
        return f"ticket #{number}" if number else ""
    return f"the ticket “{title}” (#{number})" if number else f"the ticket “{title}”"


def _company(found: Found) -> str:
    name, key = _before_parentheses(found.get("name")), _text(found.get("company_id"), APART)
    return f"{name} ({key})" if name and key else name or key


def _named(found: Found) -> str:
    return _text(found.get("name")) or _text(found.get("title")) or _text(found.get("email"))


def _quoted(found: Found) -> str:
    title = _named(found)
    return f"“{title}”" if title else ""


def _subscription(found: Found) -> str:
    return _text(within(found, "default_translation", "name")) or _named(found)


def _help_center(found: Found) -> str:
    return _text(found.get("display_name")) or _text(found.get("identifier"))


def _visitor(found: Found) -> str:
    return _person(found) if found.get("email") else _text(found.get("pseudonym"))


def _part(found: Found) -> str:
    """A message or note, by who wrote it and how it begins."""
    words, who = _text(text_of(str(found.get("body") or ""))), within(found, "author", "name")
    begins = f"“{words[:80]}…”" if len(words) > 80 else f"“{words}”" if words else ""
    return " by ".join(part for part in (begins, _text(who)) if part)


_NO_QUOTES = str.maketrans({"“": '"', "”": '"'})
"""What stands in “…” here cannot end its own quotes."""
_NO_PARENTHESES = str.maketrans("()", "[]")
"""What stands in parentheses after a name is what we say of it, not a part of the name."""


def _text(value: object, limit: int | None = None) -> str:
    return plain(str(value), limit).translate(_NO_QUOTES) if isinstance(value, str | int) else ""


def _before_parentheses(name: object) -> str:
    """A name to which something is added that tells it apart. However long a customer's is, what
    is added is never cut off for it."""
    return _text(name, NAME).translate(_NO_PARENTHESES)


OBJECTS: Mapping[ObjectKind, ObjectType] = {
    "admin": ObjectType("teammate", "retrieve_admin", "admin_id", _person),
    "article": ObjectType("article", "retrieve_article", "article_id", _quoted),
    "company": ObjectType("company", "retrieve_company", "company_id", _company),
    "contact": ObjectType("contact", "retrieve_contact", "contact_id", _person),
    "conversation": ObjectType(
        "conversation", "retrieve_conversation", "conversation_id", _conversation
    ),
    "conversation_part": ObjectType("message", "", "", _part),
    "data_attribute": ObjectType("attribute", "", "", _named),
    "help_center": ObjectType(
        "help center", "retrieve_help_center", "help_center_id", _help_center
    ),
    "help_center_collection": ObjectType(
        "collection", "retrieve_help_center_collection", "collection_id", _quoted
    ),
    "news_item": ObjectType("news item", "retrieve_news_item", "news_item_id", _quoted),
    "newsfeed": ObjectType("newsfeed", "retrieve_newsfeed", "newsfeed_id", _named),
    "note": ObjectType("note", "retrieve_note", "note_id", _part),
    "segment": ObjectType("segment", "retrieve_segment", "segment_id", _named),
    "subscription_type": ObjectType("subscription", "", "", _subscription),
    "tag": ObjectType("tag", "retrieve_tag", "tag_id", _quoted),
    "team": ObjectType("team", "retrieve_team", "team_id", _named),
    "ticket": ObjectType("ticket", "retrieve_ticket", "ticket_id", _ticket),
    "ticket_type": ObjectType("ticket type", "retrieve_ticket_type", "ticket_type_id", _quoted),
    "ticket_type_attribute": ObjectType("attribute", "", "", _named),
    "visitor": ObjectType("visitor", "retrieve_visitor", "user_id", _visitor),
}


def lookup(field: Field, value: object, given: Input) -> Lookup | None:
    """How the object that a field's value names is looked up.

    Args:
        field: The field; it `names` a kind of object.
        value: Its value.
        given: The whole input: some objects are only found through the one that has them.

    Returns:
        None where nothing can look it up: then its noun and the value have to do.
    """
    if field.names is None or not isinstance(value, str | int) or isinstance(value, bool):
        return None
    if field.kind in ("external_id", "email"):
        return _by_own_key(field, value)
    if field.names in _WITHIN:
        return _WITHIN[field.names](value, given)
    kind = OBJECTS[field.names]
    if not kind.retrieve or field.names == "visitor":
        return None  # Visitors are retrieved by the ID that their browser got, not by Intercom's.
    return Lookup(f"intercom_{kind.retrieve}", {kind.id_field: str(value)}, lambda found: found)


def _by_own_key(field: Field, value: object) -> Lookup | None:
    """By what the product of the workspace calls it, or by its e-mail address."""
    if field.names == "visitor" and field.kind == "external_id":
        return Lookup("intercom_retrieve_visitor", {"user_id": value}, lambda found: found)
    if field.names == "company" and field.kind == "external_id":
        return Lookup("intercom_list_companies", {"company_id": value}, lambda found: found)
    if field.names == "contact":
        key = "external_id" if field.kind == "external_id" else "email"
        query = {"field": key, "operator": "=", "value": value}
        return Lookup("intercom_search_contacts", {"query": query}, _only_one)
    return None


def _only_one(found: Found) -> Found | None:
    listed = found.get("data")
    if not isinstance(listed, list) or len(listed) != 1:
        return None
    return listed[0] if isinstance(listed[0], Mapping) else None


def _message(value: object, given: Input) -> Lookup:
    parts = ("conversation_parts", "conversation_parts")
    asked = {"conversation_id": given.get("conversation_id")}
    return Lookup("intercom_retrieve_conversation", asked, lambda found: item(found, parts, value))


def _ticket_type_attribute(value: object, given: Input) -> Lookup:
    attributes = ("ticket_type_attributes", "data")
    asked = {"ticket_type_id": given.get("ticket_type_id")}
    return Lookup(
        "intercom_retrieve_ticket_type", asked, lambda found: item(found, attributes, value)
    )


def _data_attribute(value: object, given: Input) -> Lookup:
    return Lookup(
        "intercom_list_data_attributes",
        {"include_archived": True},
        lambda found: item(found, ("data",), value),
    )


def _subscription_type(value: object, given: Input) -> Lookup:
    return Lookup(
        "intercom_list_subscription_types", {}, lambda found: item(found, ("data",), value)
    )


_WITHIN: Mapping[ObjectKind, Callable[[object, Input], Lookup]] = {
    "conversation_part": _message,
    "ticket_type_attribute": _ticket_type_attribute,
    "data_attribute": _data_attribute,
    "subscription_type": _subscription_type,
}
