"""Steering, budgets, long conversations, what stands below an answer, the audit."""

import json
import os
import subprocess
import sys
from pathlib import Path

from test_day_budget import Days, price_of
from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT, Message

LIST = tool_use("intercom_list_tags", {})


def test_a_message_that_joins_a_run_shows_that_it_was_heard(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    world.claude.script(reply("Looking.", gate, LIST), reply("Both."), when="heard-1")
    thread = world.mention(MAYA, "heard-1")
    assert gate.arrived()
    ts = world.slack.post(MAYA.slack_user_id, SUPPORT, "and the tags, please", thread_ts=thread)
    world.delivered(ts)
    gate.open()
    world.ended(SUPPORT, thread)
    assert "and the tags, please" in json.dumps(world.asked_of_claude("heard-1")[-1])
    added = [call.args for call in world.slack.calls_to("reactions.add")]
    assert {"channel": SUPPORT, "timestamp": ts, "name": "eyes"} in added


def test_stop_by_command_and_by_word(world: World) -> None:
    world.connect(MAYA)
    for number, stop in enumerate(("command", "word")):
        gate = world.claude.gate()
        world.claude.script(reply(LIST), reply("Never ", gate, "seen."), when=f"halt-{number}")
        thread = world.mention(MAYA, f"halt-{number}")
        assert gate.arrived()
        if stop == "command":
            world.slack.command(MAYA.slack_user_id, SUPPORT, "stop")
            world.slack.wait(lambda: world.private(MAYA, "I stop what is running"), what="it")
        else:
            world.slack.post(MAYA.slack_user_id, SUPPORT, "Stop!", thread_ts=thread)
        answers = world.ended(SUPPORT, thread)
        gate.open()
        assert "Stopped." in answers[-1].plain
        assert "Nothing was changed" in answers[-1].plain
        assert len(world.asked_of_claude(f"halt-{number}")) == 2
    world.slack.command(MAYA.slack_user_id, SUPPORT, "stop")
    world.slack.wait(lambda: world.private(MAYA, "Nothing of yours is running"), what="it")


def test_new_starts_afresh(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Noted."), when="anew-1")
    thread = world.mention(MAYA, "anew-1 remember the number 4711")
    world.ended(SUPPORT, thread)
    world.slack.command(MAYA.slack_user_id, SUPPORT, "new")
    world.slack.wait(lambda: world.private(MAYA, "We begin afresh"), what="the answer")
    world.claude.script(reply("Which number?"), when="anew-2")
    world.slack.post(MAYA.slack_user_id, SUPPORT, "anew-2 which number?", thread_ts=thread)
    world.ended(SUPPORT, thread, answers=2)
    assert "4711" not in json.dumps(world.asked_of_claude("anew-2")[-1]["messages"])


def test_a_spent_budget_ends_in_a_summary(thrifty_world: World) -> None:
    world = thrifty_world
    world.connect(MAYA)
    replies = [reply(tool_use("intercom_list_tags", {})) for _ in range(2)]
    world.claude.script(*replies, reply("Two looks, still open: the rest."), when="budget-1")
    thread = world.mention(MAYA, "budget-1")
    [answer] = world.ended(SUPPORT, thread)
    assert "Two looks, still open: the rest." in answer.plain
    last = world.asked_of_claude("budget-1")[-1]
    assert last["tool_choice"] == {"type": "none"}
    assert "budget for this request is spent: 2 turns" in last["messages"][-1]["content"]


def test_the_same_read_over_and_over_is_refused(world: World) -> None:
    world.connect(MAYA)
    replies = [reply(tool_use("intercom_list_teams", {})) for _ in range(4)]
    world.claude.script(*replies, reply("I see."), when="over-and-over")
    thread = world.mention(MAYA, "over-and-over")
    before = len(world.scalekit.executions)
    [answer] = world.ended(SUPPORT, thread)
    assert [task.status for task in answer.tasks] == ["complete"] * 3 + ["error"]
    assert len(world.scalekit.executions) - before <= 3
    told = json.dumps(world.asked_of_claude("over-and-over")[-1]["messages"])
    assert "the very same one 3 times" in told


def test_a_long_conversation_goes_on_by_its_summary(thrifty_world: World) -> None:
    world = thrifty_world
    world.connect(MAYA)
    world.claude.script(reply("The first answer is long. " * 400), when="grows-1")
    thread = world.mention(MAYA, "grows-1")
    first = world.ended(SUPPORT, thread)
    world.claude.script(reply("SUMMARY: Maya likes 4711."), when="grows-1")
    world.claude.script(reply("I still know 4711."), when="grows-2")
    world.slack.post(MAYA.slack_user_id, SUPPORT, "grows-2 and now?", thread_ts=thread)
    answers = world.ended(SUPPORT, thread, answers=len(first) + 1)
    assert "I still know 4711." in answers[-1].plain
    assert not any("SUMMARY" in answer.plain for answer in answers)
    [asked] = world.asked_of_claude("grows-2")
    assert "SUMMARY: Maya likes 4711." in json.dumps(asked["messages"])
    assert "The first answer is long" not in json.dumps(asked["messages"])
    before = world.asked_of_claude("grows-1")[-1]
    assert (asked["system"], asked["tools"]) == (before["system"], before["tools"])


def test_a_summary_is_spent_of_the_day_too(thrifty_world: World) -> None:
    world = thrifty_world
    days = Days(world)
    world.connect(TOM)
    world.claude.script(reply("The first answer is long. " * 400), when="day-summary-1")
    thread = world.mention(TOM, "day-summary-1")
    first = world.ended(SUPPORT, thread)
    world.claude.script(reply("SUMMARY: Tom likes 4712."), when="day-summary-1")
    world.claude.script(reply("I still know 4712."), when="day-summary-2")
    world.slack.post(TOM.slack_user_id, SUPPORT, "day-summary-2 and now?", thread_ts=thread)
    world.ended(SUPPORT, thread, answers=len(first) + 1)
    assert len([r for r in world.claude.requests if "day-summary" in str(r.body)]) == 3
    assert days.spent(TOM) == price_of(world, "day-summary-1", "day-summary-2")
    assert days.held(TOM) == []
    days.close()


def press(world: World, message: Message, action: str, value: str | None = None) -> None:
    world.slack.click(MAYA.slack_user_id, message.channel, message.ts, action, value=value)


def test_feedback_is_taken_and_counted(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("How was I?"), when="feedback-1")
    [answer] = world.ended(SUPPORT, world.mention(MAYA, "feedback-1"))
    [buttons] = [b["elements"][0] for b in answer.blocks if b["type"] == "context_actions"]
    for side in ("positive_button", "negative_button"):
        said = len(world.private(MAYA, "Thank you"))
        press(world, answer, "feedback", buttons[side]["value"])
        world.slack.wait(
            lambda said=said: len(world.private(MAYA, "Thank you")) > said, what="the thanks"
        )
    if world.redis:
        assert world.hash("feedback-count") == {"good": "0", "bad": "1"}


def test_show_what_you_did_is_for_its_teammate_only(world: World) -> None:
    world.connect(MAYA, TOM)
    world.claude.script(
        reply(tool_use("intercom_search_articles", {"phrase": "export"})),
        reply("Seen."),
        when="show-1",
    )
    [answer] = world.ended(SUPPORT, world.mention(MAYA, "show-1"))
    world.slack.click(TOM.slack_user_id, answer.channel, answer.ts, "show_work")
    world.slack.wait(lambda: world.private(TOM, "somebody else's"), what="the private word")
    assert world.slack.views(TOM.slack_user_id) == []
    press(world, answer, "show_work")
    [view] = world.slack.wait(lambda: world.slack.views(MAYA.slack_user_id), what="the modal")
    shown = json.dumps(view["blocks"])
    assert "Search help articles: export" in shown
    assert "intercom_search_articles" in shown
    assert " s \\u00b7 " in shown
    world.slack.close_view(MAYA.slack_user_id, view["id"])


def test_ones_own_audit_and_the_operators(world: World) -> None:
    world.connect(TOM)
    note = {"contact_id": next(iter(world.intercom.contacts)), "body": "audited"}
    world.claude.script(
        reply(tool_use("intercom_create_contact_note", note)), reply("Noted."), when="audit-2"
    )
    world.ended(SUPPORT, world.mention(TOM, "audit-2"))
    world.slack.command(TOM.slack_user_id, SUPPORT, "audit")
    [told] = world.slack.wait(
        lambda: world.private(TOM, "Add a note to a contact")[-1:], what="the audit"
    )
    assert "*done*" in told.plain
    if world.redis is None:
        return
    command = [sys.executable, "-m", "bot", "audit", "--since", "1h", "--user", TOM.slack_user_id]
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, **world.sandbox.env(world.redis.url), "PYTHONPATH": root}
    printed = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    entries = [json.loads(line) for line in printed.stdout.splitlines()]
    assert entries[-1]["tool"] == "intercom_create_contact_note"
    assert {entry["user_id"] for entry in entries} == {TOM.slack_user_id}
    command[-3] = "yesterday-ish"
    refused = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "yesterday-ish" in refused.stderr


def test_a_turn_pays_only_for_what_is_new(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply(LIST), reply("Tags."), when="cache-1")
    world.ended(SUPPORT, world.mention(MAYA, "cache-1"))
    recorded = [r for r in world.claude.requests if "cache-1" in str(r.body["messages"][0])]
    first, second = (r.response["usage"] for r in recorded)
    paid = first["input_tokens"] + first["cache_creation_input_tokens"]
    assert second["cache_read_input_tokens"] >= paid + first["cache_read_input_tokens"]
    assert second["input_tokens"] == 0


def test_one_teammates_many_requests_do_not_hold_up_another(thrifty_world: World) -> None:
    world = thrifty_world
    world.connect(MAYA, TOM)
    gate = world.claude.gate()
    for number in range(4):
        world.claude.script(reply("Done ", gate, f"{number}."), when=f"many-{number}-")
    threads = [world.mention(MAYA, f"many-{number}-") for number in range(4)]
    assert gate.arrived()
    world.slack.wait(lambda: len(world.private(MAYA, "in line")) == 2, what="the places in line")
    assert world.private(MAYA, "yours is number 1 in line")
    world.claude.script(reply("Tom first."), when="many-tom")
    assert "Tom first." in world.ended(SUPPORT, world.mention(TOM, "many-tom"))[-1].plain
    gate.open()
    for thread in threads:
        assert "Done" in world.ended(SUPPORT, thread)[-1].plain


def test_what_stands_in_line_can_be_stopped(thrifty_world: World) -> None:
    world = thrifty_world
    world.connect(MAYA)
    gates = [world.claude.gate(), world.claude.gate()]
    for number, gate in enumerate(gates):
        world.claude.script(reply("Done ", gate, f"{number}."), when=f"busy-{number}-")
    running = [world.mention(MAYA, f"busy-{number}-") for number in range(2)]
    assert all(gate.arrived() for gate in gates)
    told = len(world.private(MAYA, "in line"))
    thread = world.mention(MAYA, "in-line-and-stopped")
    world.slack.wait(lambda: len(world.private(MAYA, "in line")) > told, what="the place in line")
    world.delivered(world.slack.post(MAYA.slack_user_id, SUPPORT, "stop", thread_ts=thread))
    for gate in gates:
        gate.open()
    for other in running:
        world.ended(SUPPORT, other)
    assert "Stopped." in world.ended(SUPPORT, thread)[-1].plain
    assert world.asked_of_claude("in-line-and-stopped") == []
