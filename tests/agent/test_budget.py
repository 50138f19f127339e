"""What a call costs, and when a teammate's day ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.agent.budget import cost, end_of_day, expected_cost
from bot.agent.prompt import zone
from bot.slack.views.day_limit import day_spent
from bot.state.models import Request, Run, ToolCall


@pytest.mark.parametrize(
    ("tokens", "price"),
    [
        ({}, 0),
        ({"input": 1_000}, 1_000),
        ({"cache_read": 1_000}, 100),
        ({"cache_creation": 1_000}, 1_250),
        ({"output": 1_000}, 5_000),
        ({"input": 0, "cache_read": 1}, 1),
        ({"cache_read": 30}, 3),
        ({"input": 3, "cache_creation": 4, "cache_read": 50, "output": 7}, 3 + 5 + 5 + 35),
    ],
)
def test_tokens_count_by_their_price(tokens: dict[str, int], price: int) -> None:
    assert cost(tokens) == price


def test_what_was_read_before_is_expected_to_be_cheap() -> None:
    prompt = ["x" * 40_000]
    fresh, known = expected_cost(prompt, 0), expected_cost(prompt, 9_000)
    assert cost({"cache_creation": 10_000}) < fresh < cost({"cache_creation": 10_000}) + 20_000
    assert known < fresh - 9_000
    assert expected_cost(prompt, 10_000_000) > 0


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("name", "now", "end"),
    [
        ("Asia/Kolkata", "2026-11-21T18:29:59+00:00", "2026-11-22T00:00:00+05:30"),
        ("Asia/Kolkata", "2026-11-21T18:30:00+00:00", "2026-11-23T00:00:00+05:30"),
        ("UTC", "2026-12-31T23:59:59+00:00", "2027-01-01T00:00:00+00:00"),
        ("America/Los_Angeles", "2026-11-21T07:59:59+00:00", "2026-11-21T00:00:00-08:00"),
        # 25 and 23 hours long.
        ("America/New_York", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"),
        ("Europe/Stockholm", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        # Midnight does not exist: clocks go from 24:00 to 01:00.
        ("Africa/Cairo", "2026-04-23T12:00:00+02:00", "2026-04-24T01:00:00+03:00"),
        # The last hour comes twice: clocks go from 24:00 back to 23:00.
        ("Africa/Cairo", "2026-10-29T23:30:00+03:00", "2026-10-30T00:00:00+02:00"),
        ("Africa/Cairo", "2026-10-29T23:30:00+02:00", "2026-10-30T00:00:00+02:00"),
        ("Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "2026-10-04T00:00:00+10:30"),
    ],
)
def test_a_day_ends_at_the_teammates_own_midnight(name: str, now: str, end: str) -> None:
    found = end_of_day(at(now), ZoneInfo(name))
    assert found == at(end)
    assert timedelta(0) < found - at(now) <= timedelta(hours=25)
    where = ZoneInfo(name)
    second_before = (found - timedelta(seconds=1)).astimezone(where)
    assert second_before.date() < found.astimezone(where).date()


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "\x00", "Asia", "x" * 300])
def test_an_unknown_time_zone_is_utc(name: str) -> None:
    assert zone(name) == ZoneInfo("UTC")


def call(name: str, state: str, **fields: object) -> ToolCall:
    return ToolCall.model_validate(
        {"id": name, "name": name, "input": {}, "title": name, "state": state, **fields}
    )


def run(*calls: ToolCall) -> Run:
    request = Request(
        id="1", team_id="T", user_id="U", channel_id="C", thread_ts="1.1", ts="1.1", text="?"
    )
    return Run(reference="abcd1234", request=request, ended_calls=list(calls))


KOLKATA = ZoneInfo("Asia/Kolkata")
UNTIL = at("2026-11-22T00:00:00+05:30")


def test_what_is_said_names_when_the_day_resets_in_the_teammates_own_time() -> None:
    words = day_spent(run(), UNTIL, KOLKATA)
    assert "A new day begins for you on Sunday, November 22 at 00:00 (Asia/Kolkata)" in words
    assert "whoever runs me here can raise the limit" in words
    assert "What you asked is not done. " in words
    assert "Nothing was changed in Intercom." in words
    assert "Reference: abcd1234" in words


def test_what_is_said_tells_what_was_and_was_not_done() -> None:
    words = day_spent(
        run(
            call("Look", "done", effect="read"),
            call("Add a note", "done"),
            call("Reply", "refused", outcome="Denied"),
            call("Tag", "unknown"),
        ),
        UNTIL,
        KOLKATA,
    )
    assert "Changed in Intercom: Add a note." in words
    assert "Not done: Reply (Denied)." in words
    assert "Nobody knows whether it happened, so look in Intercom first: Tag." in words
    assert "Nothing was changed" not in words
    assert "I could not sum up what I found" in words
