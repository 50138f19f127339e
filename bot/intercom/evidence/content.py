"""What shows of the help center, of news and of tags."""

from typing import Any

from bot.intercom.evidence.look import (
    Evidence,
    Look,
    Write,
    gone,
    look_with,
    made_by,
    made_since,
    retrieved,
    updated,
)
from bot.intercom.evidence.sighting import (
    Found,
    Sighting,
    compared,
    same,
    seen,
)

LISTED = ("data",)
MANY = {"per_page": 150}


def _written(tool: str, asked: dict[str, Any], author: str) -> Evidence:
    """Told by a thing of the write's title, author and time in a list."""

    def tell(write: Write, found: Found) -> Sighting:
        return seen(
            found,
            LISTED,
            lambda one: (
                made_by(write, one, one.get(author))
                and same(write.input.get("title"), one.get("title"))
            ),
        )

    return lambda write: look_with(tool, asked, write, tell)


def _created_collection(write: Write) -> Look:
    def tell(write: Write, found: Found) -> Sighting:
        return seen(
            found,
            LISTED,
            lambda one: (
                made_since(write, one)
                and same(write.input.get("name"), one.get("name"))
                and same(write.input.get("parent_id"), one.get("parent_id"))
            ),
        )

    return look_with("list_help_center_collections", {}, write, tell)


def _saved_tag(write: Write) -> Look | None:
    """A tag of that name is all that is wanted; tags tell neither author nor time."""

    def has_name(write: Write, tag: Found) -> Sighting:
        return compared({"name": write.input.get("name")}, tag)

    if write.input.get("id"):
        return retrieved("tag", has_name, named_by="id")(write)
    name = str(write.input.get("name")).strip().casefold()

    def tell(write: Write, found: Found) -> Sighting:
        return seen(found, LISTED, lambda tag: str(tag.get("name")).casefold() == name)

    return look_with("list_tags", {}, write, tell)


EVIDENCE: dict[str, Evidence] = {
    "create_article": _written("list_articles", MANY, "author_id"),
    "update_article": updated("article"),
    "delete_article": gone("article"),
    "create_help_center_collection": _created_collection,
    "update_help_center_collection": updated("help_center_collection", key="collection_id"),
    "delete_help_center_collection": gone("help_center_collection", key="collection_id"),
    "create_news_item": _written("list_news_items", {}, "sender_id"),
    "update_news_item": updated("news_item"),
    "delete_news_item": gone("news_item"),
    "create_or_update_tag": _saved_tag,
    "delete_tag": gone("tag"),
}
