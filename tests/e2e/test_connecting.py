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
    return new_link(world)


def new_link(world: World) -> str:
    said = len(world.private(MAYA, "sent you a direct message"))
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    answers = lambda: world.private(MAYA, "sent you a direct message")[said:]  # noqa: E731
    world.slack.wait(answers, what="the command's answer")
    return button_link(buttons(world)[-1])


def buttons(world: World) -> list[Message]:
    dm = world.slack.dm(MAYA.slack_user_id)
    return [m for m in world.slack.messages(dm) if "Connect your Intercom" in m.text]


def button_links(world: World, ts: str) -> list[str]:
    dm = world.slack.dm(MAYA.slack_user_id)
    [message] = [m for m in world.slack.messages(dm) if m.ts == ts]
    elements = [e for block in message.blocks for e in block.get("elements", [])]
    return [element["url"] for element in elements if "url" in element]


def warnings(world: World, text: str = "was not you") -> int:
    return len(world.told(MAYA, text))


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


def test_a_cookie_that_is_not_the_bots_own_binds_nothing(world: World, link: str) -> None:
    browser = Browser()
    sign_in_page, _ = browser.open(world.consent(link, MAYA))
    [cookie] = browser.cookies()
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    cookie.value = "forged"
    page = browser.open(f"{sign_in_page}&sandbox_user={MAYA.slack_user_id}")[1]
    assert "not yours" in page
    assert not bound(world)


def test_replayed_forged_and_empty_states_bind_nothing(world: World, link: str) -> None:
    back = world.consent(link, MAYA)
    state = parse_qs(urlsplit(back).query)["state"][0]
    verified = verifications(world)
    for forged in (back.replace(state, "x" * 43), back.replace(state, "")):
        assert "This link has expired" in Browser().open(forged)[1]
    browser = Browser()
    told = warnings(world, "opened once more")
    sign_in_page, _ = browser.open(back)
    assert "This link was used already" in Browser().open(back)[1]
    finish = f"{sign_in_page}&sandbox_user={MAYA.slack_user_id}"
    assert "You are connected" in browser.open(finish)[1]
    come_back = f"{world.sandbox.public_url}/connect/slack?code=x&state="
    assert "This link has expired" in browser.open(come_back + "x" * 43)[1]
    assert verifications(world) == verified + 1
    world.slack.wait(lambda: warnings(world, "opened once more") == told + 1, what="the warning")


def test_the_way_back_from_slack_is_good_once(world: World, link: str) -> None:
    browser = Browser()
    sign_in_page, _ = browser.open(world.consent(link, MAYA))
    came_back = browser.went_to(f"{sign_in_page}&sandbox_user={MAYA.slack_user_id}")
    verified, told = verifications(world), warnings(world, "opened once more")
    for other in (browser, Browser()):
        assert "This link was used already" in other.open(came_back)[1]
    assert verifications(world) == verified
    world.slack.wait(lambda: warnings(world, "opened once more") == told + 2, what="the warnings")


def test_what_slack_or_scalekit_does_not_confirm_binds_nothing(world: World, link: str) -> None:
    told = warnings(world, "did not confirm")
    world.slack.fail("openid.connect.token", error="invalid_code")
    page = Browser().sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    assert "Slack did not confirm who you are" in page
    assert not bound(world)
    world.slack.wait(lambda: warnings(world, "did not confirm") == told + 1, what="the warning")
    world.scalekit.fail("VerifyConnectedAccountUser", status=403)
    page = Browser().sign_in(world.consent(new_link(world), MAYA), MAYA.slack_user_id)
    assert "does not belong to your Slack account" in page
    assert not bound(world)
    world.slack.wait(lambda: warnings(world, "did not confirm") == told + 2, what="the warning")


def test_every_refusal_is_in_the_audit(world: World, link: str) -> None:
    before = len(world.audit())
    Browser().sign_in(world.consent(link, TOM), TOM.slack_user_id)
    Browser().sign_in(world.consent(new_link(world), MAYA), MAYA.slack_user_id)
    refused, connected = world.audit()[before:]
    assert refused["what"] == "connection_refused"
    assert refused["why"] == "finished by another person"
    assert refused["identifier"] == identifier(MAYA)
    assert connected["what"] == "connected"
    assert connected["user_id"] == MAYA.slack_user_id


def test_a_service_that_is_down_is_said_and_the_next_link_works(world: World, link: str) -> None:
    world.scalekit.fail("VerifyConnectedAccountUser", status=500)
    page = Browser().sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    assert "Not connected yet" in page
    assert not bound(world)
    page = Browser().sign_in(world.consent(new_link(world), MAYA), MAYA.slack_user_id)
    assert "You are connected" in page


def test_a_lost_answer_of_scalekits_is_looked_up(world: World, link: str) -> None:
    world.scalekit.fail("VerifyConnectedAccountUser", status=503, after_effect=True)
    page = Browser().sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    assert "You are connected" in page
    assert bound(world)


def test_the_button_and_app_home_say_as_whom_one_is_connected(world: World, link: str) -> None:
    button = buttons(world)[-1]
    world.slack.open_home(MAYA.slack_user_id)
    world.slack.wait(lambda: "Connect Intercom" in world.home(MAYA), what="Home with a button")
    Browser().sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    dm = world.slack.dm(MAYA.slack_user_id)

    def turned() -> bool:
        [message] = [m for m in world.slack.messages(dm) if m.ts == button.ts]
        return "Connected as *Maya Lindqvist* in *Northwind*" in message.plain

    world.slack.wait(turned, what="the button's message to turn")
    assert button_links(world, button.ts) == []
    world.slack.wait(lambda: "Connected as *Maya" in world.home(MAYA), what="Home to change")


def test_a_newer_button_takes_the_place_of_the_older(world: World, link: str) -> None:
    first = buttons(world)[-1]
    new_link(world)
    world.slack.wait(lambda: button_links(world, first.ts) == [], what="the old button to go")


def test_what_waited_goes_on_in_the_order_it_came(world: World, link: str) -> None:
    texts = [f"in-order-{number}" for number in range(4)]
    for text in texts:
        world.claude.script(reply("Here."), when=text)
    threads = [world.mention(MAYA, text) for text in texts]

    def all_wait() -> bool:
        states = [world.slack.session(SUPPORT, thread).lifecycle for thread in threads]
        return states == ["suspended"] * len(threads)

    world.slack.wait(all_wait, what="the requests to wait")
    before = len(world.slack.calls)
    Browser().sign_in(world.consent(link, MAYA), MAYA.slack_user_id)
    for thread in threads:
        assert "Here." in world.ended(SUPPORT, thread)[-1].plain
    begun = [
        call.args["thread_ts"]
        for call in world.slack.calls[before:]
        if call.method == "agents.sessions.setStatus" and call.args["status"] == "processing"
    ]
    assert [thread for thread in begun if thread in threads] == threads


def test_after_a_failed_try_the_next_request_brings_a_new_button(world: World, link: str) -> None:
    before = [message.ts for message in buttons(world)]
    Browser().sign_in(world.consent(link, TOM), TOM.slack_user_id)
    world.claude.script(reply("At last."), when="again-1")
    world.mention(MAYA, "again-1")

    def sent() -> list[Message]:
        return [message for message in buttons(world) if message.ts not in before]

    made = world.slack.wait(sent, what="a link")
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
