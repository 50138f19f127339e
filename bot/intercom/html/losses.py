"""What of a stored body would be lost if it was rebuilt."""

import html
import re

from bot.intercom.addresses import address, host_of
from bot.intercom.characters import seen
from bot.intercom.html.document import Profile
from bot.intercom.html.prepare import TooMuch
from bot.intercom.html.reader import LINKS, PICTURES, is_video, read
from bot.intercom.html.render import html_from
from bot.intercom.html.scan import Attributes, tags_of
from bot.intercom.html.tags import TABLE_PARTS
from bot.intercom.plain import plain

_FORM = frozenset({"form", "input", "button", "select", "textarea", "keygen", "meter", "progress"})
_LOOK = {
    "u": "underlined text", "ins": "underlined text", "s": "struck-out text",
    "strike": "struck-out text", "del": "struck-out text", "sub": "lowered text",
    "sup": "raised text", "mark": "marked text", "small": "small text", "big": "large text",
    "font": "fonts or colors set by hand", "kbd": "keys", "details": "a section that folds",
    "script": "a script", "style": "a style sheet", "svg": "a drawing", "math": "a formula",
    "audio": "a recording", "video": "an embedded video file", "object": "an embedded object",
    "embed": "an embedded object", "applet": "an embedded object", "marquee": "moving text",
    "ruby": "reading aids over words", "caption": "a table's caption",
    "col": "a table's colors, sizes or other looks", "map": "an image map",
}  # fmt: skip
_CLASSES = {
    "intercom-interblocks-callout": "a highlighted block (callout)",
    "intercom-h2b-button": "a button",
    "intercom-align-center": "centered text or pictures",
    "intercom-align-right": "text or pictures on the right",
    "intercom-interblocks-align-center": "centered text or pictures",
    "intercom-interblocks-align-right": "text or pictures on the right",
}
_WRITTEN_AGAIN = re.compile(
    "intercom-(?:align-left|container|content-link|h2b-video|interblocks-(?:align-left|button"
    "|code|codeblock|heading[0-9]?|html|image|ordered-nested-list|paragraph|subheading[0-9]?"
    "|table-container|unordered-nested-list|video))"
)
_ARTICLE_ONLY = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "a heading"),
    "table": "a table", "blockquote": "a quote", "hr": "a line across the page",
}  # fmt: skip


def losses(stored: str, profile: Profile) -> list[str]:
    """What rebuilding would take from a body that Intercom has stored, in a person's words.

    It counts what readers see or use: forms, embedded pages, callouts, buttons, alignment, sizes
    of pictures, colors, links within the page or with other schemes, and every class of Intercom's
    that is not known to be harmless. It does not count what Intercom writes by itself and adds
    again (`no-margin`, `intercom-align-left`, containers around tables, pictures and videos, ids
    of headings, `target` and `rel` of links), nor empty paragraphs, comments, or which of two
    equal tags was used. The classes are those of Intercom's "Allowed HTML for Articles" and of
    public articles as their API returned them.

    Args:
        stored: The body as Intercom returned it.
        profile: What it would be rebuilt as.

    Returns:
        Each loss once, in the order of the body; empty if nothing that matters would be lost.
    """
    found: dict[str, None] = {}
    tables = 0
    for name, raw in tags_of(seen(stored)):
        attributes = {key: html.unescape(value) for key, value in raw.items()}
        found.update(dict.fromkeys(_of_tag(name, attributes, profile)))
        tables += name == "table"
    try:
        kept = html_from(read(stored, profile)).count("<table>")
    except TooMuch:
        return ["most of it: it is too long to be rebuilt"]
    if profile == "article" and kept < tables:
        found["a table inside of a list or of another table"] = None
    return list(found)


def _of_tag(name: str, attributes: Attributes, profile: Profile) -> list[str]:
    lost = []
    for word in attributes.get("class", "").split():
        if word in _CLASSES:
            lost.append(_CLASSES[word])
        elif word.startswith("intercom-") and not _WRITTEN_AGAIN.fullmatch(word):
            lost.append(f"a block of Intercom's own ({plain(word, 60)})")
    if attributes.get("style", "").strip() and "a highlighted block (callout)" not in lost:
        of_table = name == "table" or name in TABLE_PARTS
        lost.append(f"{'a table' if of_table else 'text'}'s colors, sizes or other looks")
    if name in _FORM:
        lost.append("a form")
    elif name in _LOOK:
        lost.append(_LOOK[name])
    elif profile == "message" and name in _ARTICLE_ONLY:
        lost.append(_ARTICLE_ONLY[name])
    elif name == "iframe":
        src = address(attributes.get("src", ""), frozenset({"http", "https"})) or ""
        if profile == "message" or not (is_video(src) and src.startswith("https:")):
            lost.append(f"an embedded page from {host_of(src) or 'an unknown place'}")
    elif name == "a" and not address(attributes.get("href", ""), LINKS):
        lost += _of_link(attributes)
    elif name == "img":
        lost += _of_picture(attributes)
    elif name == "ol" and attributes.get("start", "1").strip() != "1":
        lost.append(f"a list's first number ({plain(attributes['start'], 10)})")
    return lost


def _of_link(attributes: Attributes) -> list[str]:
    href = attributes.get("href", "").strip()
    if not href:
        return []
    if href.startswith("#"):
        return ["a link within the page"]
    return [f"a link to {plain(href, 80)}"]


def _of_picture(attributes: Attributes) -> list[str]:
    src = attributes.get("src", "").strip()
    if not address(src, PICTURES):
        return [f"a picture from {plain(src, 80)}"] if src else []
    return ["a picture's size"] if {"width", "height"} & attributes.keys() else []
