"""Services that are down for a while: what was asked waits visibly, goes on, or ends clearly."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis
from world import World

from bot.sandbox.claude import reply
from bot.sandbox.claude.sandbox import first_user_text
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT


def shown(world: World, thread: str) -> str:
    """All that the agent's messages in the thread have ever shown."""
    mine = {answer.ts for answer in world.answers(SUPPORT, thread)}
    calls = [*world.slack.calls_to("chat.postMessage"), *world.slack.calls_to("chat.update")]
    said = [c.args for c in calls if c.args.get("thread_ts") == thread or c.args.get("ts") in mine]
    return str(said)


def test_claude_down_for_a_while_is_waited_for(world: World) -> None:
    world.connect(MAYA)
    world.claude.fail(times=2)
    world.claude.script(reply("Back again."), when="outage-1")
    thread = world.mention(MAYA, "outage-1")
    [answer] = world.ended(SUPPORT, thread)
    assert answer.markdown.strip() == "Back again."
    assert "Waiting: Claude is overloaded" in shown(world, thread)


def test_scalekit_down_for_a_while_is_waited_for(world: World) -> None:
    world.connect(MAYA)
    world.scalekit.fail("GetConnectedAccountDetails", status=500, times=2)
    world.claude.script(reply("Back again."), when="outage-2")
    thread = world.mention(MAYA, "outage-2")
    assert "Back again." in world.ended(SUPPORT, thread)[-1].plain
    assert "Waiting: The service that keeps" in shown(world, thread)


def test_claude_down_for_too_long_ends_in_a_clear_sentence(impatient_world: World) -> None:
    world = impatient_world
    world.connect(MAYA)
    world.claude.fail(times=500)
    thread = world.mention(MAYA, "outage-3")
    [answer] = world.ended(SUPPORT, thread)
    world.claude.reset()
    assert "Claude is overloaded or down right now. It has been so for 1 min." in answer.plain
    assert "Nothing was changed in Intercom" in answer.plain
    assert "Reference:" in answer.plain


def test_a_wrong_key_is_no_outage(world: World) -> None:
    world.connect(MAYA)
    world.claude.fail(times=1, status=401, error_type="authentication_error")
    thread = world.mention(MAYA, "outage-4")
    assert "does not accept this deployment's key" in world.ended(SUPPORT, thread)[-1].plain


def test_a_full_redis_is_a_loud_error_and_loses_nothing(fresh_world: World) -> None:
    world = fresh_world
    assert world.redis
    world.connect(MAYA)
    ready = f"{world.sandbox.public_url}/readyz"
    with redis.Redis.from_url(world.redis.url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        world.claude.script(reply("There is room again."), when="full-1")
        thread = world.mention(MAYA, "full-1")
        world.slack.wait(
            lambda: [d for d in world.slack.deliveries if d.attempts and not d.accepted],
            what="the refusal",
        )
        with pytest.raises(HTTPError) as refused:
            urlopen(ready, timeout=10)
        assert refused.value.code == 503
        client.config_set("maxmemory", "0")
    assert "There is room again." in world.ended(SUPPORT, thread)[-1].plain
    assert len(world.answers(SUPPORT, thread)) == 1


@pytest.mark.parametrize("status", [429, 529])
def test_a_pause_that_claude_asks_for_is_kept_by_all_runs(world: World, status: int) -> None:
    world.connect(MAYA, TOM)
    names = [f"pause-{status}-1-", f"pause-{status}-2-"]
    gate = world.claude.gate()
    world.claude.script(reply("First ", gate, "half."), when=names[0])
    first = world.mention(MAYA, names[0])
    assert gate.arrived()
    world.claude.fail(status=status, retry_after=4)
    world.claude.script(reply("Second."), when=names[1])
    second = world.mention(TOM, names[1])
    world.slack.wait(
        lambda: "Waiting: Claude" in shown(world, second),
        what="the state that shows it",
    )
    third = world.mention(TOM, names[1])
    gate.open()
    for thread in (first, second, third):
        world.ended(SUPPORT, thread)
    asked = [r.at for r in world.claude.requests if names[1] in first_user_text(r.body)]
    refused, *later = asked
    assert len(later) == 2
    assert min(later) - refused >= 4


def test_a_long_pause_holds_no_worker_and_can_be_stopped(fresh_world: World) -> None:
    world = fresh_world
    world.connect(MAYA)
    world.claude.fail(status=429, retry_after=300)
    thread = world.mention(MAYA, "pause-long")
    world.slack.wait(
        lambda: "rate limit" in shown(world, thread),
        what="the state that shows it",
    )
    world.slack.press_stop(MAYA.slack_user_id, SUPPORT, thread)
    assert "Stopped" in world.ended(SUPPORT, thread)[-1].plain


def test_a_pause_longer_than_runs_wait_ends_in_a_clear_sentence(fresh_world: World) -> None:
    world = fresh_world
    world.connect(MAYA)
    world.claude.fail(status=529, retry_after=3600)
    thread = world.mention(MAYA, "pause-too-long")
    [answer] = world.ended(SUPPORT, thread)
    assert "It asks to be left alone for 60 min." in answer.plain
    assert "Reference:" in answer.plain
