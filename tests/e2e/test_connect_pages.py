"""The connect flow's pages in a real browser, on a desk and on a phone."""

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
def back(world: World) -> str:
    """Where Maya's browser is sent after her consent."""
    world.scalekit.forget_accounts()
    return world.consent(new_link(world), MAYA)


def new_link(world: World) -> str:
    since = world.slack.post(MAYA.slack_user_id, world.slack.dm(MAYA.slack_user_id), "hi")
    world.slack.command(MAYA.slack_user_id, world.slack.dm(MAYA.slack_user_id), "connect")
    return button_link(world.connect_button(MAYA, since))


def look(page: Page, heading: str, picture: Path) -> None:
    """What every page has to be, whatever it says; a picture is kept of it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page).to_have_title(heading)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("main").count() == 1
    assert page.locator("script").count() == 0
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    link = page.get_by_role("link", name="Back to Slack")
    assert str(link.get_attribute("href")).startswith("slack://open")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    name = heading.lower().replace(" ", "-")
    page.screenshot(path=picture / f"page-{name}-{width}.png")


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def test_connected(world: World, page: Page, back: str, artifacts: Path) -> None:
    page.goto(back)
    sign_in(page, "Maya Lindqvist")
    look(page, "You are connected", artifacts)
    account = world.scalekit.account(identifier(MAYA))
    assert account
    assert account.status == "ACTIVE"


def test_the_wrong_person(world: World, page: Page, back: str, artifacts: Path) -> None:
    page.goto(back)
    sign_in(page, TOM.name)
    look(page, "This link is not yours", artifacts)
    account = world.scalekit.account(identifier(MAYA))
    assert account
    assert account.status != "ACTIVE"


def test_used_already(world: World, page: Page, back: str, artifacts: Path) -> None:
    page.goto(back)
    page.goto(back)
    look(page, "This link was used already", artifacts)


def test_expired(world: World, page: Page, artifacts: Path) -> None:
    page.goto(f"{world.sandbox.public_url}/connect/verify?auth_request_id=x&state=long-gone")
    look(page, "This link has expired", artifacts)


def test_cancelled_at_intercom(world: World, page: Page, artifacts: Path) -> None:
    world.scalekit.forget_accounts()
    page.goto(new_link(world))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("main")).to_contain_text("authorization at Intercom was cancelled")
    look(page, "Nothing was connected", artifacts)


def test_a_service_is_down(world: World, page: Page, back: str, artifacts: Path) -> None:
    world.scalekit.fail("VerifyConnectedAccountUser", status=500)
    page.goto(back)
    sign_in(page, "Maya Lindqvist")
    look(page, "Not connected yet", artifacts)
    expect(page.get_by_role("main")).to_contain_text("/intercom connect")
