"""Socket Mode of the Slack stand-in: through the real client, and frame by frame."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from socket import SHUT_RDWR
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import MAYA_ID, Bot, client_of, manifest, refused

from bot.sandbox.slack import SUPPORT, Delivery, SlackSandbox

Json = dict[str, Any]
Socket = aiohttp.ClientWebSocketResponse

PATIENT = 30.0
"""Seconds for an acknowledgement: longer than any test waits."""


@pytest.fixture
def sockets_on(stopping: Callable[[Callable[[], None]], None]) -> Iterator[SlackSandbox]:
    enabled = manifest()
    enabled["settings"]["socket_mode_enabled"] = True
    sandbox = SlackSandbox(
        enabled, retry_delays=(0.0, 0.05, 0.05), ack_timeout=PATIENT, rate_limits=False
    )
    sandbox.start()
    yield sandbox
    stopping(sandbox.stop)


@asynccontextmanager
async def linked(slack: SlackSandbox) -> AsyncIterator[Socket]:
    """An open socket that has had its hello."""
    answer = await client_of(slack).apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["connection_info"]) == ("hello", {"app_id": slack.app_id})
        yield socket


async def acknowledge(socket: Socket, envelope: Json, **more: Any) -> None:
    await socket.send_json({"envelope_id": envelope["envelope_id"], **more})


async def until(slack: SlackSandbox, condition: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(slack.wait, condition)


async def finished(delivery: Delivery) -> Delivery:
    assert await asyncio.to_thread(delivery.done.wait, 10)
    return delivery


def mention(slack: SlackSandbox, text: str = "hello") -> list[Delivery]:
    """Out: the deliveries of the two events that it makes."""
    before = len(slack.deliveries)
    slack.post(MAYA_ID, SUPPORT, f"<@{slack.bot_user_id}> {text}")
    return slack.deliveries[before:]


async def test_without_socket_mode_deliveries_go_to_the_url(slack: SlackSandbox, bot: Bot) -> None:
    async with linked(slack) as socket:
        for delivery in mention(slack):
            assert (await finished(delivery)).status == 200
        assert len(bot.seen) == 2
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)


async def test_with_socket_mode_nothing_goes_to_the_url(sockets_on: SlackSandbox) -> None:
    bot = Bot(sockets_on)
    bot.serving.start()
    sockets_on.events_url = bot.url
    async with linked(sockets_on) as socket:
        deliveries = mention(sockets_on)
        for _ in deliveries:
            envelope = await socket.receive_json()
            assert envelope["type"] == "events_api"
            assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
            assert envelope["accepts_response_payload"] is False
            await acknowledge(socket, envelope)
        for delivery in deliveries:
            assert (await finished(delivery)).accepted
    # And with no socket left, it fails rather than take the other way.
    await until(sockets_on, lambda: not sockets_on.sockets.count)
    [delivery, _] = mention(sockets_on)
    await finished(delivery)
    assert [attempt.failure for attempt in delivery.attempts] == ["connection_failed"] * 4
    assert bot.requests == []
    bot.serving.stop()


@pytest.mark.parametrize("abrupt", [False, True])
async def test_what_a_closing_socket_leaves_is_delivered_over_another(
    sockets_on: SlackSandbox, abrupt: bool
) -> None:
    async with linked(sockets_on) as first:
        envelope = sockets_on.envelope({"type": "app_mention", "channel": SUPPORT, "ts": "1.1"})
        delivery = sockets_on.deliver(envelope)
        unanswered = await first.receive_json()
        async with linked(sockets_on) as second:
            if abrupt:
                first.get_extra_info("socket").shutdown(SHUT_RDWR)
            else:
                await first.close()
            again = await second.receive_json(timeout=5)
            assert again["payload"] == unanswered["payload"] == envelope
            assert again["envelope_id"] != unanswered["envelope_id"]
            assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_failed")
            await acknowledge(second, again)
            await finished(delivery)
    assert [attempt.failure for attempt in delivery.attempts] == ["connection_failed", None]


async def test_a_command_on_a_closing_socket_fails_at_once(sockets_on: SlackSandbox) -> None:
    async with linked(sockets_on) as socket:
        delivery = sockets_on.command(MAYA_ID, SUPPORT, "status")
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        await socket.close()
        await finished(delivery)
    assert [attempt.failure for attempt in delivery.attempts] == ["connection_failed"]
    [note] = sockets_on.ephemerals(MAYA_ID)
    assert note.text == "/intercom failed with the error dispatch_failed"


async def test_a_payload_in_the_acknowledgement_is_the_answer(sockets_on: SlackSandbox) -> None:
    async with linked(sockets_on) as socket:
        delivery = sockets_on.command(MAYA_ID, SUPPORT, "status")
        await acknowledge(socket, await socket.receive_json(), payload={"text": "All is well."})
        await finished(delivery)
    [note] = sockets_on.ephemerals(MAYA_ID)
    assert note.text == "All is well."


FRAMES = [
    "",
    "no JSON",
    "{",
    "null",
    "[]",
    "7",
    "[" * 100_000,
    "{}",
    json.dumps({"envelope_id": None}),
    json.dumps({"envelope_id": ["a"]}),
    json.dumps({"envelope_id": "never sent"}),
    json.dumps({"type": "something_new", "payload": {}}),
]


async def test_odd_frames_end_nothing(
    sockets_on: SlackSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked(sockets_on) as socket:
        delivery = sockets_on.command(MAYA_ID, SUPPORT, "status")
        envelope = await socket.receive_json()
        for frame in FRAMES:
            await socket.send_str(frame)
        await socket.send_bytes(b"\xff\x00")
        await acknowledge(socket, envelope, payload="not an object")
        assert not delivery.attempts
        await acknowledge(socket, envelope)
        assert (await finished(delivery)).accepted
    assert "Traceback" not in caplog.text


async def test_a_url_is_good_for_one_connection(sockets_on: SlackSandbox) -> None:
    answer = await client_of(sockets_on).apps_connections_open(app_token=sockets_on.app_token)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(answer["url"]) as socket:
            await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(answer["url"])


async def test_the_app_token_opens_connections_and_nothing_else(sockets_on: SlackSandbox) -> None:
    client = AsyncWebClient(base_url=sockets_on.url + "/api/")

    async def error(token: str, method: str = "apps.connections.open") -> str:
        call = client.api_call(method, headers={"Authorization": f"Bearer {token}"})
        return str((await refused(call))["error"])

    assert await error(sockets_on.bot_token) == "not_allowed_token_type"
    assert await error("xapp-another") == "invalid_auth"
    assert await error(sockets_on.app_token, "auth.test") == "not_allowed_token_type"
    assert (await refused(client.api_call("apps.connections.open")))["error"] == "not_authed"


async def test_opening_a_connection_can_be_made_to_fail(sockets_on: SlackSandbox) -> None:
    client = client_of(sockets_on)
    sockets_on.fail("apps.connections.open", error="internal_error")
    sockets_on.fail("apps.connections.open", retry_after=7)
    first = await refused(client.apps_connections_open(app_token=sockets_on.app_token))
    second = await refused(client.apps_connections_open(app_token=sockets_on.app_token))
    assert (first["error"], second["error"]) == ("internal_error", "ratelimited")
    assert (await client.apps_connections_open(app_token=sockets_on.app_token))["ok"]
    assert len(sockets_on.calls_to("apps.connections.open")) == 3


async def test_no_more_than_ten_sockets(sockets_on: SlackSandbox) -> None:
    client = client_of(sockets_on)
    async with AsyncExitStack() as stack:
        for number in range(1, 11):
            await stack.enter_async_context(linked(sockets_on))
            assert sockets_on.sockets.count == number
        answer = await refused(client.apps_connections_open(app_token=sockets_on.app_token))
    assert answer["error"] == "too_many_websockets"


async def test_a_socket_that_was_told_to_go_is_spared(sockets_on: SlackSandbox) -> None:
    async with linked(sockets_on) as leaving:
        await asyncio.to_thread(sockets_on.disconnect_sockets, "refresh_requested")
        said = await leaving.receive_json()
        assert (said["type"], said["reason"]) == ("disconnect", "refresh_requested")
        async with linked(sockets_on) as staying:
            deliveries = mention(sockets_on) + mention(sockets_on)
            for _ in deliveries:
                await acknowledge(staying, await staying.receive_json(timeout=5))
            for delivery in deliveries:
                assert (await finished(delivery)).accepted
        # Until it goes it still takes what no other socket is there for.
        await until(sockets_on, lambda: sockets_on.sockets.count == 1)
        [delivery, _] = mention(sockets_on)
        for _ in range(2):
            await acknowledge(leaving, await leaving.receive_json(timeout=5))
        assert (await finished(delivery)).accepted


class RealApp:
    """A Bolt app on slack_sdk's own Socket Mode client."""

    def __init__(self, slack: SlackSandbox) -> None:
        self.seen: list[str] = []
        self.app = AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)
        self.app.event("app_mention")(self._note)
        self.app.event("message")(self._ignore)
        self.handler = AsyncSocketModeHandler(self.app, slack.app_token, ping_interval=0.2)

    async def _note(self, event: Json) -> None:
        self.seen.append(event["text"].split(" ", 1)[1])

    async def _ignore(self) -> None:
        pass


@pytest.fixture
async def real(sockets_on: SlackSandbox) -> AsyncIterator[RealApp]:
    app = RealApp(sockets_on)
    yield app
    await app.handler.close_async()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_the_real_client_reconnects_when_told_to(
    sockets_on: SlackSandbox, real: RealApp, reason: Any
) -> None:
    await real.handler.connect_async()
    await until(sockets_on, lambda: sockets_on.sockets.count == 1)
    before = real.handler.client.current_session
    await asyncio.to_thread(sockets_on.disconnect_sockets, reason)
    await until(sockets_on, lambda: real.handler.client.current_session is not before)
    await until(sockets_on, lambda: sockets_on.sockets.count == 1)
    for delivery in mention(sockets_on, "after it"):
        assert (await finished(delivery)).accepted
    assert real.seen == ["after it"]


async def test_the_real_client_comes_back_after_a_cut(
    sockets_on: SlackSandbox, real: RealApp
) -> None:
    sockets_on.fail("apps.connections.open", status=503)
    await real.handler.connect_async()
    await until(sockets_on, lambda: sockets_on.sockets.count == 1)
    sockets_on.fail("apps.connections.open", error="internal_error")
    await asyncio.to_thread(sockets_on.close_sockets)
    await until(sockets_on, lambda: sockets_on.sockets.count == 1)
    [_, delivery] = mention(sockets_on, "back again")
    assert (await finished(delivery)).accepted
    assert real.seen == ["back again"]
