"""Redis goes away, or throws things away: loudly, and with nothing half-written left behind."""

import json
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT


def get(world: World, path: str) -> HTTPResponse | HTTPError:
    try:
        answer: HTTPResponse = urlopen(f"{world.sandbox.public_url}{path}", timeout=10)
    except HTTPError as error:
        return error
    return answer


def throw_away(world: World, *patterns: str) -> None:
    """What an evicting Redis does, whole keys at a time."""
    assert world.redis
    with redis.Redis.from_url(world.redis.url) as client:
        for pattern in patterns:
            keys = list(client.scan_iter(pattern))
            assert keys, pattern
            client.delete(*keys)


def test_redis_away_in_the_middle_of_a_turn_is_a_pause(fresh_world: World) -> None:
    world = fresh_world
    assert world.redis
    world.connect(MAYA, TOM)
    gate = world.claude.gate()
    world.claude.script(reply("Half ", gate, "way."), reply("Whole."), when="away-1")
    world.claude.script(reply("Taken later."), when="away-2")
    first = world.mention(MAYA, "away-1")
    assert gate.arrived()
    worker = world.bot.workers[0]
    world.redis.stop()
    assert get(world, "/readyz").status == 503
    assert get(world, "/healthz").status == 200
    second = world.mention(TOM, "away-2")
    world.slack.wait(
        lambda: [d for d in world.slack.deliveries if d.attempts and not d.accepted],
        what="the refusal",
    )
    gate.open()
    world.redis.start()
    [answer] = world.ended(SUPPORT, first)
    assert answer.markdown.strip() in ("Half way.", "Whole.")
    [answer] = world.ended(SUPPORT, second)
    assert answer.markdown.strip() == "Taken later."
    assert worker.is_running
    assert get(world, "/readyz").status == 200


def test_a_redis_that_evicts_is_not_ready_and_says_what_to_do(fresh_world: World) -> None:
    world = fresh_world
    assert world.redis
    world.slack.wait(lambda: "worker_started" in world.bot.output(), what="the first worker")
    with redis.Redis.from_url(world.redis.url) as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
    ready = get(world, "/readyz")
    assert ready.status == 503
    assert "set `maxmemory-policy noeviction`" in ready.read().decode()
    world.bot.start_worker()
    world.slack.wait(lambda: world.bot.output().count("redis_evicts") == 2, what="the errors")


def test_tools_that_were_thrown_away_end_the_run_in_a_clear_sentence(
    strict_fresh_world: World,
) -> None:
    world = strict_fresh_world
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    note = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Once."})
    world.claude.script(reply("May I?", note), reply("Here again."), when="evicted-1")
    thread = world.mention(MAYA, "evicted-1")
    world.slack.wait(
        lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="the card"
    )
    throw_away(world, "toolset:*")
    card = world.answers(SUPPORT, thread)[-1]
    world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "approve_call")
    said = world.ended(SUPPORT, thread)[-1].plain
    assert "Start a new thread" in said
    assert "Reference:" in said
    world.mention(MAYA, "and now?", thread=thread)
    world.slack.wait(
        lambda: "Here again." in world.answers(SUPPORT, thread)[-1].plain, what="the next answer"
    )


def test_what_was_said_and_thrown_away_is_told_to_claude_anew(strict_fresh_world: World) -> None:
    world = strict_fresh_world
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    note = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Once."})
    world.claude.script(reply("May I?", note), reply("Noted."), when="evicted-3")
    thread = world.mention(MAYA, "evicted-3")
    world.slack.wait(
        lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="the card"
    )
    throw_away(world, "messages:*")
    card = world.answers(SUPPORT, thread)[-1]
    world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "approve_call")
    assert "Noted." in world.ended(SUPPORT, thread)[-1].plain
    assert len(world.intercom.writes) == 1
    first = json.dumps(world.asked_of_claude("evicted-3")[-1]["messages"][0])
    assert "has been lost" in first
    assert "Add a note" in first
    assert "conversation_lost" in world.bot.output()


@pytest.mark.parametrize("pattern", ["conversation:*", "toolset:*"])
def test_a_next_question_in_a_conversation_that_was_thrown_away_is_answered(
    fresh_world: World, pattern: str
) -> None:
    world = fresh_world
    world.connect(MAYA)
    world.claude.script(reply("First."), reply("Second."), when="evicted-4")
    thread = world.mention(MAYA, "evicted-4")
    world.ended(SUPPORT, thread)
    throw_away(world, pattern)
    world.mention(MAYA, "and then?", thread=thread)
    answers = world.ended(SUPPORT, thread, answers=2)
    assert [answer.markdown.strip() for answer in answers] == ["First.", "Second."]
