"""The Intercom stand-in's tools: each one runs, and each write shows in what is read after it."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from bot.sandbox.intercom import (
    MALLORY_CONTACT,
    OSCAR_CONTACT,
    PRIYA_CONTACT,
    PRIYA_CONVERSATION,
    SSO_CONVERSATION,
    IntercomSandbox,
)
from bot.sandbox.people import AISHA, MAYA, TOM
from bot.sandbox.provider import ProviderError

MINE, TOMS, AISHAS = (str(one.intercom_admin_id) for one in (MAYA, TOM, AISHA))
NOW = 1_795_200_000
ON = {"conversation_id": PRIYA_CONVERSATION}
WHO = {"contact_id": PRIYA_CONTACT}
ADMIN = {"admin_id": MINE}

Found = Callable[[Any], str]


@pytest.fixture
def intercom() -> IntercomSandbox:
    return IntercomSandbox(now=lambda: NOW)


def call(intercom: IntercomSandbox, name: str, /, **tool_input: Any) -> Any:
    return intercom.call(f"intercom_{name}", tool_input, MINE)


def refused(intercom: IntercomSandbox, name: str, /, **tool_input: Any) -> tuple[int, str]:
    before = len(intercom.writes)
    with pytest.raises(ProviderError) as caught:
        call(intercom, name, **tool_input)
    assert len(intercom.writes) == before
    return caught.value.status, caught.value.code


def first(table: dict[str, Any]) -> str:
    return next(iter(table))


def tag(intercom: IntercomSandbox, name: str) -> str:
    return next(key for key, one in intercom.tags.items() if one["name"] == name)


def examples(intercom: IntercomSandbox) -> dict[str, dict[str, Any]]:
    """An input for every tool, in an order in which all of them work, one after the other."""
    firm, article, shelf = (
        first(intercom.companies),
        first(intercom.articles),
        first(intercom.collections),
    )
    bug = first(intercom.ticket_types)
    attribute = intercom.ticket_types[bug]["ticket_type_attributes"]["data"][2]["id"]
    kind, item, note = {"ticket_type_id": bug}, first(intercom.news_items), first(intercom.notes)
    helped = {"ticket_id": first(intercom.tickets)}
    custom = next(k for k, one in intercom.data_attributes.items() if one.get("options"))
    visitors = list(intercom.visitors.values())
    open_ones = {"query": {"field": "open", "operator": "=", "value": True}}
    vip = tag(intercom, "VIP")
    topic = call(intercom, "list_subscription_types")["data"][0]["id"]
    visible = {"type": "admin", "message_type": "comment", "body": "Hello", **ADMIN}
    return {
        "identify_admin": {},
        "list_admins": {"display_avatar": True},
        "retrieve_admin": {"admin_id": TOMS},
        "set_away_admin": {
            "admin_id": TOMS,
            "away_mode_enabled": True,
            "away_mode_reassign": False,
        },
        "list_teams": {},
        "retrieve_team": {"team_id": first(intercom.teams)},
        "list_activity_logs": {"created_at_after": str(NOW - 10**6)},
        "list_contacts": {"per_page": 2},
        "search_contacts": {"query": {"field": "role", "operator": "=", "value": "lead"}},
        "retrieve_contact": WHO,
        "create_contact": {"email": "new@lumenlabs.example", "owner_id": int(TOMS)},
        "update_contact": {**WHO, "name": "Priya N."},
        "archive_contact": WHO,
        "unarchive_contact": WHO,
        "create_contact_note": {**WHO, "body": "Called.", **ADMIN},
        "list_contact_notes": WHO,
        "retrieve_note": {"note_id": note},
        "attach_tag_to_contact": {**WHO, "id": vip},
        "detach_tag_from_contact": {**WHO, "tag_id": vip},
        "attach_contact_to_company": {**WHO, "id": list(intercom.companies)[5]},
        "detach_contact_from_company": {**WHO, "company_id": list(intercom.companies)[5]},
        "list_contact_companies": WHO,
        "list_contact_segments": WHO,
        "attach_subscription_to_contact": {**WHO, "id": topic, "consent_type": "opt_in"},
        "list_contact_subscriptions": WHO,
        "detach_subscription_from_contact": {**WHO, "subscription_id": topic},
        "list_subscription_types": {},
        "list_companies": {"page": 2},
        "retrieve_company": {"company_id": firm},
        "create_or_update_company": {"company_id": "acct-new", "name": "New", "plan": "Team"},
        "list_company_contacts": {"company_id": firm},
        "list_company_segments": {"company_id": firm},
        "list_conversations": {},
        "search_conversations": open_ones,
        "retrieve_conversation": {**ON, "display_as": "plaintext"},
        "create_conversation": {"from": {"type": "user", "id": PRIYA_CONTACT}, "body": "Hi"},
        "create_message": {
            "from": {"type": "admin", "id": MINE},
            "to": {"type": "user", "id": PRIYA_CONTACT},
            "body": "Hi",
        },
        "reply_to_conversation": {**ON, **visible},
        "manage_conversation": {**ON, **ADMIN, "type": "admin", "message_type": "close"},
        "update_conversation": {**ON, "read": True, "custom_attributes": {"Severity": "high"}},
        "auto_assign_conversation": ON,
        "redact_conversation": {**ON, "type": "source"},
        "attach_contact_to_conversation": {
            **ON,
            **ADMIN,
            "customer": {"intercom_user_id": OSCAR_CONTACT},
        },
        "detach_contact_from_conversation": {**ON, "contact_id": OSCAR_CONTACT},
        "attach_tag_to_conversation": {**ON, **ADMIN, "id": vip},
        "detach_tag_from_conversation": {**ON, **ADMIN, "tag_id": vip},
        "convert_conversation_to_ticket": {**ON, **kind},
        "search_tickets": open_ones,
        "retrieve_ticket": helped,
        "create_ticket": {
            **kind,
            "contacts": [{"email": "oscar@fjordanalytics.example"}],
            "ticket_attributes": {"_default_title_": "SSO", "Affected people": 60},
        },
        "update_ticket": {**helped, "state": "resolved"},
        "reply_to_ticket": {**helped, **visible},
        "attach_tag_to_ticket": {**helped, **ADMIN, "id": vip},
        "detach_tag_from_ticket": {**helped, **ADMIN, "tag_id": vip},
        "list_ticket_types": {},
        "retrieve_ticket_type": kind,
        "create_ticket_type": {"name": "Question"},
        "update_ticket_type": {**kind, "description": "Something is broken"},
        "create_ticket_type_attribute": {
            **kind,
            "name": "Browser",
            "data_type": "string",
            "description": "Which one",
        },
        "update_ticket_type_attribute": {**kind, "attribute_id": attribute, "archived": True},
        "list_tags": {},
        "retrieve_tag": {"tag_id": vip},
        "create_or_update_tag": {"name": "Very new"},
        "delete_tag": {"tag_id": vip},
        "list_articles": {},
        "retrieve_article": {"article_id": article},
        "search_articles": {"phrase": "csv export", "highlight": True},
        "create_article": {"title": "New", "author_id": int(MINE), "parent_id": int(shelf)},
        "update_article": {"article_id": article, "state": "draft"},
        "delete_article": {"article_id": article},
        "list_help_centers": {},
        "retrieve_help_center": {"help_center_id": "1201"},
        "list_help_center_collections": {},
        "retrieve_help_center_collection": {"collection_id": shelf},
        "create_help_center_collection": {"name": "New", "help_center_id": 1201},
        "update_help_center_collection": {"collection_id": shelf, "name": "Your account"},
        "delete_help_center_collection": {"collection_id": shelf},
        "list_news_items": {},
        "retrieve_news_item": {"news_item_id": item},
        "create_news_item": {"title": "New", "sender_id": int(MINE), "state": "live"},
        "update_news_item": {"news_item_id": item, "title": "Newer"},
        "delete_news_item": {"news_item_id": item},
        "list_newsfeeds": {},
        "retrieve_newsfeed": {"newsfeed_id": "68"},
        "list_newsfeed_items": {"newsfeed_id": "68"},
        "list_data_attributes": {"model": "conversation"},
        "create_data_attribute": {"name": "Region", "model": "contact", "data_type": "string"},
        "update_data_attribute": {
            "data_attribute_id": custom,
            "options": [{"value": "low"}, {"value": "high"}],
        },
        "create_data_event": {
            "event_name": "exported-csv",
            "created_at": NOW,
            "id": PRIYA_CONTACT,
        },
        "list_data_events": {"type": "user", "intercom_user_id": PRIYA_CONTACT},
        "list_segments": {"include_count": True},
        "retrieve_segment": {"segment_id": first(intercom.segments)},
        "retrieve_visitor": {"user_id": visitors[0]["user_id"]},
        "update_visitor": {"id": visitors[0]["id"], "name": "Sam"},
        "convert_visitor": {
            "type": "user",
            "visitor": {"id": visitors[0]["id"]},
            "user": {"email": "sam@otter.example"},
        },
        "merge_contacts": {"from": MALLORY_CONTACT, "into": PRIYA_CONTACT},
        "delete_contact": {"contact_id": OSCAR_CONTACT},
        "delete_company": {"company_id": firm},
    }


def test_every_tool_runs_and_every_write_is_logged_once(intercom: IntercomSandbox) -> None:
    tools = {tool["name"].removeprefix("intercom_"): tool for tool in intercom.catalogue()}
    inputs = examples(intercom)
    assert set(inputs) == set(tools)
    for name, given in inputs.items():
        tool = tools[name]
        jsonschema.validate(given, tool["input_schema"])
        writes, reads = len(intercom.writes), len(intercom.reads)
        answer = call(intercom, name, **given)
        is_read = tool["annotations"]["read_only_hint"]
        assert len(intercom.writes) == writes + (not is_read), name
        assert len(intercom.reads) == reads + is_read, name
        assert answer is None if name in ("delete_tag", "create_data_event") else answer
        if not is_read:
            write = intercom.writes[-1]
            assert (write.at, write.admin_id, write.signed_as) == (NOW, MINE, MINE), name
            assert (write.tool, write.input) == (tool["name"], given)
            assert write.object_type
            assert write.object_id
            assert write.summary


def test_a_write_names_whose_token_and_whose_name_it_was(intercom: IntercomSandbox) -> None:
    reply = {"type": "admin", "message_type": "note", "body": "x"}
    call(intercom, "reply_to_conversation", **ON, **reply, admin_id=TOMS)
    call(intercom, "create_article", title="A", author_id=int(TOMS))
    call(intercom, "create_news_item", title="N", sender_id=int(TOMS))
    to = {"type": "user", "id": PRIYA_CONTACT}
    call(intercom, "create_message", **{"from": {"type": "admin", "id": TOMS}}, to=to, body="x")
    assert {(w.admin_id, w.signed_as) for w in intercom.writes} == {(MINE, TOMS)}
    call(intercom, "update_contact", **WHO, owner_id=int(AISHAS))
    call(intercom, "set_away_admin", admin_id=TOMS, away_mode_enabled=True, away_mode_reassign=True)
    assert [w.signed_as for w in intercom.writes[-2:]] == [MINE, MINE]
    stranger = refused(intercom, "reply_to_conversation", **ON, **reply, admin_id="1")
    assert stranger == (404, "admin_not_found")


def manage(intercom: IntercomSandbox, kind: str, **more: Any) -> Any:
    given = {"conversation_id": SSO_CONVERSATION, "type": "admin", "message_type": kind, **more}
    return call(intercom, "manage_conversation", **given, admin_id=TOMS)


def test_a_conversation_lives(intercom: IntercomSandbox) -> None:
    closed = manage(intercom, "close")
    assert (closed["state"], closed["open"], closed["waiting_since"]) == ("closed", False, None)
    assert closed["statistics"]["last_closed_by_id"] == TOMS
    assert closed["statistics"]["time_to_first_close"] == 9 * 3600
    on = {"conversation_id": SSO_CONVERSATION, "message_type": "comment", "admin_id": TOMS}
    again = call(intercom, "reply_to_conversation", **on, type="user", body="Not yet!")
    assert (again["state"], again["waiting_since"], again["read"]) == ("open", NOW, False)
    assert again["statistics"]["count_reopens"] == 1
    answered = call(intercom, "reply_to_conversation", **on, type="admin", body="Now & then")
    part = answered["conversation_parts"]["conversation_parts"][-1]
    assert (part["body"], part["author"]["id"]) == ("<p>Now &amp; then</p>", TOMS)
    assert (answered["waiting_since"], answered["read"]) == (None, True)
    assert intercom.contacts[OSCAR_CONTACT]["last_contacted_at"] == NOW
    snoozed = manage(intercom, "snoozed", snoozed_until=NOW + 60)
    assert (snoozed["state"], snoozed["snoozed_until"]) == ("snoozed", NOW + 60)
    assert manage(intercom, "open")["state"] == "open"
    team = first(intercom.teams)
    assert manage(intercom, "assignment", assignee_id=team)["team_assignee_id"] == int(team)
    assert manage(intercom, "assignment", assignee_id=MINE)["admin_assignee_id"] == int(MINE)
    free = manage(intercom, "assignment", assignee_id="0")
    assert (free["admin_assignee_id"], free["team_assignee_id"]) == (None, None)
    assert free["statistics"]["count_assignments"] == 5
    assert intercom.conversation(SSO_CONVERSATION) == free


@pytest.mark.parametrize(
    ("name", "given", "answer"),
    [
        ("manage_conversation", {"message_type": "snoozed"}, (400, "parameter_not_found")),
        (
            "manage_conversation",
            {"message_type": "snoozed", "snoozed_until": NOW - 1},
            (400, "parameter_invalid"),
        ),
        ("manage_conversation", {"message_type": "assignment"}, (400, "parameter_not_found")),
        (
            "manage_conversation",
            {"message_type": "assignment", "assignee_id": "1"},
            (404, "assignee_not_found"),
        ),
        (
            "reply_to_conversation",
            {"message_type": "comment", "body": " "},
            (400, "parameter_invalid"),
        ),
        (
            "redact_conversation",
            {"type": "conversation_part", "conversation_part_id": "1"},
            (404, "conversation_part_or_message_not_found"),
        ),
        ("detach_contact_from_conversation", WHO, (422, "parameter_invalid")),
        ("detach_tag_from_conversation", {"tag_id": "1"}, (404, "tag_not_found")),
        ("update_conversation", {"custom_attributes": {"x": 1}}, (400, "parameter_invalid")),
        (
            "update_conversation",
            {"custom_attributes": {"Severity": "huge"}},
            (400, "parameter_invalid"),
        ),
    ],
)
def test_what_a_conversation_refuses(
    intercom: IntercomSandbox, name: str, given: Any, answer: Any
) -> None:
    before = intercom.conversation(PRIYA_CONVERSATION)
    assert refused(intercom, name, **{**ON, **ADMIN, "type": "admin", **given}) == answer
    assert intercom.conversation(PRIYA_CONVERSATION) == before


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("retrieve_conversation", {"conversation_id": "1"}, "not_found"),
        ("retrieve_contact", {"contact_id": "1"}, "not_found"),
        ("retrieve_company", {"company_id": "1"}, "company_not_found"),
        ("retrieve_ticket", {"ticket_id": "1"}, "ticket_not_found"),
        ("retrieve_team", {"team_id": "1"}, "team_not_found"),
        ("retrieve_admin", {"admin_id": "1"}, "admin_not_found"),
        ("retrieve_visitor", {"user_id": "1"}, "not_found"),
        ("update_data_attribute", {"data_attribute_id": "1"}, "field_not_found"),
    ],
)
def test_what_there_is_not(intercom: IntercomSandbox, name: str, given: Any, code: str) -> None:
    assert refused(intercom, name, **given) == (404, code)


def test_redacted_words_are_gone(intercom: IntercomSandbox) -> None:
    parts = intercom.conversation(SSO_CONVERSATION)["conversation_parts"]["conversation_parts"]
    part = next(part for part in parts if part["body"])
    redact = {"conversation_id": SSO_CONVERSATION, "type": "conversation_part"}
    call(intercom, "redact_conversation", **redact, conversation_part_id=part["id"])
    assert part["body"] not in str(intercom.conversation(SSO_CONVERSATION))


def emails(intercom: IntercomSandbox, email: str) -> int:
    query = {"field": "email", "operator": "=", "value": email}
    count: int = call(intercom, "search_contacts", query=query)["total_count"]
    return count


def test_a_contact_lives(intercom: IntercomSandbox) -> None:
    made = call(intercom, "create_contact", email="New@lumenlabs.example", name="New One")
    here = {"contact_id": made["id"]}
    assert emails(intercom, "new@lumenlabs.example") == 1
    same = {"email": "new@lumenlabs.example"}
    assert refused(intercom, "create_contact", **same) == (409, "conflict")
    assert refused(intercom, "update_contact", **WHO, **same) == (409, "conflict")
    assert refused(intercom, "create_contact", name="x") == (400, "parameter_not_found")
    assert refused(intercom, "create_contact", email="x")[0] == 400
    assert refused(intercom, "create_contact", role="lead", owner_id=1)[0] == 404
    vip, firm = tag(intercom, "VIP"), first(intercom.companies)
    call(intercom, "attach_tag_to_contact", **here, id=vip)
    size = call(intercom, "attach_contact_to_company", **here, id=firm)["user_count"]
    read = call(intercom, "retrieve_contact", **here)
    assert [item["id"] for item in read["tags"]["data"]] == [vip]
    assert [item["id"] for item in read["companies"]["data"]] == [firm]
    assert size == call(intercom, "list_company_contacts", company_id=firm)["total_count"]
    call(intercom, "archive_contact", **here)
    assert emails(intercom, "new@lumenlabs.example") == 0
    assert refused(intercom, "create_contact", **same) == (409, "conflict")
    call(intercom, "unarchive_contact", **here)
    assert emails(intercom, "new@lumenlabs.example") == 1
    assert call(intercom, "delete_contact", **here)["deleted"] is True
    assert refused(intercom, "retrieve_contact", **here) == (404, "not_found")
    assert intercom.companies[firm]["user_count"] == size - 1


def test_a_merged_lead_is_gone_and_its_conversations_stay(intercom: IntercomSandbox) -> None:
    wrong_way = {"from": PRIYA_CONTACT, "into": MALLORY_CONTACT}
    assert refused(intercom, "merge_contacts", **wrong_way) == (400, "parameter_invalid")
    call(intercom, "merge_contacts", **{"from": MALLORY_CONTACT, "into": PRIYA_CONTACT})
    assert refused(intercom, "retrieve_contact", contact_id=MALLORY_CONTACT)[0] == 404
    query = {"field": "contact_ids", "operator": "=", "value": PRIYA_CONTACT}
    assert call(intercom, "search_conversations", query=query)["total_count"] >= 2


def test_tags_go_on_and_off_and_away(intercom: IntercomSandbox) -> None:
    vip = tag(intercom, "VIP")
    query = {"field": "tag_ids", "operator": "=", "value": vip}
    before = call(intercom, "search_conversations", query=query)["total_count"]
    for _ in range(2):
        call(intercom, "attach_tag_to_conversation", **ON, **ADMIN, id=vip)
    assert call(intercom, "search_conversations", query=query)["total_count"] == before + 1
    call(intercom, "create_or_update_tag", id=vip, name="Very important")
    names = [item["name"] for item in intercom.conversation(PRIYA_CONVERSATION)["tags"]["tags"]]
    assert "Very important" in names
    call(intercom, "delete_tag", tag_id=vip)
    assert call(intercom, "search_conversations", query=query)["total_count"] == 0
    assert vip not in str(intercom.contacts)


def test_a_ticket_lives(intercom: IntercomSandbox) -> None:
    bug, case = list(intercom.ticket_types)[:2]
    given = {"ticket_type_id": bug, "contacts": [{"id": PRIYA_CONTACT}]}
    assert refused(intercom, "create_ticket", **given) == (400, "parameter_invalid")
    for wrong in ({"Colour": "red"}, {"_default_title_": 5}, {"Affected people": "many"}):
        attributes = {"_default_title_": "T", **wrong}
        assert refused(intercom, "create_ticket", **given, ticket_attributes=attributes)[0] == 400
    made = call(intercom, "create_ticket", **given, ticket_attributes={"_default_title_": "Broken"})
    here = {"ticket_id": made["id"]}
    call(intercom, "update_ticket", **here, state="resolved", assignment={"assignee_id": TOMS})
    call(intercom, "reply_to_ticket", **here, type="admin", message_type="comment", body="Done")
    read = call(intercom, "retrieve_ticket", **here)
    assert (read["ticket_state"]["category"], read["open"]) == ("resolved", False)
    assert read["admin_assignee_id"] == TOMS
    kinds = [part["part_type"] for part in read["ticket_parts"]["ticket_parts"]]
    assert kinds == ["assignment", "ticket_state_updated_by_admin", "comment"]
    call(intercom, "update_ticket", **here, assignment={"admin_id": TOMS, "assignee_id": "0"})
    assert intercom.writes[-1].signed_as == TOMS
    assert intercom.tickets[made["id"]]["admin_assignee_id"] == "0"
    assert refused(intercom, "convert_conversation_to_ticket", **ON, ticket_type_id=case)[0] == 400
    converted = call(intercom, "convert_conversation_to_ticket", **ON, ticket_type_id=bug)
    assert intercom.conversation(PRIYA_CONVERSATION)["ticket"]["id"] == converted["id"]
    assert refused(intercom, "convert_conversation_to_ticket", **ON, ticket_type_id=bug)[0] == 400


def test_messages_and_new_conversations(intercom: IntercomSandbox) -> None:
    before = len(intercom.conversations)
    message = {"from": {"type": "admin", "id": MINE}, "to": {"type": "user", "id": PRIYA_CONTACT}}
    sent = call(intercom, "create_message", **message, body="Hi")
    assert (sent["conversation_id"], len(intercom.conversations)) == (None, before)
    at_once = {"create_conversation_without_contact_reply": True}
    sent = call(intercom, "create_message", **message, body="Hi", **at_once)
    assert intercom.conversation(sent["conversation_id"])["statistics"] is None
    no_subject = refused(intercom, "create_message", **message, body="Hi", message_type="email")
    assert no_subject == (422, "parameter_not_found")
    begun = call(
        intercom, "create_conversation", **{"from": {"type": "user", "id": PRIYA_CONTACT}}, body="?"
    )
    assert intercom.conversation(begun["conversation_id"])["waiting_since"] == NOW


def test_articles_are_found_once_they_are_published(intercom: IntercomSandbox) -> None:
    def found() -> list[str]:
        page = call(intercom, "search_articles", phrase="zebra crossing", state="published")
        return [item["id"] for item in page["data"]["articles"]]

    made = call(intercom, "create_article", title="Zebra", body="A crossing", author_id=int(MINE))
    assert (made["state"], made["url"], found()) == ("draft", None, [])
    shown = call(intercom, "update_article", article_id=made["id"], state="published")
    assert shown["url"]
    assert found() == [made["id"]]
    call(intercom, "delete_article", article_id=made["id"])
    assert found() == []
    assert refused(intercom, "retrieve_article", article_id=made["id"]) == (404, "not_found")


def test_news_appears_in_the_feed_when_it_is_live(intercom: IntercomSandbox) -> None:
    def feed() -> list[str]:
        page = call(intercom, "list_newsfeed_items", newsfeed_id="68")
        return [item["id"] for item in page["data"]]

    made = call(intercom, "create_news_item", title="Soon", sender_id=int(MINE))
    assert made["id"] not in feed()
    call(intercom, "update_news_item", news_item_id=made["id"], state="live")
    assert made["id"] in feed()


def test_data_of_ones_own(intercom: IntercomSandbox) -> None:
    new = {"name": "Tier", "model": "conversation", "data_type": "list"}
    assert refused(intercom, "create_data_attribute", **new) == (400, "parameter_invalid")
    options = [{"value": "gold"}, {"value": "iron"}]
    call(intercom, "create_data_attribute", **new, options=options)
    assert refused(intercom, "create_data_attribute", **new, options=options)[0] == 400
    call(intercom, "update_conversation", **ON, custom_attributes={"Tier": "gold"})
    query = {"field": "custom_attributes.Tier", "operator": "=", "value": "gold"}
    assert call(intercom, "search_conversations", query=query)["total_count"] == 1
    event = {"event_name": "tried-it", "created_at": NOW, "id": PRIYA_CONTACT}
    assert call(intercom, "create_data_event", **event) is None
    whose = {"type": "user", "intercom_user_id": PRIYA_CONTACT}
    assert call(intercom, "list_data_events", **whose)["events"][0]["event_name"] == "tried-it"
    counts = call(intercom, "list_data_events", **whose, summary=True)["events"]
    assert {item["name"]: item["count"] for item in counts}["tried-it"] == 1
    assert refused(intercom, "create_data_event", **{**event, "created_at": NOW + 1})[0] == 400


def test_a_visitor_becomes_a_user(intercom: IntercomSandbox) -> None:
    visitor = first(intercom.visitors)
    given = {"type": "user", "visitor": {"id": visitor}}
    made = call(intercom, "convert_visitor", **given, user={"email": "sam@otter.example"})
    assert intercom.contacts[made["id"]]["email"] == "sam@otter.example"
    assert visitor not in intercom.visitors


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("create_ticket", {"ticket_type_id": "61", "contacts": [None]}),
        ("create_ticket", {"ticket_type_id": "61", "contacts": ["x"]}),
        (
            "create_data_attribute",
            {"name": "n", "model": "contact", "data_type": "list", "options": [{}]},
        ),
    ],
)
def test_odd_lists_are_refused_as_intercom_does(
    intercom: IntercomSandbox, name: str, given: Any
) -> None:
    with pytest.raises(ProviderError) as caught:
        call(intercom, name, **given)
    assert caught.value.status in (400, 404)
