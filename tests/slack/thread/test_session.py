"""The session's signs: its fixed states, its title, and the older methods while they last."""

import pytest
from thread_setting import Setting

SET_STATUS = "assistant.threads.setStatus"


async def run(setting: Setting) -> None:
    async with setting.thread() as thread:
        await thread.begin()
        thread.say("Hello.")
        await thread.end("end:1")


async def test_the_session_goes_from_processing_to_active(setting: Setting) -> None:
    async with setting.thread() as thread:
        await thread.begin()
        session = setting.slack.session(setting.channel, setting.root)
        assert (session.lifecycle, session.title) == ("processing", "hello")
        thread.say("Hello.")
        await thread.end("end:1")
    assert session.lifecycle == "active"


async def test_in_channels_no_older_method_is_called(updated: Setting) -> None:
    await run(updated)
    methods = [call.method for call in updated.calls()]
    assert [method for method in methods if method.startswith("assistant.")] == []
    assert methods.count("agents.sessions.setStatus") == 2


async def test_beside_a_stream_the_older_status_shows_while_it_lasts(streamed: Setting) -> None:
    async with streamed.thread() as thread:
        await thread.begin()
        assert streamed.slack.status(streamed.channel, streamed.root) == "is working on it…"
        thread.say("Hello.")
        await thread.end("end:1")
    assert streamed.slack.status(streamed.channel, streamed.root) == ""
    assert len(streamed.calls(SET_STATUS)) == 1


@pytest.mark.parametrize("error", ["unknown_method", "method_deprecated", "deprecated_endpoint"])
async def test_once_the_older_methods_are_gone_they_are_left_alone(
    streamed: Setting, error: str
) -> None:
    streamed.slack.fail(SET_STATUS, error=error, times=99)
    await run(streamed)
    await run(streamed)
    assert len(streamed.calls(SET_STATUS)) == 1
    assert [message.markdown for message in streamed.answers()] == ["Hello.", "Hello."]


async def test_one_refusal_of_an_older_method_says_nothing_of_the_next(streamed: Setting) -> None:
    streamed.slack.fail(SET_STATUS, error="internal_error", times=3)
    await run(streamed)
    await run(streamed)
    assert streamed.calls(SET_STATUS)[-1].response["ok"] is True


async def test_a_thread_that_has_another_title_is_renamed(streamed: Setting) -> None:
    await streamed.client.agents_sessions_setStatus(
        channel_id=streamed.channel, thread_ts=streamed.root, status="active", title="Untitled"
    )
    await run(streamed)
    assert streamed.slack.session(streamed.channel, streamed.root).title == "hello"
    assert len(streamed.calls("agents.sessions.rename")) == 1
    assert streamed.calls("assistant.threads.setTitle") == []


async def test_where_it_cannot_be_renamed_the_older_method_is_tried(streamed: Setting) -> None:
    streamed.slack.fail("agents.sessions.setStatus", error="internal_error", times=3)
    streamed.slack.fail("agents.sessions.rename", error="unknown_method", times=9)
    await run(streamed)
    assert streamed.slack.session(streamed.channel, streamed.root).title == "hello"
    assert len(streamed.calls("assistant.threads.setTitle")) == 1
