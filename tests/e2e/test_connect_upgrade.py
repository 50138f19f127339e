"""Two releases side by side: what the one before this one left in Redis, and in people's DMs.

There a button led to Intercom's consent first, under the key `connect:`, and then to Slack, under
`sign-in:`.
"""

import hashlib
import json
import secrets

import pytest
import redis
from world import Browser, World, button_link, identifier, way_on

from bot.sandbox.claude import reply
from bot.sandbox.people import MAYA, TOM
from bot.sandbox.slack import SUPPORT
from bot.state.sealing import Seal

PENDING = {
    "team_id": MAYA.slack_team_id,
    "enterprise_id": None,
    "user_id": MAYA.slack_user_id,
    "identifier": identifier(MAYA),
}


@pytest.fixture
def state(world: World) -> redis.Redis:
    if world.redis is None:
        pytest.skip("an embedded Redis cannot be written to from outside")
    world.scalekit.forget_accounts()
    return redis.Redis.from_url(world.redis.url, decode_responses=True)


def kept(state: redis.Redis, kind: str, value: str) -> str:
    """Keep a value as `Once` does. Out: its state."""
    name = secrets.token_urlsafe(32)
    key = f"{kind}:{hashlib.sha256(name.encode()).hexdigest()}"
    state.set(key, f"value:{value}", ex=600)
    return name


def former_sign_in(world: World, auth_request_id: str) -> str:
    value = {
        "connection": PENDING,
        "auth_request_id": auth_request_id,
        "nonce": "n",
        "code_verifier": "v",
        "browser": "b",
    }
    return Seal(world.slack.signing_secret).close(json.dumps(value))


def verifications(world: World) -> int:
    return len([c for c in world.scalekit.calls if c.rpc == "VerifyConnectedAccountUser"])


def test_an_older_link_says_press_again_binds_nothing_and_leads_on(
    world: World, state: redis.Redis
) -> None:
    verified = verifications(world)
    link = kept(state, "connect", json.dumps(PENDING))
    signing_in = kept(state, "sign-in", former_sign_in(world, "a-1"))
    url = f"{world.sandbox.public_url}/connect"
    for path in (f"verify?auth_request_id=a-2&state={link}", f"slack?code=c&state={signing_in}"):
        browser = Browser()
        where, page = browser.open(f"{url}/{path}")
        assert "Press the button again" in page, where
        assert verifications(world) == verified
        assert world.scalekit.account(identifier(MAYA)) is None
        # What it leads to is still nobody's but Maya's.
        assert "This link is not yours" in Browser().connect(way_on(page), TOM, MAYA)
        assert "This link has expired" in browser.open(f"{url}/{path}")[1], "it is good once"
    assert "You are connected" in browser.connect(way_on(page), MAYA)


def test_an_older_button_is_replaced_by_one_that_works(world: World, state: redis.Redis) -> None:
    since = world.slack.post(MAYA.slack_user_id, SUPPORT, "hello, upgrade")
    said = len(world.private(MAYA, "sent you a direct message"))
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    older = world.connect_button(MAYA, since)
    world.slack.wait(
        lambda: len(world.private(MAYA, "sent you a direct message")) > said, what="the answer"
    )
    link = kept(state, "connect", json.dumps(PENDING))
    button = {
        "channel_id": older.channel,
        "ts": older.ts,
        "link_id": hashlib.sha256(link.encode()).hexdigest(),
    }
    state.set(f"button:{identifier(MAYA)}", json.dumps(button), ex=600)
    world.claude.script(reply("Here."), when="upgrade-1")
    thread = world.mention(MAYA, "upgrade-1")
    newer = world.connect_button(MAYA, thread)
    assert "/connect/start?" in button_link(newer)
    assert "You are connected" in Browser().connect(button_link(newer), MAYA)
    world.ended(SUPPORT, thread)


@pytest.mark.parametrize("value", ["", "{}", "null", "not json", '{"team_id": 1}'])
def test_what_another_release_wrote_breaks_no_page(
    world: World, state: redis.Redis, value: str
) -> None:
    kinds = {
        "connect-link": "start",
        "connect-sign-in": "slack",
        "connect-consent": "verify",
        "connect": "verify",
        "sign-in": "slack",
    }
    seal = Seal(world.slack.signing_secret)
    for kind, page in kinds.items():
        for sealed in (value, seal.close(value)):
            name = kept(state, kind, sealed)
            url = f"{world.sandbox.public_url}/connect/{page}?code=c&auth_request_id=a&state={name}"
            for _ in range(2):
                assert "This link has expired" in Browser().open(url)[1], kind
    token = kept(state, "connect-doubt", seal.close(value))
    page = f'name="token" value="{token}"'
    assert "Nothing was changed" in Browser().not_me(world, page)
