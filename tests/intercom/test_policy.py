"""What each of the 98 tools does, and what its card warns of, by a table of its own."""

import json
from importlib.resources import files
from typing import Any, NamedTuple

import pytest

from bot.intercom.policy import consequence, effect, is_read

NAMES = [
    tool["name"].removeprefix("intercom_")
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
]
NO_HINTS: dict[str, bool | None] = {"read_only_hint": None, "destructive_hint": None}


class Case(NamedTuple):
    """What a call does: with an input, and with the stored object where that was looked up."""

    given: dict[str, Any]
    effect: str
    warning: str = ""
    """Words that the warning has; "": there is none."""
    stored: dict[str, Any] | None = None


def read() -> list[Case]:
    return [Case({}, "read")]


def write(**given: Any) -> Case:
    return Case(given, "write")


def destructive(warning: str, **given: Any) -> Case:
    return Case(given, "destructive", warning)


def of(stored: dict[str, Any], case: Case) -> Case:
    return case._replace(stored=stored)


CUSTOMER_GETS = "The customer gets this."
READERS = "Everybody who reads your help center sees this at once."
NEWS = "Customers see this in your news at once."
TOLD = "The customer may be told of this change."
LIVE, DRAFT = {"state": "live"}, {"state": "draft"}
PUBLISHED = {"state": "published"}
SHARED = {"is_shared": True, "category": "Customer"}
HIDDEN = {"is_shared": False, "category": "Customer"}
BACK_OFFICE = {"category": "Back-office"}
INTERNAL = {"category": "Customer", "is_internal": True}
SEEN_ATTRIBUTE = {"ticket_type_attributes": {"data": [{"id": "1", "visible_to_contacts": True}]}}
UNSEEN_ATTRIBUTE = {"ticket_type_attributes": {"data": [{"id": 1, "visible_to_contacts": False}]}}
GONE = "can't be undone"

CASES: dict[str, list[Case]] = {
    # Conversations
    "list_conversations": read(),
    "search_conversations": read(),
    "retrieve_conversation": read(),
    "reply_to_conversation": [
        write(message_type="note"),
        destructive(CUSTOMER_GETS, message_type="comment"),
        destructive(CUSTOMER_GETS, message_type="quick_reply"),
        destructive(CUSTOMER_GETS),
    ],
    "manage_conversation": [
        write(message_type="close"),
        write(message_type="open"),
        write(message_type="snoozed", snoozed_until=1_900_000_000),
        write(message_type="assignment", assignee_id="7"),
        destructive(CUSTOMER_GETS, message_type="close", body="Bye"),
        destructive(CUSTOMER_GETS, message_type="assignment", assignee_id="7", body="Over to Tom"),
    ],
    "update_conversation": [write(read=True), write(custom_attributes={"Severity": "high"})],
    "auto_assign_conversation": [write(conversation_id="1")],
    "redact_conversation": [
        destructive("can't be restored", type="source"),
        destructive("can't be restored", type="conversation_part", conversation_part_id="1"),
    ],
    "create_message": [
        destructive(CUSTOMER_GETS),
        destructive(CUSTOMER_GETS, message_type="email", subject="Hello"),
    ],
    "create_conversation": [destructive("into a customer's mouth")],
    "attach_contact_to_conversation": [
        destructive("sees the whole conversation", customer={"intercom_user_id": "1"}),
        destructive("Intercom creates one", customer={"email": "p@x.example"}),
    ],
    "detach_contact_from_conversation": [destructive("no longer sees")],
    "convert_conversation_to_ticket": [destructive(GONE)],
    # Contacts and companies
    "search_contacts": read(),
    "list_contacts": read(),
    "retrieve_contact": read(),
    "create_contact": [
        write(email="p@x.example", role="user"),
        destructive("gets your e-mails", email="p@x.example", unsubscribed_from_emails=False),
        destructive("gets your e-mails", unsubscribed_from_emails=True),
    ],
    "update_contact": [
        write(name="Priya"),
        write(owner_id=7),
        write(role="user"),
        destructive("goes to this address", email="p@x.example"),
        destructive("goes to this address", phone="+46701234567"),
        destructive("which person in your product", external_id="42"),
        destructive("gets your e-mails", unsubscribed_from_emails=True),
        destructive("gets your e-mails", unsubscribed_from_emails=False),
    ],
    "archive_contact": [destructive("disappears from lists and searches")],
    "unarchive_contact": [write(contact_id="1")],
    "delete_contact": [destructive(GONE)],
    "merge_contacts": [destructive(GONE)],
    "create_contact_note": [write(body="Prefers e-mail")],
    "list_contact_notes": read(),
    "retrieve_note": read(),
    "list_contact_companies": read(),
    "list_contact_segments": read(),
    "list_contact_subscriptions": read(),
    "attach_contact_to_company": [write(id="1")],
    "detach_contact_from_company": [destructive("no longer belongs to the company")],
    "attach_subscription_to_contact": [
        destructive("agreed to get", consent_type="opt_in"),
        destructive("agreed to get", consent_type="opt_out"),
    ],
    "detach_subscription_from_contact": [destructive("agreed to get")],
    "list_companies": read(),
    "retrieve_company": read(),
    "list_company_contacts": read(),
    "list_company_segments": read(),
    "create_or_update_company": [write(company_id="acct-1", name="Lumen Labs")],
    "delete_company": [destructive("without the company")],
    "retrieve_visitor": read(),
    "update_visitor": [write(id="1", name="Teal Otter")],
    "convert_visitor": [destructive(GONE, type="lead"), destructive("merged", type="user")],
    "list_segments": read(),
    "retrieve_segment": read(),
    "list_subscription_types": read(),
    # Tickets
    "search_tickets": read(),
    "retrieve_ticket": read(),
    "create_ticket": [
        destructive("The customer is told of this ticket."),
        of({"category": "Customer"}, destructive("The customer is told of this ticket.")),
        of({"category": "Tracker"}, destructive("The customer is told of this ticket.")),
        of(BACK_OFFICE, write()),
        of(INTERNAL, write()),
        destructive("Intercom creates one", contacts=[{"email": "p@x.example"}]),
        of(
            BACK_OFFICE,
            Case({"contacts": [{"email": "p@x.example"}]}, "write", "Intercom creates one"),
        ),
    ],
    "update_ticket": [
        destructive(TOLD, state="resolved"),
        destructive(TOLD, ticket_attributes={"_default_title_": "Export fails"}),
        destructive(TOLD, assignment={"admin_id": "7"}),
        of(SHARED, destructive(TOLD, open=False)),
        of(HIDDEN, write(state="resolved")),
        of(BACK_OFFICE, write(snoozed_until=1_900_000_000)),
        of(HIDDEN, destructive("can see this ticket", is_shared=True)),
        of(BACK_OFFICE, destructive("can see this ticket", is_shared=True)),
        destructive("can see this ticket", is_shared=True),
        destructive("no longer see this ticket", is_shared=False),
        of(SHARED, destructive("no longer see this ticket", is_shared=False)),
        of(HIDDEN, write(is_shared=False)),
    ],
    "reply_to_ticket": [
        write(message_type="note"),
        destructive(CUSTOMER_GETS, message_type="comment"),
        destructive(CUSTOMER_GETS),
    ],
    "list_ticket_types": read(),
    "retrieve_ticket_type": read(),
    "create_ticket_type": [write(name="Bug"), write(name="Task", category="Back-office")],
    "update_ticket_type": [
        destructive("Nobody can create tickets", archived=True),
        destructive("whether customers see", category="Back-office"),
        destructive("whether customers see", is_internal=False),
        destructive("on their tickets at once", name="Bug"),
        of({"category": "Customer"}, destructive("on their tickets at once", description="B")),
        of(BACK_OFFICE, write(name="Task")),
        of(INTERNAL, write(icon="🐞")),
        write(archived=False),
    ],
    "create_ticket_type_attribute": [
        destructive("when they open a ticket", name="Steps"),
        destructive("when they open a ticket", visible_to_contacts=True),
        destructive(
            "when they open a ticket",
            visible_to_contacts=False,
            required_to_create_for_contacts=True,
        ),
        write(visible_to_contacts=False),
    ],
    "update_ticket_type_attribute": [
        destructive("Nobody can fill", archived=True),
        destructive("whether customers see", visible_to_contacts=True),
        destructive("whether customers see", visible_to_contacts=False),
        destructive("must fill this field in", required_to_create_for_contacts=True),
        destructive("when they open a ticket", attribute_id="1", name="Steps"),
        of(SEEN_ATTRIBUTE, destructive("open a ticket", attribute_id="1", description="Why")),
        of(UNSEEN_ATTRIBUTE, write(attribute_id="1", name="Steps")),
        of(UNSEEN_ATTRIBUTE, destructive("open a ticket", attribute_id="2", name="Steps")),
        write(required_to_create=True),
    ],
    # Help center
    "list_articles": read(),
    "search_articles": read(),
    "retrieve_article": read(),
    "create_article": [
        write(title="Exports"),
        write(title="Exports", state="draft"),
        destructive(READERS, title="Exports", state="published"),
        destructive(READERS, title="Exports", state="scheduled"),
    ],
    "update_article": [
        destructive(READERS, title="Exports"),
        of(PUBLISHED, destructive(READERS, body="<p>x</p>")),
        of(DRAFT, write(body="<p>x</p>")),
        destructive(READERS, state="published"),
        of(DRAFT, destructive(READERS, state="published")),
        destructive("no longer find this article", state="draft"),
        of(PUBLISHED, destructive("no longer find this article", state="draft")),
        of(DRAFT, write(state="draft", title="Exports")),
    ],
    "delete_article": [destructive(GONE)],
    "list_help_centers": read(),
    "retrieve_help_center": read(),
    "list_help_center_collections": read(),
    "retrieve_help_center_collection": read(),
    "create_help_center_collection": [destructive(READERS, name="Billing")],
    "update_help_center_collection": [destructive(READERS, description="All about it")],
    "delete_help_center_collection": [destructive("outside of any collection")],
    # News
    "list_news_items": read(),
    "retrieve_news_item": read(),
    "list_newsfeeds": read(),
    "retrieve_newsfeed": read(),
    "list_newsfeed_items": read(),
    "create_news_item": [
        write(title="Faster"),
        write(state="draft"),
        destructive(NEWS, state="live"),
        destructive(NEWS, state="live", deliver_silently=True),
    ],
    "update_news_item": [
        destructive(NEWS, title="Faster"),
        of(LIVE, destructive(NEWS, labels=["Product"])),
        of(DRAFT, write(title="Faster")),
        destructive(NEWS, state="live"),
        destructive("no longer see this in your news", state="draft"),
        of(DRAFT, write(state="draft")),
    ],
    "delete_news_item": [destructive(GONE)],
    # Tags
    "list_tags": read(),
    "retrieve_tag": read(),
    "create_or_update_tag": [
        write(name="VIP"),
        destructive("old name is gone", id="1", name="VIP"),
    ],
    "delete_tag": [destructive("everything that carries it")],
    "attach_tag_to_conversation": [write(id="1")],
    "attach_tag_to_contact": [write(id="1")],
    "attach_tag_to_ticket": [write(id="1")],
    "detach_tag_from_conversation": [destructive("taken off")],
    "detach_tag_from_contact": [destructive("taken off")],
    "detach_tag_from_ticket": [destructive("taken off")],
    # Teammates
    "identify_admin": read(),
    "list_admins": read(),
    "retrieve_admin": read(),
    "list_teams": read(),
    "retrieve_team": read(),
    "list_activity_logs": read(),
    "set_away_admin": [
        write(away_mode_enabled=True, away_mode_reassign=False),
        write(away_mode_enabled=False, away_mode_reassign=False),
        destructive("default inbox", away_mode_enabled=True, away_mode_reassign=True),
    ],
    # Attributes and events
    "list_data_attributes": read(),
    "create_data_attribute": [
        write(name="Severity", data_type="string"),
        write(messenger_writable=False),
        destructive("uses your Messenger", messenger_writable=True),
    ],
    "update_data_attribute": [
        write(description="How bad"),
        write(archived=False),
        destructive("Nobody can use this attribute", archived=True),
        destructive("replaces the list", options=[{"value": "small"}]),
        destructive("uses your Messenger", messenger_writable=True),
    ],
    "list_data_events": read(),
    "create_data_event": [destructive("set off messages", event_name="placed-order")],
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_call_does_and_what_its_card_warns_of(name: str) -> None:
    assert CASES[name]
    for case in CASES[name]:
        found = consequence(f"intercom_{name}", case.given, case.stored)
        assert found.effect == case.effect, case
        assert case.warning in found.warning, (case, found)
        assert bool(found.warning) == bool(case.warning), (case, found)
        assert case.effect != "destructive" or found.warning


def test_the_table_has_exactly_the_connectors_tools() -> None:
    assert set(CASES) == set(NAMES)
    assert len(NAMES) == 98


@pytest.mark.parametrize("name", NAMES)
def test_without_a_look_the_stricter_holds(name: str) -> None:
    """What is looked up can only relax; an answer that tells nothing relaxes nothing."""
    order = ["read", "write", "destructive"]
    for case in CASES[name]:
        known = consequence(f"intercom_{name}", case.given, case.stored or {})
        blind = effect(f"intercom_{name}", case.given)
        assert order.index(blind) >= order.index(known.effect), case
        assert consequence(f"intercom_{name}", case.given, {}).effect == blind
        odd = {"state": 7, "is_shared": "false", "category": None, "ticket_type_attributes": 1}
        assert consequence(f"intercom_{name}", case.given, odd).effect == blind


@pytest.mark.parametrize("name", NAMES)
def test_taking_away_is_not_announced_as_a_customers_message(name: str) -> None:
    takes_away = name.split("_")[0] in ("delete", "redact", "archive", "merge", "detach")
    for case in CASES[name]:
        warning = consequence(f"intercom_{name}", case.given, case.stored).warning
        assert not (takes_away and "gets this" in warning)
        for sentence in filter(None, warning.split(". ")):
            assert sentence[0].isupper()
        assert not warning or warning.endswith(".")
        assert "_" not in warning


def test_two_reasons_are_both_said() -> None:
    given = {"email": "p@x.example", "unsubscribed_from_emails": False}
    warning = consequence("intercom_update_contact", given).warning
    assert "goes to this address" in warning
    assert "gets your e-mails" in warning


@pytest.mark.parametrize(
    "name",
    ["intercom_list_everything", "list_tags", "INTERCOM_LIST_TAGS", "intercom_delete_all_tags"],
)
def test_a_tool_that_is_not_known_is_destructive_whatever_it_promises(name: str) -> None:
    for hints in ({"read_only_hint": True, "destructive_hint": False}, NO_HINTS):
        found = consequence(name, {"message_type": "note"}, **hints)
        assert found.effect == "destructive"
        assert "We don't know what this tool does." in found.warning
        assert not is_read(name, **hints)


def test_older_names_get_the_newer_ones_rules() -> None:
    older = "intercom_conversations_reply"
    assert consequence(older, {"message_type": "comment"}) == ("destructive", CUSTOMER_GETS)
    assert consequence(older, {"message_type": "note"}) == ("write", "")
    assert effect("intercom_notes_create", {}) == "write"
    for name in ("intercom_contacts_search", "intercom_conversations_search"):
        assert is_read(name, **NO_HINTS)


def test_of_the_connector_just_what_looks_things_up_is_a_read() -> None:
    verbs = ("list", "retrieve", "search", "identify")
    for name in NAMES:
        looks_up = name.split("_")[0] in verbs
        assert is_read(f"intercom_{name}", **NO_HINTS) is looks_up, name


def test_annotations_only_make_it_stricter() -> None:
    name = "intercom_list_tags"
    assert is_read(name, read_only_hint=True, destructive_hint=False)
    assert not is_read(name, read_only_hint=False, destructive_hint=None)
    assert not is_read(name, read_only_hint=True, destructive_hint=True)
    assert effect(name, {}, read_only_hint=False) == "write"
    said = consequence(name, {}, destructive_hint=True)
    assert said.effect == "destructive"
    assert "takes something away" in said.warning
    assert effect("intercom_delete_tag", {}, read_only_hint=True) == "destructive"
    assert effect("intercom_delete_tag", {}, destructive_hint=False) == "destructive"
    assert effect("intercom_unarchive_contact", {}, destructive_hint=True) == "destructive"


def test_odd_inputs_are_judged_too() -> None:
    """Before it is refused, a call that fits no tool is shown with its effect."""
    for given in (
        {"customer": 5},
        {"customer": ["email"]},
        {"contacts": [5]},
        {"contacts": "email"},
        {"state": ["draft"]},
        {"id": None},
    ):
        for name in NAMES:
            assert effect(f"intercom_{name}", given) in ("read", "write", "destructive")
