"""A write whose answer got lost: what a read tells of it, by the real client and the stand-ins."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bot.accounts.scalekit import Scalekit
from bot.agent.limits import Limits
from bot.agent.tools import Tools
from bot.agent.toolset import Toolset
from bot.intercom.catalogue import TOOLS
from bot.intercom.verification.of_tool import probe_for
from bot.intercom.verification.probe import Write
from bot.sandbox.intercom import (
    OSCAR_CONTACT,
    PRIYA_CONTACT,
    PRIYA_CONVERSATION,
    SSO_CONVERSATION,
    IntercomSandbox,
)
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.scalekit import ScalekitSandbox
from bot.settings import Settings
from bot.state.engine import open_engine
from bot.state.models import Teammate, ToolCall
from bot.state.pacing import Pacing

WHO = "slack:T1:U1"
MINE, TOMS = str(MAYA.intercom_admin_id), str(TOM.intercom_admin_id)
CATALOGUE = json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
WRITES = {
    tool["name"].removeprefix("intercom_")
    for tool in CATALOGUE
    if TOOLS[tool["name"]].effect != "read" and TOOLS[tool["name"]].usable
}

ON = {"conversation_id": PRIYA_CONVERSATION}
ABOUT = {"contact_id": PRIYA_CONTACT}
MANAGE = {**ON, "type": "admin"}
SAY = {**ON, "type": "admin", "message_type": "comment", "body": "<p>Refunded &amp; closed.</p>"}

SHOWN = "Intercom shows it"
NOT_SHOWN = "Intercom does not show it so far"
UNCLEAR = "what Intercom shows does not tell"

Given = dict[str, Any]
Prepared = Callable[[IntercomSandbox], Given]
Lose = Callable[..., Awaitable[ToolCall]]


class Clock:
    """The stand-in's: `ahead` of this machine's by so many seconds."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


CLOCK = Clock()


@pytest.fixture(scope="module")
def sandboxes(scalekit_ca: Path) -> Iterator[tuple[ScalekitSandbox, IntercomSandbox]]:
    intercom = IntercomSandbox(now=CLOCK)
    scalekit = ScalekitSandbox(intercom, ca_directory=scalekit_ca)
    scalekit.start()
    os.environ.update(scalekit.env())
    scalekit.connect(WHO, MINE)
    yield scalekit, intercom
    scalekit.stop()


@pytest.fixture
def intercom(sandboxes: tuple[ScalekitSandbox, IntercomSandbox]) -> IntercomSandbox:
    CLOCK.ahead = 0.0
    sandboxes[1].reset()
    return sandboxes[1]


@pytest.fixture(scope="module")
def client(sandboxes: tuple[ScalekitSandbox, IntercomSandbox]) -> Scalekit:
    scalekit = sandboxes[0]
    return Scalekit(
        Settings(
            slack_bot_token="xoxb-1",
            slack_signing_secret="s",
            slack_client_id="c",
            slack_client_secret="s",
            anthropic_api_key="k",
            scalekit_environment_url=scalekit.url,
            scalekit_client_id=scalekit.client_id,
            scalekit_client_secret=scalekit.client_secret,
            redis_url="memory://",
            public_url="https://bot.example",
        )
    )


@pytest.fixture(scope="module")
def toolset(client: Scalekit) -> Toolset:
    return Toolset.of(asyncio.run(client.tools(WHO)))


@pytest.fixture
async def lose(
    sandboxes: tuple[ScalekitSandbox, IntercomSandbox],
    intercom: IntercomSandbox,
    client: Scalekit,
    toolset: Toolset,
) -> AsyncIterator[Lose]:
    """Runs a write whose answer gets lost. Out: the call, ended."""
    teammate = Teammate(admin_id=MINE, name=MAYA.name, email=MAYA.email, workspace="Northwind")

    async def allow() -> None: ...

    async def note(call: ToolCall) -> None: ...

    async def as_shown(call: ToolCall) -> bool:
        return True

    async with open_engine("memory://", 2) as docket:

        async def lose(
            tool: str, given: Given, *, happens: bool, tools: Toolset = toolset
        ) -> ToolCall:
            before = len(intercom.writes)
            sandboxes[0].fail(f"intercom_{tool}", status=503, after_effect=happens)
            call = ToolCall(id="1", name=f"intercom_{tool}", input=given, title="")
            pacing = Pacing(docket)
            runner = Tools(client, Limits(), pacing, WHO, teammate, tools, "off", "us")
            await runner.run([call], check=allow, changed=note, may_run=as_shown)
            sandboxes[0].heal()
            assert len(intercom.writes) == before + happens
            assert call.ended
            assert len(call.outcome) <= 250
            return call

        yield lose


def do(intercom: IntercomSandbox, tool: str, /, **given: Any) -> Any:
    return intercom.call(f"intercom_{tool}", given, MINE)


def first(table: dict[str, Any]) -> str:
    return next(iter(table))


def tag(intercom: IntercomSandbox, name: str = "VIP") -> str:
    return next(key for key, one in intercom.tags.items() if one["name"] == name)


def fixed(**given: Any) -> Prepared:
    return lambda intercom: given


def a_ticket(intercom: IntercomSandbox) -> Given:
    return {"ticket_id": first(intercom.tickets)}


def a_type(intercom: IntercomSandbox) -> Given:
    return {"ticket_type_id": first(intercom.ticket_types)}


def an_attribute(intercom: IntercomSandbox) -> Given:
    kind = intercom.ticket_types[first(intercom.ticket_types)]
    return {**a_type(intercom), "attribute_id": kind["ticket_type_attributes"]["data"][2]["id"]}


def an_option(intercom: IntercomSandbox) -> Given:
    every = intercom.data_attributes.items()
    return {"data_attribute_id": next(k for k, one in every if one.get("options"))}


def a_visitor(intercom: IntercomSandbox) -> Given:
    one = next(iter(intercom.visitors.values()))
    return {"id": one["id"], "user_id": one["user_id"]}


def a_lead(intercom: IntercomSandbox) -> str:
    return next(key for key, one in intercom.contacts.items() if one["role"] == "lead")


def a_topic(intercom: IntercomSandbox) -> str:
    return str(do(intercom, "list_subscription_types")["data"][0]["id"])


def a_firm(intercom: IntercomSandbox) -> str:
    """One that Priya is not in."""
    return list(intercom.companies)[5]


def after(*steps: tuple[str, Prepared], then: Prepared) -> Prepared:
    """What is to be taken away has to be there before."""

    def prepare(intercom: IntercomSandbox) -> Given:
        for tool, given in steps:
            do(intercom, tool, **given(intercom))
        return then(intercom)

    return prepare


def on_conversation(intercom: IntercomSandbox) -> Given:
    return {**ON, "tag_id": tag(intercom)}


def a_part(intercom: IntercomSandbox) -> Given:
    [part, *_] = intercom.conversation(PRIYA_CONVERSATION)["conversation_parts"][
        "conversation_parts"
    ]
    return {**ON, "type": "conversation_part", "conversation_part_id": part["id"]}


ATTRIBUTES = {"_default_title_": "Export fails", "_default_description_": "Since <Monday>"}
OSCAR_JOINS = fixed(**ON, admin_id=MINE, customer={"intercom_user_id": OSCAR_CONTACT})

CASES: list[tuple[str, Prepared]] = [
    ("reply_to_conversation", fixed(**SAY)),
    ("reply_to_conversation", fixed(**SAY | {"message_type": "note", "body": "A & B\n\nC"})),
    ("reply_to_conversation", fixed(**SAY, created_at=1_700_000_000)),
    ("manage_conversation", fixed(**MANAGE, message_type="close")),
    ("manage_conversation", fixed(**MANAGE, message_type="close", body="Bye.")),
    (
        "manage_conversation",
        after(
            ("manage_conversation", fixed(**MANAGE, admin_id=MINE, message_type="close")),
            then=fixed(**MANAGE, message_type="open"),
        ),
    ),
    ("manage_conversation", fixed(**MANAGE, message_type="snoozed", snoozed_until=1_900_000_000)),
    ("manage_conversation", fixed(**MANAGE, message_type="assignment", assignee_id=TOMS)),
    (
        "manage_conversation",
        lambda intercom: {
            **ON,
            "type": "team",
            "message_type": "assignment",
            "assignee_id": first(intercom.teams),
        },
    ),
    (
        "manage_conversation",
        fixed(
            conversation_id=SSO_CONVERSATION,
            type="admin",
            message_type="assignment",
            assignee_id="0",
        ),
    ),
    ("update_conversation", fixed(**ON, read=True, custom_attributes={"Severity": "high"})),
    ("redact_conversation", fixed(**ON, type="source")),
    ("redact_conversation", a_part),
    (
        "create_message",
        fixed(
            to={"type": "user", "id": PRIYA_CONTACT},
            body="We are sorry.\n\nAnd back.",
            create_conversation_without_contact_reply=True,
        ),
    ),
    ("attach_contact_to_conversation", OSCAR_JOINS),
    (
        "attach_contact_to_conversation",
        lambda intercom: {
            **ON,
            "customer": {"user_id": intercom.contacts[OSCAR_CONTACT]["external_id"]},
        },
    ),
    (
        "detach_contact_from_conversation",
        after(
            ("attach_contact_to_conversation", OSCAR_JOINS),
            then=fixed(**ON, contact_id=OSCAR_CONTACT),
        ),
    ),
    ("attach_tag_to_conversation", lambda intercom: {**ON, "id": tag(intercom)}),
    (
        "detach_tag_from_conversation",
        lambda intercom: {**ON, "tag_id": tag(intercom, "Double charge")},
    ),
    ("update_contact", fixed(**ABOUT, name="Priya N.", owner_id=int(TOMS), phone="+46 70 123")),
    ("update_contact", fixed(**ABOUT, external_id="acct-9")),
    (
        "unarchive_contact",
        after(("archive_contact", fixed(**ABOUT)), then=fixed(**ABOUT)),
    ),
    ("delete_contact", fixed(**ABOUT)),
    ("merge_contacts", lambda intercom: {"from": a_lead(intercom), "into": PRIYA_CONTACT}),
    ("create_contact_note", fixed(**ABOUT, body="Called <b>twice</b>.")),
    (
        "attach_tag_to_contact",
        lambda intercom: {**ABOUT, "id": do(intercom, "create_or_update_tag", name="Odd")["id"]},
    ),
    (
        "detach_tag_from_contact",
        after(
            ("attach_tag_to_contact", lambda intercom: {**ABOUT, "id": tag(intercom)}),
            then=lambda intercom: {**ABOUT, "tag_id": tag(intercom)},
        ),
    ),
    ("attach_contact_to_company", lambda intercom: {**ABOUT, "id": a_firm(intercom)}),
    (
        "detach_contact_from_company",
        after(
            ("attach_contact_to_company", lambda intercom: {**ABOUT, "id": a_firm(intercom)}),
            then=lambda intercom: {**ABOUT, "company_id": a_firm(intercom)},
        ),
    ),
    (
        "attach_subscription_to_contact",
        after(
            (
                "attach_subscription_to_contact",
                lambda intercom: {**ABOUT, "id": a_topic(intercom), "consent_type": "opt_out"},
            ),
            then=lambda intercom: {**ABOUT, "id": a_topic(intercom), "consent_type": "opt_in"},
        ),
    ),
    (
        "detach_subscription_from_contact",
        after(
            (
                "attach_subscription_to_contact",
                lambda intercom: {**ABOUT, "id": a_topic(intercom), "consent_type": "opt_out"},
            ),
            then=lambda intercom: {**ABOUT, "subscription_id": a_topic(intercom)},
        ),
    ),
    ("create_or_update_company", fixed(company_id="acct-new", name="New & Co", plan="Team")),
    ("create_or_update_company", fixed(company_id="acct-bare")),
    (
        "create_or_update_company",
        lambda intercom: {
            "company_id": intercom.companies[first(intercom.companies)]["company_id"],
            "monthly_spend": 12_345,
        },
    ),
    ("delete_company", lambda intercom: {"company_id": first(intercom.companies)}),
    ("update_visitor", lambda intercom: {**a_visitor(intercom), "name": "Otto"}),
    (
        "create_ticket",
        lambda intercom: {
            **a_type(intercom),
            "contacts": [{"id": PRIYA_CONTACT}],
            "ticket_attributes": ATTRIBUTES,
        },
    ),
    ("update_ticket", lambda intercom: {**a_ticket(intercom), "state": "waiting_on_customer"}),
    (
        "update_ticket",
        lambda intercom: {
            **a_ticket(intercom),
            "ticket_attributes": ATTRIBUTES,
            "snoozed_until": 1_900_000_000,
            "assignment": {"admin_id": MINE, "assignee_id": TOMS},
        },
    ),
    (
        "reply_to_ticket",
        lambda intercom: {
            **a_ticket(intercom),
            "type": "admin",
            "message_type": "note",
            "body": "Known.",
        },
    ),
    ("attach_tag_to_ticket", lambda intercom: {**a_ticket(intercom), "id": tag(intercom)}),
    (
        "detach_tag_from_ticket",
        after(
            ("attach_tag_to_ticket", lambda i: {**a_ticket(i), "admin_id": MINE, "id": tag(i)}),
            then=lambda intercom: {**a_ticket(intercom), "tag_id": tag(intercom)},
        ),
    ),
    ("create_ticket_type", fixed(name="Question")),
    ("update_ticket_type", lambda intercom: {**a_type(intercom), "description": "Broken & odd"}),
    (
        "create_ticket_type_attribute",
        lambda intercom: {
            **a_type(intercom),
            "name": "Browser",
            "data_type": "string",
            "description": "Which one",
        },
    ),
    ("update_ticket_type_attribute", lambda intercom: {**an_attribute(intercom), "archived": True}),
    ("create_article", fixed(title="Exports", body="<p>How</p>", state="published")),
    (
        "update_article",
        lambda intercom: {"article_id": first(intercom.articles), "body": "<h2>A</h2><p>B</p>"},
    ),
    ("delete_article", lambda intercom: {"article_id": first(intercom.articles)}),
    ("create_help_center_collection", fixed(name="Exports")),
    (
        "update_help_center_collection",
        lambda intercom: {"collection_id": first(intercom.collections), "name": "Your account"},
    ),
    (
        "delete_help_center_collection",
        lambda intercom: {"collection_id": first(intercom.collections)},
    ),
    ("create_news_item", fixed(title="Exports", body="<p>They are here</p>", state="live")),
    (
        "update_news_item",
        lambda intercom: {"news_item_id": first(intercom.news_items), "labels": ["B", "A"]},
    ),
    ("delete_news_item", lambda intercom: {"news_item_id": first(intercom.news_items)}),
    ("create_or_update_tag", fixed(name="Very new")),
    ("create_or_update_tag", lambda intercom: {"id": tag(intercom), "name": "Very important"}),
    ("delete_tag", lambda intercom: {"tag_id": tag(intercom)}),
    ("set_away_admin", fixed(admin_id=TOMS, away_mode_enabled=True, away_mode_reassign=True)),
    ("create_data_attribute", fixed(name="Size", model="contact", data_type="integer")),
    (
        "update_data_attribute",
        lambda intercom: {**an_option(intercom), "options": [{"value": "b"}, {"value": "a"}]},
    ),
    ("update_data_attribute", lambda intercom: {**an_option(intercom), "archived": True}),
    ("create_data_event", fixed(event_name="moved", created_at=1_790_000_000, id=PRIYA_CONTACT)),
]
HALF_TOLD: dict[str, tuple[Prepared, str, str]] = {
    "create_contact": (fixed(email="New@lumenlabs.example", role="user"), UNCLEAR, SHOWN),
    "archive_contact": (fixed(**ABOUT), NOT_SHOWN, UNCLEAR),
    "convert_conversation_to_ticket": (lambda i: {**ON, **a_type(i)}, UNCLEAR, SHOWN),
}
"""Where one of the answers cannot be told: without and with the effect."""
UNTOLD: list[tuple[str, Prepared]] = [
    ("auto_assign_conversation", fixed(**ON)),
    (
        "convert_visitor",
        lambda i: {"type": "lead", "visitor": {"user_id": a_visitor(i)["user_id"]}},
    ),
    ("create_message", fixed(to={"type": "user", "id": PRIYA_CONTACT}, body="Hi")),
    (
        "create_ticket",
        lambda i: {**a_type(i), "contacts": [{"email": "oscar@fjordanalytics.example"}]},
    ),
    ("create_contact", fixed(role="lead")),
    (
        "create_data_event",
        fixed(event_name="a", created_at=1, email="oscar@fjordanalytics.example"),
    ),
    ("update_visitor", lambda i: {"id": a_visitor(i)["id"], "name": "Otto"}),
]


def names(cases: list[tuple[str, Prepared]]) -> list[str]:
    return [f"{tool}-{number}" for number, (tool, _) in enumerate(cases)]


@pytest.mark.parametrize(("tool", "prepare"), CASES, ids=names(CASES))
async def test_what_happened_is_found(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    call = await lose(tool, prepare(intercom), happens=True)
    assert (call.state, SHOWN in call.outcome) == ("done", True), call.outcome


@pytest.mark.parametrize(("tool", "prepare"), CASES, ids=names(CASES))
async def test_what_did_not_happen_is_not_seen(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    call = await lose(tool, prepare(intercom), happens=False)
    assert (call.state, NOT_SHOWN in call.outcome) == ("unknown", True), call.outcome


@pytest.mark.parametrize("tool", HALF_TOLD)
async def test_what_only_one_answer_tells(intercom: IntercomSandbox, lose: Lose, tool: str) -> None:
    prepare, without, with_effect = HALF_TOLD[tool]
    call = await lose(tool, prepare(intercom), happens=False)
    assert (call.state, without in call.outcome) == ("unknown", True), call.outcome
    call = await lose(tool, prepare(intercom), happens=True)
    assert with_effect in call.outcome
    assert call.state == ("done" if with_effect == SHOWN else "unknown")


@pytest.mark.parametrize(("tool", "prepare"), UNTOLD, ids=names(UNTOLD))
async def test_what_no_read_tells_stays_unknown(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    given = prepare(intercom)
    reads = len(intercom.reads)
    call = await lose(tool, given, happens=False)
    assert (call.state, call.outcome) == ("unknown", "Outcome unknown")
    assert len(intercom.reads) == reads


MADE: list[tuple[str, Prepared]] = [
    ("reply_to_conversation", fixed(**SAY)),
    (
        "create_message",
        fixed(
            to={"type": "user", "id": PRIYA_CONTACT},
            body="Sorry.",
            create_conversation_without_contact_reply=True,
        ),
    ),
    ("create_contact_note", fixed(**ABOUT, body="Called.")),
    (
        "reply_to_ticket",
        lambda i: {**a_ticket(i), "type": "admin", "message_type": "note", "body": "Known."},
    ),
    ("create_article", fixed(title="Exports")),
    ("create_news_item", fixed(title="Exports")),
]
BY: dict[str, Callable[[str], Given]] = {
    "create_message": lambda admin_id: {"from": {"type": "admin", "id": admin_id}},
    "create_article": lambda admin_id: {"author_id": int(admin_id)},
    "create_news_item": lambda admin_id: {"sender_id": int(admin_id)},
}
UNSIGNED: list[tuple[str, Prepared]] = [
    (
        "create_ticket",
        lambda i: {
            **a_type(i),
            "contacts": [{"id": PRIYA_CONTACT}],
            "ticket_attributes": ATTRIBUTES,
        },
    ),
    ("create_ticket_type", fixed(name="Question")),
    ("create_help_center_collection", fixed(name="Exports")),
]


def make(intercom: IntercomSandbox, tool: str, given: Given, admin_id: str) -> None:
    """The very same, by this admin and now."""
    signed = BY.get(tool, lambda admin_id: {"admin_id": admin_id})(admin_id)
    unsigned = {name for name, _ in UNSIGNED}
    do(intercom, tool, **given, **({} if tool in unsigned else signed))


@pytest.mark.parametrize(("tool", "prepare"), [*MADE, *UNSIGNED], ids=names([*MADE, *UNSIGNED]))
async def test_an_older_one_like_it_is_not_taken_for_it(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    given = prepare(intercom)
    CLOCK.ahead = -120
    make(intercom, tool, given, MINE)
    CLOCK.ahead = 0
    assert NOT_SHOWN in (await lose(tool, given, happens=False)).outcome


@pytest.mark.parametrize(("tool", "prepare"), MADE, ids=names(MADE))
async def test_a_colleagues_is_not_taken_for_it(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    given = prepare(intercom)
    make(intercom, tool, given, TOMS)
    assert NOT_SHOWN in (await lose(tool, given, happens=False)).outcome


@pytest.mark.parametrize(("tool", "prepare"), [*MADE, *UNSIGNED], ids=names([*MADE, *UNSIGNED]))
async def test_clocks_may_differ_a_little(
    intercom: IntercomSandbox, lose: Lose, tool: str, prepare: Prepared
) -> None:
    given = prepare(intercom)
    CLOCK.ahead = -45
    assert SHOWN in (await lose(tool, given, happens=True)).outcome


async def test_a_ticket_of_somebody_else_is_not_taken_for_it(
    intercom: IntercomSandbox, lose: Lose
) -> None:
    given = {**a_type(intercom), "ticket_attributes": ATTRIBUTES}
    do(intercom, "create_ticket", **given, contacts=[{"id": OSCAR_CONTACT}])
    call = await lose(
        "create_ticket", {**given, "contacts": [{"id": PRIYA_CONTACT}]}, happens=False
    )
    assert NOT_SHOWN in call.outcome


async def test_a_note_is_not_taken_for_the_reply_of_the_same_words(
    intercom: IntercomSandbox, lose: Lose
) -> None:
    do(intercom, "reply_to_conversation", **SAY | {"message_type": "note"}, admin_id=MINE)
    assert NOT_SHOWN in (await lose("reply_to_conversation", SAY, happens=False)).outcome


async def test_what_was_so_already_needs_no_repeating(
    intercom: IntercomSandbox, lose: Lose
) -> None:
    close = {**MANAGE, "message_type": "close"}
    do(intercom, "manage_conversation", **close, admin_id=MINE)
    assert (await lose("manage_conversation", close, happens=False)).state == "done"


async def test_the_words_of_a_close_are_looked_for_too(
    intercom: IntercomSandbox, lose: Lose
) -> None:
    close = {**MANAGE, "message_type": "close"}
    do(intercom, "manage_conversation", **close, admin_id=MINE)
    call = await lose("manage_conversation", {**close, "body": "Bye."}, happens=False)
    assert NOT_SHOWN in call.outcome


async def test_every_field_of_an_update_counts(intercom: IntercomSandbox, lose: Lose) -> None:
    do(intercom, "update_ticket", **a_ticket(intercom), state="in_progress", is_shared=True)
    given = {**a_ticket(intercom), "state": "in_progress", "is_shared": False}
    assert NOT_SHOWN in (await lose("update_ticket", given, happens=False)).outcome


@pytest.mark.parametrize(("happens", "told"), [(True, SHOWN), (False, UNCLEAR)])
async def test_another_markup_of_the_same_text_counts_if_it_was_saved_since(
    intercom: IntercomSandbox, lose: Lose, happens: bool, told: str
) -> None:
    article_id = first(intercom.articles)
    CLOCK.ahead = -3600
    do(intercom, "update_article", article_id=article_id, body="<p>One two</p>")
    CLOCK.ahead = 0
    given = {"article_id": article_id, "body": "<p>One <b>two</b></p>"}
    call = await lose("update_article", given, happens=happens)
    assert told in call.outcome


@pytest.mark.parametrize("happens", [True, False])
async def test_a_list_that_goes_on_elsewhere_cannot_tell_of_absence(
    intercom: IntercomSandbox, lose: Lose, happens: bool
) -> None:
    tags = [do(intercom, "create_or_update_tag", name=f"t{n}")["id"] for n in range(12)]
    for one in tags[:11]:
        do(intercom, "attach_tag_to_contact", **ABOUT, id=one)
    call = await lose("attach_tag_to_contact", {**ABOUT, "id": tags[11]}, happens=happens)
    assert (call.state, UNCLEAR in call.outcome) == ("unknown", True)
    assert "cannot tell" in call.result
    call = await lose("detach_tag_from_contact", {**ABOUT, "tag_id": tags[0]}, happens=False)
    assert NOT_SHOWN in call.outcome
    call = await lose("detach_tag_from_contact", {**ABOUT, "tag_id": tags[10]}, happens=happens)
    assert UNCLEAR in call.outcome


async def test_a_full_page_cannot_tell_of_absence(intercom: IntercomSandbox, lose: Lose) -> None:
    for number in range(51):
        do(intercom, "create_contact_note", **ABOUT, body=f"{number}", admin_id=MINE)
    given = {**ABOUT, "body": "Called."}
    assert UNCLEAR in (await lose("create_contact_note", given, happens=False)).outcome
    assert SHOWN in (await lose("create_contact_note", given, happens=True)).outcome


async def test_without_the_read_nothing_is_concluded(
    intercom: IntercomSandbox, lose: Lose, toolset: Toolset
) -> None:
    read = "intercom_retrieve_contact"
    narrow = Toolset(tools=[tool for tool in toolset.tools if tool.name != read])
    call = await lose("delete_contact", ABOUT, happens=False, tools=narrow)
    assert (call.state, call.outcome) == ("unknown", "Outcome unknown")


@pytest.mark.parametrize(
    ("status", "code"), [(503, None), (403, "forbidden"), (404, "TOOL_NOT_FOUND"), (404, None)]
)
async def test_a_look_that_fails_concludes_nothing(
    sandboxes: tuple[ScalekitSandbox, IntercomSandbox],
    intercom: IntercomSandbox,
    lose: Lose,
    status: int,
    code: str | None,
) -> None:
    sandboxes[0].fail("intercom_retrieve_contact", status=status, tool_error_code=code)
    call = await lose("delete_contact", ABOUT, happens=False)
    assert (call.state, call.outcome) == ("unknown", "Outcome unknown")


FIELDS = [
    *("data", "tags", "contacts", "conversation_parts", "ticket_parts", "tickets", "events"),
    *("conversations", "source", "linked_objects", "custom_attributes", "ticket_attributes"),
    *("ticket_type_attributes", "ticket_state", "plan", "pages"),
]
ODD: list[Any] = [None, 0, "x", {}, [None], ["x", 3]]


@pytest.mark.parametrize(("tool", "prepare"), CASES, ids=names(CASES))
def test_an_answer_of_another_shape_never_shows_an_effect(
    intercom: IntercomSandbox, tool: str, prepare: Prepared
) -> None:
    look = probe_for(f"intercom_{tool}", Write(prepare(intercom), MINE, datetime.now(UTC)))
    assert look
    assert TOOLS[look.tool_name].effect == "read"
    for odd in ODD:
        for answer in (
            {},
            dict.fromkeys(FIELDS, odd),
            {f: dict.fromkeys(FIELDS, odd) for f in FIELDS},
        ):
            assert look.evaluate(answer) != "shown"


def test_every_write_of_the_catalogue_is_here() -> None:
    covered = {tool for tool, _ in [*CASES, *UNTOLD]} | set(HALF_TOLD)
    assert covered == WRITES
