"""Long answers in parts, cut where a person would. Each part is whole Markdown of its own."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.slack.fences import Passage, passages

_ITEM = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]|\|)")
_TABLE_LINE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_ATOM = re.compile(
    r"\[(?:`[^`\n]+`|[^\[\]\n`])*\]\([^()\s`]*\)|(?<!`)(?P<ticks>`{1,2})(?!`)(?:[^`\n]|(?!(?P=ticks)(?!`))`+)+?"
    r"(?P=ticks)(?!`)|&[#\w]{1,31};|https?://[^\s)`\[]+"
)
_EMPHASIS = re.compile(r"(?<![\w*_~\\])(\*{1,3}|_{1,3}|~~)(?=[^\s*_~])[^\n]*?(?<=[^\s\\])\1(?!\w)")
_SENTENCE = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f][\"')\]*_~]*(?:\s+|(?<=[\u3002\uff01\uff1f]))"
)
_WORD = re.compile(r"\s+")

_AHEAD = 2_000
"""How far beyond the limit the end of emphasis is looked for."""

PARAGRAPH, ITEM, LINE, SENTENCE, WORD, GRAPHEME, ANYWHERE = range(7)


@dataclass
class _Cut:
    """A place to cut at, and what ends the part and begins the rest there."""

    at: int
    kind: int
    closing: str = ""
    reopening: str = ""


def split_at(text: str, limit: int) -> tuple[str, str]:
    """Cut safe Markdown into a part of at most `limit` characters and the rest.

    The best kind of place in the second half of what fits is taken; failing that, any line,
    sentence or word, and only a word that is longer than the limit is cut itself. The part keeps
    the blanks at its end, so that both read well in one message, too.
    """
    if len(text) <= limit:
        return text, ""
    cuts = [
        cut
        for cut in _cuts(text, limit)
        if cut.at + len(cut.closing) <= limit and cut.at > len(cut.reopening)
    ]
    for least, kinds in ((limit // 2, range(WORD + 1)), (1, range(LINE, ANYWHERE + 1))):
        for kind in kinds:
            found = [cut for cut in cuts if cut.kind <= kind and cut.at >= least]
            if found:
                cut = max(found, key=lambda cut: cut.at)
                return _close(text[: cut.at], cut.closing), cut.reopening + text[cut.at :]
    return text[:limit], text[limit:]


def _close(part: str, closing: str) -> str:
    if closing.endswith("\n"):
        return part + closing
    bare = part.rstrip()
    return bare + closing + part[len(bare) :]


def _cuts(text: str, limit: int) -> Iterator[_Cut]:
    for passage in passages(text):
        if passage.start >= limit:
            return
        if passage.is_code:
            yield _Cut(passage.start, LINE)
            yield from _cuts_in_code(text, passage, limit)
        else:
            yield from _cuts_in_prose(text, passage, limit)
        yield _Cut(passage.end, LINE)


def _cuts_in_code(text: str, code: Passage, limit: int) -> Iterator[_Cut]:
    first = text.find("\n", code.start) + 1
    last = code.end
    if code.is_closed:
        last = text.rfind("\n", 0, code.end - 1) + 1
    line = first
    for at in range(first + 1, min(last, limit + 1)):
        if text[at - 1] == "\n":
            line = at
            yield _Cut(at, LINE, code.closing, code.opening)
        elif at > line + len(code.quote) and text[at] != "\n" and _is_boundary(text, at):
            kind = WORD if text[at - 1].isspace() else GRAPHEME
            yield _Cut(at, kind, "\n" + code.closing, code.opening + code.quote)


def _cuts_in_prose(text: str, passage: Passage, limit: int) -> Iterator[_Cut]:
    header = ""
    previous, at = "", passage.start
    while at < min(passage.end, limit):
        start = at
        at = text.find("\n", start, passage.end) + 1 or passage.end
        line = text[start:at]
        is_line = "|" in line and _TABLE_LINE.fullmatch(line.rstrip("\n"))
        if is_line and "|" in previous:
            header = previous + line
        elif "|" not in line:
            header = ""
        first_row = header.endswith(previous) and previous != ""
        if start > passage.start and not is_line and not (header and first_row):
            yield _line_cut(start, line, previous, header)
        yield from _cuts_in_line(text, start, min(at, limit + 1))
        previous = line


def _line_cut(start: int, line: str, previous: str, header: str) -> _Cut:
    if header:
        return _Cut(start, ITEM, "", "\n" + header)
    if previous.lstrip(" >").startswith("#"):
        return _Cut(start, WORD)  # a heading stays with what it is about
    if not previous.strip(" \t>\n"):
        return _Cut(start, PARAGRAPH if line.strip() else LINE)
    return _Cut(start, ITEM if _ITEM.match(line) else LINE)


def _cuts_in_line(text: str, start: int, end: int) -> Iterator[_Cut]:
    whole = text.find("\n", start)
    whole = whole if whole >= 0 else len(text)
    line = text[start : min(whole, end + _AHEAD)]
    quote = _QUOTE.match(line)
    margin = f"\n{quote[0]}" if quote else ""
    atoms: dict[int, re.Match[str]] = {}
    for atom in _ATOM.finditer(text, start, whole):
        if atom.start() >= end:
            break
        inside = range(atom.start() + 1, min(atom.end(), end))
        atoms.update(dict.fromkeys(inside, atom))
    marks: dict[int, str] = {}
    for match in _EMPHASIS.finditer(line):
        size = len(match[1])
        for at in range(match.start() + 1, match.end()):
            is_inside = match.start() + size < at <= match.end() - size
            marks[at] = match[1] if is_inside else ""
    sentences = {match.end() for match in _SENTENCE.finditer(line)}
    words = {match.end() for match in _WORD.finditer(line)}
    for at in range(len(quote[0]) + 1 if quote else 1, min(len(line), end - start)):
        within, mark = atoms.get(start + at), marks.get(at)
        if mark == "" or not _is_boundary(line, at):
            continue
        kind = SENTENCE if at in sentences else WORD if at in words else GRAPHEME
        closing = mark or ""
        if within is None:
            yield _Cut(start + at, kind, closing, margin + closing)
            continue
        ticks = within["ticks"] or ""
        first, last = within.start() + len(ticks), within.end() - len(ticks)
        if not ticks or (
            first < start + at < last and not re.search(r"[\s`]", line[at - 1 : at + 1])
        ):
            yield _Cut(start + at, ANYWHERE, ticks + closing, margin + closing + ticks)


def _is_boundary(text: str, at: int) -> bool:
    """Whether a person sees two characters here, not the parts of one."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if after in "\u200d\u2060\u200c" or before in "\u200d\u2060\\&<":
        return False
    if "\U000e0020" <= after <= "\U000e007f" or before + after == "\r\n":
        return False
    if "\U0001f1e6" <= after <= "\U0001f1ff":
        flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, at - 40) : at])
        return flags is None or len(flags[0]) % 2 == 0
    return not ("\u1160" <= after <= "\u11ff")
