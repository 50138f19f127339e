import json
from importlib.resources import files
from typing import Any

import pytest

from bot.intercom.call_titles import outcome, title
from bot.intercom.links import call_link
from bot.intercom.policy import is_read

NO_HINTS: dict[str, bool | None] = {"read_only_hint": None, "destructive_hint": None}
QUERY = {
    "operator": "AND",
    "value": [
        {"field": "state", "operator": "=", "value": "open"},
        {"field": "created_at", "operator": ">", "value": 1700000000},
        {"field": "admin_assignee_id", "operator": "=", "value": 0},
    ],
}


@pytest.mark.parametrize(
    ("name", "tool_input", "expected"),
    [
        ("intercom_search_conversations", {"query": QUERY}, "Search conversations: open"),
        (
            "intercom_reply_to_conversation",
            {"conversation_id": "7", "message_type": "note"},
            "Add a note to conversation 7",
        ),
        (
            "intercom_manage_conversation",
            {"conversation_id": "7", "message_type": "snoozed"},
            "Snooze conversation 7",
        ),
        ("intercom_reticulate_splines", {}, "Reticulate splines"),
        ("intercom_search_articles", {"phrase": "export"}, "Search help articles: export"),
    ],
)
def test_calls_read_as_plain_words(name: str, tool_input: dict, expected: str) -> None:
    assert title(name, tool_input) == expected


@pytest.mark.parametrize(
    ("name", "result", "expected"),
    [
        ("search_conversations", {"conversations": [{}], "total_count": 12.0}, "12 conversations"),
        ("search_conversations", {"conversations": [], "total_count": 0}, "No conversations"),
        ("search_contacts", {"data": [{"type": "contact"}]}, "1 contact"),
        ("list_companies", {"data": [{"type": "company"}] * 2}, "2 companies"),
        ("list_companies", {"type": "company", "id": "1", "name": "Lumen Labs"}, "Lumen Labs"),
        ("list_contact_companies", {"companies": [{}], "pages": {"next": None}}, "1 company"),
        ("list_data_events", {"events": [{}], "pages": {"next": "…"}}, "1 or more events"),
        ("search_articles", {"data": {"articles": [{}], "highlights": []}}, "1 article"),
        ("retrieve_contact", {"type": "contact", "name": "", "email": "p@x.example"}, None),
        ("retrieve_contact", {"type": "contact", "name": "Priya"}, "Priya"),
        ("retrieve_contact", {"type": "contact"}, "Found"),
        ("retrieve_contact", {}, "Found nothing"),
        ("retrieve_note", {"body": "<p>Prefers <b>e-mail</b></p>"}, "Prefers e-mail"),
        ("list_activity_logs", {"activity_logs": [{}, {}]}, "2 entries"),
        ("list_admins", {"surprise": 1}, "Found"),
        ("create_contact", {"name": "Priya"}, "Priya"),
        ("delete_contact", {}, "Done"),
        ("reticulate_splines", {"data": [{}]}, "Done"),
    ],
)
def test_outcomes_are_a_few_words(name: str, result: dict[str, Any], expected: str | None) -> None:
    assert outcome(f"intercom_{name}", result) == (expected or result["email"])


CONNECTOR = json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
READS = [tool["name"] for tool in CONNECTOR if is_read(tool["name"], **NO_HINTS)]


@pytest.mark.parametrize("name", READS)
def test_every_read_says_what_was_found(name: str) -> None:
    assert outcome(name, {}) == "Found nothing"
    keys = [
        "data",
        "conversations",
        "tickets",
        "admins",
        "teams",
        "events",
        "segments",
        "activity_logs",
    ]
    empty: dict[str, Any] = {"total_count": 0, **{key: [] for key in keys}}
    if name == "intercom_search_articles":
        empty["data"] = {"articles": []}
    many = name.split("_")[1] in ("list", "search")
    assert outcome(name, empty).startswith("No " if many else "Found")


def test_the_longest_names_are_cut_and_stay_on_one_line() -> None:
    cut = outcome("intercom_retrieve_contact", {"name": "a\n" * 100})
    assert cut.startswith("a a a")
    assert cut.endswith("…")
    assert len(cut) <= 60
    given = {"query": {"field": "name", "operator": "~", "value": "a\n" * 100}}
    assert "\n" not in title("intercom_search_contacts", given)


def test_names_in_titles_and_outcomes_are_data() -> None:
    forged = "*Done*\u202e :tada: [here](https://x.example)\u200b"
    for words in (
        outcome("intercom_retrieve_contact", {"name": forged}),
        title("intercom_create_contact", {"name": forged}),
        title("intercom_search_articles", {"phrase": forged}),
        title("intercom_search_contacts", {"query": {"field": "name", "value": forged}}),
    ):
        for part in ("*", "\u202e", "\u200b", ":tada:", "]("):
            assert part not in words


def test_links_open_the_conversation_in_the_right_region() -> None:
    path = "/a/inbox/_/inbox/conversation/42"
    assert call_link({"conversation_id": "42"}, {}, "eu") == "https://app.eu.intercom.com" + path
    found = {"type": "conversation", "id": "42"}
    assert call_link({}, found, "us") == "https://app.intercom.com" + path
    assert call_link({"conversation_id": "../../x"}, {}, "us") == ""
    assert call_link({}, {"type": "contact", "id": "42"}, "us") == ""
