"""An approval names exactly what was shown: whatever of it changes, the approval counts no more."""

from collections.abc import Callable

import pytest

from bot.agent.tool_calls import CARD_VERSION, digest_of, withdraw
from bot.state.models import Card, Change, Run, ToolCall


def waiting() -> ToolCall:
    change = Change(
        headline="Change the contact Ada",
        text="Hi",
        details=[("Name", "Ada Lovelace")],
        before={"Name": "Ada"},
        old={"name": "Ada"},
    )
    return ToolCall(
        id="toolu_1",
        name="intercom_update_contact",
        input={"contact_id": "c1", "name": "Ada Lovelace"},
        title="Update a contact",
        state="waiting",
        asked=True,
        card=Card(channel_id="C1", ts="1.2"),
        card_version=CARD_VERSION,
        change=change,
    )


def other_headline(call: ToolCall) -> None:
    assert call.change
    call.change.headline = "Change the contact Adele"


def other_before(call: ToolCall) -> None:
    assert call.change
    call.change.before = {"Name": "Adele"}


def other_old(call: ToolCall) -> None:
    assert call.change
    call.change.old = {"name": "Adele"}


def other_input(call: ToolCall) -> None:
    call.input = {**call.input, "name": "Eve"}


def other_version(call: ToolCall) -> None:
    call.card_version += 1


def shown_anew(call: ToolCall) -> None:
    call.shown_anew += 1


@pytest.mark.parametrize(
    "change",
    [other_headline, other_before, other_old, other_input, other_version, shown_anew],
)
def test_a_digest_covers_all_that_is_shown(change: Callable[[ToolCall], None]) -> None:
    call = waiting()
    before = digest_of("r", "account", call)
    assert digest_of("r", "account", waiting()) == before
    assert digest_of("r", "another account", call) != before
    change(call)
    assert digest_of("r", "account", call) != before


def test_a_withdrawn_card_is_remembered_until_its_buttons_are_gone() -> None:
    call = waiting()
    call.digest = "d1"
    withdraw(call, "It changed.")
    assert (call.state, call.card, call.asked, call.digest) == ("waiting", None, False, "")
    [former] = call.withdrawn
    assert (former.digest, former.card, former.why) == (
        "d1",
        Card(channel_id="C1", ts="1.2"),
        "It changed.",
    )
    assert call.has_stale_card


def test_a_run_keeps_what_it_knows_of_its_cards() -> None:
    call = waiting()
    withdraw(call, "It changed.")
    stored = call.model_dump_json()
    assert ToolCall.model_validate_json(stored) == call
    assert "withdrawn" in stored
    assert Run.model_fields["calls"]
