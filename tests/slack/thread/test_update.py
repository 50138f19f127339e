"""A message that is updated: what it says meanwhile, where it ends, what Slack takes of it."""

import asyncio
import time

import pytest
from thread_setting import Setting, arrived, call, words

from bot.sandbox.people import MAYA, TOM
from bot.slack.thread import SlackThread
from bot.slack.thread.update import NOTICED_SECONDS


async def begun_long_ago(setting: Setting, thread: SlackThread) -> None:
    """Return once its message is there, and of an age at which an update is not noticed."""
    await arrived(setting, lambda answers: setting.saved[-1].ts)
    thread.stream.started_at -= NOTICED_SECONDS + 1


async def test_everybody_sees_the_same_at_the_same_time(updated: Setting) -> None:
    def seen(user: str) -> list[tuple[str, str]]:
        messages = updated.slack.seen(user, updated.channel, updated.root)[1:]
        return [(message.ts, message.plain) for message in messages]

    looks = []
    async with updated.thread() as thread:
        for number in range(4):
            thread.say(f"Part {number}. ")
            thread.show(call("started" if number < 3 else "done"))
            await arrived(updated, lambda answers, n=number: f"Part {n}." in answers[0].markdown)
            looks.append((seen(MAYA.slack_user_id), seen(TOM.slack_user_id)))
        await thread.end("end:1")
    looks.append((seen(MAYA.slack_user_id), seen(TOM.slack_user_id)))
    assert all(asker == bystander for asker, bystander in looks)
    assert len({str(asker) for asker, _ in looks}) == 5, "and each time more of it"


async def test_it_says_that_work_is_being_done_before_there_is_anything_to_show(
    updated: Setting,
) -> None:
    async with updated.thread() as thread:
        thread.resume()
        [message] = await arrived(updated, bool)
        assert message.plain == "_Working on it…_"
        thread.show(call())
        [message] = await arrived(updated, lambda answers: answers[0].tasks)
        assert message.plain.splitlines() == ["… Search", "_Working on it…_"]
        thread.show(call("done"))
        thread.say("There.")
        await thread.end("end:1")
    [message] = updated.answers()
    assert message.plain.splitlines() == ["✓ Search", "There."]


async def test_what_ends_at_once_is_one_call(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.resume()
        thread.say("Right away.")
        await thread.end("end:1")
    assert [call.method for call in updated.calls()] == [
        "chat.postMessage",
        "agents.sessions.setStatus",
    ]


async def test_once_it_has_ended_it_does_not_say_any_more_that_it_is_at_work(
    updated: Setting,
) -> None:
    """Slack is slow to take the session's last state; meanwhile nothing is posted."""
    updated.slack.fail("agents.sessions.setStatus", delay=2.0)
    async with updated.thread() as thread:
        thread.resume()
        thread.say("Right away.")
        await thread.end("end:1")
    assert [message.plain for message in updated.answers()] == ["Right away."]


async def test_of_a_message_that_has_nothing_but_its_progress_nothing_is_left(
    updated: Setting,
) -> None:
    async with updated.thread() as thread:
        thread.resume()
        await arrived(updated, bool)
        await thread.pause()
    assert updated.answers() == []


async def test_it_says_what_is_waited_for_and_goes_on_afterwards(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.say("First. ")
        await arrived(updated, bool)
        await thread.keep()
        await thread.say_status("is waiting: Claude is down")
    [message] = updated.answers()
    assert message.plain.splitlines() == ["First. ", "_Waiting: Claude is down_"]
    async with updated.thread(thread.stream) as later:
        later.resume()
        await arrived(updated, lambda answers: "Working on it" in answers[0].plain)
        later.say("Second.")
        await later.end("end:1")
    [message] = updated.answers()
    assert message.plain == "First. Second."


async def test_an_answer_within_thirty_seconds_stays_where_it_is(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.show(call("done"))
        await arrived(updated, bool)
        thread.say("Soon enough.")
        await thread.end("end:1")
    [message] = updated.answers()
    assert message.plain.splitlines() == ["✓ Search", "Soon enough."]


async def test_an_answer_that_comes_late_ends_in_a_new_message(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.say("Let me look. ")
        thread.show(call("done"))
        thread.say("The answer ")
        await arrived(updated, lambda answers: "The answer" in answers[0].markdown)
        await begun_long_ago(updated, thread)
        thread.say("is 42.")
        await thread.end("end:1")
    steps, answer = updated.answers()
    assert steps.plain.splitlines() == ["Let me look. ", "✓ Search"]
    assert answer.plain == "The answer is 42."
    assert answer.metadata
    assert answer.metadata["event_payload"]["key"] == "end:1"
    assert len(updated.calls("conversations.replies")) == 0


async def test_a_late_answer_without_any_steps_leaves_no_empty_message(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.say("The answer ")
        await begun_long_ago(updated, thread)
        thread.say("is 42.")
        await thread.end("end:1")
    assert [message.plain for message in updated.answers()] == ["The answer is 42."]


async def test_steps_alone_end_where_they_are_however_late(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.show(call())
        await begun_long_ago(updated, thread)
        thread.show(call("done"))
        await thread.end("end:1")
    assert [message.plain for message in updated.answers()] == ["✓ Search"]


async def test_a_late_answer_whose_worker_dies_before_it_is_posted_is_there_once(
    updated: Setting,
) -> None:
    updated.slack.fail("chat.postMessage", status=503, after=1, times=99)
    async with updated.thread() as thread:
        thread.show(call("done"))
        thread.say("The answer ")
        await arrived(updated, lambda answers: "The answer" in answers[0].markdown)
        thread.say("is 42.")
        await thread.keep()
        kept = thread.stream.model_copy(deep=True)
        kept.started_at -= NOTICED_SECONDS + 1
        thread.stream.started_at -= NOTICED_SECONDS + 1
        ending = asyncio.create_task(thread.end("end:1"))
        await arrived(updated, lambda answers: "The answer" not in answers[0].markdown)
        ending.cancel()
    updated.slack.heal()
    async with updated.thread(kept) as other:
        await other.recover("end:1")
        other.stream.started_at -= NOTICED_SECONDS + 1
        await other.end("end:1", again=True)
    assert [message.plain for message in updated.answers()] == ["✓ Search", "The answer is 42."]


async def test_an_update_that_is_applied_twice_does_no_harm(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.say("One. ")
        await arrived(updated, bool)
        updated.slack.fail("chat.update", status=503, applied=True, times=2)
        thread.say("Two.")
        await thread.end("end:1")
    assert [message.markdown for message in updated.answers()] == ["One. Two."]
    assert len(updated.calls("chat.update")) == 3


async def test_fifty_cards_go_on_in_another_message(updated: Setting) -> None:
    async with updated.thread() as thread:
        for number in range(60):
            thread.show(call("done", number))
            if number in (20, 45):
                await arrived(updated, lambda answers: answers[0].tasks)
        thread.say("Done.")
        await thread.end("end:1")
    messages = updated.answers()
    assert len(messages) > 1
    assert all(len(message.blocks) <= 50 for message in messages)
    assert sum(len(message.tasks) for message in messages) == 60


@pytest.mark.parametrize("error", ["msg_blocks_too_long", "msg_too_long"])
async def test_what_slack_finds_too_long_goes_on_in_another_message(
    updated: Setting, error: str
) -> None:
    async with updated.thread() as thread:
        thread.say("First. ")
        await arrived(updated, bool)
        updated.slack.fail("chat.update", error=error)
        thread.say("Second. ")
        await arrived(updated, lambda answers: len(answers) == 2)
        await thread.end("end:1")
    assert words(updated.answers()) == ["First.", "Second."]


async def test_what_is_too_long_for_one_message_is_cut(updated: Setting) -> None:
    updated.slack.fail("chat.postMessage", error="msg_blocks_too_long", times=1)
    text = " ".join(f"word{number}" for number in range(700))
    async with updated.thread() as thread:
        thread.say(text)
        await thread.end("end:1")
    assert len(updated.answers()) == 2
    assert words(updated.answers()) == text.split()


async def test_where_slack_takes_no_task_cards_they_are_text(updated: Setting) -> None:
    updated.slack.fail("chat.postMessage", error="invalid_blocks", times=1)
    link = "https://app.intercom.com/a/inbox/x"
    async with updated.thread() as thread:
        thread.show(call("done", outcome="2 found", link=link))
        thread.say("Here they are.")
        await arrived(updated, bool)
        await thread.keep()
    async with updated.thread(thread.stream) as later:
        later.say(" And more.")
        await later.end("end:1")
    [message] = updated.answers()
    assert message.tasks == []
    assert f"✓ Search: 2 found [Open in Intercom]({link})" in message.plain
    assert "Here they are. And more." in message.plain
    assert updated.told() == []


async def test_where_no_message_can_be_changed_only_whole_ones_are_posted(
    updated: Setting,
) -> None:
    updated.slack.fail("chat.update", error="edit_window_closed", times=99)
    async with updated.thread() as thread:
        thread.show(call())
        await arrived(updated, lambda answers: answers[0].tasks)
        for number in range(5):
            thread.say(f"Part {number}. ")
            await asyncio.sleep(0.3)
        thread.show(call("done"))
        await thread.end("end:1")
    first, last = updated.answers()
    assert first.tasks[0].status == "in_progress"
    assert last.tasks[0].status == "complete"
    assert words([last]) == ["Part", "0.", "Part", "1.", "Part", "2.", "Part", "3.", "Part", "4."]
    assert len(updated.calls("chat.update")) == 1


async def test_who_is_notified_reads_the_words_not_the_cards(updated: Setting) -> None:
    async with updated.thread() as thread:
        thread.show(call("done"))
        thread.say("Two are open.")
        await thread.end("end:1")
    assert updated.answers()[0].text == "Two are open."


async def test_what_an_earlier_release_began_as_a_stream_ends_as_one(updated: Setting) -> None:
    begun = await updated.client.chat_startStream(
        channel=updated.channel,
        thread_ts=updated.root,
        recipient_team_id=updated.slack.team_id,
        recipient_user_id=MAYA.slack_user_id,
        chunks=[{"type": "markdown_text", "text": "First. "}],
    )
    async with updated.thread() as thread:
        state = thread.stream.model_copy(deep=True)
    state.started_at = time.time()
    state.way, state.ts, state.touched = "", str(begun["ts"]), [str(begun["ts"])]
    async with updated.thread(state) as thread:
        thread.say("Second.")
        await thread.end("end:1")
    [message] = updated.answers()
    assert (message.markdown, message.streaming) == ("First. Second.", "done")
