"""What comes through the door that should not, or looks odd and is all right."""

import http.client
import json
import socket
import time

import pytest
from world import World

from bot.sandbox.claude import reply
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT
from bot.sandbox.slack.delivery import signature

JSON_TYPE = {"Content-Type": "application/json"}


def send(world: World, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", world.sandbox.web_port, timeout=10)
    try:
        connection.request("POST", "/slack/events", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def signed(world: World, body: bytes, *, age: int = 0) -> dict[str, str]:
    timestamp = str(int(time.time()) - age)
    return {
        **JSON_TYPE,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(world.slack.signing_secret, timestamp, body),
    }


ROUTES = ("/slack/events", "/scalekit/webhooks", "/intercom/webhooks")


def begun(world: World, path: str) -> socket.socket:
    """A connection on which the first two bytes of a longer body have come."""
    connection = socket.create_connection(("127.0.0.1", world.sandbox.web_port), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{}}"
    connection.sendall(head.encode())
    return connection


EVENT = json.dumps({"type": "url_verification", "challenge": "c"}).encode()


def test_unsigned_and_wrongly_signed_is_refused(world: World) -> None:
    assert send(world, EVENT, JSON_TYPE) == 401
    assert send(world, EVENT + b" ", signed(world, EVENT)) == 401
    assert send(world, b"\xff\xfe", signed(world, b"\xff\xfe")) == 401
    assert send(world, EVENT, signed(world, EVENT)) == 200


def test_older_than_five_minutes_is_refused(world: World) -> None:
    assert send(world, EVENT, signed(world, EVENT, age=301)) == 401


def test_a_huge_body_is_refused_unread(world: World) -> None:
    assert send(world, b"{}", {**signed(world, b"{}"), "Content-Length": "2000000"}) == 413


def test_a_body_that_stops_coming_is_refused_at_every_door(world: World) -> None:
    connections = [begun(world, path) for path in ROUTES]
    for connection in connections:
        with connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_hangs_up_leaves_one_line_at_every_door(world: World) -> None:
    assert world.bot.web
    before = world.bot.web.output()
    for path in ROUTES:
        begun(world, path).close()

    def written() -> list[str]:
        assert world.bot.web
        return world.bot.web.output()[len(before) :].splitlines()

    def about(path: str) -> list[str]:
        return [line for line in written() if path in line]

    world.slack.wait(lambda: all(map(about, ROUTES)), what="the lines")
    for path in ROUTES:
        [line] = about(path)
        assert json.loads(line)["event"] == "client_hung_up"
    assert not [line for line in written() if "Traceback" in line or "exception" in line]


def test_the_bot_listens_where_it_is_told_to(world: World) -> None:
    """BIND_ADDRESS is 127.0.0.1 here; on Linux all of 127.0.0.0/8 is this machine."""
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.2", world.sandbox.web_port), timeout=10)


def test_a_chunked_body_is_refused_whatever_length_is_announced(world: World) -> None:
    chunked = {**signed(world, b"{}"), "Transfer-Encoding": "chunked", "Content-Length": "2"}
    assert send(world, b"2\r\n{}\r\n0\r\n\r\n", chunked) == 411


@pytest.mark.parametrize("timestamp", ["", "-1", "1e3", "9" * 400, "9" * 5_000])
def test_odd_timestamps_are_refused(world: World, timestamp: str) -> None:
    headers = {**signed(world, EVENT), "X-Slack-Request-Timestamp": timestamp}
    assert send(world, EVENT, headers) == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"[" * 50_000, b"\x00"])
def test_malformed_bodies_are_refused(world: World, body: bytes) -> None:
    assert send(world, body, signed(world, body)) == 400


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message"},
        {"type": "message", "channel": "C1", "ts": None, "user": []},
        {"type": "app_mention", "channel": "C1", "ts": "1.1", "user": "U1", "text": {}},
        {"type": "app_mention", "channel": "C1:C2", "ts": "1.1", "user": "U1"},
        {"type": "agent_session_stopped"},
        {"type": "something_new"},
    ],
)
def test_events_of_another_shape_are_acknowledged_and_dropped(
    world: World, event: dict[str, object]
) -> None:
    body = json.dumps(world.slack.envelope(event)).encode()
    assert send(world, body, signed(world, body)) == 200


@pytest.mark.parametrize(
    "event", [None, "message", [], {"type": {}}, {"type": "message", "channel": 7, "ts": "1.1"}]
)
def test_a_payload_that_bolt_cannot_read_is_refused(world: World, event: object) -> None:
    envelope = world.slack.envelope({"type": "message"}) | {"event": event}
    body = json.dumps(envelope).encode()
    assert send(world, body, signed(world, body)) == 400


def test_half_a_character_is_taken_as_a_question_mark(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Half is enough."), when="half ? of it")
    ts = world.mention(MAYA, "half \ud83d of it")
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Half is enough."


@pytest.mark.parametrize("depth", [800, 900, 950, 980, 1_000])
def test_a_deep_payload_breaks_nothing(world: World, depth: int) -> None:
    event = {"type": "message", "channel": "C1", "ts": "@", "user": "U1"}
    envelope = json.dumps(world.slack.envelope(event))
    body = envelope.replace('"@"', "[" * depth + "]" * depth).encode()
    assert send(world, body, signed(world, body)) in (200, 400)


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "🙈🙉🙊", "مرحبا، أين طلبي؟", "a\u202eb\u0000c", "<script>alert(1)</script>"],
    ids=["long", "emoji", "right-to-left", "control", "html"],
)
def test_odd_texts_reach_claude_as_they_are(world: World, text: str) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Understood."), when=text)
    ts = world.mention(MAYA, text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Understood."


def test_a_mention_without_a_text_gets_examples(world: World) -> None:
    world.connect(MAYA)
    before = len(world.claude.requests)
    ts = world.mention(MAYA, "")
    [answer] = world.ended(SUPPORT, ts)
    assert "for example" in answer.plain
    assert len(world.claude.requests) == before
