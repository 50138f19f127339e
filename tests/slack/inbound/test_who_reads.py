"""Where others than one's own people read, answers are private: by whatever way it was asked."""

import json
from typing import Any

import pytest
from front_door import FrontDoor, Opening
from slack_sdk.models.blocks import ActionsBlock, ButtonElement

from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import (
    BILLING,
    DM_MAYA_TOM,
    GROUP_DM,
    HOSTED,
    SHARED,
    SUPPORT,
    Message,
)
from bot.slack.api.cache import Cache
from bot.slack.api.channels import Channels
from bot.state.models import Conversation, Origin, Preferences, Trace

MAYA_ID = MAYA.slack_user_id


async def private_request(door: FrontDoor, channel_id: str) -> None:
    """The one request was taken in privately, and nothing was said in the channel."""
    [request] = await door.requests()
    assert request.is_direct
    assert request.channel_id == door.slack.dm(MAYA_ID)
    assert request.origin
    assert request.origin.channel_id == channel_id
    posted = door.slack.messages(channel_id)
    assert [m for m in posted if m.user == door.slack.bot_user_id] == []
    root = door.slack.thread(request.channel_id, request.thread_ts)[0]
    assert f"Privately, from <#{channel_id}>" in root.text


async def test_a_mention_is_answered_where_it_was_asked(door: FrontDoor) -> None:
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    [request] = await door.requests()
    assert (request.channel_id, request.text, request.is_direct) == (SUPPORT, "how many?", False)


@pytest.mark.parametrize("reach", ["shared", "pending"])
async def test_a_mention_in_a_shared_channel_is_answered_privately(
    door: FrontDoor, reach: str
) -> None:
    door.slack.share_channel(SUPPORT, reach)
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    await private_request(door, SUPPORT)


async def test_workspaces_of_ones_own_organization_are_no_others(door: FrontDoor) -> None:
    door.slack.share_channel(SUPPORT, "organization")
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    [request] = await door.requests()
    assert request.channel_id == SUPPORT


@pytest.mark.parametrize("channel", [SHARED, HOSTED])
async def test_a_command_in_a_shared_channel_is_answered_privately(
    door: FrontDoor, channel: str
) -> None:
    door.slack.command(MAYA_ID, channel, "how many?")
    await door.open()
    await private_request(door, channel)
    assert any("where only you see it" in words for words in door.told(MAYA))


async def test_a_command_is_answered_where_only_ones_own_people_read(door: FrontDoor) -> None:
    door.slack.command(MAYA_ID, SUPPORT, "how many?")
    await door.open()
    [request] = await door.requests()
    assert (request.channel_id, request.is_direct) == (SUPPORT, False)


async def test_a_command_between_two_people_is_answered_in_the_bots_own_messages(
    door: FrontDoor,
) -> None:
    door.slack.command(MAYA_ID, DM_MAYA_TOM, "how many?")
    await door.open()
    await private_request(door, DM_MAYA_TOM)


async def test_a_command_in_the_bots_own_messages_is_answered_there(door: FrontDoor) -> None:
    dm = door.slack.dm(MAYA_ID)
    door.slack.command(MAYA_ID, dm, "how many?")
    await door.open()
    [request] = await door.requests()
    assert (request.channel_id, request.is_direct, request.origin) == (dm, True, None)


async def begun(door: FrontDoor, channel: str = SUPPORT) -> str:
    """A thread in which Maya was answered before everybody. Out: its root."""
    root = door.mention(MAYA, channel, "the first question")
    await door.open()
    [request] = await door.requests()
    store = door.services.store
    token, *_ = await store.take(request.conversation)
    said = [json.dumps({"role": "user", "content": "the first question"})]
    await store.commit(request.conversation, token, None, taken=1, messages=said)
    return root


async def test_a_follow_up_in_a_thread_that_began_before_the_sharing_is_answered_privately(
    door: FrontDoor,
) -> None:
    root = await begun(door)
    door.slack.share_channel(SUPPORT)
    door.slack.post(MAYA_ID, SUPPORT, "and yesterday?", thread_ts=root)
    await door.open()
    await private_request(door, SUPPORT)
    [request] = await door.requests()
    [said] = await door.services.store.messages(request.conversation)
    assert "the first question" in said, "the agent knows what was said before"


async def test_a_follow_up_after_a_channel_was_shared_is_private_once_minutes_have_passed(
    door: FrontDoor,
) -> None:
    root = await begun(door)
    door.slack.share_channel(SUPPORT, "pending")
    await door.minutes_pass()
    door.slack.post(MAYA_ID, SUPPORT, "and yesterday?", thread_ts=root)
    await door.open()
    await private_request(door, SUPPORT)


async def test_what_follows_a_private_answer_goes_on_in_its_private_thread(
    door: FrontDoor,
) -> None:
    root = door.mention(MAYA, SHARED, "how many?")
    await door.open()
    door.slack.post(MAYA_ID, SHARED, "and yesterday?", thread_ts=root)
    door.mention(MAYA, SHARED, "and today?", thread_ts=root)
    await door.open()
    first, *others = await door.requests()
    assert [r.thread_ts for r in others] == [first.thread_ts] * 2
    quoted = {m.ts: m.text for m in door.slack.thread(first.channel_id, first.thread_ts)}
    assert all(request.text in quoted[request.ts] for request in others)


async def test_a_private_thread_that_is_gone_is_opened_anew(door: FrontDoor) -> None:
    root = door.mention(MAYA, SHARED, "how many?")
    await door.open()
    [first] = await door.requests()
    await door.services.slack.chat_delete(channel=first.channel_id, ts=first.thread_ts)
    door.mention(MAYA, SHARED, "and today?", thread_ts=root)
    await door.open()
    assert (await door.requests())[-1].thread_ts != first.thread_ts


async def prefer_private(door: FrontDoor) -> None:
    identifier = f"slack:{door.slack.team_id}:{MAYA_ID}"
    await door.services.profiles.save_preferences(identifier, Preferences(private=True))


async def test_only_you_holds_for_commands(door: FrontDoor) -> None:
    await prefer_private(door)
    door.slack.command(MAYA_ID, SUPPORT, "how many?")
    await door.open()
    await private_request(door, SUPPORT)


async def test_only_you_holds_for_follow_ups(door: FrontDoor) -> None:
    root = await begun(door)
    await prefer_private(door)
    door.slack.post(MAYA_ID, SUPPORT, "and yesterday?", thread_ts=root)
    await door.open()
    await private_request(door, SUPPORT)


@pytest.mark.parametrize(
    ("channel", "scope"),
    [(SUPPORT, "channels:read"), (BILLING, "groups:read"), (GROUP_DM, "mpim:read")],
)
async def test_without_the_scope_to_see_who_reads_a_channel_counts_as_shared(
    opening: Opening, channel: str, scope: str, capfd: pytest.CaptureFixture[str]
) -> None:
    door = await opening(without=(scope,))
    door.mention(MAYA, channel, "how many?")
    await door.open()
    await private_request(door, channel)
    logged = "".join(capfd.readouterr())
    assert "missing_scope" in logged
    assert scope in logged


@pytest.mark.parametrize(
    "failure",
    [{"retry_after": 60}, {"error": "channel_not_found"}, {"error": "ratelimited"}],
    ids=["429", "not found", "ratelimited"],
)
async def test_a_channel_of_which_slack_says_nothing_counts_as_shared(
    door: FrontDoor, failure: dict[str, Any]
) -> None:
    door.slack.fail("conversations.info", times=20, **failure)
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    await private_request(door, SUPPORT)


async def test_who_reads_is_asked_once_in_some_minutes(door: FrontDoor) -> None:
    for _ in range(3):
        door.mention(MAYA, SUPPORT, "how many?")
        await door.open()
    assert len(door.slack.calls_to("conversations.info")) == 1
    assert len(door.slack.calls_to("users.info")) == 1
    await door.minutes_pass()
    door.mention(MAYA, SUPPORT, "and now?")
    await door.open()
    assert len(door.slack.calls_to("conversations.info")) == 2
    assert len(await door.requests()) == 4


async def test_anybodys_message_in_a_channel_tells_that_it_is_shared_by_now(
    door: FrontDoor,
) -> None:
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    door.slack.share_channel(SUPPORT)
    door.slack.post(TOM.slack_user_id, SUPPORT, "Welcome, Contoso!")
    await door.open()
    door.slack.command(MAYA_ID, SUPPORT, "and now?")
    await door.open()
    assert [request.is_direct for request in await door.requests()] == [False, True]


async def test_another_process_asks_nothing_that_one_asked_before(door: FrontDoor) -> None:
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    other = Channels(door.services.slack, Cache(door.services.docket, door.slack.bot_token))
    assert not await other.is_shared(SUPPORT, look_up=False)


async def test_a_listener_asks_slack_nothing(door: FrontDoor) -> None:
    door.mention(MAYA, SHARED, "how many?")
    door.slack.command(MAYA_ID, SHARED, "how many?")
    for delivery in door.slack.deliveries:
        assert (await door.pass_on(delivery)).status == 200
    assert door.slack.calls == []


async def test_in_a_group_message_a_mention_works_as_in_a_channel(door: FrontDoor) -> None:
    root = door.mention(MAYA, GROUP_DM, "how many?")
    door.slack.post(MAYA_ID, GROUP_DM, "not for the bot")
    door.slack.post(MAYA_ID, GROUP_DM, "and yesterday?", thread_ts=root)
    await door.open()
    found = await door.requests()
    assert [(r.channel_id, r.text, r.is_direct) for r in found] == [
        (GROUP_DM, "how many?", False),
        (GROUP_DM, "and yesterday?", False),
    ]


async def test_stop_in_the_channel_stops_what_runs_privately(door: FrontDoor) -> None:
    root = door.mention(MAYA, SHARED, "how many?")
    await door.open()
    [request] = await door.requests()
    door.slack.post(MAYA_ID, SHARED, "stop", thread_ts=root)
    await door.open()
    assert await door.requests() == [request]
    token, *_ = await door.services.store.take(request.conversation)
    signals = await door.services.store.signals(request.conversation, token)
    assert signals.stopped == "stop"


async def test_a_new_beginning_forgets_the_private_thread_too(door: FrontDoor) -> None:
    root = await begun(door)
    await prefer_private(door)
    door.slack.post(MAYA_ID, SUPPORT, "and yesterday?", thread_ts=root)
    await door.open()
    [first] = await door.requests()
    door.slack.command(MAYA_ID, SUPPORT, "new")
    door.slack.post(MAYA_ID, SUPPORT, "and today?", thread_ts=root)
    await door.open()
    second = (await door.requests())[-1]
    assert second.thread_ts != first.thread_ts
    assert await door.services.store.messages(second.conversation) == []


class Answered:
    """A private answer, with its button to share it."""

    def __init__(self, door: FrontDoor, channel: str, dm: str, root: str, answer: str) -> None:
        self.door = door
        self.channel, self.dm, self.root, self.answer = channel, dm, root, answer

    async def press(self, action_id: str, ts: str) -> None:
        self.door.slack.click(MAYA_ID, self.dm, ts, action_id)
        await self.door.open()

    def in_channel(self) -> list[str]:
        bot = self.door.slack.bot_user_id
        return [m.plain for m in self.door.slack.messages(self.channel) if m.user == bot]

    def question(self) -> Message:
        [found] = [
            message
            for message in self.door.slack.thread(self.dm, self.root)
            if "Share it there all the same?" in message.plain
        ]
        return found


async def answered(door: FrontDoor, channel: str) -> Answered:
    slack, services = door.slack, door.services
    dm = slack.dm(MAYA_ID)
    root = str((await services.slack.chat_postMessage(channel=dm, text="Privately"))["ts"])
    asked = slack.post(MAYA_ID, channel, "how many?")
    trace = Trace(
        reference="abc",
        answer="42 of them",
        origin=Origin(channel_id=channel, thread_ts=asked),
        calls=[],
    )
    await services.store.save_trace(Conversation(slack.team_id, dm, root, MAYA_ID), trace)
    button = ButtonElement(text="Share in thread", action_id="share_answer", value="abc")
    answer = await services.slack.chat_postMessage(
        channel=dm, thread_ts=root, text="42", blocks=[ActionsBlock(elements=[button])]
    )
    await door.open()
    return Answered(door, channel, dm, root, str(answer["ts"]))


async def test_sharing_among_ones_own_people_is_done_at_once(door: FrontDoor) -> None:
    private = await answered(door, SUPPORT)
    await private.press("share_answer", private.answer)
    assert [words for words in private.in_channel() if "42 of them" in words]


@pytest.mark.parametrize(
    ("reach", "words"),
    [("shared", "shared with another organization"), ("pending", "has been invited")],
)
async def test_sharing_with_others_says_who_would_read_it_and_asks(
    door: FrontDoor, reach: str, words: str
) -> None:
    door.slack.share_channel(SUPPORT, reach)
    private = await answered(door, SUPPORT)
    await private.press("share_answer", private.answer)
    assert private.in_channel() == []
    question = private.question()
    assert words in question.plain
    await private.press("keep_private", question.ts)
    assert private.in_channel() == []
    assert "Not shared" in door.slack.thread(private.dm, private.root)[-1].plain
    await private.press("share_answer", private.answer)
    await private.press("share_anyway", private.question().ts)
    assert len([words for words in private.in_channel() if "42 of them" in words]) == 1
    assert not any("?" in m.plain for m in door.slack.thread(private.dm, private.root))


async def test_sharing_where_slack_does_not_say_who_reads_asks_too(opening: Opening) -> None:
    door = await opening(without=("channels:read",))
    private = await answered(door, SUPPORT)
    await private.press("share_answer", private.answer)
    assert private.in_channel() == []
    assert "Slack did not tell me who reads" in private.question().plain


async def test_a_question_that_waited_while_its_channel_was_shared_is_begun_privately(
    door: FrontDoor,
) -> None:
    door.mention(MAYA, SUPPORT, "how many?")
    for delivery in door.slack.deliveries:
        await door.pass_on(delivery)
    [request] = await door.requests()
    assert request.channel_id == SUPPORT
    door.slack.share_channel(SUPPORT)
    await door.work()
    await private_request(door, SUPPORT)
