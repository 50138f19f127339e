"""Rate limits, injected failures, and waiting for a change."""

import json
import threading

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    IN_CHANNEL,
    MAYA_ID,
    Clock,
    fetch,
    refused,
)

from bot.sandbox.slack import (
    BILLING,
    SUPPORT,
    SlackSandbox,
)


class TestLimitsAndFailures:
    async def test_posting_is_one_a_second_and_channel_with_a_small_burst(
        self, client: AsyncWebClient, clock: Clock
    ) -> None:
        for _ in range(5):
            await client.chat_postMessage(channel=SUPPORT, text="x")
        assert (await refused(client.chat_postMessage(channel=SUPPORT, text="x")))[
            "error"
        ] == "ratelimited"
        await client.chat_postMessage(channel=BILLING, text="another channel")
        clock.time += 1
        await client.chat_postMessage(channel=SUPPORT, text="x")

    async def test_streams_start_twenty_times_a_minute(
        self, slack: SlackSandbox, client: AsyncWebClient, clock: Clock
    ) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "x")
        start = {"channel": SUPPORT, "thread_ts": root, **IN_CHANNEL}
        for _ in range(20):
            await client.chat_startStream(**start)
        clock.time += 20
        assert (await refused(client.chat_startStream(**start)))["error"] == "ratelimited"
        call = slack.calls_to("chat.startStream")[-1]
        assert call.status == 429
        clock.time += 40
        assert await client.chat_startStream(**start)

    async def test_messages_are_updated_fifty_times_a_minute(
        self, client: AsyncWebClient, clock: Clock
    ) -> None:
        sent = await client.chat_postMessage(channel=SUPPORT, text="0")
        for number in range(50):
            await client.chat_update(channel=SUPPORT, ts=sent["ts"], text=str(number))
        call = client.chat_update(channel=SUPPORT, ts=sent["ts"], text="x")
        assert (await refused(call))["error"] == "ratelimited"
        clock.time += 60
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="x")

    async def test_says_how_long_to_wait(self, slack: SlackSandbox) -> None:
        slack.fail("auth.test", retry_after=7)
        url = f"{slack.url}/api/auth.test"
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        limited = await fetch(url, "POST", headers=headers)
        assert (limited.status, limited.headers["Retry-After"]) == (429, "7")
        assert json.loads((await fetch(url, "POST", headers=headers)).text)["ok"] is True

    async def test_failures_come_when_asked_for(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        slack.fail("chat.postMessage", error="fatal_error", after=1, times=2)
        await client.chat_postMessage(channel=SUPPORT, text="1")
        for text in ("2", "3"):
            call = client.chat_postMessage(channel=SUPPORT, text=text)
            assert (await refused(call))["error"] == "fatal_error"
        await client.chat_postMessage(channel=SUPPORT, text="4")
        assert [m.text for m in slack.messages(SUPPORT)] == ["1", "4"]

    async def test_an_answer_can_get_lost_after_the_deed(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        slack.fail("chat.postMessage", status=503, applied=True)
        await refused(client.chat_postMessage(channel=SUPPORT, text="done"))
        assert [m.text for m in slack.messages(SUPPORT)] == ["done"]


class TestWaiting:
    def test_wakes_at_the_change(self, slack: SlackSandbox) -> None:
        told: list[int] = []
        slack.subscribe(lambda: told.append(len(slack.messages(SUPPORT))))
        writer = threading.Thread(target=slack.post, args=(MAYA_ID, SUPPORT, "now"))
        writer.start()
        [message] = slack.wait(lambda: slack.messages(SUPPORT))
        writer.join()
        assert message.text == "now"
        assert told == [1]

    def test_shows_the_threads_when_it_waited_in_vain(self, slack: SlackSandbox) -> None:
        slack.post(MAYA_ID, SUPPORT, "the only message")
        with pytest.raises(AssertionError, match=r"(?s)a miracle.*the only message"):
            slack.wait(lambda: None, timeout=0.01, what="a miracle")
