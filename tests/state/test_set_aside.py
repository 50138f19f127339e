"""Runs and requests that no longer parse: on both kinds of Redis."""

import json
from datetime import timedelta
from typing import Any

import pytest
from docket import Docket

from bot.state.models import Card, Change, Conversation, Decision, Request, Run, ToolCall
from bot.state.set_aside import Unreadable, stand_in
from bot.state.store import Store, Superseded

HERE = Conversation("T1", "C1", "1.1", "U1")
REQUEST = Request(
    id="E1", team_id="T1", user_id="U1", channel_id="C1", thread_ts="1.1", ts="1.2", text="hello"
)
CALL = ToolCall(
    id="toolu_1",
    name="intercom_create_tag",
    input={},
    title="Create a tag",
    state="waiting",
    asked=True,
    change=Change(headline="Create a tag"),
    card=Card(channel_id="C1", ts="1.3"),
)
RUN = Run(reference="abcd1234", request=REQUEST, phase="waiting_for_approval", calls=[CALL])


def changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(RUN.model_dump_json()), **fields}).encode()


UNREADABLE = [
    changed(phase="a phase of the next release"),
    changed(calls={"toolu_1": "another shape"}),
    changed(turn="many"),
    changed(reference=None),
    changed(request=None),
    changed(request={**json.loads(REQUEST.model_dump_json()), "user_id": "U666"}, turn="many"),
    RUN.model_dump_json().encode()[:200],
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.fixture
def store(docket: Docket) -> Store:
    return Store(docket, timedelta(days=1))


async def put(docket: Docket, key: str, value: bytes) -> None:
    async with docket.redis() as redis:
        await redis.set(f"{key}:{HERE.key}", value)


async def test_a_field_of_the_next_release_does_no_harm(store: Store, docket: Docket) -> None:
    await put(docket, "run", changed(a_field_of_the_next_release=[1, 2]))
    assert (await store.take(HERE)).run == RUN


@pytest.mark.parametrize("value", UNREADABLE, ids=range(len(UNREADABLE)))
async def test_what_stands_in_belongs_to_this_conversation_whatever_is_left(
    store: Store, docket: Docket, value: bytes
) -> None:
    await put(docket, "run", value)
    token, run, _, unreadable = await store.take(HERE)
    assert (run, unreadable) == (None, Unreadable("run", value))
    assert await store.run(HERE) is None
    assert unreadable
    instead = stand_in(HERE, unreadable)
    assert instead.request.conversation == HERE
    assert instead.set_aside
    await store.set_aside(HERE, token, unreadable, instead)
    again = await store.take(HERE)
    assert (again.run, again.unreadable) == (instead, None)
    async with docket.redis() as redis:
        kept = await redis.hgetall(f"set-aside:{HERE.key}")
        assert kept == {instead.reference.encode(): value}
        assert 0 < await redis.ttl(f"set-aside:{HERE.key}") <= 24 * 3600
    assert HERE in await store.open_conversations(10)
    await store.erase("slack:T1:U1", HERE)
    async with docket.redis() as redis:
        assert await redis.keys(f"*{HERE.key}*") == []


def test_what_can_be_read_is_kept() -> None:
    found = stand_in(HERE, Unreadable("run", changed(phase="of the next release")))
    assert (found.reference, found.request, found.calls) == ("abcd1234", REQUEST, [CALL])
    odd = changed(
        phase="?", reference="<!channel>", calls=[{"id": 1}, CALL.model_dump(mode="json")]
    )
    found = stand_in(HERE, Unreadable("run", odd))
    assert found.reference.isalnum()
    assert found.calls == [CALL]


async def test_a_superseded_worker_sets_nothing_aside(store: Store, docket: Docket) -> None:
    await put(docket, "run", b"{}")
    token, _, _, unreadable = await store.take(HERE)
    assert unreadable
    await store.take(HERE)
    with pytest.raises(Superseded):
        await store.set_aside(HERE, token, unreadable, stand_in(HERE, unreadable))
    async with docket.redis() as redis:
        assert await redis.get(f"run:{HERE.key}") == b"{}"


async def test_a_request_that_does_not_parse_is_told_of_when_it_is_its_turn(
    store: Store, docket: Docket
) -> None:
    odd = b'{"id": "E2", "ts": 7}'
    await store.accept(REQUEST, ["E1"], "slack:T1:U1")
    async with docket.redis() as redis:
        await redis.rpush(f"inbox:{HERE.key}", odd)
    other = REQUEST.model_copy(update={"id": "E3", "ts": "1.4"})
    await store.accept(other, ["E3"], "slack:T1:U1")
    token, _, inbox, unreadable = await store.take(HERE)
    assert (inbox, unreadable) == ([REQUEST], None)
    assert await store.inbox(HERE) == [REQUEST]
    await store.commit(HERE, token, RUN, taken=1)
    token, run, inbox, unreadable = await store.take(HERE)
    assert (run, inbox, unreadable) == (RUN, [], None)
    await store.commit(HERE, token, None)
    token, run, inbox, unreadable = await store.take(HERE)
    assert (run, inbox, unreadable) == (None, [], Unreadable("request", odd))
    assert unreadable
    await store.set_aside(HERE, token, unreadable, stand_in(HERE, unreadable))
    await store.commit(HERE, token, None)
    assert (await store.take(HERE)).inbox == [other]


async def test_a_decision_that_does_not_parse_can_be_made_again(
    store: Store, docket: Docket
) -> None:
    await put(docket, "run", RUN.model_dump_json().encode())
    async with docket.redis() as redis:
        await redis.hset(f"decisions:{HERE.key}", "d", b'{"kind": "approved by someone"}')
    assert await store.decisions(HERE) == {}
    decision = Decision(call_id="toolu_1", digest="d", kind="denied")
    assert await store.decide(HERE, decision)
    assert await store.decisions(HERE) == {"d": decision}
