"""Channels that another organization reads in, from the question to the answer."""

import json

import pytest
import redis
from world import World, identifier

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import MAYA, PETRA, TOM
from bot.sandbox.slack import HOSTED, SUPPORT, Message

MAYA_ID, TOM_ID = MAYA.slack_user_id, TOM.slack_user_id
READ = tool_use("intercom_retrieve_conversation", {"conversation_id": PRIYA_CONVERSATION})
NOTE = tool_use(
    "intercom_reply_to_conversation",
    {
        "conversation_id": PRIYA_CONVERSATION,
        "message_type": "note",
        "type": "admin",
        "body": "<p>Between us.</p>",
    },
)


def minutes_pass(world: World) -> None:
    """What Slack said of channels is out of date."""
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be changed from outside")
    with redis.Redis.from_url(world.redis.url) as client:
        for key in client.scan_iter("slack:*:channel:*"):
            client.delete(key)


def private_thread(world: World, question: str) -> str:
    found = world.slack.wait(
        lambda: [m for m in world.told(MAYA, "Privately, from") if question in m.plain],
        what="the private thread",
    )
    return found[0].ts


def test_our_person_in_a_partners_channel_works_with_their_own_account(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply(READ), reply("She was charged twice."), when="hosted-1")
    thread = world.mention(MAYA, "hosted-1", channel=HOSTED)
    world.mention(PETRA, "hosted-1, and for me?", channel=HOSTED)
    root = private_thread(world, "hosted-1")
    [answer] = world.ended(world.slack.dm(MAYA_ID), root)
    assert "charged twice" in answer.plain
    assert world.answers(HOSTED, thread) == []
    world.slack.wait(lambda: world.private(PETRA, "only for members"), what="the kind word")
    assert len(world.asked_of_claude("hosted-1")) == 2
    assert world.scalekit.account(identifier(PETRA)) is None


def test_what_is_under_way_when_a_channel_is_shared_goes_on_privately(world: World) -> None:
    world.connect(MAYA)
    channel = world.slack.open_channel("soon-shared", MAYA_ID, TOM_ID)
    gate = world.claude.gate()
    world.claude.script(
        reply("Looking.", gate, READ), reply("She was charged twice."), when="moving-1"
    )
    thread = world.mention(MAYA, "moving-1", channel=channel)
    assert gate.arrived(20)
    minutes_pass(world)
    world.slack.share_channel(channel)
    gate.open()
    root = private_thread(world, "moving-1")
    answers = world.ended(world.slack.dm(MAYA_ID), root)
    assert "charged twice" in answers[-1].plain
    in_channel = "".join(m.plain for m in world.answers(channel, thread))
    assert "charged twice" not in in_channel
    assert world.private(MAYA, "I go on in our direct messages")
    assert world.slack.session(channel, thread).lifecycle == "active"
    world.claude.script(reply("Yes, twice."), when="moving-1")
    world.slack.post(MAYA_ID, channel, "really?", thread_ts=thread)
    again = world.ended(world.slack.dm(MAYA_ID), root, answers=len(answers) + 2)
    assert "Yes, twice." in again[-1].plain
    assert len(world.answers(channel, thread)) <= 1


def test_a_card_that_waits_when_a_channel_is_shared_is_asked_for_again_privately(
    strict_world: World,
) -> None:
    world = strict_world
    world.connect(MAYA)
    channel = world.slack.open_channel("soon-shared-too", MAYA_ID, TOM_ID)
    writes = len(world.intercom.writes)
    both = reply("Drafted.", NOTE, NOTE_TOO)
    world.claude.script(both, reply("Both noted."), when="moving-2")
    thread = world.mention(MAYA, "moving-2", channel=channel)

    def cards(place: str, root: str) -> list[Message]:
        found = world.answers(place, root)
        return [m for m in found if "approve_call" in json.dumps(m.blocks)]

    first, _ = world.slack.wait(
        lambda: len(cards(channel, thread)) == 2 and cards(channel, thread), what="the cards"
    )
    minutes_pass(world)
    world.slack.share_channel(channel)
    world.slack.click(MAYA_ID, channel, first.ts, "approve_call")
    root = private_thread(world, "moving-2")
    dm = world.slack.dm(MAYA_ID)
    [card] = world.slack.wait(lambda: cards(dm, root), what="the other card, privately")
    world.slack.wait(lambda: cards(channel, thread) == [], what="the old cards to be settled")
    world.slack.click(MAYA_ID, dm, card.ts, "approve_call")
    assert "Both noted." in world.ended(dm, root)[-1].plain
    assert len(world.intercom.writes) - writes == 2
    assert "Both noted." not in "".join(m.plain for m in world.answers(channel, thread))


NOTE_TOO = tool_use(
    "intercom_reply_to_conversation",
    {
        "conversation_id": PRIYA_CONVERSATION,
        "message_type": "note",
        "type": "admin",
        "body": "<p>And this, too.</p>",
    },
)


def test_somebody_elses_press_on_stop_leaves_the_run_and_its_answer_whole(world: World) -> None:
    world.connect(MAYA)
    gate = world.claude.gate()
    words = "Priya wrote to us twice about the same invoice."
    world.claude.script(reply(READ), reply("Priya wrote to us tw", gate, words[20:]), when="stop-x")
    thread = world.mention(MAYA, "stop-x")
    assert gate.arrived(20)
    world.slack.press_stop(TOM_ID, SUPPORT, thread)
    told = world.slack.wait(lambda: world.private(TOM, "nobody else can stop it"), what="why")
    assert f"<@{MAYA_ID}>" in told[0].plain
    gate.open()
    answers = world.ended(SUPPORT, thread)
    whole = [message for message in answers if words in message.plain]
    assert len(whole) == 1
    assert "Stopped" not in "".join(message.plain for message in answers)
