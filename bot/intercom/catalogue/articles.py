"""The help center: its articles and their collections."""

from bot.intercom.catalogue.areas import ARTICLES
from bot.intercom.catalogue.common import CANNOT_BE_UNDONE, PAGE, PER_PAGE, listed
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

READERS_SEE = "Everybody who reads your help center sees this at once."
STATE = Field(
    path="state",
    label="State",
    kind="choice",
    choices={"published": "published", "draft": "draft"},
    editable=True,
)
AUTHOR = Field(path="author_id", label="Author", kind="object_id", names="admin", told="signature")
DESCRIPTION = Field(path="description", label="Description", kind="long_text", editable=True)
ARTICLE = Field(
    path="article_id", label="Article", kind="object_id", names="article", told="headline"
)
COLLECTION = Field(
    path="collection_id",
    label="Collection",
    kind="object_id",
    names="help_center_collection",
    told="headline",
)


def _is_published(given: Input, stored: Stored | None) -> bool:
    """Without `state` "an edit to a published article goes live immediately", Intercom's
    description says; whether it is published only the stored article tells."""
    if "state" in given:
        return is_not("state", "draft")(given, stored)
    return not shows("state", "draft")(given, stored)


def _is_taken_down(given: Input, stored: Stored | None) -> bool:
    return is_("state", "draft")(given, stored) and not shows("state", "draft")(given, stored)


TOOLS = (
    Tool(
        name="list_articles",
        area=ARTICLES,
        effect="read",
        title="List articles",
        outcome=listed("article"),
        fields=(PAGE, PER_PAGE),
    ),
    Tool(
        name="search_articles",
        area=ARTICLES,
        effect="read",
        title="Search help articles: {phrase}",
        outcome=listed("article", "", "data", "articles"),
        fields=(
            Field(path="phrase", label="Words"),
            Field(
                path="state",
                label="State",
                kind="choice",
                choices={"published": "published", "draft": "draft", "all": "all"},
            ),
            Field(
                path="help_center_id",
                label="Help center",
                kind="object_id",
                names="help_center",
            ),
            Field(path="highlight", label="Matches marked", kind="flag"),
        ),
        loaded=True,
    ),
    Tool(
        name="retrieve_article",
        area=ARTICLES,
        effect="read",
        title="Read an article",
        outcome=Named(("title",), "Found"),
        fields=(ARTICLE,),
    ),
    Tool(
        name="create_article",
        area=ARTICLES,
        effect="write",
        title="Create an article: {title}",
        headline="Create the article {title}",
        fields=(
            Field(path="title", label="Title", told="headline", editable=True, required=True),
            DESCRIPTION,
            Field(path="body", label="Text", kind="article_html", told="text", editable=True),
            STATE,
            Field(
                path="parent_id",
                label="Collection",
                kind="object_id",
                names="help_center_collection",
                editable=True,
            ),
            Field(
                path="parent_type",
                label="Goes into a",
                kind="choice",
                choices={"collection": "collection", "section": "section"},
            ),
            AUTHOR,
        ),
        # Without `state` it is a draft.
        rules=(Rule("destructive", READERS_SEE, is_not("state", "draft")),),
        author=("author_id",),
        verification=verified.created_article,
    ),
    Tool(
        name="update_article",
        area=ARTICLES,
        effect="write",
        title="Update an article: {title}",
        headline="Change the article {article_id}",
        fields=(
            ARTICLE,
            Field(path="title", label="Title", editable=True, required=True),
            DESCRIPTION,
            Field(path="body", label="Text", kind="article_html", told="text", editable=True),
            STATE,
            AUTHOR,
        ),
        rules=(
            Rule("destructive", READERS_SEE, _is_published),
            Rule(
                "destructive",
                "Readers of your help center no longer find this article.",
                _is_taken_down,
            ),
        ),
        author=("author_id",),
        changes="article_id",
        verification=verified.updated_article,
    ),
    Tool(
        name="delete_article",
        area=ARTICLES,
        effect="destructive",
        title="Delete an article",
        headline="Delete the article {article_id}",
        fields=(ARTICLE,),
        rules=(
            Rule(
                "destructive",
                f"Readers of your help center no longer find it. {CANNOT_BE_UNDONE}",
            ),
        ),
        verification=verified.deleted_article,
    ),
    Tool(
        name="list_help_centers",
        area=ARTICLES,
        effect="read",
        title="List help centers",
        outcome=listed("help center"),
    ),
    Tool(
        name="retrieve_help_center",
        area=ARTICLES,
        effect="read",
        title="Look up a help center",
        outcome=Named(("display_name", "identifier"), "Found"),
        fields=(
            Field(
                path="help_center_id",
                label="Help center",
                kind="object_id",
                names="help_center",
                told="headline",
            ),
        ),
    ),
    Tool(
        name="list_help_center_collections",
        area=ARTICLES,
        effect="read",
        title="List help center collections",
        outcome=listed("collection"),
    ),
    Tool(
        name="retrieve_help_center_collection",
        area=ARTICLES,
        effect="read",
        title="Look up a help center collection",
        outcome=Named(("name",), "Found"),
        fields=(COLLECTION,),
    ),
    # Collections have no drafts: a help center shows them as they are.
    Tool(
        name="create_help_center_collection",
        area=ARTICLES,
        effect="destructive",
        title="Create a help center collection: {name}",
        headline="Create the collection {name} in your help center",
        fields=(
            Field(path="name", label="Name", told="headline", editable=True, required=True),
            DESCRIPTION,
            Field(
                path="parent_id",
                label="Goes into",
                kind="object_id",
                names="help_center_collection",
                editable=True,
            ),
            Field(
                path="help_center_id",
                label="Help center",
                kind="object_id",
                names="help_center",
            ),
        ),
        rules=(Rule("destructive", READERS_SEE),),
        verification=verified.created_collection,
    ),
    Tool(
        name="update_help_center_collection",
        area=ARTICLES,
        effect="destructive",
        title="Update a help center collection: {name}",
        headline="Change the collection {collection_id} in your help center",
        fields=(COLLECTION, Field(path="name", label="Name", editable=True), DESCRIPTION),
        rules=(Rule("destructive", READERS_SEE),),
        changes="collection_id",
        verification=verified.updated_collection,
    ),
    Tool(
        name="delete_help_center_collection",
        area=ARTICLES,
        effect="destructive",
        title="Delete a help center collection",
        headline="Delete the collection {collection_id} from your help center",
        fields=(COLLECTION,),
        rules=(
            Rule(
                "destructive",
                f"Its articles stay, outside of any collection. {CANNOT_BE_UNDONE}",
            ),
        ),
        verification=verified.deleted_collection,
    ),
)
