"""Writes in plain words: each value is told once, under a person's label, by objects' names."""

import json
from importlib.resources import files
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.intercom.catalogue import TOOLS
from bot.intercom.catalogue.declaration import Field, Tool
from bot.intercom.catalogue.objects import OBJECTS
from bot.intercom.catalogue.templates import paths_in
from bot.intercom.change_edits import BadEdit, edited
from bot.intercom.change_subjects import changed_subject, old_subjects, old_values, subjects
from bot.intercom.change_summary import Known, summarize
from bot.intercom.html import text_of
from bot.intercom.inputs import InputRefused, prepare
from bot.state.models import Change

CATALOGUE = json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
SCHEMAS = {tool["name"]: tool["input_schema"]["properties"] for tool in CATALOGUE}
WRITES = sorted(name for name, tool in TOOLS.items() if tool.effect != "read" and tool.usable)
NAMES = {
    "conversation:1": "“Refund” with Priya Natarajan (priya@fabrikam.com)",
    "contact:c1": "Priya Natarajan (priya@fabrikam.com)",
    "contact:c2": "Priya Natarajan (priya@contoso.com)",
    "ticket:9": "the ticket “Printer” (#17)",
    "ticket:10": "the ticket “Other” (#18)",
    "tag:t1": "“VIP”",
    "admin:7": "Tom Okafor (tom@northwind.com)",
}


def told(name: str, tool_input: dict[str, Any], **known: Any) -> Change:
    return summarize(
        name, TOOLS[f"intercom_{name}"], tool_input, Known(**{"names": NAMES, **known})
    )


@pytest.mark.parametrize(
    ("tool", "tool_input", "headline"),
    [
        (
            "reply_to_conversation",
            {"conversation_id": "1", "message_type": "comment", "body": "<p>Hi</p>"},
            "Reply to the customer in “Refund” with Priya Natarajan (priya@fabrikam.com)",
        ),
        (
            "reply_to_conversation",
            {"conversation_id": "1", "message_type": "note", "body": "<p>Hi</p>"},
            "Add an internal note to “Refund” with Priya Natarajan (priya@fabrikam.com)",
        ),
        (
            "manage_conversation",
            {"conversation_id": "1", "message_type": "assignment", "assignee_id": "7"},
            "Assign “Refund” with Priya Natarajan (priya@fabrikam.com) to Tom Okafor "
            "(tom@northwind.com)",
        ),
        (
            "manage_conversation",
            {"conversation_id": "1", "message_type": "assignment", "assignee_id": "0"},
            "Assign “Refund” with Priya Natarajan (priya@fabrikam.com) to nobody",
        ),
        (
            "merge_contacts",
            {"from": "c2", "into": "c1"},
            "Merge the contact Priya Natarajan (priya@contoso.com) into Priya Natarajan "
            "(priya@fabrikam.com)",
        ),
        (
            "delete_contact",
            {"contact_id": "c9"},
            "Delete the contact c9 (its name could not be looked up) for good",
        ),
    ],
)
def test_the_headline_says_what_will_happen_and_to_whom(
    tool: str, tool_input: dict[str, Any], headline: str
) -> None:
    assert told(tool, tool_input).headline == headline


@pytest.mark.parametrize(
    ("tool", "tool_input", "acted_on", "other"),
    [
        (
            "update_ticket",
            {"ticket_id": "9", "assignment": {"ticket_id": "10", "admin_id": "7"}},
            "the ticket “Printer” (#17)",
            "Other",
        ),
        (
            "attach_contact_to_conversation",
            {
                "conversation_id": "1",
                "customer": {"intercom_user_id": "c1", "conversation_id": "2"},
            },
            "“Refund”",
            "conversation 2",
        ),
        (
            "create_message",
            {"to": {"type": "user", "id": "c1", "contact_id": "c2"}, "body": "<p>Hi</p>"},
            "priya@fabrikam.com",
            "contoso",
        ),
        (
            "update_conversation",
            {"conversation_id": "1", "custom_attributes": {"conversation_id": "2"}},
            "“Refund”",
            "conversation 2",
        ),
    ],
)
def test_the_headline_names_the_object_that_the_call_acts_on(
    tool: str, tool_input: dict[str, Any], acted_on: str, other: str
) -> None:
    change = told(tool, tool_input)
    assert acted_on in change.headline
    assert other not in change.headline


def test_a_name_that_cannot_be_looked_up_is_its_noun_and_id_and_marked_as_such() -> None:
    change = told("attach_tag_to_contact", {"contact_id": "66f", "id": "t9"}, names={})
    assert "the contact 66f (its name could not be looked up)" in change.headline
    assert "tag t9 (its name could not be looked up)" in change.headline


def test_two_customers_of_one_name_are_told_apart() -> None:
    person = OBJECTS["contact"].name
    assert person({"name": "Priya", "email": "a@x.example"}) == "Priya (a@x.example)"
    assert person({"name": "Priya", "id": "66f"}) == "Priya (id 66f)"
    forged = {"name": "Priya (a@x.example)", "id": "66f"}
    assert person(forged) != person({"name": "Priya", "email": "a@x.example"})
    assert person(forged).endswith("(id 66f)")
    assert person(forged).count("(") == 1


@pytest.mark.parametrize("name", ["Priya (a@x.example) " + "x" * 10_000, "P " * 5_000])
def test_a_long_name_does_not_cut_off_what_tells_it_apart(name: str) -> None:
    eve = {"name": name, "email": "eve@evil.example"}
    shown = OBJECTS["contact"].name(eve)
    change = told("archive_contact", {"contact_id": "66f"}, names={"contact:66f": shown})
    assert "(eve@evil.example)" in change.headline
    assert "(a@x.example)" not in change.headline

    conversation = OBJECTS["conversation"].name({"title": name, "source": {"author": eve}})
    given = {"conversation_id": "1", "message_type": "close"}
    change = told("manage_conversation", given, names={"conversation:1": conversation})
    assert change.headline.endswith("(eve@evil.example)")

    for kind, found in (
        ("company", {"name": name, "company_id": "key-7"}),
        ("ticket", {"ticket_attributes": {"_default_title_": name}, "ticket_id": "key-7"}),
    ):
        shown = OBJECTS[kind].name(found)
        assert shown.endswith("key-7)")
        assert "(a@x.example)" not in shown.partition("“")[0]
        assert len(shown) <= 260


def test_the_id_that_is_sent_is_told_though_a_name_contains_it() -> None:
    given = {"event_name": "paid", "created_at": 1_764_064_800, "user_id": "42"}
    for name in ("Priya 42 (priya@fabrikam.com)", "Priya (priya@fabrikam.com)"):
        change = told("create_data_event", given, names={"contact:external_id:42": name})
        assert f"{name} [42]" in str(change)


def test_a_title_cannot_end_its_own_quotes() -> None:
    stored = {
        "title": "Refund” with Boss (boss@northwind.com), then close “it",
        "source": {"author": {"name": "Eve", "email": "eve@evil.example"}},
    }
    name = OBJECTS["conversation"].name(stored)
    assert name.count("“") == name.count("”") == 1
    assert name.endswith("” with Eve (eve@evil.example)")


def value_for(field: Field, mark: str) -> Any:
    if field.choices:
        return next(iter(field.choices))
    kinds: dict[str, Any] = {
        "flag": True,
        "number": 4711,
        "moment": 1_764_064_800,
        "list": [f"{mark}one", f"{mark}two"],
        "message_html": f"<p>{mark} words</p>",
        "article_html": f"<h2>{mark}</h2><p>words</p>",
        "query": {"field": "name", "operator": "=", "value": mark},
    }
    return kinds.get(field.kind, mark)


def filled_in(tool: Tool) -> tuple[dict[str, Any], dict[str, Any]]:
    """An input with every declared field, inner ones too, and each value by its path."""
    tool_input: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for number, field in enumerate(tool.fields):
        if any(field.path in group[1:] for group in tool.one_of) or field.path.startswith("to[]"):
            continue
        value = value_for(field, f"v{number}x")
        values[field.path] = value
        holder: Any = tool_input
        steps = field.path.replace("[]", ".[]").replace("*", "Favorite color").split(".")
        for step, following in zip(steps, [*steps[1:], ""], strict=True):
            place: Any = 0 if step == "[]" else step
            if not following:
                holder[place] = value
            elif isinstance(holder, list):
                holder = holder[0] if holder else (holder.append({}), holder[0])[1]
            else:
                holder = holder.setdefault(place, [] if following == "[]" else {})
    return tool_input, values


@pytest.mark.parametrize("name", WRITES)
def test_every_value_of_every_write_is_told_once_and_by_a_persons_label(name: str) -> None:
    tool = TOOLS[name]
    tool_input, values = filled_in(tool)
    change = summarize(name, tool, tool_input, Known(time_zone="UTC"))
    shown = "\n".join([change.headline, change.text, *(value for _, value in change.details)])
    for path, value in values.items():
        field = next(field for field in tool.fields if field.path == path)
        if field.told == "signature":
            continue
        words = [value] if isinstance(value, str) and value.startswith("v") else []
        words = value if isinstance(value, list) else words
        if field.kind in ("message_html", "article_html"):
            words = [text_of(value)]
        for word in words:
            assert shown.count(word) == 1, (path, shown)
        if not words and path not in paths_in(tool.headline):
            labels = [label for label, _ in change.details]
            assert any(label.startswith(field.label) for label in labels), path
    labels = [label for label, _ in change.details]
    assert len(labels) == len(set(labels))
    assert all("_" not in label and "." not in label for label in labels), labels
    assert change.headline
    assert "{" not in change.headline


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_tool_that_is_not_known_shows_every_leaf_with_its_path_in_words(name: str) -> None:
    tool_input = {
        "contact_id": "c1",
        "assignment": {"ticket_id": "x9", "admin_id": "a7"},
        "parts": [{"body": "<b>b1</b>"}, {"body": ""}],
        "flag": False,
    }
    change = summarize(f"{name}_new", None, tool_input, Known(warning="We don't know."))
    assert dict(change.details) == {
        "Contact id": "c1",
        "Assignment, ticket id": "x9",
        "Assignment, admin id": "a7",
        "Parts, no. 1, body": "<b>b1</b>",
        "Parts, no. 2, body": "nothing",
        "Flag": "no",
    }
    assert "a tool that we don't know" in change.headline
    assert change.warning == "We don't know."


def test_subjects_are_looked_up_by_reads_that_the_connector_has() -> None:
    for name in WRITES:
        tool_input, _ = filled_in(TOOLS[name])
        for subject in subjects(TOOLS[name], tool_input):
            for look in subject.lookups():
                assert set(look.tool_input) <= set(SCHEMAS[look.tool_name]), (name, subject)


def test_the_old_value_stands_beside_the_new() -> None:
    stored = {
        "id": "c1",
        "name": "Priya N",
        "email": "priya@fabrikam.com",
        "phone": None,
        "owner_id": 7,
    }
    tool = TOOLS["intercom_update_contact"]
    tool_input = {"contact_id": "c1", "name": "Priya Natarajan", "phone": "+1", "owner_id": 8}
    assert [s.key for s in old_subjects(tool, tool_input, stored)] == ["admin:7"]
    change = told("update_contact", tool_input, stored=stored)
    assert ("Name", "Priya Natarajan") in change.details
    assert change.before == {
        "Name": "Priya N",
        "Phone": "",
        "Owner": "Tom Okafor (tom@northwind.com)",
    }
    assert change.old == {"name": "Priya N", "phone": None, "owner_id": 7}
    assert old_values(tool, tool_input, {**stored, "name": "X"}) != change.old
    changed = changed_subject(tool, tool_input)
    assert changed
    assert changed.key == "contact:c1"


def test_what_the_headline_tells_has_its_old_value_below() -> None:
    stored = {"admin_assignee_id": 7}
    tool_input = {"conversation_id": "1", "message_type": "assignment", "assignee_id": "0"}
    change = told("manage_conversation", tool_input, stored=stored)
    assert change.details == [("Assigned to so far", "Tom Okafor (tom@northwind.com)")]


def test_an_articles_text_stands_beside_the_stored_one() -> None:
    stored = {"title": "Export", "body": "<p>Old words</p>", "state": "published"}
    tool_input = {"article_id": "5", "body": "<p>New words</p>", "title": "Export"}
    change = told("update_article", tool_input, stored=stored)
    assert (change.text, change.text_before) == ("New words", "Old words")
    assert change.before["Title"] == "Export"


def test_custom_attributes_are_told_by_their_names_with_old_values() -> None:
    stored = {"custom_attributes": {"plan": "free"}}
    tool_input = {"conversation_id": "1", "custom_attributes": {"plan": "pro", "a.b": 3}}
    change = told("update_conversation", tool_input, stored=stored)
    [plan, other] = [label for label, _ in change.details]
    assert "“plan”" in plan
    assert "“a.b”" in other
    assert change.before == {plan: "free", other: ""}


def test_times_are_in_the_teammates_zone() -> None:
    tool_input = {"conversation_id": "1", "message_type": "snoozed", "snoozed_until": 1_764_064_800}
    change = told("manage_conversation", tool_input, time_zone="Europe/Berlin")
    assert ("Snoozed until", "Tue, Nov 25, 2025, 11:00 AM (Europe/Berlin time)") in change.details
    nowhere = told("manage_conversation", tool_input, time_zone="Nowhere/Else")
    assert dict(nowhere.details)["Snoozed until"] == "1764064800"


def test_a_long_value_of_the_headline_is_told_whole_below() -> None:
    title = "long " * 100
    change = told("create_article", {"title": title})
    assert len(change.headline) < 200
    assert dict(change.details)["Title"] == title.strip()


@settings(max_examples=200, deadline=None)
@given(name=st.text(min_size=1))
def test_a_name_is_one_line_whatever_is_in_it(name: str) -> None:
    change = told("delete_contact", {"contact_id": "c1"}, names={"contact:c1": name})
    assert "\n" not in change.headline
    assert "\u202e" not in change.headline
    assert change.headline.startswith("Delete the contact ")
    assert change.headline.endswith(" for good")


def test_plain_fields_can_be_edited_nested_ones_too() -> None:
    tool_input = {
        "ticket_id": "9",
        "ticket_attributes": {"_default_title_": "A", "_default_description_": "B", "a.b": "C"},
        "assignment": {"admin_id": "7"},
        "snoozed_until": 1_764_064_800,
        "state": "resolved",
    }
    options = {"admin": [("7", "Tom"), ("8", "Aisha")]}
    change = told("update_ticket", tool_input, options=options)
    fields = {field.path: field for field in change.editable}
    assert fields["ticket_attributes._default_title_"].input == "line"
    assert fields["ticket_attributes._default_description_"].input == "lines"
    assert fields["assignment.admin_id"].options == [("0", "nobody"), ("7", "Tom"), ("8", "Aisha")]
    assert fields["snoozed_until"].input == "moment"
    assert fields["state"].input == "choice"
    sent = edited(
        tool_input,
        change.editable,
        {
            "ticket_attributes._default_title_": "AA",
            "ticket_attributes.a.b": "CC",
            "assignment.admin_id": "8",
            "snoozed_until": "1764068400",
        },
    )
    assert sent == {
        "ticket_id": "9",
        "ticket_attributes": {"_default_title_": "AA", "_default_description_": "B", "a.b": "CC"},
        "assignment": {"admin_id": "8"},
        "snoozed_until": 1_764_068_400,
        "state": "resolved",
    }


def test_a_list_that_is_longer_than_slack_takes_has_the_one_chosen_and_says_so() -> None:
    many = [(str(number), f"Teammate {number}") for number in range(1, 151)]
    change = told(
        "manage_conversation",
        {
            "conversation_id": "1",
            "message_type": "assignment",
            "type": "admin",
            "assignee_id": "120",
        },
        options={"admin": many},
    )
    [assignee] = [field for field in change.editable if field.path == "assignee_id"]
    assert len(assignee.options) == 100
    assert ("120", "Teammate 120") in assignee.options
    assert assignee.hint == "100 of 151 are listed here."


def test_what_a_person_typed_comes_out_as_typed() -> None:
    typed = "One & <two>\nthree\n\nfour"
    tool_input = {"body": "<p>old</p>", "conversation_id": "1", "message_type": "note"}
    change = told("reply_to_conversation", tool_input)
    changed = edited(tool_input, change.editable, {"body": typed})
    assert text_of(changed["body"]) == typed
    assert changed["conversation_id"] == "1"


def test_emptying_a_required_field_says_so_and_another_one_leaves_it_out() -> None:
    tool_input = {"body": "<p>old</p>", "conversation_id": "1", "message_type": "note"}
    change = told("reply_to_conversation", tool_input)
    with pytest.raises(BadEdit, match="Text can't be empty") as problem:
        edited(tool_input, change.editable, {"body": " \n"})
    assert problem.value.path == "body"
    contact = {"contact_id": "c1", "name": "A", "phone": "1"}
    change = told("update_contact", contact)
    assert edited(contact, change.editable, {"phone": ""}) == {"contact_id": "c1", "name": "A"}


def test_an_edited_number_stays_a_number() -> None:
    tool_input = {"contact_id": "c1", "owner_id": 7}
    change = told("update_contact", tool_input, options={"admin": [("7", "Tom"), ("8", "Aisha")]})
    assert edited(tool_input, change.editable, {"owner_id": "8"})["owner_id"] == 8


PIECES = (
    *("<p>", "</p>", "<b>", "<a href='https://x.example/a'>", "</a>", "<!--", "-->", "<ul>"),
    *("<li>", "hello", " ", "&lt;", "<https://y.example>", "<script>", "<img src=x>", "\n"),
)


@settings(max_examples=200, deadline=None)
@given(
    body=st.lists(
        st.sampled_from(PIECES),
        max_size=25,
    ).map("".join)
)
def test_the_card_says_what_html5lib_sees_in_what_is_sent(body: str) -> None:
    given = {"conversation_id": "1", "message_type": "comment", "type": "admin", "body": body}
    try:
        sent = prepare("intercom_reply_to_conversation", given)
    except InputRefused:
        return
    change = told("reply_to_conversation", sent)
    if not sent["body"]:
        assert change.text == ""
        return
    seen = html5lib.parseFragment(sent["body"], namespaceHTMLElements=False)
    words = "".join("".join(seen.itertext()).split())
    shown = "".join(change.text.split())
    for link in seen.iter("a"):
        assert link.get("href") in change.text
    letters = iter(shown)
    assert all(letter in letters for letter in words)
