"""Text that stands as it is: in rich text, where nothing in it is markup, a ping or a link.

Names, titles and values of Intercom's and of Claude's are shown this way only. Addresses in them
stand in code style, so that no client makes links of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    RichTextSectionElement,
)

BLOCK_CHARACTERS = 2_900
"""Of one block, as far as its words let it be cut there."""
ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|mailto:|tel:|www\.)[^\s<>]*[^\s<>.,;:!?)\]]"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.-])(?:[\w-]*\.)+(?:xn--[a-z0-9-]+|(?-i:[a-z]{2,24})|(?-i:[A-Z]{2,24}))\b"
    r"(?::[0-9]+)?(?:[/?#][^\s<>]*)?",
    re.IGNORECASE,
)
"""What clients may turn into a link by themselves. Each run of letters is tried from its beginning
alone, so that it takes time in proportion to the text."""

COMPARED_LINES = 500
"""Of both texts together, up to which they are compared line by line."""

Mark = Literal["", "new", "gone"]
Element = RichTextElementParts.Text | RichTextElementParts.Link


class Words(NamedTuple):
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    strike: bool = False
    italic: bool = False


class Line(NamedTuple):
    """Words that stand together: a line of its own, or a part of a quote."""

    words: tuple[Words, ...]
    quoted: bool = False

    @property
    def size(self) -> int:
        return sum(len(words.text) for words in self.words)


def label_and_value(label: str, value: str, before: str | None) -> list[Line]:
    """One detail: its label and its value, and beside it what was there before.

    Args:
        label: In a person's words.
        value: What it will be; several lines are quoted below the label.
        before: What it is now; "" for nothing, None where that is not known.
    """
    if "\n" in value or len(value) > 300 or "\n" in (before or ""):
        return [Line((Words(f"{label}:", bold=True),)), *quoted(value, before or "")]
    shown = [Words(f"{label}: ", bold=True)]
    if before == value:
        shown += [Words(value), Words(" (unchanged)", italic=True)]
    elif before is not None:
        old = Words(before, strike=True) if before else Words("nothing", italic=True)
        shown += [old, Words(" → "), Words(value)]
    else:
        shown.append(Words(value))
    return [Line(tuple(shown))]


def quoted(text: str, before: str = "") -> list[Line]:
    """A text of any length as quotes, cut between words. With `before`, a text that it takes the
    place of: what is new is bold, and what goes is struck through."""
    marked = _compared(before, text) if before and before != text else [Words(text)]
    return [Line(tuple(part), quoted=True) for part in _parts(marked)]


def blocks(lines: Iterable[Line]) -> list[Block]:
    """Lines as rich text, as few blocks as their size allows."""
    found: list[Block] = []
    together: list[RichTextSectionElement | RichTextQuoteElement] = []
    size = 0
    for line in lines:
        if together and size + line.size > BLOCK_CHARACTERS:
            found.append(RichTextBlock(elements=together))
            together, size = [], 0
        kind = RichTextQuoteElement if line.quoted else RichTextSectionElement
        together.append(kind(elements=list(_elements(line.words))))
        size += line.size
    if together:
        found.append(RichTextBlock(elements=together))
    return found


def heading(text: str) -> Block:
    return blocks([Line((Words(text, bold=True),))])[0]


def note(*parts: str | PlainTextObject) -> Block:
    """A small line below: our own words in `mrkdwn`, others' in a PlainTextObject."""
    elements = [
        MarkdownTextObject(text=part, verbatim=True) if isinstance(part, str) else part
        for part in parts
    ]
    return ContextBlock(elements=elements)


def as_it_is(text: str) -> PlainTextObject:
    """For a note: text in which nothing is markup, not even a smiley's name."""
    return PlainTextObject(text=text, emoji=False)


def parts(text: str, most: int) -> Iterator[str]:
    """A text in parts of at most `most` characters that together are the text, cut after a line's
    end or else a space; a word that is longer stays whole."""
    while len(text) > most:
        cut = text.rfind("\n", 0, most) + 1 or text.rfind(" ", 0, most) + 1
        if not cut:
            space = re.search(r"\s", text)
            cut = space.end() if space else len(text)
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def _elements(words: Sequence[Words]) -> Iterator[Element]:
    for text, bold, strike, italic in words:
        last = 0
        for found in ADDRESS.finditer(text):
            yield from _text(text[last : found.start()], bold, strike, italic, code=False)
            yield from _text(found[0], bold, strike, italic, code=True)
            last = found.end()
        yield from _text(text[last:], bold, strike, italic, code=False)


def _text(text: str, bold: bool, strike: bool, italic: bool, *, code: bool) -> Iterator[Element]:
    if not text:
        return
    style = None
    if bold or strike or italic or code:
        style = RichTextElementParts.TextStyle(
            bold=bold or None, strike=strike or None, italic=italic or None, code=code or None
        )
    yield RichTextElementParts.Text(text=text, style=style)


def _parts(marked: Iterable[Words]) -> Iterator[list[Words]]:
    part: list[Words] = []
    size = 0
    for words in marked:
        for piece in parts(words.text, BLOCK_CHARACTERS):
            if part and size + len(piece) > BLOCK_CHARACTERS:
                yield part
                part, size = [], 0
            part.append(words._replace(text=piece))
            size += len(piece)
    if part:
        yield part


def _differences(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """As SequenceMatcher's opcodes. It takes much longer the more lines are alike, so of very many
    only the beginning and the end are compared."""
    if len(old) + len(new) <= COMPARED_LINES:
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    pairs = zip(old, new, strict=False)
    first = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
    if first is None:
        first = min(len(old), len(new))
    most, last = min(len(old), len(new)) - first, 0
    while last < most and old[-1 - last] == new[-1 - last]:
        last += 1
    a, b, c, d = first, len(old) - last, first, len(new) - last
    return [
        ("equal", 0, a, 0, c),
        ("replace", a, b, c, d),
        ("equal", b, len(old), d, len(new)),
    ]


def _compared(before: str, text: str) -> list[Words]:
    old, new = before.splitlines(keepends=True), text.splitlines(keepends=True)
    found: list[Words] = []
    for what, a, b, c, d in _differences(old, new):
        if what != "equal" and b > a:
            gone = "".join(old[a:b])
            ends = gone.endswith("\n") or d <= c
            found.append(Words(gone if ends else f"{gone}\n", strike=True))
        if d > c:
            found.append(Words("".join(new[c:d]), bold=what != "equal"))
    return [words for words in found if words.text]
