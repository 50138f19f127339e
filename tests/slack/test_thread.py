"""The streamed answer, against the Slack stand-in by the real client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
import yaml
from docket import Docket

from bot.manifest import manifest_text
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT, Message, SlackSandbox
from bot.slack.client import Client
from bot.slack.limits import SlackLimits
from bot.slack.thread import SlackDown, SlackThread
from bot.state.metrics import Metrics
from bot.state.models import Request, StreamState, ToolCall
from bot.state.store import Superseded


class Setting:
    """A thread that Maya began, and a clock for Slack."""

    def __init__(self, docket: Docket) -> None:
        self.late = 0.0
        manifest = yaml.safe_load(manifest_text("https://bot.example"))
        self.slack = SlackSandbox(manifest, now=lambda: time.time() + self.late, rate_limits=False)
        self.slack.start()
        self.root = self.slack.post(MAYA.slack_user_id, SUPPORT, "hello")
        self.is_mine = True
        self.saved: list[StreamState] = []
        self.docket = docket
        self.client = self.paced(10)

    def paced(self, factor: float) -> Client:
        """A client that keeps Slack's limits that many times over."""
        token, url = self.slack.bot_token, self.slack.url + "/api/"
        limits = SlackLimits(self.docket, token, factor)
        return Client(token, url, limits, Metrics(self.docket))

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

        async def save() -> None:
            self.saved.append(thread.stream.model_copy(deep=True))

        async def is_mine() -> bool:
            return self.is_mine

        thread = SlackThread(self.client, request, stream, is_mine, save, save)
        return thread

    def answers(self) -> list[Message]:
        return self.slack.thread(SUPPORT, self.root)[1:]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with Docket(name="thread-test", url="memory://") as docket:
        setting = Setting(docket)
        yield setting
        setting.slack.stop()


def call(state: str = "started", **more: str) -> ToolCall:
    return ToolCall(
        id="toolu_1", name="t", input={}, title="Search", is_read=True, state=state, **more
    )


async def arrived(setting: Setting, what: Callable[[list[Message]], object]) -> list[Message]:
    """The answers, once Slack has got that far."""

    def there() -> list[Message]:
        answers = setting.answers()
        return answers if answers and what(answers) else []

    return await asyncio.to_thread(setting.slack.wait, there)


async def test_text_and_a_card_from_running_to_done(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("Let me ")
        thread.say("look.")
        thread.show(call())
        [message] = await arrived(setting, lambda answers: answers[0].tasks)
        assert (message.markdown, message.tasks[0].status) == ("Let me look.", "in_progress")
        thread.show(call("done", outcome="2 found", link="https://app.intercom.com/x"))
        thread.show(call("done", outcome="2 found", link="https://app.intercom.com/x"))
        await thread.end("end:1")
    [message] = setting.answers()
    [card] = message.tasks
    assert (card.status, card.output) == ("complete", "2 found")
    assert message.streaming == "done"
    assert message.ts in [state.ts for state in setting.saved]
    assert setting.slack.session(SUPPORT, setting.root).lifecycle == "active"


async def test_a_thread_is_written_about_once_a_second(setting: Setting) -> None:
    setting.client = setting.paced(1)
    async with setting.thread() as thread:
        for word in range(400):
            thread.say(f"word{word} ")
            await asyncio.sleep(0.01)
        await thread.end("end:1")
    writes = [call for call in setting.slack.calls if call.method.startswith("chat.")]
    gaps = [later.at - earlier.at for earlier, later in pairwise(writes)]
    assert len(writes) > 3
    assert min(gaps) > 0.9
    [message] = setting.answers()
    assert message.markdown.split() == [f"word{word}" for word in range(400)]


async def test_before_a_stream_dies_the_answer_moves_on(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("First.")
        thread.show(call())
        await asyncio.to_thread(setting.slack.wait, lambda: setting.saved and setting.saved[-1].ts)
        thread.stream.started_at -= 241
        thread.say("Second.")
        thread.show(call("done"))
        await thread.end("end:1")
    first, second = setting.answers()
    assert (first.markdown, first.tasks[0].status) == ("First.", "complete")
    assert first.tasks[0].output == "Goes on below"
    assert (second.markdown, second.tasks[0].status) == ("Second.", "complete")
    assert {first.streaming, second.streaming} == {"done"}


async def test_a_stream_that_slack_has_ended_is_replaced(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("First.")
        thread.show(call())
        await arrived(setting, lambda answers: answers[0].tasks)
        setting.late = 301
        thread.say("Second.")
        thread.show(call("done"))
        await thread.end("end:1")
    first, second = setting.answers()
    assert (first.plain.strip().splitlines()[0], second.markdown) == ("First.", "Second.")
    assert "Goes on below" in first.plain
    assert second.tasks[0].status == "complete"


async def test_a_long_answer_loses_nothing(setting: Setting) -> None:
    paragraphs = [f"{number}: " + "wörd " * 60 for number in range(60)]
    async with setting.thread() as thread:
        thread.say("\n\n".join(paragraphs))
        await thread.end("end:1")
    messages = setting.answers()
    assert len(messages) > 2
    text = " ".join(message.markdown for message in messages)
    assert text.split() == " ".join(paragraphs).split()


async def test_what_customers_wrote_neither_pings_nor_disguises(setting: Setting) -> None:
    async with setting.thread() as thread:
        for piece in ("He wrote <!chan", "nel> and [bank](https://ev", "il.example)."):
            calls = len(setting.slack.calls)
            thread.say(piece)
            await asyncio.to_thread(
                setting.slack.wait, lambda calls=calls: len(setting.slack.calls) > calls or calls
            )
        await thread.end("end:1")
    [message] = setting.answers()
    assert message.markdown == "He wrote &lt;!channel> and bank (https://evil.example)."


async def test_after_a_crash_only_what_was_kept_is_there(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("Kept. ")
        thread.show(call("done", outcome="2 found"))
        await arrived(setting, lambda answers: answers[0].tasks)
        thread.say("Not sent yet. ")
        await thread.keep()
        kept = thread.stream.model_copy(deep=True)
        thread.say("Broken off in the mid. ")
        await arrived(setting, lambda answers: "Broken" in answers[0].markdown)
    async with setting.thread(kept) as other:
        await other.recover(None)
        other.say("Whole.")
        await other.end("end:1", again=True)
    [message] = setting.answers()
    assert message.markdown == "Kept. Not sent yet. Whole."
    assert [card.status for card in message.tasks] == ["complete"]


async def test_what_one_step_leaves_the_next_one_sends(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("First. ")
        await arrived(setting, bool)
        thread.say("Second. ")
        await thread.keep()
        kept = thread.stream.model_copy(deep=True)
    assert [message.markdown for message in setting.answers()] == ["First. "]
    async with setting.thread(kept) as other:
        other.resume()
        await arrived(setting, lambda answers: answers[0].markdown == "First. Second. ")
        await other.end("end:1")


async def test_a_message_that_was_just_being_started_is_found_after_a_crash(
    setting: Setting,
) -> None:
    async with setting.thread() as thread:
        thread.say("Hello there.")
        await arrived(setting, bool)
    before_its_ts_was_known = setting.saved[0]
    assert before_its_ts_was_known.ts == ""
    async with setting.thread(before_its_ts_was_known) as other:
        await other.recover(None)
        other.say("Hello again.")
        await other.end("end:1", again=True)
    [message] = setting.answers()
    assert (message.markdown, message.streaming) == ("Hello again.", "done")


async def test_an_ending_that_is_there_is_not_sent_again(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("Kept. ")
        await arrived(setting, bool)
        await thread.keep()
        kept = thread.stream.model_copy(deep=True)
        thread.say("The end.")
        await thread.end("end:1")
    async with setting.thread(kept) as other:
        await other.recover("end:1")
        await other.end("end:1", again=True)
    assert [message.markdown for message in setting.answers()] == ["Kept. The end."]
    assert setting.slack.session(SUPPORT, setting.root).lifecycle == "active"


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
async def test_where_slacks_answer_gets_lost_nothing_is_there_twice(
    setting: Setting, method: str
) -> None:
    setting.slack.fail(method, status=503, applied=True)
    async with setting.thread() as thread:
        thread.say("One. ")
        await arrived(setting, lambda answers: "One." in answers[0].markdown)
        thread.say("Two. ")
        await arrived(setting, lambda answers: "Two." in answers[0].markdown)
        thread.say("Three.")
        await thread.end("end:1")
    [message] = setting.answers()
    assert (message.markdown, message.streaming) == ("One. Two. Three.", "done")


async def test_while_slack_is_down_the_answer_waits(setting: Setting) -> None:
    for method in ("chat.startStream", "conversations.replies"):
        setting.slack.fail(method, status=503, times=100)
    async with setting.thread() as thread:
        thread.say("In the end.")
        with pytest.raises(SlackDown):
            await thread.end("end:1")
    setting.slack.heal()
    async with setting.thread(thread.stream) as other:
        other.resume()
        await other.end("end:1", again=True)
    assert [message.markdown for message in setting.answers()] == ["In the end."]


async def test_without_room_for_a_stream_the_answer_comes_as_a_whole(setting: Setting) -> None:
    setting.slack.fail("chat.startStream", retry_after=50, times=100)
    async with setting.thread() as thread:
        thread.show(call("done", outcome="2 found"))
        thread.say("Here it is.")
        await thread.end("end:1")
    [message] = setting.answers()
    assert "Here it is." in message.plain
    assert "2 found" in message.plain
    assert setting.slack.session(SUPPORT, setting.root).lifecycle == "active"


async def test_who_was_superseded_says_nothing_more(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("Mine.")
        await arrived(setting, bool)
        setting.is_mine = False
        thread.say("Not mine any more.")
        with pytest.raises(Superseded):
            await thread.end("end:1")
    [message] = setting.answers()
    assert message.markdown == "Mine."


async def test_a_failed_progress_message_does_not_end_the_run(setting: Setting) -> None:
    for method in (
        "agents.sessions.setStatus",
        "assistant.threads.setStatus",
    ):
        setting.slack.fail(method, error="internal_error", times=3)
    setting.slack.fail("chat.startStream", error="internal_error", times=1)
    async with setting.thread() as thread:
        await thread.begin()
        thread.say("Not lost. ")
        thread.say("There.")
        await thread.end("end:1")
    [message] = setting.answers()
    assert message.markdown == "Not lost. There."


async def test_what_the_thread_does_not_take_comes_by_direct_message(setting: Setting) -> None:
    setting.slack.fail("chat.startStream", error="is_archived", times=9)
    text = "\n\n".join(f"{number}: " + "word " * 100 for number in range(40))
    async with setting.thread() as thread:
        thread.say(text)
        await thread.end("end:1")
    assert setting.answers() == []
    messages = setting.slack.messages(setting.slack.dm(MAYA.slack_user_id))
    assert len(messages) == 2
    assert "I could not post this in" in messages[0].plain
    assert all(f"{number}: word" in "".join(m.plain for m in messages) for number in range(40))
