"""Everything else that a workspace has: tags, segments, attributes, help center, news, events."""

import random

from bot.sandbox.intercom.seed.names import ARTICLES, NEWS
from bot.sandbox.intercom.seed.people import DIEGO, LENA
from bot.sandbox.intercom.tools.articles import new_article, new_collection
from bot.sandbox.intercom.tools.data import new_attribute, new_event
from bot.sandbox.intercom.tools.news import new_news_item
from bot.sandbox.intercom.tools.ticket_types import add_attribute, new_ticket_type
from bot.sandbox.intercom.workspace import WORKSPACE_ID, Json, Workspace, link

DAY = 86_400
TAGS = [
    "VIP",
    "Refund",
    "Double charge",
    "Login",
    "SSO",
    "Bug",
    "API",
    "Shipping",
    "Churn risk",
    "Onboarding",
    "Feature request",
    "Escalated",
]
TICKET_TYPES = (
    ("Bug report", "Customer", "Something in the product does not work."),
    ("Billing case", "Back-office", "Accounting has to look into it."),
    ("Incident", "Tracker", "One cause behind many conversations."),
)
ATTRIBUTES = (
    ("contact", "Job title", "string", True),
    ("contact", "Seats", "integer", True),
    ("contact", "email", "string", False),
    ("company", "Region", "string", True),
    ("company", "monthly_spend", "float", False),
    ("conversation", "Order number", "string", True),
)


def vocabulary(workspace: Workspace) -> None:
    """What conversations, contacts and tickets refer to."""
    at = workspace.now() - 400 * DAY
    for name in TAGS:
        key = workspace.new_id("tag", 7_800_001)
        workspace.tags[key] = {"type": "tag", "id": key, "name": name}
    for name in ("Active", "Slipping away", "New", "Leads", "Big accounts"):
        key = workspace.new_hex_id("segment", "66f25e91")
        workspace.segments[key] = {
            "type": "segment",
            "id": key,
            "name": name,
            "created_at": at,
            "updated_at": at,
            "person_type": "contact" if name == "Leads" else "user",
        }
    for model, name, data_type, custom in ATTRIBUTES:
        given = {"model": model, "name": name, "data_type": data_type, "custom": custom}
        new_attribute(workspace, given, at)
    severity = {"model": "conversation", "name": "Severity", "data_type": "list"}
    levels = [{"value": level} for level in ("low", "medium", "high")]
    new_attribute(workspace, {**severity, "options": levels}, at)
    for name, category, description in TICKET_TYPES:
        given = {"name": name, "category": category, "description": description}
        kind = new_ticket_type(workspace, given, at)
        if category == "Customer":
            seen = {"name": "Affected people", "data_type": "integer"}
            add_attribute(workspace, kind, seen | {"description": "How many it concerns"}, at)
    for name, consent in (
        ("Product news", "opt_out"),
        ("Billing notices", "opt_out"),
        ("Beta", "opt_in"),
    ):
        key = workspace.new_id("subscription_type", 91)
        translation = {"name": name, "description": f"{name} by e-mail", "locale": "en"}
        workspace.subscription_types[key] = {
            "type": "subscription",
            "id": key,
            "state": "live",
            "consent_type": consent,
            "default_translation": translation,
            "translations": [translation],
            "content_types": ["email"],
        }


def fill(workspace: Workspace, dice: random.Random) -> None:
    """What refers to teammates and contacts."""
    _help_center(workspace, dice)
    _news(workspace)
    now, people = workspace.now(), list(workspace.contacts.values())
    for person in people[:60]:
        for name in dice.sample(
            ("exported-csv", "invited-teammate", "changed-plan", "logged-in"), 2
        ):
            at = max(person["created_at"], now - dice.randint(600, 120 * DAY))
            new_event(workspace, person, {"event_name": name, "created_at": at})
    for person in people[::9]:
        author = workspace.admins[LENA]
        _note(
            workspace, person, author, "Prefers e-mail to calls.", now - dice.randint(1, 90) * DAY
        )
    for person in people[::25]:
        link(person, "tags", "tag", next(iter(workspace.tags)))
        workspace.subscriptions[person["id"]] = {
            next(iter(workspace.subscription_types)): "opt_out"
        }
    for number in range(4):
        _visitor(workspace, number, now - number * 3_600 - 600)
    for number, (key, kind, what) in enumerate(
        (
            (LENA, "admin_login_success", "logged in"),
            (DIEGO, "admin_away_mode_change", "went away"),
            (LENA, "office_hours_change", "changed the office hours"),
            (DIEGO, "app_team_membership_modification", "changed who is in the team Technical"),
        )
    ):
        admin = workspace.admins[key]
        workspace.activity_logs.append(
            {
                "id": workspace.new_id("activity_log", 5_200_001),
                "performed_by": {
                    "type": "admin",
                    "id": key,
                    "email": admin["email"],
                    "ip": "192.0.2.10",
                },
                "metadata": {},
                "created_at": now - (number * 2 + 1) * DAY,
                "activity_type": kind,
                "activity_description": f"{admin['name']} {what}",
            }
        )


def _help_center(workspace: Workspace, dice: random.Random) -> None:
    now = workspace.now()
    workspace.help_centers["1201"] = {
        "type": "help_center",
        "id": "1201",
        "workspace_id": WORKSPACE_ID,
        "created_at": now - 500 * DAY,
        "updated_at": now - 5 * DAY,
        "identifier": "northwind-help",
        "website_turned_on": True,
        "display_name": "Northwind Help",
        "url": "https://help.northwind.example",
        "custom_domain": "help.northwind.example",
    }
    shelves: dict[str, Json] = {}
    for name in ("Account", "Billing", "Data", "Developers"):
        given = {"name": name, "description": f"All about {name.lower()}", "help_center_id": 1201}
        shelves[name] = new_collection(workspace, given, now - 400 * DAY)
    for title, body, shelf, state in ARTICLES:
        at = now - dice.randint(3, 300) * DAY
        given = {
            "title": title,
            "description": body.partition(".")[0] + ".",
            "body": f"<p>{body}</p>",
            "author_id": LENA,
            "state": state,
            "parent_id": int(shelves[shelf]["id"]),
        }
        article = new_article(workspace, given, at)
        if state == "published":
            article["statistics"].update(
                views=dice.randint(40, 900), reactions=40, happy_reaction_percentage=72.5
            )


def _news(workspace: Workspace) -> None:
    now = workspace.now()
    workspace.newsfeeds["68"] = {
        "type": "newsfeed",
        "id": "68",
        "name": "What's new",
        "created_at": now - 300 * DAY,
        "updated_at": now - 20 * DAY,
    }
    for number, (title, body, state) in enumerate(NEWS):
        given = {"title": title, "body": body, "sender_id": LENA, "state": state}
        labels = {"labels": ["Product"]}
        new_news_item(workspace, given | labels, now - (number * 20 + 4) * DAY)


def _note(workspace: Workspace, person: Json, author: Json, body: str, at: int) -> None:
    key = workspace.new_id("note", 41_001)
    workspace.notes[key] = {
        "type": "note",
        "id": key,
        "created_at": at,
        "contact": {"type": "contact", "id": person["id"]},
        "author": author,
        "body": f"<p>{body}</p>",
    }
    link(person, "notes", "note", key)


def _visitor(workspace: Workspace, number: int, at: int) -> None:
    key = workspace.new_hex_id("visitor", "66f2b15d")
    workspace.visitors[key] = {
        "type": "visitor",
        "id": key,
        "user_id": f"3ecf64d0-9ed1-4e9f-88e1-da7d6e67{number:04}",
        "anonymous": True,
        "email": "",
        "phone": None,
        "name": None,
        "pseudonym": ("Teal Otter", "Amber Finch", "Violet Hare", "Olive Heron")[number],
        "avatar": {"type": "avatar", "image_url": None},
        "app_id": WORKSPACE_ID,
        "companies": {"type": "company.list", "companies": []},
        "location_data": {
            "type": "location_data",
            "city_name": "Lisbon",
            "country_name": "Portugal",
        },
        "created_at": at,
        "updated_at": at,
        "signed_up_at": at,
        "last_request_at": at,
        "session_count": 1,
        "owner_id": None,
        "unsubscribed_from_emails": False,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "custom_attributes": {},
        "referrer": "https://search.example/",
        "do_not_track": None,
    }
