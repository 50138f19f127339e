"""News items and the feeds they appear in."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.pages import by_number
from bot.sandbox.intercom.workspace import WORKSPACE_ID, Json, Workspace, bad, found


def _item(call: Call, given: Json) -> Json:
    return found(call.workspace.news_items, given["news_item_id"], "Resource Not Found")


def _feed(call: Call, given: Json) -> Json:
    return found(call.workspace.newsfeeds, given["newsfeed_id"], "Resource Not Found")


@tool
def list_news_items(call: Call, given: Json) -> Json:
    items = sorted(call.workspace.news_items.values(), key=lambda one: -int(one["created_at"]))
    return by_number(items, {}, 50, "/news/news_items")


@tool
def retrieve_news_item(call: Call, given: Json) -> Json:
    return _item(call, given)


@tool
def create_news_item(call: Call, given: Json) -> Json:
    call.author(given, "sender_id")
    if not given["title"].strip():
        raise bad("title is required", "parameter_not_found")
    new = new_news_item(call.workspace, given, call.now)
    verb = "Published" if new["state"] == "live" else "Drafted"
    call.changed("news_item", new["id"], f"{verb} the news {new['title']}")
    return new


@tool
def update_news_item(call: Call, given: Json) -> Json:
    one = _item(call, given)
    if "sender_id" in given:
        call.author(given, "sender_id")
    for key in ("title", "body", "sender_id", "state", "labels", "deliver_silently"):
        if key in given:
            one[key] = given[key]
    _publish(call.workspace, one, call.now)
    one["updated_at"] = call.now
    call.changed("news_item", one["id"], f"Updated the news {one['title']}")
    return one


@tool
def delete_news_item(call: Call, given: Json) -> Json:
    one = _item(call, given)
    del call.workspace.news_items[one["id"]]
    call.changed("news_item", one["id"], f"Deleted the news {one['title']}")
    return {"id": one["id"], "object": "news-item", "deleted": True}


@tool
def list_newsfeeds(call: Call, given: Json) -> Json:
    return by_number(list(call.workspace.newsfeeds.values()), {}, 20, "/news/newsfeeds")


@tool
def retrieve_newsfeed(call: Call, given: Json) -> Json:
    return _feed(call, given)


@tool
def list_newsfeed_items(call: Call, given: Json) -> Json:
    feed = _feed(call, given)
    items = [
        one
        for one in call.workspace.news_items.values()
        if one["state"] == "live"
        and any(to["newsfeed_id"] == int(feed["id"]) for to in one["newsfeed_assignments"])
    ]
    return by_number(items, {}, 20, f"/news/newsfeeds/{feed['id']}/items")


def new_news_item(workspace: Workspace, given: Json, at: int) -> Json:
    new: Json = {
        "type": "news-item",
        "id": workspace.new_id("news_item", 29_001),
        "workspace_id": WORKSPACE_ID,
        "title": given["title"],
        "body": given.get("body", ""),
        "sender_id": int(given["sender_id"]),
        "state": given.get("state", "draft"),
        "newsfeed_assignments": [],
        "labels": given.get("labels", []),
        "cover_image_url": None,
        "reactions": ["👍", "❤️", None, None],
        "deliver_silently": given.get("deliver_silently", False),
        "created_at": at,
        "updated_at": at,
    }
    _publish(workspace, new, at)
    workspace.news_items[new["id"]] = new
    return new


def _publish(workspace: Workspace, one: Json, at: int) -> None:
    if one["state"] == "live" and not one["newsfeed_assignments"]:
        feed = int(next(iter(workspace.newsfeeds)))
        one["newsfeed_assignments"] = [{"newsfeed_id": feed, "published_at": at}]
