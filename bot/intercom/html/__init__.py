"""Bodies for customers: rebuilt from a short list of HTML, shown as exactly what is sent.

A body comes from Claude or from a person and may be anything. It is read by an HTML5 parser (nh3),
turned into a few kinds of blocks, and written anew from those: once as the HTML that is sent, once
as the words and addresses on the approval card. Nothing else of it goes on, so that the card cannot
show something else than the customer gets.
"""

import html
import re
from typing import NamedTuple

from bot.intercom.characters import seen
from bot.intercom.html.document import Profile
from bot.intercom.html.losses import losses
from bot.intercom.html.prepare import TooMuch
from bot.intercom.html.reader import read
from bot.intercom.html.render import addresses_in, html_from, text_from

__all__ = ["Body", "BodyRefused", "Profile", "html_of", "losses", "rebuild", "text_of"]

LARGEST_IN = 200_000
"""Bytes of a body as it is given: an hour of reading, and many times what a card can show."""
LARGEST_OUT = 400_000
"""Bytes of what is sent, and of what is shown; links over many paragraphs are written often."""


class Body(NamedTuple):
    """A body as it is sent and shown."""

    html: str
    """What is sent."""
    text: str
    """What people see of it: all the words, every link as `label (address)`, every picture as
    `[picture: what it shows] (address)`, every video as `[video] (address)`."""
    addresses: tuple[str, ...]
    """Every `href` and `src` of the HTML, in its order."""


class BodyRefused(ValueError):
    """This body cannot be sent; the message says why, for Claude and for people."""


def rebuild(body: str, profile: Profile) -> Body:
    """The body that is sent for this one.

    Rebuilding what came out changes nothing. Takes time in proportion to the body's length.

    Args:
        body: HTML, plain text or a mix of both. Without any tag of HTML in it, lines and angle
            brackets are as typed.
        profile: `message` for replies and messages: paragraphs, line breaks, lists, bold, italic,
            code, links (http, https, mailto) and pictures (https). `article` for articles and
            news: headings, quotes, rules, tables and videos of Intercom's partners besides.

    Raises:
        BodyRefused: When it is too large, or nothing is left of it that a reader would see.
    """
    if not body.strip():
        return Body("", "", ())
    size = len(body.encode("utf-8", "replace"))
    if size > LARGEST_IN:
        raise BodyRefused(
            f"The text is {size:,} bytes long; {LARGEST_IN:,} is the most. Please shorten it."
        )
    try:
        blocks = read(body, profile)
        if not blocks:
            raise BodyRefused(
                "Nothing of this text can be sent: it has no words, and no picture that may be"
                " shown. Scripts, styles, drawings, comments and hidden characters are not sent."
            )
        made = Body(html_from(blocks), text_from(blocks), tuple(addresses_in(blocks)))
        if max(len(made.html.encode()), len(made.text.encode())) > LARGEST_OUT:
            raise TooMuch
    except TooMuch:
        raise BodyRefused(
            f"The text comes out at more than {LARGEST_OUT:,} bytes as HTML. Please shorten it, or"
            " use fewer and shorter links."
        ) from None
    return made


def text_of(body: str) -> str:
    """Any of Intercom's bodies as people read it; text without markup stays as it is."""
    if "<" not in body and "&" not in body:
        return seen(body).strip()
    try:
        return text_from(read(body, "article"))
    except TooMuch:
        return seen(body).strip()


def html_of(text: str) -> str:
    """Typed text as simple HTML: paragraphs and line breaks, all else as it was typed."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", seen(text))]
    return "".join(
        "<p>" + html.escape(part, quote=False).replace("\n", "<br>") + "</p>"
        for part in paragraphs
        if part.strip()
    )
