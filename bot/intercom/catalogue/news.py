"""News for customers, and the newsfeeds that carry it."""

from bot.intercom.catalogue.areas import NEWS
from bot.intercom.catalogue.common import CANNOT_BE_UNDONE, listed
from bot.intercom.catalogue.declaration import (
    Field,
    Input,
    Named,
    Rule,
    Stored,
    Tool,
    is_,
    is_not,
    shows,
)
from bot.intercom.verification import content as verified

CUSTOMERS_SEE = "Customers see this in your news at once."
ITEM = Field(
    path="news_item_id", label="News item", kind="object_id", names="news_item", told="headline"
)
FEED = Field(
    path="newsfeed_id", label="Newsfeed", kind="object_id", names="newsfeed", told="headline"
)
TEXT = (
    Field(path="body", label="Text", kind="article_html", told="text", editable=True),
    Field(path="labels", label="Labels", kind="list", editable=True),
    Field(
        path="state",
        label="State",
        kind="choice",
        choices={"draft": "draft", "live": "live"},
        editable=True,
    ),
    Field(path="deliver_silently", label="Without a notification", kind="flag"),
    Field(path="sender_id", label="Sender", kind="object_id", names="admin", told="signature"),
)


def _is_live(given: Input, stored: Stored | None) -> bool:
    """Without `state` a live item stays live, with what is changed in it."""
    if "state" in given:
        return is_not("state", "draft")(given, stored)
    return not shows("state", "draft")(given, stored)


def _is_taken_down(given: Input, stored: Stored | None) -> bool:
    return is_("state", "draft")(given, stored) and not shows("state", "draft")(given, stored)


TOOLS = (
    Tool(
        name="list_news_items",
        area=NEWS,
        effect="read",
        title="List news items",
        outcome=listed("news item"),
    ),
    Tool(
        name="retrieve_news_item",
        area=NEWS,
        effect="read",
        title="Read a news item",
        outcome=Named(("title",), "Found"),
        fields=(ITEM,),
    ),
    Tool(
        name="list_newsfeeds",
        area=NEWS,
        effect="read",
        title="List newsfeeds",
        outcome=listed("newsfeed"),
    ),
    Tool(
        name="retrieve_newsfeed",
        area=NEWS,
        effect="read",
        title="Look up a newsfeed",
        outcome=Named(("name",), "Found"),
        fields=(FEED,),
    ),
    Tool(
        name="list_newsfeed_items",
        area=NEWS,
        effect="read",
        title="List a newsfeed's items",
        outcome=listed("news item"),
        fields=(FEED,),
    ),
    Tool(
        name="create_news_item",
        area=NEWS,
        effect="write",
        title="Create a news item: {title}",
        headline="Create the news item {title}",
        fields=(
            Field(path="title", label="Title", told="headline", editable=True, required=True),
            *TEXT,
        ),
        # Without `state` it is a draft.
        rules=(Rule("destructive", CUSTOMERS_SEE, is_not("state", "draft")),),
        author=("sender_id",),
        verification=verified.created_news,
    ),
    Tool(
        name="update_news_item",
        area=NEWS,
        effect="write",
        title="Update a news item: {title}",
        headline="Change the news item {news_item_id}",
        fields=(ITEM, Field(path="title", label="Title", editable=True, required=True), *TEXT),
        rules=(
            Rule("destructive", CUSTOMERS_SEE, _is_live),
            Rule("destructive", "Customers no longer see this in your news.", _is_taken_down),
        ),
        author=("sender_id",),
        changes="news_item_id",
        verification=verified.updated_news,
    ),
    Tool(
        name="delete_news_item",
        area=NEWS,
        effect="destructive",
        title="Delete a news item",
        headline="Delete the news item {news_item_id}",
        fields=(ITEM,),
        rules=(
            Rule(
                "destructive",
                f"Customers no longer see it in your news. {CANNOT_BE_UNDONE}",
            ),
        ),
        verification=verified.deleted_news,
    ),
)
