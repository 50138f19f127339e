"""Slack's rate limits, as they are: many runs at once, and not one call too many."""

from itertools import pairwise
from pathlib import Path

from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import AISHA, MAYA, TOM
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT

RUNS = 30
PEOPLE = (MAYA, TOM, AISHA)


def test_many_runs_at_once_exceed_no_limit(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        embedded=not RedisServer.is_installed(),
        settings={"RUNS_PER_TEAMMATE": "50"},
        rate_limits=True,
    )
    world.start(workers=2 if world.redis else 1)
    try:
        world.connect(*PEOPLE)
        for number in range(RUNS):
            world.claude.script(
                reply(f"Looking {number}. ", tool_use("intercom_list_tags", {})),
                reply(f"Found {number}."),
                when=f"limits-{number}-",
            )
        threads = [world.mention(PEOPLE[n % 3], f"limits-{n}-") for n in range(RUNS)]
        for number, thread in enumerate(threads):
            answers = world.slack.wait(
                lambda thread=thread, number=number: [
                    a for a in world.answers(SUPPORT, thread) if f"Found {number}." in a.plain
                ],
                timeout=150,
                what=f"the end of run {number}",
            )
            assert len(answers) == 1
        assert [call.method for call in world.slack.calls if call.status == 429] == []
        check_pace(world, threads)
    finally:
        world.stop()


def check_pace(world: World, threads: list[str]) -> None:
    """No thread is written to more than once a second."""
    threads_by_message = {
        message.ts: thread for thread in threads for message in world.answers(SUPPORT, thread)
    }
    written: dict[str, list[float]] = {thread: [] for thread in threads}
    for call in world.slack.calls:
        if call.method in ("chat.startStream", "chat.appendStream", "chat.stopStream"):
            thread = call.args.get("thread_ts") or threads_by_message[call.args["ts"]]
            written[thread].append(call.at)
    gaps = [later - earlier for at in written.values() for earlier, later in pairwise(at)]
    assert len(gaps) >= RUNS // 2
    assert min(gaps) >= 1.0
