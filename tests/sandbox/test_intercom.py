"""The Intercom stand-in: searches as strict as Intercom's, writes that change what is read."""

from typing import Any

import jsonschema
import pytest

from bot.sandbox.intercom import (
    INJECTION_CONVERSATION,
    PRIYA_CONVERSATION,
    SSO_CONVERSATION,
    IntercomSandbox,
)
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.provider import ProviderError

MINE, TOMS = str(MAYA.intercom_admin_id), str(TOM.intercom_admin_id)
NOW = 1_795_000_000


@pytest.fixture
def intercom() -> IntercomSandbox:
    return IntercomSandbox(now=lambda: NOW)


def call(intercom: IntercomSandbox, name: str, /, **tool_input: Any) -> Any:
    return intercom.call(f"intercom_{name}", tool_input, MINE)


def search(
    intercom: IntercomSandbox, query: Any, what: str = "conversations", **paging: Any
) -> Any:
    return call(intercom, f"search_{what}", query=query, pagination=paging)


def one(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def test_the_same_seed_makes_the_same_workspace() -> None:
    first, second = (IntercomSandbox(now=lambda: NOW) for _ in range(2))
    assert first.conversations == second.conversations
    assert len(first.contacts) > 200
    assert len(first.conversations) > 80
    assert "Ignore previous instructions" in str(first.conversation(INJECTION_CONVERSATION))


def test_the_catalogue_is_whole(intercom: IntercomSandbox) -> None:
    tools = intercom.catalogue()
    assert len({tool["name"] for tool in tools}) == 98
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool["input_schema"])
        assert tool["description"]
        assert all(p["description"] for p in tool["input_schema"]["properties"].values())


def test_every_tool_has_a_handler(intercom: IntercomSandbox) -> None:
    names = {tool["name"] for tool in intercom.catalogue()}
    assert names == intercom.handled
    with pytest.raises(ProviderError, match="no tool"):
        call(intercom, "launch_rocket")


def test_groups_and_operators(intercom: IntercomSandbox) -> None:
    open_ones = search(intercom, one("state", "=", "open"), per_page=150)
    assert {c["state"] for c in open_ones["conversations"]} == {"open"}
    unassigned = search(
        intercom,
        {
            "operator": "AND",
            "value": [one("state", "=", "open"), one("admin_assignee_id", "=", 0)],
        },
        per_page=150,
    )
    assert 0 < unassigned["total_count"] < open_ones["total_count"]
    assert {c["admin_assignee_id"] for c in unassigned["conversations"]} == {None}
    either = search(
        intercom,
        {"operator": "OR", "value": [one("state", "=", "open"), one("state", "=", "closed")]},
    )
    closed = search(intercom, one("state", "IN", ["closed"]))
    assert either["total_count"] == open_ones["total_count"] + closed["total_count"]
    not_open = search(intercom, one("state", "!=", "open"))
    assert not_open["total_count"] == len(intercom.conversations) - open_ones["total_count"]
    recent = search(intercom, one("created_at", ">", NOW - 86_400), per_page=150)
    assert recent["total_count"] > 0
    assert all(c["created_at"] > NOW - 86_400 for c in recent["conversations"])
    word = search(intercom, one("source.body", "~", "invoice"))
    assert PRIYA_CONVERSATION in {c["id"] for c in word["conversations"]}
    assert "conversation_parts" not in word["conversations"][0]


def test_contacts_match_dates_by_day(intercom: IntercomSandbox) -> None:
    contact = next(iter(intercom.contacts.values()))
    same_day = contact["created_at"] // 86_400 * 86_400 + 5
    found = search(intercom, one("created_at", "=", same_day), "contacts")
    assert contact["id"] in {c["id"] for c in found["data"]}
    later = search(intercom, one("created_at", ">", same_day), "contacts", per_page=150)
    assert contact["id"] not in {c["id"] for c in later["data"]}


@pytest.mark.parametrize(
    "query",
    [
        "open",
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": [one("state", "=", "open")] * 16},
        {
            "operator": "AND",
            "value": [
                {
                    "operator": "OR",
                    "value": [{"operator": "AND", "value": [one("state", "=", "open")]}],
                }
            ],
        },
        one("created_at", "~", 5),
        one("tag_id", ">", "1"),
        one("read", "^", True),
        one("state", "LIKE", "open"),
        one("state", "IN", "open"),
        {"operator": "=", "value": "open"},
    ],
)
def test_bad_queries_are_refused(intercom: IntercomSandbox, query: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        search(intercom, query)
    assert caught.value.status == 400


def test_pages_lose_and_repeat_nothing(intercom: IntercomSandbox) -> None:
    ids: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = search(intercom, one("id", "!=", "0"), per_page=20, **after)
        ids += [c["id"] for c in page["conversations"]]
        if "next" not in page["pages"]:
            break
        after = {"starting_after": page["pages"]["next"]["starting_after"]}
    assert sorted(ids) == sorted(intercom.conversations)
    for bad in ({"per_page": 151}, {"per_page": 0}, {"starting_after": "nowhere"}):
        with pytest.raises(ProviderError, match="400"):
            search(intercom, one("id", "!=", "0"), **bad)


def test_a_reply_changes_the_conversation_and_is_logged_once(intercom: IntercomSandbox) -> None:
    before = intercom.conversation(PRIYA_CONVERSATION)["conversation_parts"]["total_count"]
    call(
        intercom,
        "reply_to_conversation",
        conversation_id=PRIYA_CONVERSATION,
        admin_id=TOMS,
        message_type="comment",
        type="admin",
        body="Refunded & done",
    )
    after = call(intercom, "retrieve_conversation", conversation_id=PRIYA_CONVERSATION)
    part = after["conversation_parts"]["conversation_parts"][-1]
    assert after["conversation_parts"]["total_count"] == before + 1
    assert (part["body"], part["author"]["id"]) == ("<p>Refunded &amp; done</p>", TOMS)
    assert after["statistics"]["last_admin_reply_at"] == NOW
    [write] = intercom.writes
    assert (write.admin_id, write.signed_as) == (MINE, TOMS)
    plain = call(
        intercom,
        "retrieve_conversation",
        conversation_id=PRIYA_CONVERSATION,
        display_as="plaintext",
    )
    assert plain["conversation_parts"]["conversation_parts"][-1]["body"] == "Refunded & done"


def test_close_reopen_snooze_assign(intercom: IntercomSandbox) -> None:
    def manage(kind: str, **more: Any) -> Any:
        return call(
            intercom,
            "manage_conversation",
            conversation_id=SSO_CONVERSATION,
            message_type=kind,
            type="admin",
            **more,
        )

    assert manage("close")["state"] == "closed"
    with pytest.raises(ProviderError, match="409"):
        manage("close")
    assert manage("open")["state"] == "open"
    with pytest.raises(ProviderError, match="400"):
        manage("snoozed", snoozed_until=NOW - 1)
    assert manage("snoozed", snoozed_until=NOW + 60)["state"] == "snoozed"
    assert manage("assignment", assignee_id=MINE)["admin_assignee_id"] == int(MINE)
    assert manage("assignment", assignee_id="7001")["team_assignee_id"] == "7001"
    with pytest.raises(ProviderError, match="404"):
        manage("assignment", assignee_id="1")
    assert len(intercom.writes) == 5


def test_contacts_live_and_die(intercom: IntercomSandbox) -> None:
    made = call(intercom, "create_contact", email="new@lumen.example", name="New One")
    with pytest.raises(ProviderError, match="409"):
        call(intercom, "create_contact", email="new@lumen.example")
    query = one("email", "=", "new@lumen.example")
    assert search(intercom, query, "contacts")["total_count"] == 1
    call(intercom, "update_contact", contact_id=made["id"], name="Newer")
    call(intercom, "attach_tag_to_contact", contact_id=made["id"], id="501")
    read = call(intercom, "retrieve_contact", contact_id=made["id"])
    assert (read["name"], read["tags"]["data"][0]["name"]) == ("Newer", "VIP")
    call(intercom, "archive_contact", contact_id=made["id"])
    assert search(intercom, query, "contacts")["total_count"] == 0
    call(intercom, "unarchive_contact", contact_id=made["id"])
    call(intercom, "delete_contact", contact_id=made["id"])
    with pytest.raises(ProviderError, match="404"):
        call(intercom, "retrieve_contact", contact_id=made["id"])


def test_tickets_articles_and_notes(intercom: IntercomSandbox) -> None:
    contact = next(iter(intercom.contacts))
    ticket = call(
        intercom,
        "create_ticket",
        ticket_type_id="61",
        contacts=[{"id": contact}],
        ticket_attributes={"_default_title_": "Broken export"},
    )
    call(intercom, "update_ticket", ticket_id=ticket["id"], state="resolved", open=False)
    found = search(intercom, one("ticket_state", "=", "resolved"), "tickets", per_page=150)
    assert ticket["id"] in {t["id"] for t in found["tickets"]}
    articles = call(intercom, "search_articles", phrase="export", state="published")
    assert articles["data"]["articles"][0]["title"] == "Export your data as CSV"
    call(intercom, "create_contact_note", contact_id=contact, body="Called.")
    notes = call(intercom, "list_contact_notes", contact_id=contact)
    assert [note["author"]["id"] for note in notes["data"]] == [MINE]


def test_permissions_revocation_and_limits(intercom: IntercomSandbox) -> None:
    intercom.forbid(MINE, ["intercom_list_tags"])
    with pytest.raises(ProviderError, match="403 action_forbidden"):
        call(intercom, "list_tags")
    assert intercom.call("intercom_list_tags", {}, TOMS)
    intercom.rate_limit(1)
    with pytest.raises(ProviderError, match="429 rate_limit_exceeded"):
        call(intercom, "list_teams")
    assert call(intercom, "list_teams")
    intercom.revoke(MINE)
    with pytest.raises(ProviderError, match="401"):
        call(intercom, "list_teams")


def test_who_am_i(intercom: IntercomSandbox) -> None:
    me = call(intercom, "identify_admin")
    assert (me["id"], me["email"], me["app"]["name"]) == (MINE, MAYA.email, "Northwind")
