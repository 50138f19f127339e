"""Connecting proves who is in the browser: every other way in binds nothing."""

from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from world import Browser, World, button_link, identifier

from bot.sandbox.claude import reply
from bot.sandbox.people import AISHA, MAYA, PETRA, TOM, Person
from bot.sandbox.slack import SUPPORT, Message


@pytest.fixture
def link(world: World) -> str:
    """Maya's link, fresh; nobody is connected."""
    world.scalekit.forget_accounts()
    before = buttons(world)
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    made = world.slack.wait(lambda: [m for m in buttons(world) if m not in before], what="a link")
    return button_link(made[-1])


def buttons(world: World) -> list[Message]:
    dm = world.slack.dm(MAYA.slack_user_id)
    return [m for m in world.slack.messages(dm) if "Connect your Intercom" in m.text]


def warnings(world: World) -> int:
    dm = world.slack.dm(MAYA.slack_user_id)
    return len([m for m in world.slack.messages(dm) if "was not you" in m.text])


def bound(world: World, person: Person = MAYA) -> bool:
    account = world.scalekit.account(identifier(person))
    return account is not None and account.status == "ACTIVE"


def verifications(world: World) -> int:
    return len([c for c in world.scalekit.calls if c.rpc == "VerifyConnectedAccountUser"])


def test_the_teammate_is_connected(world: World, link: str) -> None:
    browser = Browser()
    page = browser.sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    assert "You are connected" in page
    assert bound(world)


@pytest.mark.parametrize("other", [TOM, AISHA], ids=lambda person: person.name)
def test_a_forwarded_link_binds_nothing_and_its_owner_is_told(
    world: World, link: str, other: Person
) -> None:
    told, verified = warnings(world), verifications(world)
    page = Browser().sign_in(world.consent(link, other), other.slack_user_id)
    assert "This link is not yours" in page
    assert "nothing was connected" in page
    assert not bound(world)
    assert not bound(world, other)
    assert verifications(world) == verified
    world.slack.wait(lambda: warnings(world) == told + 1, what="the warning")


def test_a_teammate_of_another_workspace_is_nobody(world: World, link: str) -> None:
    sign_in_page, _ = Browser().open(world.consent(link, MAYA))
    assert parse_qs(urlsplit(sign_in_page).query)["team"] == [MAYA.slack_team_id]
    browser = Browser()
    sign_in_page, _ = browser.open(sign_in_page.replace(f"&team={MAYA.slack_team_id}", ""))
    page = browser.open(f"{sign_in_page}&sandbox_user={PETRA.slack_user_id}")[1]
    assert "not yours" in page
    assert not bound(world)


def test_a_link_finished_in_another_browser_binds_nothing(world: World, link: str) -> None:
    verified = verifications(world)
    sign_in_page, _ = Browser().open(world.consent(link, MAYA))
    page = Browser().open(f"{sign_in_page}&sandbox_user={MAYA.slack_user_id}")[1]
    assert "not yours" in page
    assert not bound(world)
    assert verifications(world) == verified


def test_replayed_forged_and_empty_states_bind_nothing(world: World, link: str) -> None:
    back = world.consent(link, MAYA)
    state = parse_qs(urlsplit(back).query)["state"][0]
    verified = verifications(world)
    for forged in (back.replace(state, "x" * 43), back.replace(state, "")):
        assert "no longer good" in Browser().open(forged)[1]
    browser = Browser()
    sign_in_page, _ = browser.open(back)
    assert "no longer good" in Browser().open(back)[1]
    finish = f"{sign_in_page}&sandbox_user={MAYA.slack_user_id}"
    assert "You are connected" in browser.open(finish)[1]
    assert "no longer good" in browser.open(finish)[1]
    assert verifications(world) == verified + 1


def test_cancelled_at_intercom_or_at_slack(world: World, link: str) -> None:
    back = world.consent(link, MAYA)
    auth_request_id = parse_qs(urlsplit(back).query)["auth_request_id"][0]
    cancelled = back.replace(auth_request_id, "")
    assert "authorization at Intercom was cancelled" in Browser().open(cancelled)[1]
    ts = world.slack.post(TOM.slack_user_id, SUPPORT, "let me try")
    world.slack.command(TOM.slack_user_id, SUPPORT, "connect")
    back = world.consent(button_link(world.connect_button(TOM, ts)), TOM)
    page = Browser().sign_in(back, "cancel")
    assert "Signing in with Slack was cancelled" in page
    assert not bound(world)
    assert not bound(world, TOM)


def test_after_a_failed_try_the_next_request_brings_a_new_button(world: World, link: str) -> None:
    before = buttons(world)
    Browser().sign_in(world.consent(link, TOM), TOM.slack_user_id)
    world.mention(MAYA, "again-1")
    made = world.slack.wait(lambda: [m for m in buttons(world) if m not in before], what="a link")
    world.claude.script(reply("At last."), when="again-1")
    page = Browser().sign_in(world.consent(button_link(made[0]), MAYA), MAYA.slack_user_id)
    assert "You are connected" in page
    world.slack.wait(lambda: world.asked_of_claude("again-1"), what="the waiting request")


def test_the_pages_carry_strict_headers(world: World) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{world.sandbox.public_url}/connect/verify?state=x")
    headers = caught.value.headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
