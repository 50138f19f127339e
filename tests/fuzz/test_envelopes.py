"""Whatever comes over Socket Mode: the process stays, nothing is logged as an exception, and the
next good event is taken. The same payloads as over HTTP, in envelopes that are odd now and then.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from mutations import TEXTS, mutated
from test_doors import PAYLOADS, SEED, exceptions, seeds
from world import World

from bot.sandbox.people import MAYA
from bot.sandbox.processes import RedisServer

ENVELOPES = {"event": "events_api", "command": "slash_commands", "interaction": "interactive"}
FRAMES = ("", "{", "[]", "null", "1", '"text"', "{}", '{"type": "hello"}', "[" * 500, "ÿ")

OF_THE_SDK = ("in process_message\\n", "in from_dict\\n")
"""Where slack_sdk itself logs a frame that is no JSON, or no envelope, before anything of ours."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[World]:
    """A `bot web` with Socket Mode and without a worker."""
    if not RedisServer.is_installed():
        pytest.skip("there is no redis-server on this machine")
    world = World(tmp_path, embedded=False, settings={}, socket_mode=True)
    world.start(workers=0)
    try:
        yield world
    finally:
        world.stop()


def envelope(kind: str, payload: Any, random: Random) -> str:
    made: dict[str, Any] = {
        "envelope_id": secrets.token_hex(12),
        "type": ENVELOPES[kind],
        "payload": payload,
        "accepts_response_payload": kind != "event",
    }
    if random.random() < 0.2:
        name = random.choice([*made, "retry_attempt", "retry_reason"])
        made[name] = random.choice((None, 0, -1, [], {}, True, *TEXTS))
    if random.random() < 0.05:
        del made[random.choice(list(made))]
    return json.dumps(made)


def test_no_envelope_breaks_the_web_process(web: World) -> None:
    made = seeds(web)
    everything = [delivery.payload for delivery in made]
    web.slack.events_url = ""
    for number in range(PAYLOADS // 4):
        random = Random(f"{SEED}:socket:{number}")
        if random.random() < 0.05:
            frame = random.choice(FRAMES)
        else:
            seed = random.choice(made)
            frame = envelope(seed.kind, mutated(seed.payload, random, everything), random)
        web.slack.wait(lambda: web.slack.sockets.count, what="a socket")
        with suppress(ConnectionError):
            web.slack.send_frame(frame)
    ts = web.mention(MAYA, "And a good one?")
    web.delivered(ts)
    assert web.bot.web
    assert web.bot.web.is_running
    found = [line for line in exceptions(web) if not any(where in line for where in OF_THE_SDK)]
    assert not found, "\n".join(found[:5])
