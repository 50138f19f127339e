"""Runs that do not go smoothly: stopped, cut off, refused, crashed, or with Redis away."""

import json

import pytest
from world import Browser, World, button_link

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import AISHA, JONAS, MAYA, TOM
from bot.sandbox.slack import SUPPORT

SEARCH = tool_use(
    "intercom_search_conversations",
    {"query": {"field": "state", "operator": "=", "value": "open"}},
)


def test_the_stop_button_ends_the_run(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    world.claude.script(reply(SEARCH), reply("Never ", gate, "seen."), when="stop-1")
    ts = world.mention(MAYA, "stop-1")
    assert gate.arrived(20)
    world.slack.press_stop(MAYA.slack_user_id, SUPPORT, ts)
    answers = world.ended(SUPPORT, ts)
    gate.open()
    assert "Stopped." in answers[-1].plain
    assert "Nothing was changed" in answers[-1].plain
    world.claude.script(reply("Going on."), when="stop-1")
    world.mention(MAYA, "go on", thread=ts)
    assert world.ended(SUPPORT, ts, len(answers) + 1)[-1].markdown.strip() == "Going on."


def test_what_is_written_meanwhile_joins_the_run(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    world.claude.script(reply("Looking.", gate, SEARCH), reply("Both."), when="join-1")
    ts = world.mention(MAYA, "join-1")
    assert gate.arrived(20)
    delivered = len(world.slack.deliveries)
    world.slack.post(MAYA.slack_user_id, SUPPORT, "and closed ones too", thread_ts=ts)
    assert all(d.done.wait(10) for d in world.slack.deliveries[delivered:])
    gate.open()
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip().endswith("Both.")
    _, second = world.asked_of_claude("join-1")
    result, text = second["messages"][-1]["content"]
    assert result["type"] == "tool_result"
    assert text == {"type": "text", "text": "and closed ones too"}


@pytest.mark.parametrize("fault", ["cut", "end_early", "overloaded_event"])
def test_a_broken_stream_is_asked_for_again(world: World, fault: str) -> None:
    world.connect(TOM)
    world.claude.script(
        reply("Half of it", SEARCH, fault=fault), reply("Whole."), when=f"broken-{fault}"
    )
    ts = world.mention(TOM, f"broken-{fault}")
    [answer] = world.ended(SUPPORT, ts)
    assert answer.tasks == []
    assert answer.markdown.strip() == "Whole."


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("max_tokens", "cut off here"),
        ("refusal", "declined"),
        ("context_exceeded", "Start a new one"),
    ],
)
def test_special_endings_are_said_and_the_thread_goes_on(
    world: World, fault: str, words: str
) -> None:
    world.connect(TOM)
    world.claude.script(
        reply("Some text.", SEARCH, fault=fault), reply("Better."), when=f"ending-{fault}"
    )
    ts = world.mention(TOM, f"ending-{fault}")
    [answer] = world.ended(SUPPORT, ts)
    assert words in answer.markdown
    assert answer.tasks == []
    world.mention(TOM, "try again", thread=ts)
    assert world.ended(SUPPORT, ts, 2)[-1].markdown.strip() == "Better."


def test_a_failure_says_what_was_done_and_gives_a_reference(world: World) -> None:
    world.connect(AISHA)
    number = next(
        str(c["id"]) for c in world.intercom.conversations.values() if c["state"] == "open"
    )
    close = {"conversation_id": number, "message_type": "close", "type": "admin"}

    def failing(body: object) -> object:
        world.claude.fail(1, status=400)
        return reply(tool_use("intercom_manage_conversation", close))

    world.claude.script(failing, when="fail-2")
    ts = world.mention(AISHA, "fail-2: close it")
    [answer] = world.ended(SUPPORT, ts)
    assert "did not accept the request" in answer.markdown
    assert f"Close conversation {number}" in answer.markdown
    reference = answer.markdown.rpartition("Reference: ")[2].strip("_\n ")
    lines = [json.loads(line) for line in world.bot.output().splitlines() if reference in line]
    assert any(line["event"] == "claude_refused_request" for line in lines)


def test_a_write_without_an_answer_is_unknown_and_not_repeated(world: World) -> None:
    world.connect(TOM)
    contact = next(iter(world.intercom.contacts))
    writes = len(world.intercom.writes)
    # No read tells of a message that waits for the customer to come by.
    world.scalekit.fail("intercom_create_message", status=503, after_effect=True)
    given = {"to": {"type": "user", "id": contact}, "body": "Once."}
    message = tool_use("intercom_create_message", given)
    world.claude.script(reply(message), reply("I do not know."), when="unknown-1")
    ts = world.mention(TOM, "unknown-1")
    [answer] = world.ended(SUPPORT, ts)
    _, second = world.asked_of_claude("unknown-1")
    assert "outcome of this call is unknown" in second["messages"][-1]["content"][0]["content"]
    assert "Outcome unknown" in answer.plain
    assert len(world.intercom.writes) == writes + 1


def test_revoked_in_the_middle_it_asks_to_connect_and_then_goes_on(world: World) -> None:
    world.connect(AISHA)
    identifier = f"slack:{AISHA.slack_team_id}:{AISHA.slack_user_id}"
    gate = world.claude.gate()
    world.claude.script(reply("Looking.", gate, SEARCH), reply("Found."), when="revoke-1")
    ts = world.mention(AISHA, "revoke-1")
    assert gate.arrived(20)
    world.scalekit.revoke(identifier)
    gate.open()
    link = button_link(world.connect_button(AISHA, ts))
    page = Browser().connect(link, AISHA)
    assert "You are connected" in page
    answers = world.ended(SUPPORT, ts)
    assert answers[-1].markdown.strip().endswith("Found.")
    assert len(world.asked_of_claude("revoke-1")) == 2


def test_without_a_way_to_connect_the_request_ends_in_words(world: World) -> None:
    world.scalekit.forget_accounts()
    world.slack.fail("conversations.open", error="user_disabled")
    ts = world.mention(JONAS, "noway-1")
    [answer] = world.ended(SUPPORT, ts)
    assert "could not send you the button" in answer.markdown
    assert "Reference: " in answer.markdown


def test_a_way_to_connect_that_is_down_for_a_while_is_waited_for(world: World) -> None:
    world.scalekit.forget_accounts()
    world.scalekit.fail("GetMagicLinkForConnectedAccount", status=500, times=2)
    ts = world.mention(JONAS, "noway-2")
    world.connect_button(JONAS, ts)


@pytest.mark.parametrize("way", ["stream", "update"])
def test_another_worker_goes_on_after_a_crash(fresh_world: World, way: str) -> None:
    world = fresh_world
    channel = SUPPORT if way == "update" else world.slack.dm(MAYA.slack_user_id)
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    gate = world.claude.gate()
    note = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Once."})
    world.claude.script(
        reply(note), reply("Half an ans", gate, "wer."), reply("Whole."), when="crash-1"
    )
    ts = world.mention(MAYA, "crash-1", channel)
    assert gate.arrived(20)
    world.slack.wait(
        lambda: "Half an ans" in "".join(m.plain for m in world.answers(channel, ts)),
        what="the half answer",
    )
    world.bot.workers[0].kill()
    world.bot.start_worker()
    answers = world.ended(channel, ts)
    gate.open()
    text = "".join(answer.markdown for answer in answers)
    assert "Half" not in text
    assert text.strip() == "Whole."
    assert [card.status for a in answers for card in a.tasks] == ["complete"]
    assert len(world.intercom.writes) == 1


def test_a_write_under_way_in_a_crash_is_not_run_again(fresh_world: World) -> None:
    world = fresh_world
    world.connect(MAYA)
    contact = next(iter(world.intercom.contacts))
    note = tool_use("intercom_create_contact_note", {"contact_id": contact, "body": "Once."})
    world.scalekit.fail("intercom_create_contact_note", status=0, delay=5.0)
    world.claude.script(reply(note), reply("Please check."), when="crash-2")
    ts = world.mention(MAYA, "crash-2")
    world.slack.wait(
        lambda: [c for m in world.answers(SUPPORT, ts) for c in m.tasks if c.status != "pending"],
        timeout=30,
    )
    world.bot.workers[0].kill()
    world.bot.start_worker()
    answers = world.ended(SUPPORT, ts)
    # By the time that another worker takes over, the call has had its effect.
    assert "Intercom shows it" in answers[-1].plain
    assert len(world.intercom.writes) == 1
    created = "intercom_create_contact_note"
    assert len([e for e in world.scalekit.executions if e.tool_name == created]) == 1


def test_with_redis_down_slack_is_refused_and_what_it_repeats_is_answered(
    fresh_world: World,
) -> None:
    world = fresh_world
    assert world.redis
    world.connect(MAYA)
    world.claude.script(reply("Here I am."), when="down-1")
    world.redis.stop()
    ts = world.mention(MAYA, "down-1")
    refused = world.slack.wait(
        lambda: [d for d in world.slack.deliveries if d.attempts and not d.accepted]
    )
    assert refused[0].attempts[0].status in (500, 503)
    world.redis.start()
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Here I am."
