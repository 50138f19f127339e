"""Whatever a body is made of: what html5lib sees in what is sent equals what is shown."""

import os
import re
from itertools import product
from typing import get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nasty_bodies import ALLOWED, NASTY, bare, read_by_html5lib

from bot.intercom.addresses import host_of
from bot.intercom.characters import seen
from bot.intercom.html import BodyRefused, Profile, losses, rebuild, text_of

EXAMPLES = int(os.environ.get("BODIES", "200"))
"""How many bodies are tried; more by the variable of this name."""
PROFILES: tuple[Profile, ...] = get_args(Profile)
MARKUP = st.text(alphabet="<>/=\"'&;!-#ab pix[]\n\t\u202e\u200d\ufe0f\u0645\U0001f600", max_size=12)
BODIES = st.lists(
    st.one_of(st.sampled_from(NASTY), st.sampled_from(NASTY), MARKUP, st.text(max_size=8)),
    max_size=10,
).map("".join)
TRIED = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def check(body: str, profile: Profile) -> None:
    try:
        rebuilt = rebuild(body, profile)
    except BodyRefused:
        return
    read = read_by_html5lib(rebuilt.html)
    for tag, attributes in read.elements:
        assert tag in ALLOWED[profile], (tag, rebuilt.html)
        assert attributes <= ALLOWED[profile][tag], (tag, attributes)
    assert bare(read.shown) == bare(rebuilt.text)
    assert read.addresses == rebuilt.addresses
    for string in read.strings:
        assert seen(string) == string
    for address in rebuilt.addresses:
        assert address.startswith(("https://", "http://", "mailto:"))
        assert address in rebuilt.text
        assert seen(address) == address
        assert not re.search(r"[\s\"<>\\^`{|}\u0590-\u08ff]", address)
        assert host_of(address).isascii()
    assert rebuild(rebuilt.html, profile) == rebuilt
    rebuilt.html.encode()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("body", NASTY)
def test_each_nasty_body_is_shown_as_it_is_sent(body: str, profile: Profile) -> None:
    check(body, profile)
    check(f"<p>before</p>{body}<p>behind</p>", profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_two_nasty_bodies_are_shown_as_they_are_sent(profile: Profile) -> None:
    for number, (one, other) in enumerate(product(NASTY, NASTY)):
        if number % 40 == 0 or EXAMPLES > 10_000:
            check(one + other, profile)


@TRIED
@given(body=BODIES, profile=st.sampled_from(PROFILES))
@example(body="<b>" * 1000 + "x", profile="message")
def test_any_body_is_shown_as_it_is_sent(body: str, profile: Profile) -> None:
    check(body, profile)


@TRIED
@given(text=st.text(alphabet=st.characters(exclude_characters="&"), max_size=60))
def test_any_text_without_tags_keeps_every_word(text: str) -> None:
    try:
        rebuilt = rebuild(text.replace("<", "< "), "message")
    except BodyRefused:
        assert not seen(text).strip()
    else:
        assert rebuilt.text.split() == seen(text.replace("<", "< ")).split()


@TRIED
@given(body=BODIES)
def test_what_was_rebuilt_reads_the_same_and_would_lose_nothing(body: str) -> None:
    text_of(body)
    losses(body, "article")
    try:
        rebuilt = rebuild(body, "article")
    except BodyRefused:
        return
    assert text_of(rebuilt.html) == rebuilt.text
    assert losses(rebuilt.html, "article") == []
