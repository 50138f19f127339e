"""Slack refuses in all its ways: each ends somewhere sensible, and no run dies of it."""

import json

import pytest
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import AISHA, MAYA
from bot.sandbox.slack import SUPPORT, Message

WAYS = [
    "msg_too_long",
    "channel_not_found",
    "is_archived",
    "not_in_channel",
    "restricted_action",
    "thread_not_found",
]


@pytest.mark.parametrize("error", WAYS)
def test_an_answer_that_the_thread_does_not_take_comes_by_direct_message(
    world: World, error: str
) -> None:
    world.connect(MAYA)
    world.claude.script(reply(f"Nevertheless: {error}."), when=f"refused {error}")
    for method in ("chat.postMessage", "chat.update"):
        world.slack.fail(method, error=error, times=20, channel=SUPPORT)
    world.mention(MAYA, f"refused {error}")
    [told] = world.slack.wait(
        lambda: world.told(MAYA, f"Nevertheless: {error}."), timeout=30, what="the answer by DM"
    )
    assert "I could not post this in" in told.plain
    world.slack.heal()


def test_a_progress_message_that_fails_costs_nothing(world: World) -> None:
    world.connect(MAYA)
    for method in ("agents.sessions.setStatus", "assistant.threads.setStatus", "reactions.add"):
        world.slack.fail(method, error="internal_error", times=3)
    world.claude.script(
        reply(tool_use("intercom_list_tags", {})), reply("Fine."), when="progress-1"
    )
    thread = world.mention(MAYA, "progress-1")
    answers = world.slack.wait(
        lambda: [m for m in world.answers(SUPPORT, thread) if "Fine." in m.plain], what="the answer"
    )
    assert [task.status for task in answers[-1].tasks] == ["complete"]
    world.slack.heal()


def test_a_stream_that_went_stale_goes_on_in_a_new_message(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    world.claude.script(reply("Before. ", gate, "After."), when="stale-1")
    dm = world.slack.dm(MAYA.slack_user_id)
    thread = world.slack.post(MAYA.slack_user_id, dm, "stale-1")
    assert gate.arrived()
    [begun] = world.slack.wait(lambda: world.answers(dm, thread), what="the first words")
    world.slack.end_stream(dm, begun.ts)
    gate.open()

    def moved_on() -> list[Message] | None:
        found = world.answers(dm, thread)
        return found if len(found) == 2 and found[1].streaming == "done" else None

    first, second = world.slack.wait(moved_on, what="a second message that is complete")
    assert "Before." in first.plain
    assert "After." in second.plain
    assert "Before." not in second.plain


@pytest.mark.parametrize("error", ["channel_type_not_supported", "a_code_that_nobody_knows"])
def test_where_streams_are_refused_the_thread_is_updated_and_asks_for_approval(
    strict_world: World, error: str
) -> None:
    world = strict_world
    world.connect(MAYA)
    dm = world.slack.dm(MAYA.slack_user_id)
    contact = next(iter(world.intercom.contacts))
    call = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": error})
    world.claude.script(reply("May I? ", call), reply("Noted."), reply("Again."), when=error)
    writes, tried = len(world.intercom.writes), len(world.slack.calls_to("chat.startStream"))
    world.slack.refuse_streams("im", error)
    try:
        thread = world.slack.post(MAYA.slack_user_id, dm, error)
        world.slack.wait(
            lambda: world.slack.session(dm, thread).lifecycle == "suspended", what="the card"
        )
        card = world.answers(dm, thread)[-1]
        world.slack.click(MAYA.slack_user_id, dm, card.ts, "approve_call")
        assert "Noted." in world.ended(dm, thread, answers=3)[-1].plain
        world.slack.post(MAYA.slack_user_id, dm, "and again", thread_ts=thread)
        assert "Again." in world.ended(dm, thread, answers=4)[-1].plain
    finally:
        world.slack.refuse_streams("im", None)
    assert len(world.intercom.writes) == writes + 1
    tries = world.slack.calls_to("chat.startStream")[tried:]
    assert [call.response["error"] for call in tries] == [error], "and it is not tried again"


def test_who_cannot_be_sent_a_button_is_told_in_the_thread(world: World) -> None:
    world.connect(AISHA)
    world.disconnect(AISHA)
    world.slack.fail("conversations.open", error="cannot_dm_bot")
    thread = world.mention(AISHA, "no button for me")
    [answer] = world.ended(SUPPORT, thread)
    assert "I could not send you the button" in answer.plain


@pytest.mark.parametrize("way", ["stream", "update"])
def test_a_rate_limit_is_obeyed_and_the_last_state_arrives(world: World, way: str) -> None:
    world.connect(MAYA)
    methods = {
        "stream": ("chat.startStream", "chat.appendStream", "chat.stopStream"),
        "update": ("chat.postMessage", "chat.update"),
    }
    for method in methods[way]:
        world.slack.fail(method, retry_after=1, times=2)
    asked = f"429 {way}"
    world.claude.script(reply(tool_use("intercom_list_tags", {})), reply("In the end."), when=asked)
    channel = SUPPORT if way == "update" else world.slack.dm(MAYA.slack_user_id)
    thread = world.mention(MAYA, asked, channel)
    [answer] = world.ended(channel, thread)
    assert "In the end." in answer.plain
    assert [task.status for task in answer.tasks] == ["complete"]
    calls = [call for call in world.slack.calls if call.args.get("thread_ts") == thread]
    assert [call.status for call in calls if call.method == methods[way][0]].count(200) == 1
    world.slack.heal()


def test_a_change_that_cannot_be_asked_for_is_not_made(strict_world: World) -> None:
    world = strict_world
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    call = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Never."})
    world.claude.script(reply("May I? ", call), when="no card-1")
    writes = len(world.intercom.writes)
    world.slack.fail("chat.postMessage", error="restricted_action", after=1)
    thread = world.mention(MAYA, "no card-1")
    said = " ".join(answer.plain for answer in world.ended(SUPPORT, thread))
    world.slack.heal()
    assert "I cannot ask for your approval" in said
    assert "Nothing was changed in Intercom" in said
    assert len(world.intercom.writes) == writes


def test_a_card_that_cannot_be_changed_when_it_is_decided_is_changed_later(
    strict_world: World,
) -> None:
    world = strict_world
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    call = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Late card."})
    world.claude.script(reply("May I? ", call), reply("Noted."), when="late card-1")
    thread = world.mention(MAYA, "late card-1")
    world.slack.wait(
        lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="the card"
    )
    card = world.answers(SUPPORT, thread)[-1]
    world.slack.fail("chat.update", status=503, times=3)
    world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "approve_call")
    assert "Noted." in world.ended(SUPPORT, thread, answers=3)[-1].plain
    [settled] = [m for m in world.answers(SUPPORT, thread) if m.ts == card.ts]
    assert "Approved by" in settled.plain
    assert "approve_call" not in json.dumps(settled.blocks)
