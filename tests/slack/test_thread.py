"""The streamed answer, against the Slack stand-in by the real client."""

import time
from collections.abc import Iterator

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import manifest_text
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT, Message, SlackSandbox
from bot.slack.thread import SlackThread
from bot.state.models import Request, StreamState, ToolCall


class Setting:
    """A thread that Maya began, and a clock for Slack."""

    def __init__(self) -> None:
        self.late = 0.0
        manifest = yaml.safe_load(manifest_text("https://bot.example"))
        self.slack = SlackSandbox(manifest, now=lambda: time.time() + self.late, rate_limits=False)
        self.slack.start()
        self.root = self.slack.post(MAYA.slack_user_id, SUPPORT, "hello")
        self.is_mine = True
        self.saved: list[StreamState | None] = []
        self.client = AsyncWebClient(self.slack.bot_token, base_url=self.slack.url + "/api/")

    def thread(self, stream: StreamState | None = None) -> SlackThread:
        request = Request(
            id="Ev1",
            team_id=self.slack.team_id,
            user_id=MAYA.slack_user_id,
            channel_id=SUPPORT,
            thread_ts=self.root,
            ts=self.root,
            text="hello",
        )

        async def save(stream: StreamState | None) -> None:
            self.saved.append(stream.model_copy(deep=True) if stream else None)

        async def is_mine() -> bool:
            return self.is_mine

        return SlackThread(self.client, request, stream, is_mine, save)

    def answers(self) -> list[Message]:
        return self.slack.thread(SUPPORT, self.root)[1:]


@pytest.fixture
def setting() -> Iterator[Setting]:
    setting = Setting()
    yield setting
    setting.slack.stop()


def call(state: str = "started", **more: str) -> ToolCall:
    return ToolCall(
        id="toolu_1", name="t", input={}, title="Search", is_read=True, state=state, **more
    )


async def test_text_and_a_card_from_running_to_done(setting: Setting) -> None:
    thread = setting.thread()
    thread.say("Let me ")
    thread.say("look.")
    thread.show(call())
    await thread.flush()
    [message] = setting.answers()
    assert (message.markdown, message.tasks[0].status) == ("Let me look.", "in_progress")
    assert setting.saved[0]
    assert setting.saved[0].ts == message.ts
    thread.show(call("done", outcome="2 found", link="https://app.intercom.com/x"))
    thread.show(call("done", outcome="2 found", link="https://app.intercom.com/x"))
    await thread.end()
    [message] = setting.answers()
    [card] = message.tasks
    assert (card.status, card.output) == ("complete", "2 found")
    assert message.streaming == "done"
    assert setting.slack.session(SUPPORT, setting.root).lifecycle == "active"


async def test_before_a_stream_dies_the_answer_moves_on(setting: Setting) -> None:
    thread = setting.thread()
    thread.say("First.")
    thread.show(call())
    await thread.flush()
    assert thread.stream
    thread.stream.started_at -= 241
    thread.say("Second.")
    thread.show(call("done"))
    await thread.end()
    first, second = setting.answers()
    assert (first.markdown, first.tasks[0].status) == ("First.", "complete")
    assert first.tasks[0].output == "Goes on below"
    assert (second.markdown, second.tasks[0].status) == ("Second.", "complete")
    assert {first.streaming, second.streaming} == {"done"}


async def test_a_stream_that_slack_has_ended_is_replaced(setting: Setting) -> None:
    thread = setting.thread()
    thread.say("First.")
    thread.show(call())
    await thread.flush()
    setting.late = 301
    thread.say("Second.")
    thread.show(call("done"))
    await thread.end()
    first, second = setting.answers()
    assert (first.markdown, second.markdown) == ("First.", "Second.")
    assert second.tasks[0].status == "complete"


async def test_a_long_answer_loses_nothing(setting: Setting) -> None:
    paragraphs = [f"{number}: " + "wörd " * 60 for number in range(120)]
    thread = setting.thread()
    thread.say("\n\n".join(paragraphs))
    await thread.end()
    messages = setting.answers()
    assert len(messages) > 3
    text = " ".join(message.markdown for message in messages)
    assert text.split() == " ".join(paragraphs).split()


async def test_what_customers_wrote_neither_pings_nor_disguises(setting: Setting) -> None:
    async with setting.thread() as thread:
        for piece in ("He wrote <!chan", "nel> and [bank](https://ev", "il.example)."):
            thread.say(piece)
            await thread._send()
        await thread.end()
    [message] = setting.answers()
    assert message.markdown == "He wrote &lt;!channel> and bank (https://evil.example)."


async def test_after_a_crash_only_what_was_kept_is_there(setting: Setting) -> None:
    thread = setting.thread()
    thread.say("Kept. ")
    thread.show(call("done", outcome="2 found"))
    await thread.flush()
    thread.keep()
    kept = thread.stream
    assert kept
    kept = kept.model_copy(deep=True)
    thread.say("Broken off in the mid")
    await thread.flush()
    other = setting.thread(kept)
    await other.start_over()
    other.say("Whole.")
    await other.end()
    [message] = setting.answers()
    assert message.markdown == "Kept. Whole."
    assert [card.status for card in message.tasks] == ["complete"]


async def test_who_was_superseded_says_nothing_more(setting: Setting) -> None:
    thread = setting.thread()
    thread.say("Mine.")
    await thread.flush()
    setting.is_mine = False
    thread.say("Not mine any more.")
    await thread.flush()
    [message] = setting.answers()
    assert message.markdown == "Mine."


async def test_a_failed_progress_message_does_not_end_the_run(setting: Setting) -> None:
    thread = setting.thread()
    setting.slack.fail("agents.sessions.setStatus", error="internal_error")
    setting.slack.fail("assistant.threads.setStatus", error="internal_error")
    await thread.begin()
    setting.slack.fail("chat.startStream", error="internal_error")
    thread.say("Not lost. ")
    await thread.flush()
    thread.say("There.")
    await thread.end()
    [message] = setting.answers()
    assert message.markdown == "Not lost. There."


async def test_what_the_thread_does_not_take_comes_by_direct_message(setting: Setting) -> None:
    thread = setting.thread()
    setting.slack.fail("chat.startStream", error="is_archived", times=9)
    thread.say("Your answer.")
    await thread.end()
    assert setting.answers() == []
    [message] = setting.slack.messages(setting.slack.dm(MAYA.slack_user_id))
    assert "Your answer." in message.plain
