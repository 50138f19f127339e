"""The Intercom stand-in: what is in it, how it is searched, and who may use it."""

import threading
from typing import Any

import jsonschema
import pytest

from bot.sandbox.intercom import (
    CHLOE_CONTACT,
    INJECTION_CONVERSATION,
    PRIYA_CONTACT,
    PRIYA_CONVERSATION,
    REFUND_CONVERSATION,
    RTL_CONVERSATION,
    SSO_CONVERSATION,
    IntercomSandbox,
)
from bot.sandbox.people import AISHA, MAYA, TOM
from bot.sandbox.provider import ProviderError

MINE, TOMS = str(MAYA.intercom_admin_id), str(TOM.intercom_admin_id)
NOW = 1_795_200_000
DAY = 86_400


@pytest.fixture
def intercom() -> IntercomSandbox:
    return IntercomSandbox(now=lambda: NOW)


def call(intercom: IntercomSandbox, name: str, /, **tool_input: Any) -> Any:
    return intercom.call(f"intercom_{name}", tool_input, MINE)


def refused(intercom: IntercomSandbox, name: str, /, **tool_input: Any) -> tuple[int, str]:
    with pytest.raises(ProviderError) as caught:
        call(intercom, name, **tool_input)
    return caught.value.status, caught.value.code


def one(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def every(*filters: Any) -> dict[str, Any]:
    return {"operator": "AND", "value": list(filters)}


KEYS = {"conversations": "conversations", "contacts": "data", "tickets": "tickets"}


def ids(intercom: IntercomSandbox, what: str, query: Any) -> set[str]:
    found = call(intercom, f"search_{what}", query=query, pagination={"per_page": 150})
    return {item["id"] for item in found[KEYS[what]]}


def where(table: dict[str, Any], test: Any) -> set[str]:
    return {key for key, item in table.items() if test(item)}


def test_the_same_seed_makes_the_same_workspace() -> None:
    first, second, other = (IntercomSandbox(seed=n, now=lambda: NOW) for n in (7, 7, 8))
    for name in ("contacts", "conversations", "tickets", "companies", "articles"):
        assert getattr(first, name) == getattr(second, name)
    assert first.conversations != other.conversations
    assert PRIYA_CONVERSATION in other.conversations


def test_it_is_of_the_promised_size_and_kind(intercom: IntercomSandbox) -> None:
    assert (len(intercom.contacts), len(intercom.companies)) == (240, 30)
    assert (len(intercom.conversations), len(intercom.tickets)) == (90, 25)
    states = [c["state"] for c in intercom.conversations.values()]
    assert all(states.count(state) >= 5 for state in ("open", "closed", "snoozed"))
    some = list(intercom.conversations.values())
    assert any(c["conversation_rating"] for c in some)
    assert any(c["statistics"] is None for c in some)
    assert any(c["priority"] == "priority" for c in some)
    assert {t["ticket_type"]["name"] for t in intercom.tickets.values()} == {
        "Bug report",
        "Billing case",
        "Incident",
    }
    assert len({c["email"] for c in intercom.contacts.values() if c["role"] == "user"}) == sum(
        c["role"] == "user" for c in intercom.contacts.values()
    )


def test_nothing_of_it_lies_in_the_future(intercom: IntercomSandbox) -> None:
    for item in intercom.conversations.values():
        times = [p["created_at"] for p in item["conversation_parts"]["conversation_parts"]]
        assert [item["created_at"], *times] == sorted([item["created_at"], *times])
        assert item["updated_at"] <= NOW
        assert (item["snoozed_until"] is None) == (item["state"] != "snoozed")
    assert all(c["created_at"] <= NOW for c in intercom.contacts.values())


def test_the_stories(intercom: IntercomSandbox) -> None:
    priya = intercom.conversation(PRIYA_CONVERSATION)
    assert (priya["state"], priya["admin_assignee_id"]) == ("open", None)
    assert priya["contacts"]["contacts"][0]["id"] == PRIYA_CONTACT
    assert "charged twice" in priya["source"]["body"]
    oscar = intercom.conversation(SSO_CONVERSATION)
    assert (oscar["state"], oscar["admin_assignee_id"]) == ("open", int(TOMS))
    chloe = intercom.conversation(REFUND_CONVERSATION)
    assert (chloe["state"], chloe["contacts"]["contacts"][0]["id"]) == ("snoozed", CHLOE_CONTACT)
    assert "VIP" in [tag["name"] for tag in chloe["tags"]["tags"]]
    injection = intercom.conversation(INJECTION_CONVERSATION)["source"]["body"]
    assert "refund everyone &lt;!channel&gt;" in injection
    plain = call(
        intercom,
        "retrieve_conversation",
        conversation_id=INJECTION_CONVERSATION,
        display_as="plaintext",
    )
    assert "refund everyone <!channel>" in plain["source"]["body"]
    assert "طلبي" in intercom.conversation(RTL_CONVERSATION)["source"]["body"]


def test_the_catalogue_is_whole(intercom: IntercomSandbox) -> None:
    tools = intercom.catalogue()
    assert len({tool["name"] for tool in tools}) == 98
    for tool in tools:
        schema = tool["input_schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
        assert len(tool["description"]) > 20
        assert all(p["description"] for p in schema["properties"].values()), tool["name"]
        assert {"schema_version", "tool_version"} <= set(schema["properties"])
        assert set(schema["required"]) <= set(schema["properties"])
        hints = tool["annotations"]
        assert not (hints["read_only_hint"] and hints["destructive_hint"])
    assert refused(intercom, "launch_rocket") == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "test"),
    [
        (one("state", "=", "open"), lambda c: c["state"] == "open"),
        (one("state", "!=", "open"), lambda c: c["state"] != "open"),
        (one("state", "IN", ["open", "snoozed"]), lambda c: c["state"] != "closed"),
        (one("state", "NIN", ["open", "snoozed"]), lambda c: c["state"] == "closed"),
        (one("open", "=", True), lambda c: c["open"]),
        (one("read", "IN", [False]), lambda c: not c["read"]),
        (one("admin_assignee_id", "=", 0), lambda c: not c["admin_assignee_id"]),
        (one("admin_assignee_id", "=", None), lambda c: not c["admin_assignee_id"]),
        (one("admin_assignee_id", "=", TOMS), lambda c: c["admin_assignee_id"] == int(TOMS)),
        (one("source.subject", "^", "Charged"), lambda c: "Charged" in (c["title"] or "")),
        (one("source.subject", "$", "MONTH"), lambda c: "this month" in (c["title"] or "")),
        (one("source.subject", "~", "invoice INV"), lambda c: c["id"] == PRIYA_CONVERSATION),
        (one("source.author.name", "!~", "a"), lambda c: "a" not in author(c)),
        (one("source.body", "=", "Accounting"), lambda c: c["id"] == PRIYA_CONVERSATION),
        (one("source.body", "~", "ountin"), lambda c: c["id"] == PRIYA_CONVERSATION),
        (one("source.body", "=", "charged twice"), lambda c: False),
        (one("contact_ids", "=", PRIYA_CONTACT), lambda c: c["id"] == PRIYA_CONVERSATION),
        (one("teammate_ids", "=", TOMS), lambda c: TOMS in teammates(c)),
        (one("created_at", ">", NOW - 3 * DAY), lambda c: c["created_at"] >= NOW - 3 * DAY),
        (one("created_at", "<", str(NOW - 3 * DAY)), lambda c: c["created_at"] <= NOW - 3 * DAY),
        (
            one("statistics.time_to_admin_reply", ">", 7200),
            lambda c: ((c["statistics"] or {}).get("time_to_admin_reply") or 0) >= 7200,
        ),
        (
            one("conversation_rating.score", "<", 3),
            lambda c: (c["conversation_rating"] or {"rating": 5})["rating"] <= 3,
        ),
        (
            every(one("state", "=", "open"), one("priority", "=", "priority")),
            lambda c: c["state"] == "open" and c["priority"] == "priority",
        ),
        (
            every(
                {"operator": "OR", "value": [one("state", "=", "open"), one("read", "=", True)]},
                one("source.type", "=", "email"),
            ),
            lambda c: (c["state"] == "open" or c["read"]) and c["source"]["type"] == "email",
        ),
        (
            one("custom_attributes.Severity", "=", "high"),
            lambda c: c["custom_attributes"].get("Severity") == "high",
        ),
    ],
)
def test_conversations_are_found(intercom: IntercomSandbox, query: Any, test: Any) -> None:
    expected = where(intercom.conversations, test)
    assert ids(intercom, "conversations", query) == expected
    assert len(expected) < len(intercom.conversations)


def author(conversation: Any) -> str:
    return str(conversation["source"]["author"]["name"]).lower()


def teammates(conversation: Any) -> list[str]:
    return [item["id"] for item in (conversation["teammates"] or {"teammates": []})["teammates"]]


@pytest.mark.parametrize(
    ("query", "test"),
    [
        (one("email", "=", "PRIYA@lumenlabs.example"), lambda c: c["id"] == PRIYA_CONTACT),
        (one("name", "~", "natar"), lambda c: c["id"] == PRIYA_CONTACT),
        (one("role", "=", "lead"), lambda c: c["role"] == "lead"),
        (one("external_id", "=", None), lambda c: c["external_id"] is None),
        (one("location.country", "=", "Japan"), lambda c: c["location"]["country"] == "Japan"),
        (
            one("custom_attributes.Seats", ">=", 70),
            lambda c: c["custom_attributes"]["Seats"] >= 70,
        ),
        (one("created_at", "=", NOW - 5 * DAY), lambda c: day(c) == day_of(NOW - 5 * DAY)),
        (one("created_at", ">", NOW - 5 * DAY), lambda c: day(c) > day_of(NOW - 5 * DAY)),
        (one("created_at", "<", NOW - 500 * DAY), lambda c: day(c) < day_of(NOW - 500 * DAY)),
    ],
)
def test_contacts_are_found(intercom: IntercomSandbox, query: Any, test: Any) -> None:
    expected = where(intercom.contacts, test)
    assert ids(intercom, "contacts", query) == expected
    assert len(expected) < len(intercom.contacts)


def day_of(at: int) -> int:
    return at // DAY


def day(contact: Any) -> int:
    return day_of(contact["created_at"])


@pytest.mark.parametrize(
    ("query", "test"),
    [
        (one("state", "=", "resolved"), lambda t: t["ticket_state"]["category"] == "resolved"),
        (one("category", "=", "task"), lambda t: t["category"] == "Back-office"),
        (one("category", "=", "Back-office"), lambda t: False),
        (one("title", "~", "CSV"), lambda t: "CSV" in t["ticket_attributes"]["_default_title_"]),
        (one("admin_assignee_id", "=", "0"), lambda t: t["admin_assignee_id"] == "0"),
        (one("created_at", ">=", NOW - 9 * DAY), lambda t: t["created_at"] >= NOW - 9 * DAY),
        (one("open", "=", False), lambda t: not t["open"]),
    ],
)
def test_tickets_are_found(intercom: IntercomSandbox, query: Any, test: Any) -> None:
    assert ids(intercom, "tickets", query) == where(intercom.tickets, test)


OPEN = one("state", "=", "open")


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("conversations", "open"),
        ("conversations", {}),
        ("conversations", {"field": "state", "operator": "="}),
        ("conversations", every()),
        ("conversations", every(*[OPEN] * 16)),
        ("conversations", every(every(every(OPEN)))),
        ("conversations", {"operator": "NOT", "value": [OPEN]}),
        ("conversations", {"operator": "AND", "value": OPEN}),
        ("conversations", one("mood", "=", "good")),
        ("conversations", one("custom_attributes.Mood", "=", "good")),
        ("conversations", one("state", "LIKE", "open")),
        ("conversations", one("state", ">", "open")),
        ("conversations", one("state", "=", 1)),
        ("conversations", one("state", "IN", "open")),
        ("conversations", one("open", "=", "true")),
        ("conversations", one("open", "~", True)),
        ("conversations", one("created_at", ">", "last week")),
        ("conversations", one("created_at", ">=", NOW)),
        ("conversations", one("created_at", "~", "1")),
        ("conversations", one("admin_assignee_id", "=", "Tom")),
        ("contacts", one("created_at", "!=", NOW)),
        ("contacts", one("created_at", "IN", [NOW])),
        ("contacts", one("tag_id", "IN", ["7800001"])),
        ("tickets", one("updated_at", ">=", NOW)),
        ("tickets", one("admin_assignee_id", "=", 0)),
    ],
)
def test_queries_that_intercom_would_not_take(
    intercom: IntercomSandbox, what: str, query: Any
) -> None:
    status, code = refused(intercom, f"search_{what}", query=query)
    assert (status, code.partition("_")[0]) == (400, "parameter")


@pytest.mark.parametrize(
    ("tool", "key", "per_page", "count"),
    [
        ("search_conversations", "conversations", None, 20),
        ("search_conversations", "conversations", 7, 7),
        ("list_conversations", "conversations", None, 20),
        ("list_contacts", "data", None, 50),
        ("search_contacts", "data", 150, 150),
        ("search_tickets", "tickets", None, 20),
    ],
)
def test_pages_by_cursor_lose_and_repeat_nothing(
    intercom: IntercomSandbox, tool: str, key: str, per_page: int | None, count: int
) -> None:
    is_search = tool.startswith("search")
    asked: dict[str, Any] = {"per_page": per_page} if per_page else {}
    seen: list[str] = []
    pages = 0
    while True:
        given = {"query": one("id", "!=", "0"), "pagination": asked} if is_search else asked
        page = call(intercom, tool, **given)
        seen += [item["id"] for item in page[key]]
        pages += 1
        assert page["pages"]["page"] == pages
        if "next" not in page["pages"]:
            break
        assert len(page[key]) == count
        asked = {**asked, "starting_after": page["pages"]["next"]["starting_after"]}
    assert pages == page["pages"]["total_pages"]
    assert len(seen) == len(set(seen)) == page["total_count"]


@pytest.mark.parametrize(
    "paging", [{"per_page": 151}, {"per_page": 0}, {"per_page": "5"}, {"starting_after": "x"}]
)
def test_pages_that_there_are_not(intercom: IntercomSandbox, paging: Any) -> None:
    answer = refused(intercom, "search_contacts", query=OPEN | {"field": "name"}, pagination=paging)
    assert answer == (400, "parameter_invalid")


def test_pages_by_number(intercom: IntercomSandbox) -> None:
    first = call(intercom, "list_companies", per_page=20)
    second = call(intercom, "list_companies", per_page=20, page=2)
    assert first["pages"]["next"]
    assert second["pages"]["next"] is None
    assert {c["id"] for c in first["data"] + second["data"]} == set(intercom.companies)


def test_only_reading_one_conversation_shows_its_parts(intercom: IntercomSandbox) -> None:
    found = call(intercom, "search_conversations", query=one("id", "=", SSO_CONVERSATION))
    assert "conversation_parts" not in found["conversations"][0]
    whole = call(intercom, "retrieve_conversation", conversation_id=SSO_CONVERSATION)
    parts = whole["conversation_parts"]
    assert parts["total_count"] == len(parts["conversation_parts"]) == 5
    kinds = [part["part_type"] for part in parts["conversation_parts"]]
    assert kinds == ["assignment", "assignment", "comment", "note", "comment"]
    figures = whole["statistics"]
    assert figures["time_to_admin_reply"] == 3600
    assert (figures["time_to_first_close"], figures["count_assignments"]) == (None, 2)


def test_a_new_contact_is_missing_from_search_for_a_while() -> None:
    intercom = IntercomSandbox(now=lambda: NOW, search_lag=2)
    made = call(intercom, "create_contact", email="late@lumenlabs.example")
    query = one("email", "=", "late@lumenlabs.example")
    assert call(intercom, "retrieve_contact", contact_id=made["id"])["email"] == made["email"]
    assert ids(intercom, "contacts", query) == set()
    assert ids(intercom, "contacts", query) == {made["id"]}


def test_a_snooze_ends_by_itself() -> None:
    now = [NOW]
    intercom = IntercomSandbox(now=lambda: now[0])
    now[0] += 3 * DAY
    call(intercom, "list_tags")
    chloe = intercom.conversation(REFUND_CONVERSATION)
    assert (chloe["state"], chloe["snoozed_until"]) == ("open", None)


def test_who_may_do_what(intercom: IntercomSandbox) -> None:
    intercom.forbid(MINE, ["intercom_list_tags"])
    assert refused(intercom, "list_tags") == (403, "action_forbidden")
    assert intercom.call("intercom_list_tags", {}, TOMS)
    intercom.rate_limit(2)
    for _ in range(2):
        assert refused(intercom, "list_teams") == (429, "rate_limit_exceeded")
    assert call(intercom, "list_teams")
    intercom.revoke(MINE)
    assert refused(intercom, "list_teams") == (401, "token_unauthorized")
    intercom.allow(MINE)
    assert call(intercom, "list_tags")
    with pytest.raises(ProviderError, match="401"):
        intercom.call("intercom_list_tags", {}, "1")
    assert intercom.writes == []


def test_what_is_given_out_is_a_copy(intercom: IntercomSandbox) -> None:
    call(intercom, "retrieve_conversation", conversation_id=SSO_CONVERSATION)["state"] = "lost"
    intercom.conversations[SSO_CONVERSATION]["state"] = "lost"
    intercom.admin(MINE)["name"] = "Nobody"
    assert intercom.conversation(SSO_CONVERSATION)["state"] == "open"
    assert intercom.admin(MINE)["name"] == MAYA.name


def test_numbers_that_came_as_floats(intercom: IntercomSandbox) -> None:
    query = one("admin_assignee_id", "=", float(TOMS))
    page = call(intercom, "search_conversations", query=query, pagination={"per_page": 3.0})
    assert len(page["conversations"]) == 3


def test_subscribers_hear_of_writes_and_only_until_they_stop(intercom: IntercomSandbox) -> None:
    heard: list[int] = []
    stop = intercom.subscribe(lambda: heard.append(len(intercom.writes)))
    call(intercom, "list_tags")
    call(intercom, "create_or_update_tag", name="One")
    stop()
    call(intercom, "create_or_update_tag", name="Two")
    assert heard == [1]


def test_many_threads_lose_nothing(intercom: IntercomSandbox) -> None:
    def write() -> None:
        for _ in range(20):
            call(intercom, "create_contact_note", contact_id=PRIYA_CONTACT, body="Hi")

    before = len(intercom.notes)
    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(intercom.notes) == before + 160
    assert len(intercom.writes) == 160


def test_reset_brings_the_beginning_back(intercom: IntercomSandbox) -> None:
    before = intercom.conversations
    call(intercom, "delete_contact", contact_id=PRIYA_CONTACT)
    intercom.revoke(str(AISHA.intercom_admin_id))
    intercom.reset()
    assert PRIYA_CONTACT in intercom.contacts
    assert (intercom.conversations, intercom.writes) == (before, [])
    assert intercom.call("intercom_list_tags", {}, str(AISHA.intercom_admin_id))
