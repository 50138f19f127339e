"""What one person may spend in a day: reserved before each call, said kindly when it is used up."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from test_approvals import cards, note, press
from test_watching import scraped
from world import World, identifier

from bot.agent.budget import cost, end_of_day
from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import AISHA, MAYA, TOM, Person
from bot.sandbox.slack import SUPPORT

A_DAY = 5_000_000
LIST = tool_use("intercom_list_tags", {})


class Days:
    """What Redis holds of people's days in this world; skips the test where it is embedded."""

    def __init__(self, world: World) -> None:
        if world.redis is None:
            pytest.skip("an embedded Redis cannot be looked into from outside")
        self._redis = redis.Redis.from_url(world.redis.url, decode_responses=True)

    def set(self, person: Person, spent: int) -> datetime:
        """Out: when the day ends that has this much spent."""
        ends = end_of_day(datetime.now(UTC), ZoneInfo(person.time_zone))
        key = f"tokens:{identifier(person)}"
        self._redis.hset(key, mapping={"until": int(ends.timestamp()), "spent": spent})
        self._redis.expire(key, 3600)
        return ends

    def spent(self, person: Person) -> int:
        return int(self._redis.hget(f"tokens:{identifier(person)}", "spent") or 0)

    def held(self, person: Person) -> list[str]:
        return self._redis.zrange(f"tokens-held:{identifier(person)}", 0, -1)

    def close(self) -> None:
        for key in self._redis.scan_iter("tokens*"):
            self._redis.delete(key)
        self._redis.close()


@pytest.fixture
def days(world: World) -> Iterator[Days]:
    found = Days(world)
    yield found
    found.close()


@pytest.fixture
def strict_days(strict_world: World) -> Iterator[Days]:
    found = Days(strict_world)
    yield found
    found.close()


def price_of(world: World, *texts: str) -> int:
    """What Claude charged for the requests of these conversations."""

    def usage(response: dict[str, Any]) -> int:
        told = response["usage"]
        return cost(
            {
                "input": told["input_tokens"],
                "cache_creation": told["cache_creation_input_tokens"],
                "cache_read": told["cache_read_input_tokens"],
                "output": told["output_tokens"],
            }
        )

    found = [r for r in world.claude.requests if any(t in str(r.body["messages"]) for t in texts)]
    assert found
    return sum(usage(recorded.response) for recorded in found)


def test_every_call_is_spent_at_its_price_and_nothing_stays_reserved(
    world: World, days: Days
) -> None:
    world.connect(AISHA)
    before = days.spent(AISHA)
    world.claude.script(reply(LIST), reply("Tags."), when="day-price-1")
    world.ended(SUPPORT, world.mention(AISHA, "day-price-1"))
    assert days.spent(AISHA) - before == price_of(world, "day-price-1")
    assert days.held(AISHA) == []


def test_tokens_are_reserved_before_claude_is_asked(world: World, days: Days) -> None:
    world.connect(AISHA)
    gate = world.claude.gate()
    world.claude.script(reply("Held ", gate, "now."), when="day-held-1")
    thread = world.mention(AISHA, "day-held-1")
    assert gate.arrived()
    assert len(days.held(AISHA)) == 1
    gate.open()
    world.ended(SUPPORT, thread)
    assert days.held(AISHA) == []


def test_a_day_that_is_used_up_is_said_kindly_and_claude_is_not_asked(
    world: World, days: Days
) -> None:
    world.connect(AISHA, TOM)
    ends = days.set(AISHA, A_DAY).astimezone(ZoneInfo(AISHA.time_zone))
    before = scraped(world).get("intercom_agent_day_limits_total", 0.0)
    [answer] = world.ended(SUPPORT, world.mention(AISHA, "day-spent-1"))
    assert "what one person may use of me in a day is used up" in answer.plain
    assert "Nothing was changed in Intercom." in answer.plain
    when = f"{ends:%A, %B} {ends.day} at 00:00 ({AISHA.time_zone})"
    assert f"A new day begins for you on {when}" in answer.plain
    assert "whoever runs me here can raise the limit" in answer.plain
    assert world.asked_of_claude("day-spent-1") == []
    after = scraped(world)
    assert after["intercom_agent_day_limits_total"] - before == 1
    assert not [name for name in after if AISHA.slack_user_id in name]
    world.claude.script(reply("Tom has his own."), when="day-spent-2")
    assert "Tom has his own." in world.ended(SUPPORT, world.mention(TOM, "day-spent-2"))[-1].plain


def test_the_conversation_goes_on_the_next_day(world: World, days: Days) -> None:
    world.connect(AISHA)
    world.claude.script(reply("Begun."), when="day-next-1")
    thread = world.mention(AISHA, "day-next-1")
    first = world.ended(SUPPORT, thread)
    days.set(AISHA, A_DAY)
    world.slack.post(AISHA.slack_user_id, SUPPORT, "and now?", thread_ts=thread)
    second = world.ended(SUPPORT, thread, answers=len(first) + 1)
    assert "used up" in second[-1].plain
    days.set(AISHA, 0)
    world.claude.script(reply("A new day."), when="day-next-1")
    world.slack.post(AISHA.slack_user_id, SUPPORT, "good morning", thread_ts=thread)
    third = world.ended(SUPPORT, thread, answers=len(second) + 1)
    assert "A new day." in third[-1].plain


def test_approved_changes_still_run_and_are_told_in_words_of_ours(
    strict_world: World, strict_days: Days
) -> None:
    world = strict_world
    world.connect(MAYA)
    script = [reply(note("day note"), note("other note")), reply("Never asked for.")]
    world.claude.script(*script, when="day-approved-1")
    thread = world.mention(MAYA, "day-approved-1")
    first, second = cards(world, thread, 2)
    strict_days.set(MAYA, A_DAY)
    before = len(world.intercom.writes)
    press(world, MAYA, first, "approve_call")
    press(world, MAYA, second, "approve_call")

    def told() -> str:
        return world.answers(SUPPORT, thread)[-1].plain

    world.slack.wait(lambda: "used up" in told(), what="the words")
    assert len(world.intercom.writes) - before == 2
    changed = told().partition("Changed in Intercom: ")[2].partition(". ")[0]
    assert len(changed.split("; ")) == 2
    assert len(world.asked_of_claude("day-approved-1")) == 1
