"""Large and hostile bodies: bounded, and linear by counting what is done, not by a clock."""

import re
import sys
from collections.abc import Callable
from typing import Any

import html5lib
import pytest
from nasty_bodies import NASTY

from bot.intercom.html import LARGEST_IN, LARGEST_OUT, BodyRefused, prepare, rebuild, scan
from bot.intercom.html.prepare import TooMuch
from bot.intercom.html.prepare import prepare as prepared

REPEATED = [
    "<a ", "<a href=https://x.example>y", "<b>", "<b id=%d>", "<div>", "<ul><li>", "<li>", "<p>",
    "<table><td>", "<table><b>", "<h1><pre>", "<blockquote><p>x", "<svg>", "</svg>", "<script ",
    "<script></script ", "<style>", "<!--", "<!-- --", "-->", "<![CDATA[", "<a b='", '<a b="c">',
    "<x ", "</", "&", "&#", "&amp", "<br>", "\n", " \n", "\n ", "<i><b>x</i>", "<font size=%d>",
    "<textarea>", "<select><option>", "<img src=https://x.example/%d>", "<iframe>", "<ol><li>x",
    "<pre>\n", "\u200d", "\U0001f468\u200d", "\u202ex", "<caption><table>", "<a><table><td></a>",
]  # fmt: skip


def repeated(fragment: str, length: int) -> str:
    parts, size = [], 0
    while size < length:
        parts.append(fragment.replace("%d", str(len(parts))))
        size += len(parts[-1])
    return "".join(parts)


class Counted:
    """A pattern that adds up how much of the text it was led over."""

    def __init__(self, pattern: re.Pattern[str], add: Callable[[int], None]) -> None:
        self._pattern, self._add = pattern, add

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        found = self._pattern.match(text, at)
        self._add(found.end() - at if found else 1)
        return found

    def search(self, text: str, at: int = 0) -> re.Match[str] | None:
        found = self._pattern.search(text, at)
        self._add((found.end() if found else len(text)) - at)
        return found

    def finditer(self, text: str) -> Any:
        self._add(len(text))
        return self._pattern.finditer(text)


def work(body: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Characters scanned plus functions called to rebuild a body."""
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count

    def called(*_: object) -> None:
        nonlocal done
        done += 1

    with monkeypatch.context() as patch:
        for module in (scan, prepare):
            for name, value in [*vars(module).items()]:
                if isinstance(value, re.Pattern) and name != "_LOOSE_AMPERSAND":
                    patch.setattr(module, name, Counted(value, add))
        patch.setattr(
            scan, "_SILENT_END", {k: Counted(v, add) for k, v in scan._SILENT_END.items()}
        )
        sys.setprofile(called)
        try:
            rebuild(body, "article")
        except BodyRefused:
            pass
        finally:
            sys.setprofile(None)
    return done


@pytest.mark.parametrize("fragment", REPEATED)
def test_twice_the_body_is_twice_the_work(fragment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = work(repeated(fragment, 3_000), monkeypatch)
    large = work(repeated(fragment, 6_000), monkeypatch)
    assert large < 2.3 * small + 2_000


@pytest.mark.parametrize("fragment", REPEATED)
def test_what_the_parser_gets_is_neither_deep_nor_long(fragment: str) -> None:
    # The parser's time is tags times depth, so a bound for the depth makes it linear.
    for length in (4_000, 8_000):
        try:
            html = prepared(repeated(fragment, length))
        except TooMuch:
            continue
        assert len(html) <= 8 * length
        assert depth_of(html) < 80


def depth_of(html: str) -> int:
    """How deep html5lib's tree is, without recursion."""
    deepest = 0
    left = [(html5lib.parseFragment(html, treebuilder="etree"), 0)]
    while left:
        element, depth = left.pop()
        deepest = max(deepest, depth)
        left += [(child, depth + 1) for child in element]
    return deepest


@pytest.mark.parametrize("fragment", [*REPEATED, *NASTY])
def test_the_largest_bodies_are_bounded(fragment: str) -> None:
    body = repeated(fragment, LARGEST_IN // 16)
    try:
        rebuilt = rebuild("<p>x</p>" + body, "article")
    except BodyRefused:
        return
    assert len(rebuilt.html.encode()) <= LARGEST_OUT
    assert len(rebuilt.text.encode()) <= LARGEST_OUT


def test_a_megabyte_is_refused_with_a_sentence() -> None:
    with pytest.raises(BodyRefused, match="1,000,000 bytes long; 200,000 is the most"):
        rebuild("x" * 1_000_000, "message")
    with pytest.raises(BodyRefused, match="300,000 bytes"):
        rebuild("\u20ac" * 100_000, "message")


def test_a_long_link_over_many_paragraphs_is_refused() -> None:
    body = f"<a href='https://x.example/{'y' * 1900}'>" + "<p>z" * 2_000
    with pytest.raises(BodyRefused, match="fewer and shorter links"):
        rebuild(body, "message")


def test_a_hundred_thousand_bold_tags_are_one() -> None:
    assert rebuild("<b>" * 60_000 + "x", "message").html == "<p><b>x</b></p>"


def test_thousands_of_links_are_all_told() -> None:
    body = "".join(f"<a href='https://x.example/{n}'>{n}</a> " for n in range(3_000))
    rebuilt = rebuild(body, "message")
    assert rebuilt.addresses == tuple(f"https://x.example/{n}" for n in range(3_000))
    assert all(address in rebuilt.text for address in rebuilt.addresses)
