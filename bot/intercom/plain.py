"""Names, titles and values as data: one line that cannot pass for anything else.

Whatever a customer calls themselves, on a card it is only a name. What Slack would turn into
formatting, a picture or a masked link is written with a character that looks the same and does
nothing. An invisible one between the letters would do too, but then what people see and what
stands there differ again, which is what this is against.
"""

import re
import unicodedata

from bot.intercom.characters import is_emoji, seen

_LOOKS_LIKE = {"*": "\u2217", "~": "\u223c", "`": "\u02cb"}
_FORMATTING = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
"""Bold, struck out and code always; `_` only at a word's edge, where Slack reads it as italic."""
_EMOJI_CODE = re.compile(r":(?=[\w+'.-]{1,100}:)|(?<!\w):(?=[\w+'.-]{1,100}$)")
"""Closed, or at the end, where the colon of the line that it stands in could close it."""
_QUOTE = re.compile(r"^>")
_TIME = re.compile(r"(?<=[0-9]):(?=[0-9]+:)")
_MOST_MARKS = 6
"""Accents on one letter. More than any language has would paint over the lines around."""


def plain(text: str, limit: int | None = None) -> str:
    """One line of visible characters without any formatting, for cards and fallback texts.

    Line breaks and runs of space become one space; letters and accents are put together (NFC).
    `& < >` stay: escaping them is up to whoever writes for Slack.

    Args:
        text: A name, a title or a value, by anyone.
        limit: Characters at most. Where it is cut, it ends in `…`, never inside of what people
            see as one character.
    """
    # NFC last: it may put together what stood apart, and undoes none of the steps before it.
    line = unicodedata.normalize("NFC", seen(text))
    line = _fewer_marks(" ".join(line.split()))
    line = _FORMATTING.sub(lambda found: _LOOKS_LIKE.get(found[0], "\u02cd"), line)
    line = _EMOJI_CODE.sub(_colon, line)
    line = _QUOTE.sub("\u203a", line)
    line = line.replace("](", "] (").replace("][", "] [")
    if limit is None or len(line) <= limit:
        return line
    at = max(limit - 1, 0)
    while at and not _may_cut(line, at):
        at -= 1
    return (line[:at].rstrip(" \u200c") + "…")[: max(limit, 0)]


def _colon(found: re.Match[str]) -> str:
    """`:tada:` is a picture to Slack, `10:30:00` is a time."""
    return ":" if _TIME.match(found.string, found.start()) else "\u2236"


def _fewer_marks(line: str) -> str:
    if line.isascii():
        return line
    kept: list[str] = []
    marks = 0
    for character in line:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _may_cut(line: str, at: int) -> bool:
    """Whether people see two characters here, and not the inside of one (UAX 29)."""
    before, behind = line[at - 1], line[at]
    if unicodedata.category(behind)[0] == "M" or behind in "\u200c\u200d" or before == "\u200d":
        return False
    if "\U0001f3fb" <= behind <= "\U0001f3ff" or "\U000e0020" <= behind <= "\U000e007f":
        return False
    if unicodedata.combining(before) == 9 and unicodedata.category(behind) == "Lo":
        return False
    if _is_indicator(before) and _is_indicator(behind):
        start = at
        while start and _is_indicator(line[start - 1]):
            start -= 1
        return (at - start) % 2 == 0
    jamo = "\u1100" <= before <= "\u11ff" and "\u1160" <= behind <= "\u11ff"
    return not jamo


def _is_indicator(character: str) -> bool:
    """One of the letters of which two make a flag."""
    return is_emoji(character) and "\U0001f1e6" <= character <= "\U0001f1ff"
