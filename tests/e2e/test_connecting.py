"""Connecting proves who is in the browser: every other way in binds nothing."""

import json
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from world import Browser, World, button_link, identifier, is_consent, way_on

from bot.sandbox.claude import reply
from bot.sandbox.people import AISHA, MAYA, PETRA, TOM, Person
from bot.sandbox.slack import SUPPORT, Message


@pytest.fixture
def link(world: World) -> str:
    """Maya's link, fresh; nobody is connected."""
    world.scalekit.forget_accounts()
    return new_link(world)


def new_link(world: World, person: Person = MAYA) -> str:
    said = len(world.private(person, "sent you a direct message"))
    world.slack.command(person.slack_user_id, SUPPORT, "connect")
    answers = lambda: world.private(person, "sent you a direct message")[said:]  # noqa: E731
    world.slack.wait(answers, what="the command's answer")
    return button_link(buttons(world, person)[-1])


def buttons(world: World, person: Person = MAYA) -> list[Message]:
    dm = world.slack.dm(person.slack_user_id)
    return [m for m in world.slack.messages(dm) if "Connect your Intercom" in m.text]


def button_links(world: World, ts: str) -> list[str]:
    dm = world.slack.dm(MAYA.slack_user_id)
    [message] = [m for m in world.slack.messages(dm) if m.ts == ts]
    elements = [e for block in message.blocks for e in block.get("elements", [])]
    return [element["url"] for element in elements if "url" in element]


def warnings(world: World, text: str = "was not you", person: Person = MAYA) -> int:
    return len(world.told(person, text))


def bound(world: World, person: Person = MAYA) -> bool:
    account = world.scalekit.account(identifier(person))
    return account is not None and account.status == "ACTIVE"


def calls(world: World, rpc: str) -> int:
    return len([c for c in world.scalekit.calls if c.rpc == rpc])


def verifications(world: World) -> int:
    return calls(world, "VerifyConnectedAccountUser")


def consent_of(world: World, browser: Browser, link: str, person: Person = MAYA) -> str:
    """Where this browser agrees at Intercom, its person signed in with Slack."""
    where, text = browser.sign_in(link, person.slack_user_id)
    assert is_consent(where), text
    return where


# The way as it should be.


def test_the_button_leads_to_slack_first_and_only_then_to_intercom(world: World, link: str) -> None:
    assert link.startswith(f"{world.sandbox.public_url}/connect/start?state=")
    asked = calls(world, "GetMagicLinkForConnectedAccount")
    browser = Browser()
    where, _ = browser.open(link)
    slack = urlsplit(where)
    assert slack.path == "/openid/connect/authorize"
    assert calls(world, "GetMagicLinkForConnectedAccount") == asked, "no link before the sign-in"
    assert world.scalekit.account(identifier(MAYA)) is None
    where, _ = browser.open(f"{where}&sandbox_user={MAYA.slack_user_id}")
    assert is_consent(where)
    assert calls(world, "GetMagicLinkForConnectedAccount") == asked + 1
    page = browser.agree(where, str(MAYA.intercom_admin_id))
    assert "You are connected" in page
    assert bound(world)


def test_signing_in_uses_no_pkce_but_state_nonce_secret_and_a_bound_cookie(
    world: World, link: str
) -> None:
    before = len(world.slack.calls)
    browser = Browser()
    where, _ = browser.open(link)
    query = parse_qs(urlsplit(where).query)
    assert not {"code_challenge", "code_challenge_method"} & set(query)
    assert query["scope"] == ["openid"]
    assert query["team"] == [MAYA.slack_team_id]
    assert len(query["state"][0]) >= 43
    assert len(query["nonce"][0]) >= 43
    [cookie] = browser.cookies()
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    browser.open(f"{where}&sandbox_user={MAYA.slack_user_id}")
    [exchange] = [c for c in world.slack.calls[before:] if c.method == "openid.connect.token"]
    assert "code_verifier" not in exchange.args
    assert exchange.args["client_secret"] == world.slack.client_secret


def test_page_and_direct_message_say_whose_intercom_it_is(world: World, link: str) -> None:
    button = buttons(world)[-1]
    page = Browser().connect(link, MAYA)
    assert "Connected as Maya Lindqvist (maya@northwind.example) in Northwind" in page
    dm = world.slack.dm(MAYA.slack_user_id)
    words = "Connected as *Maya Lindqvist* (maya@northwind.example) in *Northwind*"

    def turned() -> bool:
        [message] = [m for m in world.slack.messages(dm) if m.ts == button.ts]
        return words in message.plain and "That's not me" in json.dumps(message.blocks)

    world.slack.wait(turned, what="the button's message to turn")
    assert button_links(world, button.ts) == []
    world.slack.open_home(MAYA.slack_user_id)
    world.slack.wait(lambda: "Connected as *Maya" in world.home(MAYA), what="Home to change")


# Both ways round.


@pytest.mark.parametrize("other", [TOM, AISHA], ids=lambda person: person.name)
def test_a_link_opened_by_somebody_else_never_reaches_intercom_and_its_owner_is_told(
    world: World, link: str, other: Person
) -> None:
    told, asked = warnings(world), calls(world, "GetMagicLinkForConnectedAccount")
    where, page = Browser().sign_in(link, other.slack_user_id)
    assert "This link is not yours" in page
    assert MAYA.name not in page
    assert not is_consent(where)
    assert calls(world, "GetMagicLinkForConnectedAccount") == asked
    assert not bound(world)
    assert not bound(world, other)
    world.slack.wait(lambda: warnings(world) == told + 1, what="the warning")
    # The link is still its owner's: somebody else's try used nothing up.
    assert "You are connected" in Browser().connect(link, MAYA)


def test_an_authorization_link_sent_to_somebody_else_binds_nothing(world: World) -> None:
    """Tom signs in with his own link, and has Maya agree at Intercom for him."""
    world.scalekit.forget_accounts()
    verified = verifications(world)
    toms, mayas = Browser(), Browser()
    lure = consent_of(world, toms, new_link(world, TOM), TOM)
    where, page = mayas.send(lure, decision="authorize", admin=str(MAYA.intercom_admin_id))
    assert "Continue in this browser" in page
    assert "If somebody sent you here, close this page" in page
    assert not bound(world, TOM)
    # The address of what Maya consented to is of no use to Tom, in his browser …
    back = where
    assert urlsplit(back).path == "/connect/verify"
    assert "You are connected" not in toms.open(back)[1]
    # … nor her authorization with another state of his own.
    again = consent_of(world, toms, new_link(world, TOM), TOM)
    own = world.scalekit.authorize(again, str(TOM.intercom_admin_id))
    stolen = parse_qs(urlsplit(back).query)["auth_request_id"][0]
    spent = parse_qs(urlsplit(own).query)["auth_request_id"][0]
    page = toms.open(own.replace(spent, stolen))[1]
    assert "brought here before" in page
    assert verifications(world) == verified
    assert not bound(world, TOM)
    assert not bound(world)


def test_an_authorization_that_came_without_a_state_is_spent(world: World) -> None:
    """Tom strips the state of the link that he has Maya agree to."""
    world.scalekit.forget_accounts()
    verified, toms = verifications(world), Browser()
    back = world.scalekit.authorize(
        consent_of(world, toms, new_link(world, TOM), TOM), str(MAYA.intercom_admin_id)
    )
    bare = back.partition("&state=")[0]
    assert "This link has expired" in Browser().open(bare)[1]
    assert "brought here before" in toms.open(back)[1]
    assert verifications(world) == verified
    assert not bound(world, TOM)


def test_a_way_back_opened_in_another_browser_binds_nothing_in_either(
    world: World, link: str
) -> None:
    verified, told = verifications(world), warnings(world, "another browser")
    mayas = Browser()
    back = world.scalekit.authorize(consent_of(world, mayas, link), str(MAYA.intercom_admin_id))
    toms = Browser()
    toms.sign_in(new_link(world, TOM), TOM.slack_user_id)
    for other in (Browser(), toms):
        assert "Continue in this browser" in other.open(back)[1]
    assert "This page was opened twice" in mayas.open(back)[1]
    assert verifications(world) == verified
    assert not bound(world)
    world.slack.wait(lambda: warnings(world, "another browser") == told + 1, what="the note")


def test_a_sign_in_finished_in_another_browser_goes_nowhere(world: World, link: str) -> None:
    """Login CSRF: who is signed in as Maya by a link to Slack's answer is nobody here."""
    asked = calls(world, "GetMagicLinkForConnectedAccount")
    where, _ = Browser().open(link)
    page = Browser().open(f"{where}&sandbox_user={MAYA.slack_user_id}")[1]
    assert "Continue in this browser" in page
    assert calls(world, "GetMagicLinkForConnectedAccount") == asked
    assert not bound(world)


def test_a_teammate_of_another_workspace_is_nobody(world: World, link: str) -> None:
    browser = Browser()
    where, _ = browser.open(link)
    where, _ = browser.open(where.replace(f"&team={MAYA.slack_team_id}", ""))
    page = browser.open(f"{where}&sandbox_user={PETRA.slack_user_id}")[1]
    assert "not yours" in page
    assert not bound(world)


@pytest.mark.parametrize("value", ["forged", ""])
def test_a_cookie_that_is_not_the_bots_own_binds_nothing(
    world: World, link: str, value: str
) -> None:
    browser = Browser()
    consent = consent_of(world, browser, link)
    [cookie] = browser.cookies()
    cookie.value = value
    page = browser.agree(consent, str(MAYA.intercom_admin_id))
    assert "Continue in this browser" in page
    assert not bound(world)


def test_a_cookie_planted_before_the_sign_in_is_worth_nothing_afterwards(
    world: World, link: str
) -> None:
    """Session fixation: Tom knows the cookie with which Maya's browser began."""
    toms, mayas = Browser(), Browser()
    toms.sign_in(new_link(world, TOM), TOM.slack_user_id)
    mayas.plant(toms.cookies()[0])
    back = world.scalekit.authorize(consent_of(world, mayas, link), str(MAYA.intercom_admin_id))
    assert mayas.cookies()[0].value != toms.cookies()[0].value
    assert "Continue in this browser" in toms.open(back)[1]
    assert not bound(world)
    assert not bound(world, TOM)


# A phone that changes its browser.


def test_a_browser_that_changes_at_slack_goes_on_from_its_page(world: World, link: str) -> None:
    in_app, safari = Browser(), Browser()
    where, _ = in_app.open(link)
    page = safari.open(f"{where}&sandbox_user={MAYA.slack_user_id}")[1]
    assert "Phones do that" in page
    assert not bound(world)
    assert "You are connected" in safari.connect(way_on(page), MAYA)
    assert bound(world)


def test_a_browser_that_changes_at_intercom_goes_on_from_its_page(world: World, link: str) -> None:
    in_app, safari = Browser(), Browser()
    back = world.scalekit.authorize(consent_of(world, in_app, link), str(MAYA.intercom_admin_id))
    page = safari.open(back)[1]
    assert "Continue in this browser" in page
    assert not bound(world)
    assert way_on(page) == link, "from the start, with Slack first"
    where, _ = safari.open(way_on(page))
    assert urlsplit(where).path == "/openid/connect/authorize"
    assert "You are connected" in safari.connect(way_on(page), MAYA)


def test_the_way_on_from_another_browser_is_no_way_in(world: World, link: str) -> None:
    back = world.scalekit.authorize(consent_of(world, Browser(), link), str(MAYA.intercom_admin_id))
    toms = Browser()
    page = toms.connect(way_on(toms.open(back)[1]), TOM, MAYA)
    assert "This link is not yours" in page
    assert not bound(world)
    assert not bound(world, TOM)


# What is used up, and when.


def test_opening_the_start_page_uses_nothing_up(world: World, link: str) -> None:
    browser = Browser()
    for _ in range(3):
        where, _ = browser.open(link)
        assert urlsplit(where).path == "/openid/connect/authorize"
    Browser().open(link)
    assert "You are connected" in browser.connect(link, MAYA)


def test_two_tabs_are_one_browser(world: World, link: str) -> None:
    browser = Browser()
    one, _ = browser.open(link)
    other, _ = browser.open(link)
    first, _ = browser.open(f"{one}&sandbox_user={MAYA.slack_user_id}")
    second, _ = browser.open(f"{other}&sandbox_user={MAYA.slack_user_id}")
    assert is_consent(first)
    assert is_consent(second)
    refused = len(world.audit())
    for tab in (first, second):
        assert "You are connected" in browser.agree(tab, str(MAYA.intercom_admin_id))
    assert bound(world)
    # The link was good for one connection; nobody is alarmed by one's own second tab.
    assert "This link was used already" in browser.open(link)[1]
    what = [entry["what"] for entry in world.audit()[refused:]]
    assert what == ["connected", "connected"]


def test_of_two_links_at_once_either_one_connects(world: World, link: str) -> None:
    newer, browser = new_link(world), Browser()
    assert "You are connected" in browser.connect(newer, MAYA)
    assert "You are connected" in browser.connect(link, MAYA, TOM)
    account = world.scalekit.account(identifier(MAYA))
    assert account
    assert account.admin_id == TOM.intercom_admin_id


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}),
        ("GET", {"User-Agent": "facebookexternalhit/1.1"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_whoever_only_looks_moves_nothing(
    world: World, link: str, method: str, headers: dict[str, str]
) -> None:
    browser = Browser()
    back = world.scalekit.authorize(consent_of(world, browser, link), str(MAYA.intercom_admin_id))
    kept = world.keys_with("connect-")
    for url in (link, back):
        path = url.removeprefix(world.sandbox.public_url)
        connection = HTTPConnection("127.0.0.1", world.sandbox.web_port, timeout=20)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        status = 503 if "Sec-Purpose" in headers else 200
        assert (answer.status, answer.headers["Set-Cookie"]) == (status, None)
        connection.close()
    assert world.keys_with("connect-") == kept
    assert "You are connected" in browser.open(back)[1]


def test_a_used_link_says_so_and_the_rightful_teammate_is_told(world: World, link: str) -> None:
    assert "You are connected" in Browser().connect(link, MAYA)
    told, refused = warnings(world, "opened again"), len(world.audit())
    for _ in range(3):
        assert "This link was used already" in Browser().open(link)[1]
    world.slack.wait(lambda: warnings(world, "opened again") == told + 1, what="the warning")
    assert [entry["why"] for entry in world.audit()[refused:]] == ["the link was used before"]


def test_replayed_forged_and_empty_states_bind_nothing(world: World, link: str) -> None:
    verified, browser = verifications(world), Browser()
    back = world.scalekit.authorize(consent_of(world, browser, link), str(MAYA.intercom_admin_id))
    state = parse_qs(urlsplit(back).query)["state"][0]
    for forged in (back.replace(state, "x" * 43), back.replace(state, "")):
        # With another authorization: this one is spent by coming without its state.
        assert (
            "This link has expired"
            in Browser().open(forged.replace("auth_request_id=", "auth_request_id=y"))[1]
        )
    for path in ("start?", "slack?code=x&", "verify?auth_request_id=z&"):
        for made_up in (
            "x" * 43,
            "",
            "%ff",
            link.partition("state=")[2] if "start" not in path else "",
        ):
            page = browser.open(f"{world.sandbox.public_url}/connect/{path}state={made_up}")[1]
            assert "This link has expired" in page
    assert "You are connected" in browser.open(back)[1]
    assert verifications(world) == verified + 1


def test_each_step_is_good_once(world: World, link: str) -> None:
    browser = Browser()
    where, _ = browser.open(link)
    came_back = browser.redirected(f"{where}&sandbox_user={MAYA.slack_user_id}")
    consent, _ = browser.open(came_back)
    assert is_consent(consent)
    page = browser.open(came_back)[1]
    assert "This page was opened twice" in page
    assert way_on(page) == link
    assert "Continue in this browser" in Browser().open(came_back)[1]
    back = world.scalekit.authorize(consent, str(MAYA.intercom_admin_id))
    verified = verifications(world)
    assert "You are connected" in browser.open(back)[1]
    # Loading the last page again shows it again; anybody else sees a used link.
    assert "Connected as Maya Lindqvist" in browser.open(back)[1]
    assert "This link was used already" in Browser().open(back)[1]
    assert "This link was used already" in Browser().open(came_back)[1]
    assert verifications(world) == verified + 1


def test_a_teammate_who_left_meanwhile_connects_nothing(world: World) -> None:
    world.scalekit.forget_accounts()
    browser, verified = Browser(), verifications(world)
    back = world.scalekit.authorize(
        consent_of(world, browser, new_link(world, AISHA), AISHA), str(AISHA.intercom_admin_id)
    )
    world.slack.user_change(AISHA.slack_user_id, deleted=True)
    world.slack.wait(lambda: world.scalekit.account(identifier(AISHA)) is None, what="the end")
    world.slack.wait(lambda: not world.keys_with(f"owner:{identifier(AISHA)}"), what="the end")
    assert "This link has expired" in browser.open(back)[1]
    world.slack.user_change(AISHA.slack_user_id, deleted=False)
    assert verifications(world) == verified


# That's not me.


def test_thats_not_me_on_the_page_disconnects_at_once(world: World, link: str) -> None:
    button, before, browser = buttons(world)[-1], len(world.audit()), Browser()
    page = browser.connect(link, MAYA, TOM)
    assert "Connected as Tom Okafor (tom@northwind.example)" in page
    dm = world.slack.dm(MAYA.slack_user_id)
    world.slack.wait(lambda: world.told(MAYA, "Connected as *Tom"), what="the direct message")
    page = browser.not_me(world, page)
    assert "Disconnected" in page
    assert world.scalekit.account(identifier(MAYA)) is None

    def turned() -> bool:
        [message] = [m for m in world.slack.messages(dm) if m.ts == button.ts]
        return "was not yours" in message.plain and "not_my" not in json.dumps(message.blocks)

    world.slack.wait(turned, what="the direct message to turn")
    what = [(entry["what"], entry.get("why", "")) for entry in world.audit()[before:]]
    assert what == [("connected", ""), ("disconnected", "that's not me")]
    # And the way on leads to one's own account, with Slack first.
    assert "Connected as Maya Lindqvist" in browser.connect(way_on(page), MAYA)


def test_thats_not_me_is_the_browsers_own_once_and_of_our_own_page(world: World, link: str) -> None:
    browser = Browser()
    page = browser.connect(link, MAYA)
    for origin in ("https://evil.example", "null", ""):
        assert "Nothing was changed" in browser.not_me(world, page, origin=origin)
    assert bound(world)
    assert "Nothing was changed" in Browser().not_me(world, page), "another browser"
    assert bound(world)
    page = browser.connect(new_link(world), MAYA) if not bound(world) else reloaded(browser)
    assert "Disconnected" in browser.not_me(world, page)
    assert not bound(world)
    assert "You are connected" in browser.connect(new_link(world), MAYA)
    assert "Nothing was changed" in browser.not_me(world, page), "a token is good once"
    assert bound(world)


def reloaded(browser: Browser) -> str:
    """The last page, loaded again."""
    return browser.open(browser.last)[1]


def test_thats_not_me_takes_back_its_own_connection_and_no_later_one(
    world: World, link: str
) -> None:
    browser = Browser()
    page = browser.connect(link, MAYA, TOM)
    assert "Connected as Maya" in browser.connect(new_link_while_connected(world), MAYA)
    assert "Nothing was changed" in browser.not_me(world, page)
    assert bound(world)


def new_link_while_connected(world: World) -> str:
    world.scalekit.set_status(identifier(MAYA), "EXPIRED")
    return new_link(world)


def test_thats_not_me_while_the_service_is_down_says_so_and_can_be_tried_again(
    world: World, link: str
) -> None:
    browser = Browser()
    page = browser.connect(link, MAYA)
    world.scalekit.fail("DeleteConnectedAccount", status=500)
    page = browser.not_me(world, page)
    assert "Still connected" in page
    assert bound(world)
    assert "Disconnected" in browser.not_me(world, page)
    assert not bound(world)


def test_thats_not_me_in_the_direct_message_disconnects_at_once(world: World, link: str) -> None:
    button = buttons(world)[-1].ts
    Browser().connect(link, MAYA, TOM)
    dm = world.slack.dm(MAYA.slack_user_id)
    [message] = world.slack.wait(
        lambda: [m for m in world.told(MAYA, "Connected as *Tom") if m.ts == button],
        what="the direct message",
    )
    world.slack.click(MAYA.slack_user_id, dm, message.ts, "not_my_intercom")
    world.slack.wait(lambda: not bound(world), what="the end")
    world.slack.wait(
        lambda: [m for m in world.told(MAYA, "was not yours") if m.ts == message.ts],
        what="the message to say so",
    )


def test_an_older_thats_not_me_leaves_a_later_connection_alone(world: World, link: str) -> None:
    button = buttons(world)[-1].ts
    Browser().connect(link, MAYA, TOM)
    dm = world.slack.dm(MAYA.slack_user_id)
    [message] = world.slack.wait(
        lambda: [m for m in world.told(MAYA, "Connected as *Tom") if m.ts == button],
        what="the direct message",
    )
    Browser().connect(new_link_while_connected(world), MAYA)
    ended = len(world.told(MAYA, "ended already"))
    world.slack.click(MAYA.slack_user_id, dm, message.ts, "not_my_intercom")
    world.slack.wait(lambda: len(world.told(MAYA, "ended already")) > ended, what="the answer")
    assert bound(world)


def test_connecting_from_app_home_is_told_by_direct_message_too(world: World) -> None:
    world.scalekit.forget_accounts()
    user = TOM.slack_user_id
    world.slack.open_home(user)
    world.slack.wait(lambda: "home_connect" in world.home(TOM), what="Home")
    told = len(world.told(TOM, "Connected as *Tom Okafor*"))
    world.slack.click_home(user, "home_connect")
    [view] = world.slack.wait(lambda: world.slack.views(user), what="the modal")
    assert "sign in with Slack first" in json.dumps(view["blocks"])
    [url] = [e["url"] for b in view["blocks"] for e in b.get("elements", []) if "url" in e]
    assert "You are connected" in Browser().connect(url, TOM)
    world.slack.close_view(user, view["id"])
    news = world.slack.wait(
        lambda: world.told(TOM, "Connected as *Tom Okafor*")[told:], what="the news"
    )
    assert "That's not me" in json.dumps(news[-1].blocks)


# What Slack and Scalekit do not confirm, and what is down.


def test_what_slack_or_scalekit_does_not_confirm_binds_nothing(world: World, link: str) -> None:
    told = warnings(world, "did not confirm")
    world.slack.fail("openid.connect.token", error="invalid_code")
    page = Browser().connect(link, MAYA)
    assert "Slack did not confirm who you are" in page
    assert way_on(page) == link
    assert not bound(world)
    world.slack.wait(lambda: warnings(world, "did not confirm") == told + 1, what="the warning")
    world.scalekit.fail("VerifyConnectedAccountUser", status=403)
    page = Browser().connect(link, MAYA)
    assert "does not belong to your Slack account" in page
    assert not bound(world)
    world.slack.wait(lambda: warnings(world, "did not confirm") == told + 2, what="the warning")


def test_slacks_own_hiccup_is_tried_once_more(world: World, link: str) -> None:
    world.slack.fail("openid.connect.token", error="internal_error")
    assert "You are connected" in Browser().connect(link, MAYA)


def test_slacks_own_problem_reads_as_such_and_warns_nobody(world: World, link: str) -> None:
    refused = len(world.audit())
    before = len(world.slack.calls_to("openid.connect.token"))
    world.slack.fail("openid.connect.token", error="internal_error", times=2)
    browser = Browser()
    page = browser.connect(link, MAYA)
    assert "Slack has a problem" in page
    assert "Try again" in page
    assert len(world.slack.calls_to("openid.connect.token")) == before + 2
    assert len(world.audit()) == refused, "nobody is warned of anybody"
    assert "You are connected" in browser.connect(way_on(page), MAYA)


def test_an_app_that_slack_refuses_sends_people_to_who_runs_it(world: World, link: str) -> None:
    refused = len(world.audit())
    world.slack.fail("openid.connect.token", error="bad_client_secret")
    page = Browser().connect(link, MAYA)
    assert "Tell whoever runs the app" in page
    assert len(world.audit()) == refused


def test_a_service_that_is_down_is_said_and_the_same_link_works(world: World, link: str) -> None:
    for rpc in ("GetMagicLinkForConnectedAccount", "VerifyConnectedAccountUser"):
        browser = Browser()
        world.scalekit.fail(rpc, status=500)
        page = browser.connect(link, MAYA)
        assert "Not connected yet" in page
        assert not bound(world)
    assert "You are connected" in browser.connect(way_on(page), MAYA)


def test_whoever_cancels_can_begin_again(world: World, link: str) -> None:
    browser = Browser()
    where, _ = browser.open(link)
    page = browser.open(f"{where}&sandbox_user=cancel")[1]
    assert "Signing in with Slack was cancelled" in page
    where = consent_of(world, browser, way_on(page))
    page = browser.send(where, decision="cancel")[1]
    assert "authorization at Intercom was cancelled" in page
    assert "You are connected" in browser.connect(way_on(page), MAYA)


def test_an_account_that_intercom_does_not_name_is_connected_all_the_same(
    world: World, link: str
) -> None:
    world.scalekit.fail("intercom_identify_admin", status=500, times=20)
    page = Browser().connect(link, MAYA)
    world.scalekit.heal()
    assert "You are connected" in page
    assert "That&rsquo;s not me" in page
    assert bound(world)


def test_a_lost_answer_of_scalekits_is_looked_up(world: World, link: str) -> None:
    world.scalekit.fail("VerifyConnectedAccountUser", status=503, after_effect=True)
    page = Browser().connect(link, MAYA)
    assert "You are connected" in page
    assert bound(world)


def test_every_refusal_is_in_the_audit(world: World, link: str) -> None:
    before = len(world.audit())
    Browser().connect(link, TOM)
    Browser().connect(link, MAYA)
    refused, connected = world.audit()[before:]
    assert refused["what"] == "connection_refused"
    assert refused["why"] == "finished by another person"
    assert refused["identifier"] == identifier(MAYA)
    assert connected["what"] == "connected"
    assert connected["user_id"] == MAYA.slack_user_id


# Around it.


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
    Browser().connect(link, MAYA)
    for thread in threads:
        assert "Here." in world.ended(SUPPORT, thread)[-1].plain
    begun = [
        call.args["thread_ts"]
        for call in world.slack.calls[before:]
        if call.method == "agents.sessions.setStatus" and call.args["status"] == "processing"
    ]
    assert [thread for thread in begun if thread in threads] == threads


def test_after_a_failed_try_the_same_button_still_works(world: World, link: str) -> None:
    before = [message.ts for message in buttons(world)]
    Browser().connect(link, TOM)
    world.claude.script(reply("At last."), when="again-1")
    thread = world.mention(MAYA, "again-1")
    world.slack.wait(
        lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="the wait"
    )
    assert [message.ts for message in buttons(world)] == before, "one button at a time"
    assert "You are connected" in Browser().connect(link, MAYA)
    world.slack.wait(lambda: world.asked_of_claude("again-1"), what="the waiting request")


def test_the_pages_carry_strict_headers(world: World, link: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{world.sandbox.public_url}/connect/verify?state=x")
    headers = caught.value.headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "form-action 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
