"""What a real browser makes of rebuilt bodies: the card's words and addresses, and nothing else."""

from collections.abc import Iterator
from typing import get_args

import pytest
from nasty_bodies import ALLOWED, NASTY, bare
from playwright.sync_api import Browser, Page, Route

from bot.intercom.addresses import host_of
from bot.intercom.html import BodyRefused, Profile, rebuild

LOOK = """html => {
  const room = document.querySelector('main');
  room.innerHTML = html;
  const all = [...room.querySelectorAll('*')];
  const seen = {
    tags: all.map(e => [e.localName, e.getAttributeNames(), e.namespaceURI]),
    comments: document.evaluate('count(//main//comment())', document).numberValue,
    addresses: all.flatMap(e => ['href', 'src'].filter(a => e.hasAttribute(a))
      .map(a => e.getAttribute(a))),
    sources: all.filter(e => e.src).map(e => e.getAttribute('src')),
    hosts: all.filter(e => e.href || e.src).map(e => new URL(e.href || e.src).hostname),
  };
  for (const e of room.querySelectorAll('img')) {
    const alt = e.getAttribute('alt');
    e.replaceWith(`[picture${alt ? ': ' : ''}${alt}] (${e.getAttribute('src')})`);
  }
  for (const e of room.querySelectorAll('iframe'))
    e.replaceWith(`[video] (${e.getAttribute('src')})`);
  for (const e of room.querySelectorAll('a'))
    if (e.textContent.trim() !== e.getAttribute('href'))
      e.after(` (${e.getAttribute('href')})`);
  for (const list of room.querySelectorAll('ol, ul'))
    [...list.children].forEach(
      (e, at) => e.prepend(list.localName === 'ol' ? `${at + 1}. ` : '• '));
  seen.text = room.innerText;
  return seen;
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_content("<!doctype html><main></main>")
    yield page
    page.close()


@pytest.mark.parametrize("profile", get_args(Profile))
def test_a_browser_sees_what_the_card_shows_and_asks_for_nothing_else(
    page: Page, profile: Profile
) -> None:
    asked: set[str] = set()
    pictures: set[str] = set()

    def refuse(route: Route) -> None:
        asked.add(route.request.url)
        route.abort()

    page.route("**/*", refuse)
    tried = 0
    for body in [*NASTY, *(f"<p>before</p>{nasty}behind" for nasty in NASTY)]:
        try:
            rebuilt = rebuild(body, profile)
        except BodyRefused:
            continue
        seen = page.evaluate(LOOK, rebuilt.html)
        tried += 1
        for tag, attributes, namespace in seen["tags"]:
            assert namespace == "http://www.w3.org/1999/xhtml"
            assert {*attributes} <= ALLOWED[profile][tag], rebuilt.html
        assert seen["comments"] == 0
        assert bare(seen["text"]) == bare(rebuilt.text), rebuilt.html
        assert tuple(seen["addresses"]) == rebuilt.addresses
        # Where a click leads is the host that was shown, after all that browsers do to addresses.
        assert seen["hosts"] == [*map(host_of, rebuilt.addresses)]
        pictures |= {host_of(source) for source in seen["sources"]}
    page.evaluate("1")
    page.unroute("**/*")
    assert tried > 100
    assert "p.example" in pictures
    assert {host_of(url) for url in asked} <= pictures
    assert "evil.example" not in pictures
