"""Text as it stands: what a client would make a link of is code, and nothing takes long."""

import pytest

from bot.slack.views.literal import ADDRESS, quoted


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("evil.xyz", ["evil.xyz"]),
        ("Go to EVIL.COM, now", ["EVIL.COM"]),
        ("ftp://evil.example/a slack://open tel:+123", None),
        ("münchen.de", ["münchen.de"]),
        ("a..evil.com", ["a..evil.com"]),
        ("evil.com:8080/x", ["evil.com:8080/x"]),
        ("mail a+b@evil.co.uk.", ["a+b@evil.co.uk"]),
        ("3.50eur at 10.30, e.g. this", []),
    ],
)
def test_what_a_client_would_link_is_known(text: str, addresses: list[str] | None) -> None:
    assert [found[0] for found in ADDRESS.finditer(text)] == (
        text.split() if addresses is None else addresses
    )


@pytest.mark.parametrize("part", ["a-", "a.", "+", "a@", "b-", ".+", "https://", "x", "a.b@c-"])
def test_no_word_is_long_to_look_through(part: str) -> None:
    """Half a minute, once, for forty thousand characters; a worker does nothing else meanwhile."""
    list(ADDRESS.finditer(part * 200_000))


def test_many_lines_that_are_alike_are_told_whole() -> None:
    before = "".join(f"line {number % 50}\n" for number in range(8_000))
    text = "".join(f"line {number % 49}\n" for number in range(8_000))
    words = [word for line in quoted(text, before) for word in line.words]
    assert "".join(word.text for word in words if not word.strike) == text
    assert "".join(word.text for word in words if word.strike or not word.bold) == before


def test_a_long_text_with_one_change_shows_just_that() -> None:
    before = "".join(f"line {number}\n" for number in range(2_000))
    words = [
        word
        for line in quoted(before.replace("line 700\n", "new\n"), before)
        for word in line.words
    ]
    assert [word.text for word in words if word.strike] == ["line 700\n"]
    assert [word.text for word in words if word.bold] == ["new\n"]
