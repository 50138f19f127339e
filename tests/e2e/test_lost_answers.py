"""Answers that get lost or come late: nothing is done twice, and what a read can tell is read."""

import json

import pytest
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT

REPLY = "intercom_reply_to_conversation"


def answer(body: str) -> object:
    given = {"conversation_id": PRIYA_CONVERSATION, "message_type": "comment", "type": "admin"}
    return tool_use(REPLY, {**given, "body": f"<p>{body}</p>"})


def run(world: World, when: str, call: object) -> tuple[str, str]:
    """Out: the answer in the thread, and what Claude was told."""
    world.connect(MAYA)
    world.claude.script(reply(call), reply("So be it."), when=when)  # type: ignore[arg-type]
    [shown] = world.ended(SUPPORT, world.mention(MAYA, when))
    told = world.asked_of_claude(when)[-1]["messages"][-1]["content"][0]
    return shown.plain, json.dumps(told, ensure_ascii=False)


def test_a_reply_whose_answer_got_lost_is_found_in_the_conversation(world: World) -> None:
    writes = len(world.intercom.writes)
    world.scalekit.fail(REPLY, status=503, after_effect=True)
    shown, told = run(world, "lost-1", answer("We refunded it; this is 1."))
    assert "Intercom shows it" in shown
    assert "a look shows its effect" in told
    assert '"is_error": false' in told
    assert len(world.intercom.writes) == writes + 1


def test_a_reply_that_never_arrived_is_unknown_and_not_repeated(world: World) -> None:
    writes = len(world.intercom.writes)
    world.scalekit.fail(REPLY, status=503)
    shown, told = run(world, "lost-2", answer("We refunded it; this is 2."))
    assert "Outcome unknown; Intercom does not show it so far" in shown
    assert "Do not send it again by yourself" in told
    assert len(world.intercom.writes) == writes


def test_an_assignment_whose_answer_got_lost_shows_in_the_conversation(world: World) -> None:
    assert TOM.intercom_admin_id
    writes = len(world.intercom.writes)
    assign = {"message_type": "assignment", "assignee_id": TOM.intercom_admin_id, "type": "admin"}
    world.scalekit.fail("intercom_manage_conversation", status=503, after_effect=True)
    call = tool_use(
        "intercom_manage_conversation", {"conversation_id": PRIYA_CONVERSATION, **assign}
    )
    shown, told = run(world, "lost-3", call)
    assert f"Intercom shows it (checked by: Read conversation {PRIYA_CONVERSATION})" in shown
    assert '"is_error": false' in told
    assert len(world.intercom.writes) == writes + 1


def test_a_tag_that_never_arrived_is_unknown_and_not_repeated(world: World) -> None:
    tag_id = next(iter(world.intercom.tags))
    writes = len(world.intercom.writes)
    world.scalekit.fail("intercom_delete_tag", status=503)
    shown, told = run(world, "lost-4", tool_use("intercom_delete_tag", {"tag_id": tag_id}))
    assert "Outcome unknown; Intercom does not show it so far" in shown
    assert "Do not send it again by yourself" in told
    assert len(world.intercom.writes) == writes
    assert tag_id in world.intercom.tags


def test_a_contact_that_is_gone_was_deleted(world: World) -> None:
    contact_id = list(world.intercom.contacts)[-1]
    world.scalekit.fail("intercom_delete_contact", status=503, after_effect=True)
    delete = tool_use("intercom_delete_contact", {"contact_id": contact_id})
    shown, _ = run(world, "lost-5", delete)
    assert "Intercom shows it" in shown
    assert contact_id not in world.intercom.contacts


@pytest.mark.parametrize("tool", ["intercom_list_tags", REPLY])
def test_the_rate_limit_is_waited_for(world: World, tool: str) -> None:
    writes = len(world.intercom.writes)
    world.scalekit.fail(tool, status=429, tool_error_code="rate_limit_exceeded", times=2)
    call = answer("Once, after a pause.") if tool == REPLY else tool_use(tool, {})
    _, told = run(world, f"limited {tool}", call)
    assert '"is_error": false' in told
    assert len(world.intercom.writes) - writes == (1 if tool == REPLY else 0)
