"""What holds of a live message both ways, streamed and updated."""

import asyncio
from itertools import pairwise

import pytest
from thread_setting import UPDATE, Setting, arrived, call, words

from bot.slack.thread import SlackDown
from bot.state.store import Superseded

BEGIN = {"stream": "chat.startStream", UPDATE: "chat.postMessage"}
WRITES = (
    "chat.postMessage",
    "chat.update",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
)


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
    assert [source["url"] for source in card.sources] == ["https://app.intercom.com/x"]
    assert message.streaming != "streaming"
    assert "Working on it" not in message.plain
    assert message.ts in [state.ts for state in setting.saved]
    assert setting.slack.session(setting.channel, setting.root).lifecycle == "active"


async def test_a_thread_is_written_about_once_a_second(setting: Setting) -> None:
    setting.client = setting.paced(1)
    async with setting.thread() as thread:
        for word in range(400):
            thread.say(f"word{word} ")
            await asyncio.sleep(0.01)
        await thread.end("end:1")
    writes = setting.calls(*WRITES)
    gaps = [later.at - earlier.at for earlier, later in pairwise(writes)]
    assert len(writes) > 2
    assert min(gaps) > 0.9
    [message] = setting.answers()
    assert words([message]) == [f"word{word}" for word in range(400)]


async def test_a_long_answer_loses_nothing(setting: Setting) -> None:
    paragraphs = [f"{number}: " + "wörd " * 60 for number in range(60)]
    async with setting.thread() as thread:
        thread.say("\n\n".join(paragraphs))
        await thread.end("end:1")
    messages = setting.answers()
    assert len(messages) > 2
    assert words(messages) == " ".join(paragraphs).split()


async def test_a_run_with_very_many_calls_loses_none(setting: Setting) -> None:
    async with setting.thread() as thread:
        for number in range(120):
            thread.show(call("done", number, title=f"Search {number}"))
        thread.say("That was much.")
        await thread.end("end:1")
    shown = [task.id for message in setting.answers() for task in message.tasks]
    assert shown == [f"toolu_{number}" for number in range(120)]
    assert "That was much." in setting.answers()[-1].plain


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
    assert "<!channel>" not in message.text


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


async def test_after_a_crash_messages_that_came_since_are_gone(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("Kept.\n\n")
        await arrived(setting, bool)
        await thread.keep()
        thread.say("word " * 3_000)
        await arrived(setting, lambda answers: len(answers) > 1)
    before = setting.saved[-1]
    assert len(before.touched) > 1
    async with setting.thread(before) as other:
        await other.recover(None)
        other.say("Whole.")
        await other.end("end:1", again=True)
    assert [message.markdown.split() for message in setting.answers()] == [["Kept.", "Whole."]]


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


async def test_a_message_that_was_just_being_begun_is_found_after_a_crash(
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
    assert message.markdown == "Hello again."
    assert message.streaming != "streaming"


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
    assert setting.slack.session(setting.channel, setting.root).lifecycle == "active"


@pytest.mark.parametrize("method", WRITES)
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
    assert message.markdown == "One. Two. Three."
    assert message.streaming != "streaming"


async def test_while_slack_is_down_the_answer_waits(setting: Setting) -> None:
    for method in (BEGIN[setting.way], "conversations.replies"):
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


async def test_what_fails_by_the_way_does_not_end_the_run(setting: Setting) -> None:
    for method in (
        "agents.sessions.setStatus",
        "agents.sessions.rename",
        "assistant.threads.setStatus",
        "assistant.threads.setTitle",
    ):
        setting.slack.fail(method, error="internal_error", times=3)
    setting.slack.fail(BEGIN[setting.way], error="internal_error", times=1)
    async with setting.thread() as thread:
        await thread.begin()
        thread.say("Not lost. ")
        thread.say("There.")
        await thread.end("end:1")
    [message] = setting.answers()
    assert message.markdown == "Not lost. There."


async def test_a_message_that_somebody_deletes_comes_again_with_what_follows(
    setting: Setting,
) -> None:
    async with setting.thread() as thread:
        thread.say("First. ")
        thread.show(call("done"))
        [message] = await arrived(setting, lambda answers: answers[0].tasks)
        setting.slack.remove(setting.channel, message.ts)
        thread.say("Second.")
        await thread.end("end:1")
    [message] = setting.answers()
    assert message.markdown == "First. Second."
    assert [task.status for task in message.tasks] == ["complete"]


async def test_a_long_message_that_somebody_deletes_comes_again_in_parts(setting: Setting) -> None:
    first, second = (" ".join(f"{w}{n}" for n in range(1_000)) + " " for w in ("one", "two"))
    async with setting.thread() as thread:
        thread.say(first)
        await arrived(setting, lambda answers: "one999" in "".join(a.markdown for a in answers))
        for message in setting.answers():
            setting.slack.remove(setting.channel, message.ts)
        thread.say(second)
        await thread.end("end:1")
    said = words(setting.answers())
    assert said[-1_000:] == second.split()
    assert said[0] != "two0", "what was deleted comes again, as far as its message is at work"


async def test_of_a_thread_that_is_archived_in_the_middle_the_rest_comes_directly(
    setting: Setting,
) -> None:
    async with setting.thread() as thread:
        thread.show(call("done"))
        thread.say("Begun in time. ")
        await arrived(setting, lambda answers: answers[0].markdown)
        if setting.way == UPDATE:
            setting.slack.archive(setting.channel)
        else:  # nobody can archive a DM
            for method in WRITES:
                setting.slack.fail(method, error="is_archived", times=1)
        thread.say("Ended too late.")
        await thread.end("end:1")
    [told] = setting.told()
    assert "I could not post this in" in told.plain
    assert "Ended too late." in told.plain
    if setting.way == UPDATE:
        assert "Begun in time. Ended too late." in told.plain, "an answer is not torn apart"


async def test_what_the_thread_does_not_take_at_all_comes_by_direct_message(
    setting: Setting,
) -> None:
    setting.slack.fail("chat.startStream", error="is_archived", times=9)
    setting.slack.fail("chat.postMessage", error="is_archived", times=1)
    text = "\n\n".join(f"{number}: " + "word " * 100 for number in range(40))
    async with setting.thread() as thread:
        thread.say(text)
        await thread.end("end:1")
    assert setting.answers() == []
    messages = setting.told()
    assert len(messages) == 2
    assert "I could not post this in" in messages[0].plain
    assert all(f"{number}: word" in "".join(m.plain for m in messages) for number in range(40))


async def test_after_a_pause_the_answer_goes_on_in_a_new_message(setting: Setting) -> None:
    async with setting.thread() as thread:
        thread.say("May I?")
        await thread.pause()
        thread.say("Thank you.")
        await thread.end("end:1")
    assert [message.markdown for message in setting.answers()] == ["May I?", "Thank you."]
    assert all("Working on it" not in message.plain for message in setting.answers())
