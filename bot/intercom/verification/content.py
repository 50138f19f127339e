"""What shows of the help center, of news and of tags."""

from typing import Any

from bot.intercom.verification.probe import (
    Probe,
    Verification,
    Write,
    gone,
    made_by,
    made_since,
    probe_with,
    retrieved,
    updated,
)
from bot.intercom.verification.verdict import (
    Found,
    Verdict,
    compared,
    same,
    seen,
)

LISTED = ("data",)
MANY = {"per_page": 150}


def _written(tool: str, asked: dict[str, Any], author: str) -> Verification:
    """Told by a thing of the write's title, author and time in a list."""

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(
            found,
            LISTED,
            lambda one: (
                made_by(write, one, one.get(author))
                and same(write.input.get("title"), one.get("title"))
            ),
        )

    return lambda write: probe_with(tool, asked, write, evaluate)


def created_collection(write: Write) -> Probe:
    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(
            found,
            LISTED,
            lambda one: (
                made_since(write, one)
                and same(write.input.get("name"), one.get("name"))
                and same(write.input.get("parent_id"), one.get("parent_id"))
            ),
        )

    return probe_with("list_help_center_collections", {}, write, evaluate)


def saved_tag(write: Write) -> Probe | None:
    """A tag of that name is all that is wanted; tags tell neither author nor time."""

    def has_name(write: Write, tag: Found) -> Verdict:
        return compared({"name": write.input.get("name")}, tag)

    if write.input.get("id"):
        return retrieved("tag", has_name, named_by="id")(write)
    name = str(write.input.get("name")).strip().casefold()

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(found, LISTED, lambda tag: str(tag.get("name")).casefold() == name)

    return probe_with("list_tags", {}, write, evaluate)


created_article = _written("list_articles", MANY, "author_id")
updated_article = updated("article")
deleted_article = gone("article")
updated_collection = updated("help_center_collection", key="collection_id")
deleted_collection = gone("help_center_collection", key="collection_id")
created_news = _written("list_news_items", {}, "sender_id")
updated_news = updated("news_item")
deleted_news = gone("news_item")
deleted_tag = gone("tag")
