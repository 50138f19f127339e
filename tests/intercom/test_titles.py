import pytest

from bot.intercom.links import call_link
from bot.intercom.titles import outcome, title

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
    ("result", "expected"),
    [
        ({"conversations": [{}], "total_count": 12.0}, "12 conversations"),
        ({"conversations": [], "total_count": 0}, "No conversations"),
        ({"data": [{"type": "contact"}]}, "1 contact"),
        ({"data": [{"type": "company"}, {"type": "company"}]}, "2 companies"),
        ({"data": {"articles": [{}], "highlights": []}, "total_count": 1}, "1 article"),
        ({"type": "contact", "name": "Priya"}, "Priya"),
        ({}, "Done"),
    ],
)
def test_outcomes_are_a_few_words(result: dict, expected: str) -> None:
    assert outcome(result) == expected


def test_links_open_the_conversation_in_the_right_region() -> None:
    path = "/a/inbox/_/inbox/conversation/42"
    assert call_link({"conversation_id": "42"}, {}, "eu") == "https://app.eu.intercom.com" + path
    found = {"type": "conversation", "id": "42"}
    assert call_link({}, found, "us") == "https://app.intercom.com" + path
    assert call_link({"conversation_id": "../../x"}, {}, "us") == ""
    assert call_link({}, {"type": "contact", "id": "42"}, "us") == ""
