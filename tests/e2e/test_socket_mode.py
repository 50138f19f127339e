"""The same listeners over Socket Mode: nothing reaches the bot over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World

from bot.sandbox.claude import reply
from bot.sandbox.people import MAYA
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    embedded = not RedisServer.is_installed()
    folder: Path = tmp_path_factory.mktemp("sockets")
    world = World(folder, embedded=embedded, settings={}, socket_mode=True)
    world.start()
    world.slack.events_url = ""
    yield world
    world.stop()


def test_a_mention_is_answered(world: World) -> None:
    assert world.slack.wait(lambda: world.slack.sockets.count) == 1
    world.connect(MAYA)
    world.claude.script(reply("Over a socket."), when="socket-1")
    ts = world.mention(MAYA, "socket-1")
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Over a socket."
    told = [d for d in world.slack.deliveries if d.payload["event"].get("ts") == ts]
    assert len(told) == 2
    for delivery in told:
        assert delivery.done.wait(10)
        assert [attempt.failure for attempt in delivery.attempts] == [None]


def test_a_command_is_answered_in_its_acknowledgement(world: World) -> None:
    delivery = world.slack.command(MAYA.slack_user_id, SUPPORT, "help")
    assert delivery.done.wait(10)
    assert "/intercom connect" in json.loads(delivery.body)["text"]
    [note] = world.slack.wait(lambda: world.slack.ephemerals(MAYA.slack_user_id))
    assert "/intercom connect" in note.plain


def test_what_redis_cannot_take_is_delivered_again(world: World) -> None:
    if world.redis is None:
        pytest.skip("there is no redis-server on this machine")
    world.claude.script(reply("Late, but here."), when="socket-2")
    world.redis.stop()
    ts = world.mention(MAYA, "socket-2")
    refused = [d for d in world.slack.deliveries if "socket-2" in json.dumps(d.payload)]
    world.slack.wait(lambda: all(d.attempts for d in refused))
    assert not any(d.accepted for d in refused)
    world.redis.start()
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Late, but here."
