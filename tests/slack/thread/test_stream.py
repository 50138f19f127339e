"""Streams: how they end early, and what refuses them."""

import pytest
from thread_setting import Setting, arrived, call, words

REFUSALS = [
    "channel_type_not_supported",
    "missing_scope",
    "not_allowed_token_type",
    "unknown_method",
    "a_code_that_nobody_knows",
]


async def test_before_a_stream_dies_the_answer_moves_on(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("First.")
        thread.show(call())
        await arrived(streamed, lambda answers: answers[0].tasks and streamed.saved[-1].ts)
        thread.stream.started_at -= 241
        thread.say("Second.")
        thread.show(call("done"))
        await thread.end("end:1")
    first, second = streamed.answers()
    assert (first.markdown, first.tasks[0].status) == ("First.", "complete")
    assert first.tasks[0].output == "Goes on below"
    assert (second.markdown, second.tasks[0].status) == ("Second.", "complete")
    assert {first.streaming, second.streaming} == {"done"}


async def test_a_stream_that_slack_has_ended_is_replaced(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("First.")
        thread.show(call())
        await arrived(streamed, lambda answers: answers[0].tasks)
        streamed.late = 301
        thread.say("Second.")
        thread.show(call("done"))
        await thread.end("end:1")
    first, second = streamed.answers()
    assert (first.plain.strip().splitlines()[0], second.markdown) == ("First.", "Second.")
    assert "Goes on below" in first.plain
    assert second.tasks[0].status == "complete"


async def test_a_word_that_was_cut_by_the_end_of_a_stream_goes_on_whole(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("A first sentence. Here comes Prince Alb")
        [begun] = await arrived(streamed, lambda answers: "Alb" in answers[0].markdown)
        streamed.slack.end_stream(streamed.channel, begun.ts)
        thread.say("ert of Belgium.")
        await thread.end("end:1")
    first, second = streamed.answers()
    assert first.markdown.strip() == "A first sentence. Here comes Prince"
    assert second.markdown == "Albert of Belgium."


async def test_a_word_that_was_all_there_was_goes_on_whole(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("Unbeliev")
        [begun] = await arrived(streamed, bool)
        streamed.slack.end_stream(streamed.channel, begun.ts)
        thread.say("able.")
        await thread.end("end:1")
    assert [message.markdown for message in streamed.answers()] == ["Unbelievable."]


async def test_a_stream_that_ended_when_all_was_said_gets_its_end(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("All of it.")
        [begun] = await arrived(streamed, bool)
        streamed.slack.end_stream(streamed.channel, begun.ts)
        await thread.end("end:1")
    [message] = streamed.answers()
    assert message.markdown == "All of it."
    assert message.metadata
    assert message.metadata["event_payload"]["key"] == "end:1"


@pytest.mark.parametrize("error", REFUSALS)
async def test_whatever_refuses_streams_the_answer_is_updated_in_the_thread(
    streamed: Setting, error: str
) -> None:
    streamed.slack.refuse_streams("im", error)
    async with streamed.thread() as thread:
        thread.say("First. ")
        thread.show(call())
        [message] = await arrived(streamed, lambda answers: answers[0].tasks)
        assert message.streaming is None
        thread.show(call("done"))
        await thread.keep()
    async with streamed.thread(thread.stream) as later:
        later.resume()
        later.say("Second.")
        await later.end("end:1")
    [message] = streamed.answers()
    assert message.markdown == "First. Second."
    assert [task.status for task in message.tasks] == ["complete"]
    assert streamed.told() == []
    assert len(streamed.calls("chat.startStream")) == 1, "and it is not tried again"


@pytest.mark.parametrize("error", REFUSALS)
async def test_a_refusal_as_the_run_ends_is_no_different(streamed: Setting, error: str) -> None:
    streamed.slack.refuse_streams("im", error)
    async with streamed.thread() as thread:
        thread.say("At once.")
        await thread.end("end:1")
    assert [message.markdown for message in streamed.answers()] == ["At once."]
    assert streamed.slack.session(streamed.channel, streamed.root).lifecycle == "active"


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("error", REFUSALS)
async def test_what_refuses_in_the_middle_changes_the_way_too(
    streamed: Setting, method: str, error: str
) -> None:
    async with streamed.thread() as thread:
        thread.say("First. ")
        await arrived(streamed, bool)
        streamed.slack.fail(method, error=error, times=1)
        thread.say("Second. ")
        await arrived(streamed, lambda answers: "Second." in "".join(m.plain for m in answers))
        thread.say("Third.")
        await thread.end("end:1")
    assert words(streamed.answers()) == ["First.", "Second.", "Third."]
    assert all(message.streaming != "streaming" for message in streamed.answers())
    assert streamed.told() == []


async def test_streams_that_break_down_again_and_again_are_given_up(streamed: Setting) -> None:
    streamed.slack.fail("chat.startStream", error="internal_error", times=99)
    async with streamed.thread() as thread:
        thread.say("Not streamed.")
        await thread.end("end:1")
    assert [message.markdown for message in streamed.answers()] == ["Not streamed."]


async def test_without_room_for_a_stream_the_answer_comes_as_a_whole(streamed: Setting) -> None:
    streamed.slack.fail("chat.startStream", retry_after=50, times=100)
    async with streamed.thread() as thread:
        thread.show(call("done", outcome="2 found"))
        thread.say("Here it is.")
        await thread.end("end:1")
    [message] = streamed.answers()
    assert "Here it is." in message.plain
    assert "2 found" in message.plain
    assert streamed.slack.session(streamed.channel, streamed.root).lifecycle == "active"


async def test_what_is_waited_for_is_a_card_that_comes_to_its_end(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        thread.say("First. ")
        await arrived(streamed, bool)
        await thread.keep()
        await thread.say_status("is waiting: Claude is down")
    [message] = streamed.answers()
    assert [(t.title, t.status) for t in message.tasks] == [
        ("Waiting: Claude is down", "in_progress")
    ]
    async with streamed.thread(thread.stream) as later:
        later.resume()
        later.say("Second.")
        await later.end("end:1")
    [message] = streamed.answers()
    assert [task.status for task in message.tasks] == ["complete"]
    assert message.markdown == "First. Second."
