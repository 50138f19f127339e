"""`bot runs` and `bot threads`, as an operator uses them; deploys in the middle of work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT

ROOT = str(Path(__file__).resolve().parents[2])


def bot(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be reached from outside")
    env = {**os.environ, **world.sandbox.env(world.redis.url), "PYTHONPATH": ROOT}
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_runs_are_listed_shown_and_cancelled(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    lists = reply(tool_use("intercom_list_tags", {}))
    world.claude.script(lists, reply("Never ", gate, "seen."), when="operate-1")
    thread = world.mention(MAYA, "operate-1")
    assert gate.arrived()
    [line] = [line for line in bot(world, "runs", "list").stdout.splitlines() if thread in line]
    reference = line.split()[0]
    assert MAYA.slack_user_id in line
    shown = bot(world, "runs", "show", reference).stdout
    assert "intercom_list_tags: done" in shown
    assert bot(world, "runs", "cancel", reference).returncode == 0
    assert "Stopped." in world.ended(SUPPORT, thread)[-1].plain
    gate.open()
    missing = bot(world, "runs", "show", reference)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert f"No run {reference}" in missing.stderr


def test_a_thread_is_forgotten(world: World) -> None:
    world.scalekit.forget_accounts()
    thread = world.mention(TOM, "operate-2")
    world.slack.wait(
        lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="it to wait"
    )
    team = TOM.slack_team_id
    done = bot(world, "threads", "forget", SUPPORT, thread, "--team", team)
    assert done.returncode == 0, done.stderr
    assert world.keys_with(f"run:{team}:{SUPPORT}:{thread}:") == []
    again = bot(world, "threads", "forget", SUPPORT, thread, "--team", team)
    assert again.returncode == 1
    assert "Nothing is kept" in again.stderr


def test_a_deploy_in_the_middle_of_50_runs_is_a_pause_at_most(tmp_path: Path) -> None:
    """All of them are in the middle of a turn that ends in a change when their worker is told to
    end; another one takes them over."""
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    settings = {"APPROVALS": "off", "RUNS_PER_TEAMMATE": "50", "WORKER_CONCURRENCY": "60"}
    world = World(tmp_path, embedded=False, settings=settings)
    world.start()
    try:
        deploy(world, runs=50)
    finally:
        world.stop()


def deploy(world: World, runs: int) -> None:
    people = (MAYA, TOM)
    world.connect(*people)
    contact = next(iter(world.intercom.contacts))
    calls = [
        tool_use("intercom_create_contact_note", {"contact_id": contact, "body": f"Deploy {n}."})
        for n in range(runs)
    ]
    gates = [world.claude.gate() for _ in calls]
    for number, (gate, call) in enumerate(zip(gates, calls, strict=True)):
        world.claude.script(reply("On it.", gate, call), when=f"deploy-{number}-")
    threads = [world.mention(people[n % 2], f"deploy-{n}-") for n in range(runs)]
    assert all(gate.arrived(30) for gate in gates)
    world.bot.start_worker()
    old = world.bot.workers.pop(0)
    for number, call in enumerate(calls):
        # The turn that the old worker gives up is asked for again, by the new one.
        world.claude.script(reply("On it.", call), reply("Noted."), when=f"deploy-{number}-")
    began = time.monotonic()
    assert old.stop() == 0
    assert time.monotonic() - began < 25
    for gate in gates:
        gate.open()
    for thread in threads:
        answers = world.ended(SUPPORT, thread)
        # In one message or, where the last words came late, in two: each once, in this order.
        said = "".join(answer.markdown for answer in answers)
        assert "".join(said.split()) == "Onit.Noted."
        assert [task.status for answer in answers for task in answer.tasks] == ["complete"]
    assert len(world.intercom.writes) == runs


def test_web_ends_what_it_took_and_the_next_one_takes_the_rest(fresh_world: World) -> None:
    world = fresh_world
    world.connect(MAYA, TOM)
    asked = range(20)
    for number in asked:
        world.claude.script(reply(f"Answer {number}."), when=f"web-{number}-")
    threads = [world.mention((MAYA, TOM)[n % 2], f"web-{n}-") for n in asked]
    assert world.bot.web
    assert world.bot.web.stop() in (0, -signal.SIGTERM)
    world.bot.start_web()
    for number, thread in zip(asked, threads, strict=True):
        answers = world.ended(SUPPORT, thread)
        assert [answer.markdown.strip() for answer in answers] == [f"Answer {number}."]
