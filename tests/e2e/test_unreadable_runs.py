"""A stored run that no longer parses ends in a sentence and a reference, and stops nobody."""

import json
from collections.abc import Callable

import pytest
import redis
from test_approvals import cards, note, press, text_of
from world import World, identifier

from bot.sandbox.claude import reply
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT


def damaged(world: World, thread: str, damage: Callable[[bytes], bytes]) -> None:
    """Change what Redis holds of Maya's run in this thread, once its step is over."""
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be looked into from outside")
    with redis.Redis.from_url(world.redis.url) as client:

        def asks() -> bool:
            noted = map(json.loads, client.hvals(f"recent:{identifier(MAYA)}"))
            return any(it["ts"] == thread and it["outcome"] == "asking" for it in noted)

        world.slack.wait(asks, what="the end of the step")
        [key] = client.keys(f"run:*:{SUPPORT}:{thread}:*")
        client.set(key, damage(client.get(key)))


def of_the_next_release(value: bytes) -> bytes:
    return json.dumps({**json.loads(value), "phase": "reviewed by a colleague"}).encode()


def torn(value: bytes) -> bytes:
    return value[: len(value) // 2]


@pytest.mark.parametrize("damage", [of_the_next_release, torn])
def test_it_is_told_with_a_reference_and_the_conversation_goes_on(
    strict_world: World, damage: Callable[[bytes], bytes]
) -> None:
    world, name = strict_world, f"aside-{damage.__name__}"
    world.connect(MAYA)
    world.claude.script(reply(note("never run")), when=name)
    thread = world.mention(MAYA, name)
    [card] = cards(world, thread)
    damaged(world, thread, damage)
    before = len(world.intercom.writes)
    said = len(world.answers(SUPPORT, thread))
    world.claude.script(reply("Here I am again."), when=name)
    world.slack.post(MAYA.slack_user_id, SUPPORT, "are you there?", thread_ts=thread)
    answers = world.ended(SUPPORT, thread, answers=said + 2)
    told, last = answers[-2].plain, answers[-1].plain
    assert "I can't read what I had noted about this request any more" in told
    assert "Here I am again." in last
    reference = told.rpartition("Reference: ")[2].strip(" _\n")
    lines = [json.loads(line) for line in world.bot.output().splitlines() if reference in line]
    assert "set_aside" in [line["event"] for line in lines]
    assert not [line for line in lines if "exception" in line]
    asked = world.asked_of_claude(name)[-1]["messages"]
    assert "are you there?" in json.dumps(asked)
    if damage is of_the_next_release:  # the card could still be read
        assert "approve_call" not in text_of(world, card)
    else:
        press(world, MAYA, card, "approve_call")
        world.slack.wait(lambda: world.private(MAYA, "decided"), what="the private word")
    assert len(world.intercom.writes) == before


def test_a_request_that_does_not_parse_is_told_in_its_thread(world: World) -> None:
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be looked into from outside")
    world.connect(MAYA)
    world.claude.script(reply("First."), when="aside-request")
    thread = world.mention(MAYA, "aside-request")
    said = len(world.ended(SUPPORT, thread))
    with redis.Redis.from_url(world.redis.url) as client:
        [key] = client.keys(f"messages:*:{SUPPORT}:{thread}:*")
        client.rpush(key.decode().replace("messages:", "inbox:", 1), b'{"text": ["of the next"]}')
    world.claude.script(reply("Second."), when="aside-request")
    world.slack.post(MAYA.slack_user_id, SUPPORT, "and now?", thread_ts=thread)
    answers = world.ended(SUPPORT, thread, answers=said + 2)
    assert "I can't read what I had noted" in answers[-2].plain
    assert "Reference: " in answers[-2].plain
    assert "Second." in answers[-1].plain
