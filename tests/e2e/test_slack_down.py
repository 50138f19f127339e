"""Slack itself is down for a while: what was accepted before ends as it should, once."""

import json
from collections.abc import Iterator

import pytest
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.claude.replies import ToolUse
from bot.sandbox.people import AISHA, MAYA, TOM
from bot.sandbox.slack import SUPPORT, Message

WRITES = ("chat.postMessage", "chat.update")


@pytest.fixture
def down(world: World) -> Iterator[World]:
    world.connect(MAYA, TOM)
    yield world
    world.slack.heal()


def go_down(world: World) -> None:
    world.slack.fail("*", status=503, times=100_000)


def wait_for_tries(world: World, *methods: str, after: int) -> None:
    """Return once Slack, being down, was called again after the first `after` calls."""

    def tried() -> bool:
        since = world.slack.calls[after:]
        return any(call.status == 503 and call.method in methods for call in since)

    world.slack.wait(tried, what="the tries")


def note(world: World) -> ToolUse:
    contact = next(iter(world.intercom.contacts))
    given = {"contact_id": contact, "body": "Slack was down."}
    return tool_use("intercom_create_contact_note", given)


def test_an_answer_waits_until_slack_is_back(down: World) -> None:
    world = down
    gate = world.claude.gate()
    world.claude.script(reply("The first half ", gate, "and the second."), when="down-1")
    thread = world.mention(MAYA, "down-1")
    assert gate.arrived()
    before = len(world.slack.calls)
    go_down(world)
    gate.open()
    wait_for_tries(world, *WRITES, after=before)
    world.slack.heal()
    texts = [message.markdown.strip() for message in world.ended(SUPPORT, thread)]
    assert texts == ["The first half and the second."]


def test_tools_run_on_meanwhile_and_their_cards_come_later(down: World) -> None:
    world = down
    writes = len(world.intercom.writes)
    gate = world.claude.gate()
    world.claude.script(reply("Noting. ", gate, note(world)), reply("Noted."), when="down-2")
    thread = world.mention(MAYA, "down-2")
    assert gate.arrived()
    go_down(world)
    gate.open()
    world.slack.wait(lambda: len(world.asked_of_claude("down-2")) == 2, what="the second turn")
    world.slack.heal()
    [answer] = world.ended(SUPPORT, thread)
    assert [task.status for task in answer.tasks] == ["complete"]
    assert answer.markdown.split() == ["Noting.", "Noted."]
    assert len(world.intercom.writes) == writes + 1


def test_a_change_is_asked_for_once_slack_is_back(strict_world: World) -> None:
    world = strict_world
    world.connect(MAYA)
    gate = world.claude.gate()
    world.claude.script(reply("May I? ", gate, note(world)), reply("Noted."), when="down-3")
    thread = world.mention(MAYA, "down-3")
    assert gate.arrived()
    before = len(world.slack.calls)
    go_down(world)
    gate.open()
    wait_for_tries(world, *WRITES, after=before)
    world.slack.heal()

    def cards() -> list[Message]:
        answers = world.answers(SUPPORT, thread)
        return [answer for answer in answers if "approve_call" in json.dumps(answer.blocks)]

    [card] = world.slack.wait(cards, timeout=30, what="the card")
    writes = len(world.intercom.writes)
    world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "approve_call")
    assert "Noted." in world.ended(SUPPORT, thread, answers=3)[-1].plain
    assert len(world.intercom.writes) == writes + 1
    assert cards() == []


def test_a_question_asked_by_command_is_posted_once_slack_is_back(down: World) -> None:
    world = down
    world.claude.script(reply("Posted after all."), when="down-4")
    before = len(world.slack.calls)
    go_down(world)
    world.slack.command(MAYA.slack_user_id, SUPPORT, "down-4")
    wait_for_tries(world, "chat.postMessage", after=before)
    world.slack.heal()

    def question() -> list[Message]:
        return [m for m in world.slack.messages(SUPPORT) if "down-4" in m.plain]

    [asked] = world.slack.wait(question, timeout=30, what="the question")
    assert "Posted after all." in world.ended(SUPPORT, asked.ts)[-1].plain
    assert len(question()) == 1


def test_the_connect_button_comes_once_slack_is_back(down: World) -> None:
    world = down
    world.connect(AISHA)
    world.disconnect(AISHA)
    before = len(world.slack.calls)
    go_down(world)
    thread = world.mention(AISHA, "down-5")
    wait_for_tries(world, "conversations.open", *WRITES, after=before)
    world.slack.heal()
    world.connect_button(AISHA, thread)


def test_slack_that_hangs_holds_up_no_run(down: World) -> None:
    world = down
    world.claude.script(reply("Slow, and whole."), when="down-6")
    for method in ("agents.sessions.setStatus", "assistant.threads.setStatus"):
        world.slack.fail(method, delay=20)
    thread = world.mention(TOM, "down-6")
    world.slack.wait(
        lambda: "Slow, and whole." in "".join(m.plain for m in world.answers(SUPPORT, thread)),
        timeout=15,
        what="the answer",
    )
