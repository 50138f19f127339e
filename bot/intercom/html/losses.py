"""What of a stored body would be lost if it was rebuilt."""

import html

from bot.intercom.addresses import address, host_of
from bot.intercom.characters import seen
from bot.intercom.html.document import Profile
from bot.intercom.html.reader import LINKS, PICTURES, is_video
from bot.intercom.html.scan import Attributes, tags_of

_FORM = frozenset({"form", "input", "button", "select", "textarea", "keygen", "meter", "progress"})
_LOOK = {
    "u": "underlined text", "ins": "underlined text", "s": "struck-out text",
    "strike": "struck-out text", "del": "struck-out text", "sub": "lowered text",
    "sup": "raised text", "mark": "marked text", "small": "small text", "big": "large text",
    "font": "fonts or colors set by hand", "kbd": "keys", "details": "a section that folds",
    "script": "a script", "style": "a style sheet", "svg": "a drawing", "math": "a formula",
    "audio": "a recording", "video": "an embedded video file", "object": "an embedded object",
    "embed": "an embedded object", "applet": "an embedded object", "marquee": "moving text",
    "ruby": "reading aids over words", "caption": "a table's caption", "map": "an image map",
}  # fmt: skip
_CLASSES = {
    "intercom-interblocks-callout": "a highlighted block (callout)",
    "intercom-h2b-button": "a button",
    "intercom-align-center": "centered text or pictures",
    "intercom-align-right": "text or pictures on the right",
    "intercom-interblocks-align-center": "centered text or pictures",
    "intercom-interblocks-align-right": "text or pictures on the right",
}
_ARTICLE_ONLY = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "a heading"),
    "table": "a table", "blockquote": "a quote", "hr": "a line across the page",
}  # fmt: skip


def losses(stored: str, profile: Profile) -> list[str]:
    """What rebuilding would take from a body that Intercom has stored, in a person's words.

    It counts what readers see or use: forms, embedded pages, callouts, buttons, alignment, sizes
    of pictures, colors, links within the page or with other schemes. It does not count what
    Intercom writes by itself and adds again (`no-margin`, `intercom-align-left`, containers around
    tables, pictures and videos, ids of headings, `target` and `rel` of links), nor empty
    paragraphs, comments, or which of two equal tags was used.

    Args:
        stored: The body as Intercom returned it.
        profile: What it would be rebuilt as.

    Returns:
        Each loss once, in the order of the body; empty if nothing that matters would be lost.
    """
    found: dict[str, None] = {}
    for name, raw in tags_of(seen(stored)):
        attributes = {key: html.unescape(value) for key, value in raw.items()}
        for loss in _of_tag(name, attributes, profile):
            found.setdefault(loss)
    return list(found)


def _of_tag(name: str, attributes: Attributes, profile: Profile) -> list[str]:
    lost = [_CLASSES[c] for c in attributes.get("class", "").split() if c in _CLASSES]
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
    return lost


def _of_link(attributes: Attributes) -> list[str]:
    href = attributes.get("href", "").strip()
    if not href:
        return []
    if href.startswith("#"):
        return ["a link within the page"]
    return [f"a link to {seen(href)[:80]}"]


def _of_picture(attributes: Attributes) -> list[str]:
    src = attributes.get("src", "").strip()
    if not address(src, PICTURES):
        return [f"a picture from {seen(src)[:80]}"] if src else []
    return ["a picture's size"] if {"width", "height"} & attributes.keys() else []
