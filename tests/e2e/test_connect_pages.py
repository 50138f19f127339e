"""The connect flow's pages in a real browser, on a desk and on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from world import World, button_link, identifier

from bot.sandbox.people import MAYA, TOM

SIZES = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 800}}


@pytest.fixture(params=SIZES)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser of Maya's; nothing but the bot and the stand-ins may be asked for anything."""
    context = browser.new_context(viewport=SIZES[request.param])  # type: ignore[arg-type]
    page = context.new_page()
    hosts: set[str | None] = set()
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).hostname))
    yield page
    assert hosts <= {"127.0.0.1"}
    context.close()


@pytest.fixture
def link(world: World) -> str:
    """Maya's link, fresh; nobody is connected."""
    world.scalekit.forget_accounts()
    since = world.slack.post(MAYA.slack_user_id, world.slack.dm(MAYA.slack_user_id), "hi")
    world.slack.command(MAYA.slack_user_id, world.slack.dm(MAYA.slack_user_id), "connect")
    return button_link(world.connect_button(MAYA, since))


def look(page: Page, heading: str, picture: Path, way_on: str = "") -> None:
    """What every page has to be, whatever it says; a picture is kept of it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page).to_have_title(heading)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("main").count() == 1
    assert page.locator("script").count() == 0
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    name = heading.lower().replace(" ", "-")
    page.screenshot(path=picture / f"page-{name}-{width}.png")
    links = [page.get_by_role("link", name=way_on)] if way_on else []
    links.append(page.get_by_role("link", name="Back to Slack"))
    assert str(links[-1].get_attribute("href")).startswith("slack://open")
    for shown in links:
        page.keyboard.press("Tab")
        expect(shown).to_be_focused()


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def agree(page: Page) -> None:
    page.get_by_role("button", name="Authorize access").click()


def test_connected(world: World, page: Page, link: str, artifacts: Path) -> None:
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    agree(page)
    look(page, "You are connected", artifacts)
    words = "Connected as Maya Lindqvist (maya@northwind.example) in Northwind"
    expect(page.get_by_role("main")).to_contain_text(words)
    account = world.scalekit.account(identifier(MAYA))
    assert account
    assert account.status == "ACTIVE"


def test_thats_not_me(world: World, page: Page, link: str, artifacts: Path) -> None:
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    page.get_by_label("You are signed in at Intercom as").select_option(TOM.intercom_admin_id)
    agree(page)
    expect(page.get_by_role("main")).to_contain_text("Connected as Tom Okafor")
    page.get_by_role("button", name=re.compile("s not me")).click()
    look(page, "Disconnected", artifacts, "Connect another account")
    assert world.scalekit.account(identifier(MAYA)) is None
    page.get_by_role("link", name="Connect another account").click()
    sign_in(page, "Maya Lindqvist")
    agree(page)
    expect(page.get_by_role("main")).to_contain_text("Connected as Maya Lindqvist")


def test_the_wrong_person(world: World, page: Page, link: str, artifacts: Path) -> None:
    page.goto(link)
    sign_in(page, TOM.name)
    look(page, "This link is not yours", artifacts, "Sign in again")
    assert world.scalekit.account(identifier(MAYA)) is None


def test_a_phone_that_changes_its_browser(
    world: World, page: Page, browser: Browser, link: str, artifacts: Path
) -> None:
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    back = world.scalekit.authorize(page.url, str(MAYA.intercom_admin_id))
    page.context.clear_cookies()
    page.goto(back)
    look(page, "Continue in this browser", artifacts, "Continue in this browser")
    page.get_by_role("link", name="Continue in this browser").click()
    sign_in(page, "Maya Lindqvist")
    agree(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")


def test_used_already(world: World, page: Page, link: str, artifacts: Path) -> None:
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    agree(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")
    page.goto(link)
    look(page, "This link was used already", artifacts)


def test_expired(world: World, page: Page, artifacts: Path) -> None:
    page.goto(f"{world.sandbox.public_url}/connect/start?state=long-gone")
    look(page, "This link has expired", artifacts)


def test_cancelled_at_intercom(world: World, page: Page, link: str, artifacts: Path) -> None:
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("main")).to_contain_text("authorization at Intercom was cancelled")
    look(page, "Nothing was connected", artifacts, "Try again")


def test_a_service_is_down(world: World, page: Page, link: str, artifacts: Path) -> None:
    world.scalekit.fail("VerifyConnectedAccountUser", status=500)
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    agree(page)
    look(page, "Not connected yet", artifacts, "Try again")


def test_slack_has_a_problem(world: World, page: Page, link: str, artifacts: Path) -> None:
    world.slack.fail("openid.connect.token", error="internal_error", times=2)
    page.goto(link)
    sign_in(page, "Maya Lindqvist")
    look(page, "Slack has a problem", artifacts, "Try again")
