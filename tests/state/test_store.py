"""The state, on the embedded Redis and on a server: the same on both."""

from datetime import timedelta

import pytest
from docket import Docket

from bot.state.models import Conversation, Head, Request, Run
from bot.state.sealing import Seal
from bot.state.store import Store, Superseded

DAY = timedelta(days=1)
CONVERSATION = Conversation("T1", "C1", "100.1", "U1")
WHO = "slack:T1:U1"


@pytest.fixture
def store(docket: Docket) -> Store:
    return Store(docket, DAY)


def request(number: int = 1) -> Request:
    return Request(
        id=f"Ev{number}",
        team_id="T1",
        user_id="U1",
        channel_id="C1",
        thread_ts="100.1",
        ts=f"100.{number}",
        text=f"question {number}",
    )


async def test_a_request_is_accepted_once_by_any_of_its_names(store: Store) -> None:
    assert not await store.knows(CONVERSATION)
    assert await store.accept(request(), ["Ev1", "T1:C1:100.1"], WHO)
    assert not await store.accept(request(), ["Ev1", "T1:C1:other"], WHO)
    assert not await store.accept(request(), ["Ev-other", "T1:C1:100.1"], WHO)
    assert await store.accept(request(2), ["Ev2"], WHO)
    assert await store.knows(CONVERSATION)
    token, run, inbox, _ = await store.take(CONVERSATION)
    assert token
    assert run is None
    assert [item.id for item in inbox] == ["Ev1", "Ev2"]


async def test_who_was_superseded_changes_nothing(store: Store) -> None:
    await store.accept(request(), ["Ev1"], WHO)
    old = await store.take(CONVERSATION)
    run = Run(reference="r1", request=old.inbox[0])
    await store.commit(CONVERSATION, old.token, run, taken=1, messages=["m1"])
    new = await store.take(CONVERSATION)
    assert new.run
    assert new.run.reference == "r1"
    assert new.inbox == []
    run.reference = "r2"
    with pytest.raises(Superseded):
        await store.commit(CONVERSATION, old.token, run, messages=["m2"])
    assert (await store.signals(CONVERSATION, old.token)).superseded
    assert not (await store.signals(CONVERSATION, new.token)).superseded
    assert await store.messages(CONVERSATION) == ["m1"]
    again = await store.take(CONVERSATION)
    assert again.run
    assert again.run.reference == "r1"


async def test_stop_marks_the_run_there_is_and_goes_with_it(store: Store) -> None:
    assert not await store.stop(CONVERSATION)
    await store.accept(request(), ["Ev1"], WHO)
    taken = await store.take(CONVERSATION)
    run = Run(reference="r1", request=taken.inbox[0])
    await store.commit(CONVERSATION, taken.token, run, taken=1)
    assert not (await store.signals(CONVERSATION, taken.token)).stopped
    assert await store.stop(CONVERSATION)
    assert (await store.signals(CONVERSATION, taken.token)).stopped
    await store.commit(CONVERSATION, taken.token, None)
    assert not (await store.signals(CONVERSATION, taken.token)).stopped


async def test_what_was_accepted_is_found_lying_until_it_has_ended(store: Store) -> None:
    nothing = timedelta(seconds=-5)
    await store.accept(request(), ["Ev1"], WHO)
    await store.accept(request(2), ["Ev2"], WHO)
    assert await store.left_lying(nothing) == [CONVERSATION]
    assert await store.left_lying(timedelta(minutes=1)) == []
    taken = await store.take(CONVERSATION)
    run = Run(reference="r1", request=taken.inbox[0])
    await store.commit(CONVERSATION, taken.token, run, taken=1)
    await store.commit(CONVERSATION, taken.token, None)
    assert await store.left_lying(nothing) == [CONVERSATION]
    await store.commit(CONVERSATION, taken.token, run, taken=1)
    await store.commit(CONVERSATION, taken.token, None)
    assert await store.left_lying(nothing) == []


async def test_disconnecting_ends_a_run_for_that_reason(store: Store) -> None:
    await store.accept(request(), ["Ev1"], WHO)
    taken = await store.take(CONVERSATION)
    run = Run(reference="r1", request=taken.inbox[0])
    await store.commit(CONVERSATION, taken.token, run, taken=1)
    await store.stop(CONVERSATION, "disconnected")
    assert (await store.signals(CONVERSATION, taken.token)).stopped == "disconnected"


async def test_afresh_drops_what_was_said_and_anew_what_was_frozen_too(store: Store) -> None:
    await store.accept(request(), ["Ev1"], WHO)
    taken = await store.take(CONVERSATION)
    run = Run(reference="r1", request=taken.inbox[0])
    await store.commit(CONVERSATION, taken.token, run, taken=1, messages=["old"])
    await store.save_head(CONVERSATION, Head(system="s", account="a", toolset="t"))
    await store.commit(CONVERSATION, taken.token, run, messages=["new"], afresh=True)
    assert await store.messages(CONVERSATION) == ["new"]
    assert await store.head(CONVERSATION)
    await store.begin_anew(CONVERSATION)
    assert await store.messages(CONVERSATION) == []
    assert await store.head(CONVERSATION) is None
    assert await store.knows(CONVERSATION)


async def test_an_erased_conversation_is_gone_and_its_worker_superseded(
    store: Store, docket: Docket
) -> None:
    await store.accept(request(), ["Ev1"], WHO)
    taken = await store.take(CONVERSATION)
    run = Run(reference="r1", request=taken.inbox[0])
    await store.commit(CONVERSATION, taken.token, run, taken=1, messages=["m"])
    assert await store.conversations(WHO) == [CONVERSATION]
    assert await store.is_busy(CONVERSATION)
    await store.erase(WHO, CONVERSATION)
    assert await store.conversations(WHO) == []
    assert not await store.is_busy(CONVERSATION)
    assert not await store.knows(CONVERSATION)
    assert await store.left_lying(timedelta(seconds=-5)) == []
    with pytest.raises(Superseded):
        await store.commit(CONVERSATION, taken.token, run, messages=["late"])
    async with docket.redis() as redis:
        assert [key for key in await redis.keys("*") if CONVERSATION.key.encode() in key] == []


def test_a_seal_opens_only_with_its_secret() -> None:
    sealed = Seal("one").close("https://hooks.slack.example/1")
    assert "slack" not in sealed
    assert Seal("one").open(sealed) == "https://hooks.slack.example/1"
    assert Seal("two").open(sealed) is None
