"""The approval card: all of the change, as literal text, within what Slack takes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.views import check_view
from bot.slack.views.approval_card import (
    PAGES_AT_MOST,
    alike_groups,
    card,
    named_in,
    settled,
    summary,
    withdrawn,
)
from bot.slack.views.approval_modals import deny_modal, edit_modal
from bot.slack.views.work_modal import work_modal
from bot.state.models import Change, Decision, EditableField, ToolCall, Trace, WithdrawnCard

OWNER = "U0MAYA0001"
EVIL = "*Approved by* <!channel> :white_check_mark:\nSigned as Boss"


def call(change: Change | None = None, **fields: Any) -> ToolCall:
    return ToolCall(
        **{
            "id": "toolu_1",
            "name": "intercom_reply_to_conversation",
            "input": {"body": "<p>Hi</p>"},
            "title": "Reply",
            "effect": "destructive",
            "state": "waiting",
            "digest": "d" * 32,
            "signed_as": "Maya Lindqvist in Northwind",
            "change": change or Change(headline="Reply to the customer in “Refund”", text="Hi"),
            **fields,
        }
    )


def as_dicts(page: Any) -> list[dict[str, Any]]:
    """As Slack gets it, and as it takes it. Raises SlackError where it does not."""
    return check_blocks([json.loads(json.dumps(block.to_dict())) for block in page])


def rich_texts(blocks: Any) -> list[dict[str, Any]]:
    """The literal text elements, in order."""
    if isinstance(blocks, list):
        return [found for block in blocks for found in rich_texts(block)]
    if isinstance(blocks, dict):
        if blocks.get("type") == "text":
            return [blocks]
        return [found for value in blocks.values() for found in rich_texts(value)]
    return []


def markup(blocks: Any) -> list[str]:
    """Every text in which Slack looks for markup."""
    if isinstance(blocks, list):
        return [found for block in blocks for found in markup(block)]
    if isinstance(blocks, dict):
        own = [blocks["text"]] if blocks.get("type") == "mrkdwn" else []
        return own + [found for value in blocks.values() for found in markup(value)]
    return []


def read(pages: list[list[dict[str, Any]]]) -> str:
    return "".join(element["text"] for page in pages for element in rich_texts(page))


def all_pages(one: ToolCall, alike: list[ToolCall] | None = None) -> list[list[dict[str, Any]]]:
    return [as_dicts(page) for page in card(one, alike or [], OWNER).pages]


def test_a_card_says_what_who_and_what_it_means() -> None:
    change = Change(
        headline="Change the contact Priya (priya@fabrikam.com)",
        warning="What you write to this contact goes to this address from then on.",
        details=[("E-mail address", "new@fabrikam.com"), ("Phone", "+1"), ("Role", "user")],
        before={"E-mail address": "old@fabrikam.com", "Phone": "", "Role": "user"},
    )
    [page] = all_pages(call(change, link="https://app.intercom.com/a/x"))
    shown = json.dumps(page, ensure_ascii=False)
    assert ":warning: What you write to this contact" in shown
    assert "Signed as Maya Lindqvist in Northwind" in shown
    assert "<https://app.intercom.com/a/x|Open in Intercom>" in shown
    texts = rich_texts(page)
    struck = [text["text"] for text in texts if text.get("style", {}).get("strike")]
    assert struck == ["old@fabrikam.com"]
    assert "Phone: nothing → +1" in read([page])
    assert "Role: user (unchanged)" in read([page])
    assert [e["text"]["text"] for e in page[-1]["elements"]] == ["Approve", "Deny"]


def test_a_long_text_goes_on_in_further_messages_and_the_last_has_the_buttons() -> None:
    words = " ".join(f"word{number}" for number in range(3_500))
    pages = all_pages(call(Change(headline="Reply", text=words)))
    assert 1 < len(pages) <= PAGES_AT_MOST
    assert [page[-1]["type"] for page in pages[:-1]] == ["context"] * (len(pages) - 1)
    assert pages[-1][-1]["type"] == "actions"
    quotes = [
        "".join(element["text"] for element in rich_texts(part))
        for page in pages
        for block in page
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_quote"
    ]
    assert "".join(quotes) == words
    assert all(quote.startswith("word") for quote in quotes)
    assert card(call(Change(headline="Reply", text=words)), [], OWNER).file == ""


def test_many_details_are_shown_whole_too() -> None:
    details = [(f"Field {number}", f"value{number} " * 20) for number in range(150)]
    change = Change(headline="Change it", details=details)
    shown = read(all_pages(call(change)))
    assert all(f"Field {number}: " in shown for number in range(150))
    assert shown.count("value149 ") == 20


def test_what_is_longer_still_comes_as_a_file_and_the_card_says_so() -> None:
    text = ("All of this is sent. " * 40 + "\n") * 75
    change = Change(headline="Reply", text=text, details=[("Kind", "x" * 7_000)])
    made = card(call(change), [], OWNER)
    assert text in made.file
    assert "x" * 7_000 in made.file
    assert "Signed as Maya Lindqvist in Northwind" in made.file
    [page] = [as_dicts(page) for page in made.pages]
    assert "All of it is in the file above" in read([page])
    assert f"The text has {len(text):,} characters" in read([page])
    assert "1 more field: in the file" in read([page])


@pytest.mark.parametrize("length", [1_990, 5_000, 9_000])
def test_an_address_is_never_split(length: int) -> None:
    address = "https://evil.example/" + "a" * (length - 21)
    text = "Look " * 570 + address + " and then " * 300
    pages = all_pages(call(Change(headline="Reply", text=text)))
    found = [element for page in pages for element in rich_texts(page)]
    [link] = [element for element in found if "evil" in element["text"]]
    assert link["text"] == address
    assert link["style"]["code"] is True


def test_a_reply_of_60000_characters_with_one_address_of_5000_is_shown_whole_in_a_file() -> None:
    address = "https://evil.example/" + "a" * 4_979
    text = f"{'words ' * 5_000}{address} {'words ' * 4_166}"
    made = card(call(Change(headline="Reply", text=text)), [], OWNER)
    assert text in made.file
    for page in made.pages:
        as_dicts(page)


def test_addresses_stand_so_that_nobody_fetches_them() -> None:
    text = "See https://evil.example/x?y=1, evil.com/path or mail boss@evil.example."
    change = Change(headline="Visit www.evil.example", text=text, details=[("Name", "evil.com")])
    [page] = all_pages(call(change))
    code = [e["text"] for e in rich_texts(page) if e.get("style", {}).get("code")]
    assert code == [
        "www.evil.example",
        "https://evil.example/x?y=1",
        "evil.com/path",
        "boss@evil.example",
        "evil.com",
    ]
    assert '"type": "link"' not in json.dumps(page)
    assert '"image' not in json.dumps(page)


def test_nothing_that_others_wrote_is_markup() -> None:
    change = Change(
        headline=f"Delete the contact {EVIL}",
        text=EVIL,
        text_before=f"{EVIL} before",
        details=[(EVIL, EVIL)],
        before={EVIL: "<@U0BOSS00001>"},
    )
    decision = Decision(call_id="toolu_1", digest="d", kind="denied", reason=EVIL)
    one = call(change, signed_as=EVIL, decision=decision, outcome=EVIL)
    pages = [*card(one, [one, one], OWNER).pages, *settled(one, OWNER).pages]
    for page in pages:
        for text in markup(as_dicts(page)):
            assert "<!channel" not in text
            assert "Boss" not in text
            assert "<@U0BOSS" not in text


def test_a_shown_warning_is_ours_alone() -> None:
    one = call(Change(headline="x", warning="<!channel> *bold*"))
    [page] = all_pages(one)
    assert "<!channel>" not in "".join(markup(page))


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_the_notification_pings_nobody_and_styles_nothing(name: str) -> None:
    text = summary(Change(headline=f"Delete {name}"))
    assert "<" not in text
    assert ">" not in text
    assert not set(text) & set("*~`")


def test_the_notification_shows_no_picture_for_a_code() -> None:
    text = summary(Change(headline=EVIL))
    assert ":white_check_mark:" not in text
    assert "&lt;!channel&gt;" in text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=8_000), st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_in_it_slack_takes_the_card_and_all_of_it_is_there(
    text: str, name: str, value: str
) -> None:
    change = Change(headline=f"Reply to {name}", text=text, details=[(f"L {name}", f"v {value}")])
    pages = all_pages(call(change))
    assert read(pages).count(text) >= 1
    assert f"v {value}" in read(pages)


def test_an_edited_text_shows_what_is_new_and_what_goes() -> None:
    change = Change(
        headline="Change the article “Export”",
        text="First.\nSecond, new.\nThird.",
        text_before="First.\nSecond, old.\nThird.",
    )
    [page] = all_pages(call(change))
    texts = rich_texts(page[1:])
    bold = [e["text"] for e in texts if e.get("style", {}).get("bold")]
    gone = [e["text"] for e in texts if e.get("style", {}).get("strike")]
    assert bold == ["Second, new.\n"]
    assert gone == ["Second, old.\n"]
    assert "Bold is new, struck through goes." in read([page])


def test_all_alike_says_what_it_covers_and_names_each_call() -> None:
    calls = [
        call(Change(headline=f"Add an internal note to “Ticket {n}”"), id=f"t{n}", digest=f"d{n}")
        for n in range(12)
    ]
    [page] = all_pages(calls[-1], calls)
    [*_, button] = page[-1]["elements"]
    assert button["text"]["text"] == "Approve all 12 alike"
    assert "1. Add an internal note to “Ticket 0”" in button["confirm"]["text"]["text"]
    assert "more: each has its card above." in button["confirm"]["text"]["text"]
    owner, named = named_in(button["value"])
    assert owner == OWNER
    assert named == [(f"t{n}", f"d{n}") for n in range(12)]


def test_only_calls_of_one_tool_effect_and_kind_of_reader_are_alike() -> None:
    gets = "The customer gets this."
    calls = [
        call(Change(headline="1", warning=gets)),
        call(Change(headline="2"), effect="write"),
        call(Change(headline="3", warning=gets)),
        call(Change(headline="4", warning="The customer is told of this change.")),
        call(Change(headline="5", warning=gets), name="intercom_reply_to_ticket"),
    ]
    groups = [[one.change.headline for one in group if one.change] for group in alike_groups(calls)]
    assert groups == [["1", "3"], ["2"], ["4"], ["5"]]


def test_more_alike_than_a_button_can_name_have_no_button() -> None:
    calls = [call(id=f"toolu_{n:020}", digest=f"{n:032}") for n in range(40)]
    [page] = all_pages(calls[-1], calls)
    assert [e["text"]["text"] for e in page[-1]["elements"]] == ["Approve", "Deny"]


def field(path: str, value: str, **other: Any) -> EditableField:
    return EditableField(path=path, label=path.title(), value=value, **other)


def test_the_edit_modal_has_the_fitting_element_for_each_field() -> None:
    change = Change(
        headline="Change the ticket",
        editable=[
            field("body", "Two\nlines", multiline=True, input="lines", required=True),
            field("name", "One line"),
            field("state", "open", input="choice", options=[("open", "open"), ("x", "closed")]),
            field("until", "1764064800", input="moment"),
            field("long", "x" * 3_001, multiline=True, input="lines"),
            field("who", "7", input="choice", options=[(str(n), "N" * 90) for n in range(100)]),
        ],
    )
    view = check_view(json.loads(json.dumps(edit_modal(call(change), "{}").to_dict())), "modal")
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert {path: block["element"]["type"] for path, block in inputs.items()} == {
        "body": "plain_text_input",
        "name": "plain_text_input",
        "state": "static_select",
        "until": "datetimepicker",
        "who": "static_select",
    }
    assert inputs["until"]["element"]["initial_date_time"] == 1_764_064_800
    assert inputs["state"]["element"]["initial_option"]["value"] == "open"
    assert inputs["body"].get("optional", False) is False
    assert inputs["name"]["optional"] is True
    assert "“Long” is longer than 3,000 characters" in json.dumps(view, ensure_ascii=False)


def test_edit_is_offered_where_one_of_the_fields_fits() -> None:
    long = field("body", "x" * 3_001)
    [page] = all_pages(call(Change(headline="x", editable=[long])))
    assert [e["text"]["text"] for e in page[-1]["elements"]] == ["Approve", "Deny"]
    [page] = all_pages(call(Change(headline="x", editable=[long, field("name", "A")])))
    assert [e["text"]["text"] for e in page[-1]["elements"]] == ["Approve", "Edit", "Deny"]


def test_the_deny_modal_is_taken() -> None:
    check_view(json.loads(json.dumps(deny_modal(call(), "{}").to_dict())), "modal")


def test_a_settled_card_shows_what_was_sent_and_that_it_was_edited() -> None:
    decision = Decision(call_id="1", digest="d", kind="approved", edits={"body": "New"})
    one = call(Change(headline="Reply", text="New"), state="done", decision=decision)
    [page] = [as_dicts(page) for page in settled(one, OWNER).pages]
    assert "New" in read([page])
    assert f"Edited and approved by <@{OWNER}>" in "".join(markup(page))
    assert all(block["type"] != "actions" for block in page)


def test_a_withdrawn_card_has_no_buttons_and_says_why() -> None:
    former = WithdrawnCard(
        headline=EVIL, why="It changed in Intercom meanwhile.", call_id="1", digest="d", version=1
    )
    blocks = as_dicts(withdrawn(former))
    assert [block["type"] for block in blocks] == ["rich_text", "context"]
    assert "It changed in Intercom meanwhile." in json.dumps(blocks)


def test_the_work_modal_shows_what_was_sent_and_cuts_nothing_silently() -> None:
    decision = Decision(call_id="1", digest="d", kind="approved", edits={"body": "New"})
    calls = [
        call(input={"body": "x " * 9_000}, state="done", decision=decision, outcome="Done"),
        call(input={"body": "y " * 20_000}, state="done", outcome="Done"),
    ]
    calls[0].started_at = calls[1].started_at = decision.at
    trace = Trace(reference="r", answer="", calls=calls * 10)
    view = check_view(json.loads(json.dumps(work_modal(trace).to_dict())), "modal")
    shown = json.dumps(view)
    assert "you edited it before it ran" in shown
    assert "more characters are not shown here." in shown
    assert "And " in shown
