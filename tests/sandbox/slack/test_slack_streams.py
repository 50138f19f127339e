"""Streamed messages and the agent's pane."""

import asyncio
from typing import Any

import pytest
from slack_sdk.models.blocks import (
    ContextActionsBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
)
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    IN_CHANNEL,
    MAYA_ID,
    TOM_ID,
    Bot,
    Clock,
    client_of,
    manifest,
    refused,
)

from bot.sandbox.people import TEAM_ID
from bot.sandbox.slack import (
    SUPPORT,
    SlackSandbox,
)


class TestStreams:
    async def test_the_sdks_helper_streams(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "question")
        stream = await client.chat_stream(
            channel=SUPPORT, thread_ts=root, buffer_size=1, **IN_CHANNEL
        )
        await stream.append(markdown_text="Looking ")
        assert slack.thread(SUPPORT, root)[1].streaming == "streaming"
        await stream.append(
            chunks=[
                PlanUpdateChunk(title="Plan"),
                TaskUpdateChunk(id="1", title="Search", status="in_progress", details="for Priya"),
            ]
        )
        found = [{"type": "url", "url": "https://intercom.example/1", "text": "Priya"}]
        done = TaskUpdateChunk(
            id="1", title="Searched", status="complete", details=" N.", sources=found
        )
        await stream.append(chunks=[done, MarkdownTextChunk(text="around.")])
        up = FeedbackButtonObject(text="Good", value="up")
        down = FeedbackButtonObject(text="Bad", value="down")
        feedback = FeedbackButtonsElement(
            action_id="rate", positive_button=up, negative_button=down
        )
        await stream.stop(
            blocks=[ContextActionsBlock(elements=[feedback])], session_status="active"
        )
        message = slack.thread(SUPPORT, root)[1]
        assert (message.streaming, message.markdown) == ("done", "Looking around.")
        [task] = message.tasks
        assert (task.title, task.status, task.details) == ("Searched", "complete", "for Priya N.")
        assert task.sources == found
        assert message.plain.splitlines() == [
            "Plan",
            "✓ Searched",
            "for Priya N.",
            "Priya <https://intercom.example/1>",
            "Looking around.",
            "[Good]",
            "[Bad]",
        ]
        assert slack.session(SUPPORT, root).lifecycle == "active"

    async def test_channels_need_to_know_for_whom(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "x")
        where = {"channel": SUPPORT, "thread_ts": root}
        assert (await refused(client.chat_startStream(**where)))[
            "error"
        ] == "missing_recipient_team_id"
        call = client.chat_startStream(**where, recipient_team_id=TEAM_ID)
        assert (await refused(call))["error"] == "missing_recipient_user_id"
        call = client.chat_startStream(
            **where, recipient_team_id=TEAM_ID, recipient_user_id="B0OTHERBOT"
        )
        assert (await refused(call))["error"] == "invalid_arguments"
        dm = slack.dm(MAYA_ID)
        assert await client.chat_startStream(channel=dm, thread_ts=slack.post(MAYA_ID, dm, "x"))

    async def test_needs_a_thread(self, client: AsyncWebClient) -> None:
        call = client.chat_startStream(channel=SUPPORT, thread_ts="1700000000.000001", **IN_CHANNEL)
        assert (await refused(call))["error"] == "invalid_thread_ts"

    async def test_states(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        ts = await self._stream(slack, client)
        call = client.chat_update(channel=SUPPORT, ts=ts, text="x")
        assert (await refused(call))["error"] == "streaming_state_conflict"
        call = client.chat_delete(channel=SUPPORT, ts=ts)
        assert (await refused(call))["error"] == "cant_delete_message"
        await client.chat_stopStream(channel=SUPPORT, ts=ts)
        for late in (
            client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x"),
            client.chat_stopStream(channel=SUPPORT, ts=ts),
        ):
            assert (await refused(late))["error"] == "message_not_in_streaming_state"
        await client.chat_update(channel=SUPPORT, ts=ts, text="rewritten")
        assert slack.messages(SUPPORT)[1].plain == "rewritten"

    async def test_dies_five_minutes_after_its_start(
        self, slack: SlackSandbox, client: AsyncWebClient, clock: Clock
    ) -> None:
        ts = await self._stream(slack, client)
        clock.time += 299
        await client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="still here")
        clock.time += 2
        call = client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x")
        assert (await refused(call))["error"] == "message_not_in_streaming_state"
        await client.chat_update(channel=SUPPORT, ts=ts, text="rescued")
        assert slack.messages(SUPPORT)[1].plain == "rescued"

    async def test_text_and_chunks_do_not_mix(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        ts = await self._stream(slack, client)
        chunks = [{"type": "markdown_text", "text": "y"}]
        call = client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x", chunks=chunks)
        answer = await refused(call)
        assert answer["error"] == "cannot_provide_both_markdown_text_and_chunks"
        await client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x")
        call = client.chat_appendStream(channel=SUPPORT, ts=ts, chunks=chunks)
        assert (await refused(call))["error"] == "streaming_mode_mismatch"

    async def test_only_its_own(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        theirs = slack.post(MAYA_ID, SUPPORT, "x")
        call = client.chat_appendStream(channel=SUPPORT, ts=theirs, markdown_text="x")
        assert (await refused(call))["error"] == "message_not_owned_by_app"

    @pytest.mark.parametrize(
        "chunk",
        [
            {"type": "task_update", "id": "1", "title": "x", "status": "done"},
            {"type": "task_update", "title": "x", "status": "pending"},
            {"type": "task_update", "id": "1", "title": "x" * 257, "status": "pending"},
            {"type": "plan_update"},
            {"type": "confetti"},
        ],
    )
    async def test_refuses_chunks_and_keeps_nothing_of_them(
        self, slack: SlackSandbox, client: AsyncWebClient, chunk: dict[str, Any]
    ) -> None:
        ts = await self._stream(slack, client)
        chunks = [{"type": "markdown_text", "text": "lost"}, chunk]
        call = client.chat_appendStream(channel=SUPPORT, ts=ts, chunks=chunks)
        assert (await refused(call))["error"] == "invalid_chunks"
        assert slack.messages(SUPPORT)[1].plain == ""

    async def test_holds_no_more_than_one_message_can(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        ts = await self._stream(slack, client)
        await client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x" * 12_000)
        call = client.chat_appendStream(channel=SUPPORT, ts=ts, markdown_text="x")
        assert (await refused(call))["error"] == "msg_too_long"
        assert len(slack.messages(SUPPORT)[1].markdown) == 12_000

    async def test_in_a_channel_only_the_recipient_sees_it_live(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        def seen(user_id: str) -> str:
            return slack.seen(user_id, SUPPORT, root)[1].plain

        root = slack.post(MAYA_ID, SUPPORT, "x")
        started = await client.chat_startStream(
            channel=SUPPORT,
            thread_ts=root,
            chunks=[MarkdownTextChunk(text="First. ")],
            **IN_CHANNEL,
        )
        assert (seen(MAYA_ID), seen(TOM_ID)) == ("First. ", "First. ")
        where = {"channel": SUPPORT, "ts": str(started["ts"])}
        card = TaskUpdateChunk(id="1", title="Search", status="in_progress")
        await client.chat_appendStream(**where, chunks=[card, MarkdownTextChunk(text="Second.")])
        assert seen(MAYA_ID) == "… Search\nFirst. Second."
        assert seen(TOM_ID) == "First. "
        await client.chat_stopStream(**where)
        assert seen(TOM_ID) == seen(MAYA_ID)

    async def test_can_be_refused_by_the_type_of_the_channel(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        slack.refuse_streams("channel")
        root = slack.post(MAYA_ID, SUPPORT, "x")
        call = client.chat_startStream(channel=SUPPORT, thread_ts=root, **IN_CHANNEL)
        assert (await refused(call))["error"] == "channel_type_not_supported"
        dm = slack.dm(MAYA_ID)
        assert await client.chat_startStream(channel=dm, thread_ts=slack.post(MAYA_ID, dm, "x"))
        slack.refuse_streams("im", "a_new_code")
        call = client.chat_startStream(channel=dm, thread_ts=slack.post(MAYA_ID, dm, "x"))
        assert (await refused(call))["error"] == "a_new_code"
        slack.refuse_streams("channel", None)
        assert await client.chat_startStream(channel=SUPPORT, thread_ts=root, **IN_CHANNEL)

    async def _stream(self, slack: SlackSandbox, client: AsyncWebClient) -> str:
        root = slack.post(MAYA_ID, SUPPORT, "x")
        started = await client.chat_startStream(channel=SUPPORT, thread_ts=root, **IN_CHANNEL)
        return str(started["ts"])


class TestAgentsPane:
    async def test_status_clears_by_a_message_or_by_time(
        self, slack: SlackSandbox, client: AsyncWebClient, clock: Clock
    ) -> None:
        dm = slack.dm(MAYA_ID)
        root = slack.post(MAYA_ID, dm, "x")
        where = {"channel_id": dm, "thread_ts": root}
        await client.assistant_threads_setStatus(**where, status="is thinking…")
        assert slack.status(dm, root) == "is thinking…"
        await client.chat_postMessage(channel=dm, text="done", thread_ts=root)
        assert slack.status(dm, root) == ""
        await client.assistant_threads_setStatus(**where, status="is thinking…")
        clock.time += 121
        assert slack.status(dm, root) == ""

    async def test_limits(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        dm = slack.dm(MAYA_ID)
        root = slack.post(MAYA_ID, dm, "x")
        call = client.assistant_threads_setStatus(
            channel_id=dm, thread_ts=root, status="x", loading_messages=["x"] * 11
        )
        assert (await refused(call))["error"] == "invalid_arguments"
        five = [{"title": "t", "message": "m"}] * 5
        where = {"channel_id": dm, "thread_ts": root}
        call = client.assistant_threads_setSuggestedPrompts(**where, prompts=five)
        assert (await refused(call))["error"] == "invalid_arguments"
        await client.assistant_threads_setSuggestedPrompts(**where, prompts=five[:4])
        assert len(slack.session(dm, root).prompts) == 4

    async def test_prompts_of_no_thread_are_the_manifests(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        prompts = [{"title": "t", "message": "m"}]
        call = client.assistant_threads_setSuggestedPrompts(
            channel_id=slack.dm(MAYA_ID), prompts=prompts
        )
        assert (await refused(call))["error"] == "internal_error"
        assert slack.prompts == []
        app = manifest()
        app["features"]["agent_view"]["suggested_prompts"] = prompts
        assert SlackSandbox(app).prompts == prompts

    async def test_an_app_that_is_no_agent_has_none(self, clock: Clock) -> None:
        app = manifest()
        del app["features"]["agent_view"]
        slack = SlackSandbox(app, now=clock)
        slack.start()
        try:
            root = slack.post(MAYA_ID, SUPPORT, "x")
            call = client_of(slack).assistant_threads_setTitle(
                channel_id=SUPPORT, thread_ts=root, title="x"
            )
            assert (await refused(call))["error"] == "app_not_agent"
        finally:
            slack.stop()

    async def test_stop_ends_the_streams_and_leaves_the_state_to_the_bot(
        self, slack: SlackSandbox, client: AsyncWebClient, bot: Bot
    ) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "x")
        with pytest.raises(LookupError):
            slack.press_stop(MAYA_ID, SUPPORT, root)
        await client.agents_sessions_setStatus(
            channel_id=SUPPORT, thread_ts=root, status="processing"
        )
        started = await client.chat_startStream(channel=SUPPORT, thread_ts=root, **IN_CHANNEL)
        [delivery] = slack.press_stop(MAYA_ID, SUPPORT, root)
        await asyncio.to_thread(delivery.done.wait, 5)
        assert delivery.status == 200
        event = bot.seen[-1]["event"]
        assert event["type"] == "agent_session_stopped"
        assert event["streaming_message_ts"] == [started["ts"]]
        assert slack.session(SUPPORT, root).lifecycle == "processing"
        call = client.chat_appendStream(channel=SUPPORT, ts=started["ts"], markdown_text="x")
        assert (await refused(call))["error"] == "message_not_in_streaming_state"
