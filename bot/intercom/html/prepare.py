"""Makes any text ready for the HTML parser: what is no tag is text, and no tag can be costly.

An HTML5 parser's tree is what browsers see, but two things have to be decided before it. What
stands in angle brackets and is no tag (`<help@x.example>`) would vanish. And the parser's time
grows with tags times depth: 40,000 unclosed `<ul><li>` take nh3 minutes, as tried. So every tag
is read here once, from left to right, and written anew with the few attributes that matter;
containers nest `DEEPEST` deep at most, and nothing else nests.
"""

import re

from bot.intercom.html.scan import MARKUP, Attributes, after, after_silent, attributes_at
from bot.intercom.html.tags import (
    BLOCKS,
    BREAKING,
    CONTAINERS,
    HEADINGS,
    KNOWN,
    MARKS,
    SILENT,
    TABLE_PARTS,
)

DEEPEST = 16
_LOOSE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,32});)", re.I)
_KEPT = {"a": ("href",), "img": ("src", "alt"), "iframe": ("src",), "embed": ("src",),
         "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan")}  # fmt: skip


class TooMuch(ValueError):
    """More would come out than anybody reads: one long link over a great many paragraphs."""


def prepare(body: str) -> str:
    """The body as HTML that parses in time proportional to its length.

    Args:
        body: HTML or plain text, without carriage returns (`characters.seen` saw to that).

    Returns:
        HTML in which every `<` begins a known tag, and the only `iframe` is written `embed`: that
        has the same meaning here and no content which parsers would take for raw text.

    Raises:
        TooMuch: When it came out many times longer than it went in.
    """
    names = {found["name"].lower() for found in MARKUP.finditer(body) if found["name"]}
    writer = _Writer(typed=not names & BLOCKS, most=max(1_000_000, 4 * len(body)))
    if not names & KNOWN:
        writer.text(body)
        return writer.result()
    at = 0
    while found := MARKUP.search(body, at):
        name = (found["name"] or "").lower()
        if found["comment"] or found["doctype"]:
            writer.text(body[at : found.start()])
            at = after(body, found)
        elif found["cdata"]:
            writer.text(body[at : found.start()])
            end = body.find("]]>", found.end())
            writer.text(body[found.end() : end if end >= 0 else len(body)])
            at = end + 3 if end >= 0 else len(body)
        elif name not in KNOWN:
            writer.text(body[at : found.end()])
            at = found.end()
        else:
            tag = attributes_at(body, found.end())
            if tag is None:
                # Never closed: to a browser all the rest is this tag. Here it is words.
                break
            writer.text(body[at : found.start()])
            at = tag[1]
            if found["end"]:
                writer.end(name)
            elif name in SILENT:
                at = after_silent(body, name, at)
            else:
                writer.start(name, tag[0])
    writer.text(body[at:])
    return writer.result()


def escaped(text: str) -> str:
    """Text for HTML in which complete character references keep their meaning."""
    text = _LOOSE_AMPERSAND.sub("&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


class _Writer:
    """Writes tags so that only containers nest, and those not too deep."""

    def __init__(self, typed: bool, most: int) -> None:
        self._typed = typed
        self._most = most
        self._written = 0
        self._parts: list[str] = []
        self._containers: list[str] = []
        self._flattened = dict.fromkeys(CONTAINERS, 0)
        self._marks = dict.fromkeys(("b", "i", "code"), 0)
        self._heading = ""
        self._pre = 0
        self._link = ""

    def result(self) -> str:
        return "".join(self._parts)

    def text(self, text: str) -> None:
        text = escaped(text)
        if not self._typed:
            self._write(text)
            return
        # No block and no line break in sight: the lines are as they were typed.
        for number, paragraph in enumerate(re.split(r"\n[ \t]*\n\s*", text)):
            if number:
                self._block("<p>")
            self._write(paragraph.replace("\n", "<br>"))

    def start(self, name: str, attributes: Attributes) -> None:
        if name in MARKS:
            mark = MARKS[name]
            self._marks[mark] += 1
            if self._marks[mark] == 1:
                self._write(f"<{mark}>")
        elif name == "a":
            self._close_link()
            self._link = _tag("a", attributes) if "href" in attributes else ""
            self._write(self._link)
        elif name in ("br", "img"):
            self._write(_tag(name, attributes))
        elif name in ("hr", "iframe", "embed"):
            self._block(_tag("embed" if name == "iframe" else name, attributes))
        elif name in CONTAINERS:
            self._open(name)
        elif name in TABLE_PARTS:
            self._part(_tag(name, attributes))
        elif name == "li":
            self._block("<li>" if {"ul", "ol"} & {*self._containers} else "<p>")
        elif name in HEADINGS:
            self._block((f"</{self._heading}>" if self._heading else "") + f"<{name}>")
            self._heading = name
        elif name == "pre":
            self._pre += 1
            self._block("<pre>" if self._pre == 1 else "<p>")
        elif name in BREAKING:
            self._block("<p>")

    def end(self, name: str) -> None:
        if name in MARKS:
            mark = MARKS[name]
            self._marks[mark] = max(self._marks[mark] - 1, 0)
            if not self._marks[mark]:
                self._write(f"</{mark}>")
        elif name == "a":
            self._close_link()
        elif name in CONTAINERS:
            self._close(name)
        elif name in TABLE_PARTS:
            self._part(f"</{name}>")
        elif name == "li":
            self._block("</li>" if self._containers else "<p>")
        elif name in HEADINGS:
            self._block(f"</{self._heading}>" if self._heading else "<p>")
            self._heading = ""
        elif name == "pre":
            self._pre = max(self._pre - 1, 0)
            self._block("<p>" if self._pre else "</pre>")
        elif name == "br":
            self._write("<br>")
        elif name in BREAKING:
            self._block("<p>")

    def _open(self, name: str) -> None:
        if len(self._containers) >= DEEPEST:
            self._flattened[name] += 1
            self._block("<p>")
            return
        self._containers.append(name)
        if name == "table":
            self._part("<table>")
        else:
            self._block(f"<{name}>")

    def _close(self, name: str) -> None:
        if self._flattened[name]:
            self._flattened[name] -= 1
            self._block("<p>")
            return None
        for at in range(len(self._containers) - 1, -1, -1):
            if self._containers[at] == name:
                del self._containers[at:]
                tag = f"</{name}>"
                return self._part(tag, inside=True) if name == "table" else self._block(tag)
            if self._containers[at] == "table":
                break
        self._block("<p>")
        return None

    def _part(self, tag: str, inside: bool = False) -> None:
        """A tag of a table's: nothing reaches over the border of a cell."""
        if not (inside or "table" in self._containers):
            self._block("<p>")
            return
        self._close_link()
        for mark, opened in self._marks.items():
            if opened:
                self._write(f"</{mark}>")
                self._marks[mark] = 0
        self._heading, self._pre = "", 0
        self._write(tag)

    def _block(self, tag: str) -> None:
        """A tag that ends a line: a link ends before it and goes on behind it."""
        if self._link:
            self._write("</a>")
        self._write(tag)
        self._write(self._link)

    def _close_link(self) -> None:
        if self._link:
            self._write("</a>")
        self._link = ""

    def _write(self, text: str) -> None:
        self._written += len(text)
        if self._written > self._most:
            raise TooMuch
        self._parts.append(text)


def _tag(name: str, attributes: Attributes) -> str:
    kept = [
        f' {key}="{escaped(attributes[key])}"' for key in _KEPT.get(name, ()) if key in attributes
    ]
    return f"<{name}{''.join(kept)}>"
