"""Reads a body as a browser would, into the blocks that a profile has."""

import html
import re

import nh3

from bot.intercom.addresses import address, host_of
from bot.intercom.characters import seen
from bot.intercom.html.document import (
    Block,
    Cell,
    Listing,
    Profile,
    Quote,
    Rule,
    Table,
    Video,
    Words,
    pruned,
)
from bot.intercom.html.lines import Piece, tidied
from bot.intercom.html.prepare import prepare
from bot.intercom.html.tags import CONTAINERS, HEADINGS, TABLE_PARTS

LINKS = frozenset({"http", "https", "mailto"})
PICTURES = frozenset({"https"})
VIDEO_HOSTS = frozenset(
    {
        *("youtube.com", "www.youtube.com", "youtube-nocookie.com", "www.youtube-nocookie.com"),
        *("player.vimeo.com", "vimeo.com", "www.loom.com", "loom.com"),
        *("fast.wistia.net", "fast.wistia.com", "play.vidyard.com", "share.vidyard.com"),
        *("youtu.be", "streamio.com", "rackcdn.streamio.com"),
    }
)
"""Where Intercom's articles take videos from: YouTube, Wistia, Vimeo, Loom, Vidyard and StreamIO,
says Intercom's "Allowed HTML for Articles". The hosts are those services' own for embedding."""

_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*)>|([^<]+)')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_TAGS = {*CONTAINERS, *TABLE_PARTS, *HEADINGS, "p", "br", "hr", "li", "pre", "b", "i", "code", "a",
         "img", "embed"}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "embed": {"src"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}


def read(body: str, profile: Profile) -> list[Block]:
    """What a browser would see of the body, as far as the profile has a place for it.

    Args:
        body: HTML or plain text.
        profile: Messages have paragraphs, lists, code, links and pictures. Articles have headings,
            quotes, rules, tables and videos too; in a message, their words are paragraphs.

    Raises:
        TooMuch: See `prepare`.
    """
    tree = nh3.clean(
        prepare(seen(body)),
        tags=_TAGS,
        clean_content_tags=set(),
        attributes=_ATTRIBUTES,
        url_schemes={*LINKS},
        link_rel=None,
    )
    reader = _Reader(profile)
    for found in _TOKEN.finditer(tree):
        end, tag, attributes, text = found.groups()
        if text:
            reader.text(html.unescape(text))
        elif end:
            reader.end(tag)
        else:
            given = {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
            reader.start(tag, given)
    reader.flush()
    return pruned(reader.blocks)


def is_video(src: str) -> bool:
    return host_of(src) in VIDEO_HOSTS


class _Reader:
    def __init__(self, profile: Profile) -> None:
        self.blocks: list[Block] = []
        self._article = profile == "article"
        self._open: list[tuple[str, list[Block], Listing | Table | None]] = []
        self._pieces: list[Piece] = []
        self._marks: list[str] = []
        self._href = ""
        self._heading = ""
        self._pre = 0

    def text(self, text: str) -> None:
        self._pieces.append(Piece("words", text, self._marked(), self._href))

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag in ("b", "i", "code"):
            self._marks.append(tag[0])
        elif tag == "a":
            self._href = address(given.get("href", ""), LINKS) or ""
        elif tag == "img":
            if src := address(given.get("src", ""), PICTURES):
                alt = " ".join(seen(given.get("alt", "")).split())
                alt = alt.translate({ord("["): "(", ord("]"): ")"})
                self._pieces.append(Piece("picture", alt, "", self._href, src))
        elif tag == "br" or (tag == "p" and self._pre):
            self._break()
        else:
            self.flush()
            self._start_block(tag, given)

    def end(self, tag: str) -> None:
        if tag in ("b", "i", "code"):
            self._marks.remove(tag[0])
        elif tag == "a":
            self._href = ""
        elif tag == "p" and self._pre:
            self._break()
        elif tag not in ("br", "hr", "img", "embed"):
            self.flush()
            if tag in HEADINGS:
                self._heading = ""
            elif tag == "pre":
                self._pre -= 1
            elif self._open and self._open[-1][0] == tag:
                self._open.pop()

    def flush(self) -> None:
        """Ends the line that is being read."""
        pieces, self._pieces = self._pieces, []
        tag = "pre" if self._pre else (self._article and self._heading) or "p"
        if tag == "p" and self._heading:
            # A message has no headings; their words stand out all the same.
            pieces = [
                p._replace(marks="".join(m for m in "bic" if m == "b" or m in p.marks))
                if p.kind == "words" else p for p in pieces
            ]  # fmt: skip
        pieces = tidied(pieces, tag == "pre")
        if pieces:
            self._here().append(Words(tag, pieces))

    def _start_block(self, tag: str, given: dict[str, str]) -> None:
        here = self._here()
        if tag in HEADINGS:
            self._heading = tag
        elif tag == "pre":
            self._pre += 1
        elif tag in ("ul", "ol"):
            listing = Listing(tag == "ol")
            here.append(listing)
            self._open.append((tag, here, listing))
        elif tag == "li":
            item: list[Block] = []
            if self._open and isinstance(self._open[-1][2], Listing):
                self._open[-1][2].items.append(item)
            self._open.append((tag, item, None))
        elif tag == "blockquote":
            quote = Quote()
            here.extend([quote] if self._article else [])
            self._open.append((tag, quote.blocks if self._article else here, None))
        elif tag in CONTAINERS or tag in TABLE_PARTS:
            self._start_table(tag, here, given)
        elif tag == "hr" and self._article:
            here.append(Rule())
        elif tag == "embed" and self._article:
            src = address(given.get("src", ""), PICTURES) or ""
            here.extend([Video(src)] if is_video(src) else [])

    def _start_table(self, tag: str, here: list[Block], given: dict[str, str]) -> None:
        table = next((kind for _, _, kind in self._open[::-1] if isinstance(kind, Table)), None)
        if tag == "table":
            # Intercom refuses tables in lists and in tables: there, cells are paragraphs.
            inside = any(name in ("ul", "ol", "td", "th") for name, _, _ in self._open)
            new = Table() if self._article and not inside else None
            here.extend([new] if new else [])
            self._open.append((tag, here, new))
        elif tag == "tr" and table and self._open[-1][0] in ("table", "tbody", "thead", "tfoot"):
            if not self._nested():
                table.rows.append([])
            self._open.append((tag, here, None))
        elif tag in ("td", "th") and table and table.rows and not self._nested():
            cell = Cell(tag, {key: n for key in ("colspan", "rowspan") if (n := _span(given, key))})
            table.rows[-1].append(cell)
            self._open.append((tag, cell.blocks, None))
        else:
            self._open.append((tag, here, None))

    def _nested(self) -> bool:
        """Whether the innermost table is one that came out as paragraphs."""
        return next((kind is None for name, _, kind in self._open[::-1] if name == "table"), True)

    def _here(self) -> list[Block]:
        """Where the next block goes; words in a list and outside of its items begin an item."""
        if not self._open:
            return self.blocks
        _, blocks, kind = self._open[-1]
        if isinstance(kind, Listing):
            if not kind.items:
                kind.items.append([])
            return kind.items[-1]
        return blocks

    def _break(self) -> None:
        words = Piece("words", "\n", self._marked(), self._href)
        self._pieces.append(words if self._pre else Piece("break"))

    def _marked(self) -> str:
        return "".join(mark for mark in "bic" if mark in self._marks)


def _span(given: dict[str, str], key: str) -> int:
    value = given.get(key, "")
    return int(value) if re.fullmatch("[2-9]|[1-9][0-9]", value) else 0
