"""The help center: articles, and the collections they are in."""

import re

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import by_number
from bot.sandbox.intercom.text import plaintext
from bot.sandbox.intercom.workspace import WORKSPACE_ID, Json, Workspace, bad, found

URL = "https://help.northwind.example/en"


def _article(call: Call, given: Json) -> Json:
    return found(call.workspace.articles, given["article_id"], "Resource Not Found")


def _collection(call: Call, key: object) -> Json:
    return found(call.workspace.collections, key, "Resource Not Found")


def _item(one: Json) -> Json:
    return {key: value for key, value in one.items() if key != "statistics"}


def _latest(call: Call) -> list[Json]:
    return sorted(call.workspace.articles.values(), key=lambda one: -int(one["updated_at"]))


@tool
def list_articles(call: Call, given: Json) -> Json:
    return by_number([_item(one) for one in _latest(call)], given, 25, "/articles")


@tool
def retrieve_article(call: Call, given: Json) -> Json:
    return _article(call, given)


@tool
def search_articles(call: Call, given: Json) -> Json:
    wanted = re.findall(r"\w+", given.get("phrase", "").casefold())
    state = given.get("state", "all")
    helped = given.get("help_center_id")
    ranked = []
    for one in _latest(call):
        title = one["title"].casefold()
        everything = f"{title} {one['description'] or ''} {plaintext(one['body'])}".casefold()
        shelf = call.workspace.collections.get(str(one["parent_id"]))
        if (
            all(word in everything for word in wanted)
            and state in ("all", one["state"])
            and (helped is None or (shelf and shelf["help_center_id"] == helped))
        ):
            ranked.append((-sum(word in title for word in wanted), one))
    ranked.sort(key=lambda pair: pair[0])
    page = by_number([one for _, one in ranked], {}, 10, "/articles/search")
    articles = page.pop("data")
    marks = [_marked(one, wanted) for one in articles] if given.get("highlight") else []
    return {**page, "data": {"articles": articles, "highlights": marks}}


def _marked(one: Json, wanted: list[str]) -> Json:
    def pieces(text: str) -> list[Json]:
        if not wanted:
            return [{"type": "plain", "text": text}]
        split = re.split("(" + "|".join(map(re.escape, wanted)) + ")", text, flags=re.IGNORECASE)
        return [
            {"type": "highlight" if piece.casefold() in wanted else "plain", "text": piece}
            for piece in split
            if piece
        ]

    return {
        "article_id": one["id"],
        "highlighted_title": pieces(one["title"]),
        "highlighted_summary": [pieces((plaintext(one["body"]) or "")[:160])],
    }


@tool
def create_article(call: Call, given: Json) -> Json:
    call.author(given, "author_id")
    if not given["title"].strip():
        raise bad("title is required", "parameter_not_found")
    if given.get("parent_id") is not None:
        _collection(call, given["parent_id"])
    new = new_article(call.workspace, given, call.now)
    verb = "Published" if new["state"] == "published" else "Drafted"
    call.changed("article", new["id"], f"{verb} the article {new['title']}")
    return new


@tool
def update_article(call: Call, given: Json) -> Json:
    one = _article(call, given)
    if "author_id" in given:
        call.author(given, "author_id")
    before = one["state"]
    for key in ("title", "description", "body", "author_id", "state"):
        if key in given:
            one[key] = given[key]
    one["url"] = _url(one)
    one["updated_at"] = call.now
    verbs = {("draft", "published"): "Published", ("published", "draft"): "Took back to draft"}
    verb = verbs.get((before, one["state"]), "Updated")
    call.changed("article", one["id"], f"{verb} the article {one['title']}")
    return one


@tool
def delete_article(call: Call, given: Json) -> Json:
    one = _article(call, given)
    del call.workspace.articles[one["id"]]
    call.changed("article", one["id"], f"Deleted the article {one['title']}")
    return {"id": one["id"], "object": "article", "deleted": True}


def new_article(workspace: Workspace, given: Json, at: int) -> Json:
    parent = given.get("parent_id")
    new: Json = {
        "type": "article",
        "id": workspace.new_id("article", 9_410_001),
        "workspace_id": WORKSPACE_ID,
        "title": given["title"],
        "description": given.get("description", ""),
        "body": given.get("body", ""),
        "author_id": int(given["author_id"]),
        "state": given.get("state", "draft"),
        "created_at": at,
        "updated_at": at,
        "url": None,
        "parent_id": parent,
        "parent_ids": [parent] if parent is not None else [],
        "parent_type": given.get("parent_type", "collection") if parent is not None else None,
        "default_locale": "en",
        "translated_content": None,
        "tags": {"type": "tag.list", "tags": []},
        "statistics": {
            "type": "article_statistics",
            "views": 0,
            "conversions": 0,
            "reactions": 0,
            "happy_reaction_percentage": 0,
            "neutral_reaction_percentage": 0,
            "sad_reaction_percentage": 0,
        },
    }
    new["url"] = _url(new)
    workspace.articles[new["id"]] = new
    return new


def _url(one: Json) -> str | None:
    slug = "-".join(re.findall(r"\w+", one["title"].lower()))
    return f"{URL}/articles/{one['id']}-{slug}" if one["state"] == "published" else None


@tool
def list_help_centers(call: Call, given: Json) -> Json:
    return {"type": "list", "data": list(call.workspace.help_centers.values())}


@tool
def retrieve_help_center(call: Call, given: Json) -> Json:
    return found(call.workspace.help_centers, given["help_center_id"], "Resource Not Found")


@tool
def list_help_center_collections(call: Call, given: Json) -> Json:
    shelves = sorted(call.workspace.collections.values(), key=lambda one: int(one["order"]))
    return by_number(shelves, {}, 50, "/help_center/collections")


@tool
def retrieve_help_center_collection(call: Call, given: Json) -> Json:
    return _collection(call, given["collection_id"])


@tool
def create_help_center_collection(call: Call, given: Json) -> Json:
    if not given["name"].strip():
        raise bad("Name is a required parameter.", "parameter_not_found")
    if given.get("parent_id"):
        _collection(call, given["parent_id"])
    centers = call.workspace.help_centers
    center = given.get("help_center_id", next(iter(centers)))
    found(centers, center, "Resource Not Found")
    new = new_collection(call.workspace, {**given, "help_center_id": int(center)}, call.now)
    call.changed("collection", new["id"], f"Created the collection {new['name']}")
    return new


@tool
def update_help_center_collection(call: Call, given: Json) -> Json:
    one = _collection(call, given["collection_id"])
    for key in ("name", "description"):
        if key in given:
            one[key] = given[key]
    one["updated_at"] = call.now
    call.changed("collection", one["id"], f"Updated the collection {one['name']}")
    return one


@tool
def delete_help_center_collection(call: Call, given: Json) -> Json:
    one = _collection(call, given["collection_id"])
    del call.workspace.collections[one["id"]]
    for article in call.workspace.articles.values():
        if article["parent_id"] == int(one["id"]):
            article.update(parent_id=None, parent_ids=[], parent_type=None)
    call.changed("collection", one["id"], f"Deleted the collection {one['name']}")
    return {"id": one["id"], "object": "collection", "deleted": True}


def new_collection(workspace: Workspace, given: Json, at: int) -> Json:
    new: Json = {
        "type": "collection",
        "id": workspace.new_id("collection", 3_140_001),
        "workspace_id": WORKSPACE_ID,
        "name": given["name"],
        "description": given.get("description"),
        "created_at": at,
        "updated_at": at,
        "url": None,
        "icon": "book-bookmark",
        "order": len(workspace.collections) + 1,
        "default_locale": "en",
        "translated_content": None,
        "parent_id": given.get("parent_id"),
        "help_center_id": given["help_center_id"],
    }
    new["url"] = f"{URL}/collections/{new['id']}"
    workspace.collections[new["id"]] = new
    return new
