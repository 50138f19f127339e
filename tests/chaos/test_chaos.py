"""Workers are killed, Redis restarts, Slack and Intercom refuse, everything is delivered again.
Seen from outside, each request still ends exactly once; nothing is written twice or unapproved.

CHAOS_RUNS says how many runs (16; the long form: 500), CHAOS_SEED which chaos.
"""

import json
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from world import World

from bot.sandbox.claude import Reply, reply, tool_use
from bot.sandbox.claude.sandbox import first_user_text
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import AISHA, MAYA, TOM, Person
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT, Message

RUNS = int(os.environ.get("CHAOS_RUNS", "16"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PEOPLE = (MAYA, TOM, AISHA)
WORKERS = 2
AT_ONCE = 25
"""Requests that are open at a time."""
SETTINGS = {"RUNS_PER_TEAMMATE": "50", "SLACK_LIMITS_FACTOR": "100"}
WITHIN = 120 + RUNS * 4
SLACK_METHODS = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "conversations.replies",
    "agents.sessions.setStatus",
    "assistant.threads.setStatus",
    "users.info",
)


def plan(body: dict[str, Any]) -> Reply:
    """A read, then a write, then the end, whichever worker asks."""
    number = first_user_text(body).split("-")[1]
    turns = len([message for message in body["messages"] if message["role"] == "assistant"])
    if turns == 0:
        return reply("Looking. ", tool_use("intercom_list_tags", {}))
    if turns == 1:
        note = {
            "conversation_id": PRIYA_CONVERSATION,
            "message_type": "note",
            "type": "admin",
            "body": f"<p>Chaos note {number}.</p>",
        }
        return reply("Noting. ", tool_use("intercom_reply_to_conversation", note))
    return reply(f"Over and out {number}.")


class Chaos:
    def __init__(self, world: World, random: Random) -> None:
        self.world = world
        self.random = random
        self.asked: dict[int, tuple[Person, str, str]] = {}
        """Who asked, in which channel and thread: half of them in DMs, where answers stream."""
        self.approved: set[int] = set()
        self.pressed: set[str] = set()
        self.done: Counter[str] = Counter()
        self._ended: set[int] = set()

    def ask(self, number: int) -> None:
        person = self.random.choice(PEOPLE)
        before = len(self.world.slack.deliveries)
        channel = SUPPORT if number % 2 else self.world.slack.dm(person.slack_user_id)
        thread = self.world.mention(person, f"chaos-{number}- please", channel)
        self.asked[number] = (person, channel, thread)
        for delivery in self.world.slack.deliveries[before:]:
            for _ in range(3):
                self.world.slack.deliver(delivery.payload)

    def press(self) -> None:
        """Everybody presses what they see; whose it is presses twice."""
        for number in self.open():
            person, channel, thread = self.asked[number]
            for message in self.world.answers(channel, thread):
                if message.ts in self.pressed or "approve_call" not in json.dumps(message.blocks):
                    continue
                self.pressed.add(message.ts)
                stranger = self.random.choice([one for one in PEOPLE if one is not person])
                for who in (stranger, person, person):
                    self._click(who, message)
                self.approved.add(number)

    def _click(self, person: Person, message: Message) -> None:
        with suppress(LookupError):  # where the card was settled a moment ago
            user = person.slack_user_id
            self.world.slack.click(user, message.channel, message.ts, "approve_call")

    def strike(self) -> None:
        """Something goes wrong."""
        blow = self.random.choice([self.kill, self.slack, self.slack, self.intercom, self.intercom])
        blow()
        self.done[blow.__name__] += 1

    def kill(self) -> None:
        worker = self.random.choice(self.world.bot.workers)
        self.world.bot.workers.remove(worker)
        worker.kill()
        self.world.bot.start_worker()

    def slack(self) -> None:
        method = self.random.choice(SLACK_METHODS)
        if self.random.random() < 0.5:
            self.world.slack.fail(method, retry_after=1, times=self.random.randrange(1, 3))
        else:
            lost = self.random.random() < 0.5
            self.world.slack.fail(method, status=503, applied=lost)

    def intercom(self) -> None:
        tool = self.random.choice(("intercom_list_tags", "intercom_reply_to_conversation"))
        if self.random.random() < 0.5:
            self.world.scalekit.fail(tool, status=429, tool_error_code="rate_limit_exceeded")
        else:
            self.world.scalekit.fail(tool, status=503, after_effect=self.random.random() < 0.5)

    def restart_redis(self) -> None:
        assert self.world.redis
        self.world.redis.stop()
        self.world.redis.start()
        self.done["restart_redis"] += 1

    def open(self) -> list[int]:
        """The requests that have not ended yet."""
        self._ended |= {n for n in self.asked if n not in self._ended and self.endings(n)}
        return [number for number in self.asked if number not in self._ended]

    def endings(self, number: int) -> int:
        _, channel, thread = self.asked[number]
        session = self.world.slack.session(channel, thread)
        if session.lifecycle != "active":
            return 0
        texts = [message.plain for message in self.world.answers(channel, thread)]
        over = sum(text.count(f"Over and out {number}.") for text in texts)
        return over + sum(text.count("Reference:") for text in texts)


def test_each_request_ends_once_and_nothing_is_written_twice(tmp_path: Path) -> None:
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    random = Random(SEED)
    world = World(tmp_path, embedded=False, settings=SETTINGS)
    world.start(workers=WORKERS)
    try:
        chaos = Chaos(world, random)
        world.connect(*PEOPLE)
        world.claude.script(*[plan] * (RUNS * 40), when="chaos-")
        began, restarts = time.monotonic(), {RUNS // 3, 2 * RUNS // 3}
        for number in range(RUNS):
            chaos.ask(number)
            chaos.strike()
            chaos.press()
            if number in restarts:
                chaos.restart_redis()
            while len(chaos.open()) >= AT_ONCE and time.monotonic() - began < WITHIN:
                chaos.press()
                time.sleep(0.05)
        while chaos.open() and time.monotonic() - began < WITHIN:
            chaos.press()
            world.slack.wait(lambda: True)
            time.sleep(0.2)
        took = time.monotonic() - began
        print(f"{RUNS} runs in {took:.0f} s, {dict(chaos.done)}")
        assert {n: world.answers(*chaos.asked[n][1:]) for n in chaos.open()} == {}
        endings = {number: chaos.endings(number) for number in chaos.asked}
        assert {number: count for number, count in endings.items() if count != 1} == {}
        check_writes(world, chaos)
        check_texts(world, chaos)
        check_cards(world, chaos)
    finally:
        world.stop()


def check_writes(world: World, chaos: Chaos) -> None:
    """Nothing twice, and nothing that its teammate did not approve."""
    parts = world.intercom.conversation(PRIYA_CONVERSATION)["conversation_parts"]
    bodies = [str(part["body"]) for part in parts["conversation_parts"]]
    written = Counter(body for body in bodies if "Chaos note" in body)
    assert {body: count for body, count in written.items() if count > 1} == {}
    approved = {f"<p>Chaos note {number}.</p>" for number in chaos.approved}
    assert set(written) <= approved
    assert written


def check_texts(world: World, chaos: Chaos) -> None:
    """What was said stands in its thread once, whatever became of the messages it came in."""
    for _, channel, thread in chaos.asked.values():
        said = " ".join(message.plain for message in world.answers(channel, thread))
        if "Reference:" not in said:
            counted = [said.count(words) for words in ("Looking.", "Noting.", "Over and out")]
            assert counted == [1, 1, 1], said


def check_cards(world: World, chaos: Chaos) -> None:
    """No task card is left at work, and no button waits for nothing."""
    for number, (_, channel, thread) in chaos.asked.items():
        for message in world.answers(channel, thread):
            running = [task for task in message.tasks if task.status in ("pending", "in_progress")]
            assert running == [], number
            assert message.streaming != "streaming", number
            assert "approve_call" not in json.dumps(message.blocks), number
