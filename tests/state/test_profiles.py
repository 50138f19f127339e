"""What is kept for each teammate, what may be taken once, and the audit: on both kinds of Redis."""

from datetime import UTC, datetime, timedelta

import pytest
from docket import Docket

from bot.state.audit import STREAM, Audit, AuditEntry
from bot.state.models import ConnectButton, Conversation, Owner, Preferences, RecentRequest
from bot.state.once import AlreadyTaken, Once, Unknown
from bot.state.profiles import RECENT, Profiles

DAY = timedelta(days=1)
WHO = "slack:T1:U1"
CONVERSATION = Conversation("T1", "C1", "100.1", "U1")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def profiles(docket: Docket) -> Profiles:
    return Profiles(docket, DAY)


async def test_what_is_kept_once_is_taken_once(docket: Docket) -> None:
    once = Once(docket)
    with pytest.raises(Unknown):
        await once.take("connect:1")
    await once.save("connect:1", "value: 1", DAY)
    async with docket.redis() as redis:
        assert await redis.ttl("connect:1") > 0
    assert await once.is_there("connect:1")
    assert await once.take("connect:1") == "value: 1"
    assert not await once.is_there("connect:1")
    for _ in range(2):
        with pytest.raises(AlreadyTaken) as taken:
            await once.take("connect:1")
        assert taken.value.value == "value: 1"


async def test_who_waits_goes_on_in_the_order_they_came(profiles: Profiles) -> None:
    other = CONVERSATION._replace(thread_ts="200.1")
    later = NOW + timedelta(seconds=1)
    for conversation, since in ((CONVERSATION, later), (other, NOW), (CONVERSATION, later)):
        await profiles.wait_for_connection(WHO, conversation, since)
    assert await profiles.waiting_for_connection(WHO) == [other, CONVERSATION]
    await profiles.end_waiting(WHO, other)
    assert await profiles.waiting_for_connection(WHO) == [CONVERSATION]


def recent(number: int) -> RecentRequest:
    return RecentRequest(
        reference=f"r{number}",
        text=f"question {number}",
        channel_id="C1",
        ts=f"{number}.1",
        received_at=NOW + timedelta(minutes=number),
        outcome="working",
    )


async def test_recent_requests_are_the_latest_with_their_last_outcome(profiles: Profiles) -> None:
    for number in range(RECENT + 3):
        await profiles.note_request(WHO, recent(number))
    latest = recent(RECENT + 2).model_copy(update={"outcome": "done"})
    await profiles.note_request(WHO, latest)
    found = await profiles.recent_requests(WHO)
    assert len(found) == RECENT
    assert found[0] == latest
    assert found[-1].reference == "r3"


async def test_nothing_of_a_teammate_remains_when_erased(
    profiles: Profiles, docket: Docket
) -> None:
    owner = Owner(team_id="T1", user_id="U1")
    await profiles.save_owner(WHO, owner)
    await profiles.save_tools(WHO, [{"name": "x"}], DAY)
    await profiles.save_connected_since(WHO, NOW)
    await profiles.save_connect_button(
        WHO, ConnectButton(channel_id="D1", ts="1.1", link_id="h"), DAY
    )
    await profiles.wait_for_connection(WHO, CONVERSATION, NOW)
    await profiles.save_preferences(WHO, Preferences(approvals="writes"))
    await profiles.note_request(WHO, recent(1))
    assert await profiles.owner(WHO) == owner
    assert await profiles.identifiers("T1") == [WHO]
    assert await profiles.connected_since(WHO) == NOW
    assert (await profiles.preferences(WHO)).approvals == "writes"
    await profiles.erase(WHO)
    assert await profiles.identifiers("T1") == []
    async with docket.redis() as redis:
        assert [key for key in await redis.keys("*") if WHO.encode() in key] == []


async def test_the_audit_tells_since_when_and_of_whom(docket: Docket) -> None:
    audit = Audit(docket, DAY)
    before = datetime.now(UTC) - timedelta(seconds=1)
    entries = [
        AuditEntry(what="connected", identifier=WHO, team_id="T1", user_id="U1"),
        AuditEntry(what="left", identifier="slack:T1:U2", team_id="T1", user_id="U2"),
    ]
    for entry in entries:
        await audit.record(entry)
    assert await audit.since(before) == entries
    assert await audit.since(before, WHO) == entries[:1]
    assert await audit.since(datetime.now(UTC) + timedelta(minutes=1)) == []


async def test_the_audit_has_an_age_limit(docket: Docket) -> None:
    audit = Audit(docket, timedelta(seconds=-1))
    await audit.record(AuditEntry(what="left", identifier=WHO, team_id="T1", user_id="U1"))
    async with docket.redis() as redis:
        assert await redis.xlen(STREAM) == 1
        await audit.trim()
        assert await redis.xlen(STREAM) == 0


async def test_what_does_not_parse_counts_as_not_there_and_preferences_as_the_strictest(
    docket: Docket,
) -> None:
    profiles = Profiles(docket, timedelta(days=1))
    assert await profiles.preferences("maya") == Preferences()
    async with docket.redis() as redis:
        await redis.set("preferences:maya", b'{"approvals": "of the next release"}')
        await redis.set("teammate:maya", b"{")
        await redis.hset("recent:maya", "abcd1234", b"[]")
    assert await profiles.preferences("maya") == Preferences(approvals="writes", private=True)
    assert await profiles.teammate("maya") is None
    assert await profiles.recent_requests("maya") == []
