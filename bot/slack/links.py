"""Links in Markdown: where they are, where they lead, and whether that is Intercom."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it.helpers import parseLinkDestination, parseLinkTitle

_OUR_HOSTS = ("app.intercom.com", "app.eu.intercom.com", "app.au.intercom.com")
_OUR_URL = re.compile(r"https://[a-z.]+(?:/[A-Za-z0-9._~!$&'+,;=:@%/?#-]*)?")
_DEFINITION = re.compile(r"^[ >]*\[((?:[^\[\]\\\n]|\\.){1,300})\]:[ \t]*(?=\S)", re.M)
PRIVATE = re.compile("[\U000f0000-\U0010ffff]")
"""Characters that mean nothing to anyone, so that they can stand for what is put aside."""


@dataclass
class Link:
    url: str
    title: str
    end: int


def link_at(text: str, start: int) -> Link | None:
    """What `(destination "title")` says, from its opening parenthesis on."""
    end = len(text)
    at = _skip_space(text, start + 1)
    destination = parseLinkDestination(text, at, end)
    if destination.ok:
        at = _skip_space(text, destination.pos)
    title = ""
    if destination.ok and at > destination.pos:
        parsed = parseLinkTitle(text, at, end)
        if parsed.ok:
            title, at = parsed.str, _skip_space(text, parsed.pos)
    if at >= end or text[at] != ")" or PRIVATE.search(destination.str):
        return None
    return Link(destination.str, title, at + 1)


def brackets(text: str) -> dict[int, int]:
    """Where each `[` is closed that is."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            opened.append(at)
        elif text[at] == "]" and opened:
            pairs[opened.pop()] = at
        at += 1
    return pairs


def is_ours(url: str) -> bool:
    return bool(_OUR_URL.fullmatch(url)) and urlsplit(url).netloc in _OUR_HOSTS


def visible(url: str) -> str:
    """A destination as text: one word, without markup, a foreign alphabet's host in ASCII."""
    url = re.sub(r"[\t\r\n]", "", url).strip()
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#\\]*)", url)
    if match and not match[2].isascii():
        start, end = match.span(2)
        userinfo, at, host = match[2].rpartition("@")
        try:
            url = f"{url[:start]}{userinfo}{at}{host.encode('idna').decode()}{url[end:]}"
        except UnicodeError:
            url = f"{url[:start]}{userinfo}{at}{_percent(host)}{url[end:]}"
    return re.sub(r"[\s<>`\[\]|*\"\\\u200b-\u200f\u202a-\u202e\u2060-\u2069]", _percent, url)


def _percent(text: str | re.Match[str]) -> str:
    text = text if isinstance(text, str) else text[0]
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n":
        at += 1
    return at


def name_of(label: str) -> str:
    return " ".join(label.split()).casefold()


def definitions(text: str) -> dict[str, Link]:
    """Where the names of reference links lead. Their lines stay in the text, as text."""
    links: dict[str, Link] = {}
    for match in _DEFINITION.finditer(text):
        destination = parseLinkDestination(text, match.end(), len(text))
        if destination.ok and not match[1].startswith("^"):
            links.setdefault(name_of(match[1]), Link(destination.str, "", 0))
    return links
