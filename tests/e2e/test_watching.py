"""What an operator sees, and what nobody may see: metrics, logs, Redis."""

import json
import urllib.request

import pytest
import redis
from world import METRICS_TOKEN, Browser, World, button_link

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT


def scraped(world: World) -> dict[str, float]:
    url, headers = (
        f"{world.sandbox.public_url}/metrics",
        {"Authorization": f"Bearer {METRICS_TOKEN}"},
    )
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        lines = answer.read().decode().splitlines()
    samples = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_metrics_count_what_happened(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply(tool_use("intercom_list_tags", {})), reply("Tags."), when="metric-1")
    before = scraped(world)
    world.ended(SUPPORT, world.mention(MAYA, "metric-1"))

    def grew(name: str) -> float:
        return scraped(world).get(name, 0.0) - before.get(name, 0.0)

    world.slack.wait(
        lambda: grew('intercom_agent_runs_total{outcome="done"}') == 1, what="the count"
    )
    assert grew('intercom_agent_tool_calls_total{outcome="done",tool="intercom_list_tags"}') == 1
    assert grew('intercom_agent_claude_tokens_total{kind="output"}') > 0
    assert grew("intercom_agent_first_sign_seconds_count") == 1
    now = scraped(world)
    assert now['intercom_agent_conversations{phase="waiting_for_approval"}'] >= 0
    assert now["intercom_agent_queue_age_seconds"] >= 0


def test_no_secret_and_no_customers_words_where_they_should_not_be(world: World) -> None:
    world.scalekit.forget_accounts()
    ts = world.slack.post(MAYA.slack_user_id, SUPPORT, "hello, canaries")
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    link = button_link(world.connect_button(MAYA, ts))
    assert "You are connected" in Browser().connect(link, MAYA)
    read = tool_use("intercom_retrieve_conversation", {"conversation_id": PRIYA_CONVERSATION})
    note = tool_use("intercom_create_contact_note", {"contact_id": "nobody", "body": "canary"})
    world.claude.script(reply(read), reply(note), reply("Read."), when="canaries-1")
    world.ended(SUPPORT, world.mention(MAYA, "canaries-1"))
    account = world.scalekit.account("slack:T0SUPPORT1:U0MAYA0001")
    assert account
    env = world.sandbox.env("")
    names = [name for name in env if name.endswith(("_TOKEN", "_SECRET", "_API_KEY"))]
    secrets = [*(env[name] for name in names), account.access_token]
    assert len(secrets) >= 7
    logs = world.bot.output()
    asked = json.dumps([recorded.body for recorded in world.claude.requests])
    said = json.dumps([[call.args, call.response] for call in world.slack.calls])
    for secret in secrets:
        assert secret not in logs
        assert secret not in asked
        if secret != env["SLACK_CLIENT_SECRET"]:
            assert secret not in said
    for customers in ("charged twice", "INV-2041", "priya@", "maya@"):
        assert customers not in logs
    kept = in_redis(world)
    for secret in secrets:
        assert secret.encode() not in kept
    for opener in ("/commands/T0", "/actions/T0", "auth_request_id="):
        assert opener.encode() not in kept


def in_redis(world: World) -> bytes:
    """Everything in Redis, keys and values."""
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be looked into from outside")
    found = []
    with redis.Redis.from_url(world.redis.url) as client:
        for key in client.scan_iter("*"):
            kind = client.type(key).decode()
            if kind == "none":
                continue  # it has expired since
            read = {
                "string": client.get,
                "hash": client.hgetall,
                "list": lambda name: client.lrange(name, 0, -1),
                "set": client.smembers,
                "zset": lambda name: client.zrange(name, 0, -1),
                "stream": client.xrange,
            }[kind]
            found.append(key + repr(read(key)).encode())
    return b"\n".join(found)
