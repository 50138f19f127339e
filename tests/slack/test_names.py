"""Names that Intercom tells are data wherever we write them ourselves: App Home, the answers to
commands, direct messages, the pages of connecting."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from bot.intercom.characters import seen
from bot.slack import home, messages
from bot.slack.formatting import named
from bot.slack.thread import chunks
from bot.state.audit import AuditEntry
from bot.state.models import Shown, Teammate, ToolCall
from bot.web import pages

STRANGE = {
    "a ping": "<!channel> <@U0MAYA0001> <https://evil.example|Intercom>",
    "a line of its own": "Maya\n:white_check_mark: Connected as *somebody else*",
    "styles": "*Maya* _L_ ~x~ `code`",
    "an emoji's code": ":rotating_light:Maya",
    "turned around": "Maya\u202egnp.elif\u2066",
    "nobody sees it": "Ma\u200by\u2060a\u00ad\U000e0041",
    "endless": "M" * 10_000,
    "all escaped": "&<>" * 3_000,
    "nothing at all": " \n\t\u200b ",
}
ACTING = re.compile(
    r"<(?!!date\^)[!@#h]|:rotating_light:|[\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
)


def teammate(name: str) -> Teammate:
    return Teammate(
        admin_id="1", name=name, email=name, workspace=name, workspace_id="w", region=name
    )


def sections(blocks: list[Block]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [block.to_dict() for block in blocks]
    return [block["text"] for block in shown if block["type"] == "section"]


@pytest.mark.parametrize("name", STRANGE.values(), ids=list(STRANGE))
def test_whoever_is_connected_forges_nothing_in_slack(name: str) -> None:
    one = teammate(name)
    told = [
        *sections(home._connected(one, datetime.now(UTC))),
        *sections(messages.connected_blocks(one, "c")),
        *sections(messages.disconnect_blocks(name, name)),
    ]
    fallbacks = [messages.connected_text(one), messages.connected_as(name, name)]
    assert len(told) == 3
    for text in told:
        assert text["type"] == "mrkdwn"
        assert text["verbatim"], "or Slack makes links and mentions of what only looks like them"
        assert len(text["text"]) <= 3_000
    for words in [*fallbacks, *(text["text"] for text in told)]:
        assert not ACTING.search(words)
        assert words.count("\n") <= 1
    assert messages.connected_text(one).count("*") == 4
    assert "**" not in messages.connected_text(one)


@pytest.mark.parametrize("name", STRANGE.values(), ids=list(STRANGE))
def test_whoever_is_connected_forges_nothing_on_the_page(name: str) -> None:
    whose = pages.Whose(name, name, name)
    page = bytes(pages.connected("T0SUPPORT1", whose, "t").body).decode()
    assert not re.search("<(?:!channel|@U0|https)", page)
    assert seen(page) == page
    assert len(page) < 5_000
    assert "Connected as  " not in page


@pytest.mark.parametrize("name", STRANGE.values(), ids=list(STRANGE))
def test_what_was_changed_is_told_a_line_each(name: str) -> None:
    entry = AuditEntry(
        what="write",
        identifier="i",
        team_id="T",
        user_id="U",
        readable=f"Close the conversation of {name}",
        outcome="done",
    )
    words = messages.audit_in_words([entry] * 10)
    lines = words.split("\n")
    assert 1 <= len(lines) <= 10
    assert len(words) <= 3_900
    assert all(line.startswith("• <!date^") and line.endswith("*done*") for line in lines)
    assert not ACTING.search(words)


def test_an_outcome_on_a_card_that_is_posted_reads_as_it_is() -> None:
    done = ToolCall(id="t", name="n", input={}, title="T", state="done", outcome="<Acme> & Co")
    [card] = chunks.blocks([Shown(call=done)])
    assert "<Acme> & Co" in json.dumps(card.to_dict()["output"])


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert named("Maya O'Brien-Lindqvist (EMEA) & Söhne") == (
        "Maya O'Brien-Lindqvist (EMEA) &amp; Söhne"
    )
    assert json.loads(json.dumps(named("فاطمة"))) == "فاطمة"
