"""Finds the tags of a body and reads their attributes, each once, from left to right."""

import re

from bot.intercom.html.tags import KNOWN, SILENT

MARKUP = re.compile(
    r"<(?:(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?=[ \t\n/>])"
    r"|(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<doctype>!doctype))",
    re.I,
)
_GAP = re.compile(r"[ \t\n/]*")
_NAME = re.compile(r"=?[^ \t\n/>=]*")
_EQUALS = re.compile(r"[ \t\n]*=[ \t\n]*")
_UNQUOTED = re.compile(r"[^ \t\n>]*")
_COMMENT_END = re.compile(r"--!?>")
_SILENT_END = {name: re.compile(rf"</{name}(?=[ \t\n/>])", re.I) for name in SILENT}
Attributes = dict[str, str]


def tags_of(body: str) -> list[tuple[str, Attributes]]:
    """The start tags of a body with all their attributes, for those who look for what it has."""
    tags = []
    at = 0
    while found := MARKUP.search(body, at):
        name = (found["name"] or "").lower()
        if found["comment"] or found["doctype"]:
            at = after(body, found)
        elif name not in KNOWN:
            at = found.end()
        elif (tag := attributes_at(body, found.end())) is None:
            break
        else:
            at = tag[1]
            if not found["end"]:
                tags.append((name, tag[0]))
                at = after_silent(body, name, at) if name in SILENT else at
    return tags


def attributes_at(text: str, at: int) -> tuple[Attributes, int] | None:
    """A tag's attributes from behind its name on, the first of each name, and where it ends.

    As the HTML standard reads them; None if the tag never ends.
    """
    attributes: Attributes = {}
    while True:
        at = _end(_GAP, text, at)
        if at >= len(text):
            return None
        if text[at] == ">":
            return attributes, at + 1
        end = _end(_NAME, text, at)
        name, value, at = text[at:end].lower(), "", end
        if equals := _EQUALS.match(text, at):
            at = equals.end()
            quote = text[at : at + 1]
            if quote and quote in "\"'":
                end = text.find(quote, at + 1)
                if end < 0:
                    return None
                value, at = text[at + 1 : end], end + 1
            else:
                end = _end(_UNQUOTED, text, at)
                value, at = text[at:end], end
        attributes.setdefault(name, value)


def after(body: str, found: re.Match[str]) -> int:
    """Where a comment or doctype ends; at the body's end if it never does."""
    if found["doctype"]:
        end = body.find(">", found.end())
        return end + 1 if end >= 0 else len(body)
    for early in (">", "->"):
        if body.startswith(early, found.end()):
            return found.end() + len(early)
    closed = _COMMENT_END.search(body, found.end())
    return closed.end() if closed else len(body)


def after_silent(body: str, name: str, at: int) -> int:
    closed = _SILENT_END[name].search(body, at)
    end = body.find(">", closed.end()) if closed else -1
    return end + 1 if end >= 0 else len(body)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
