"""One line of a body: stretches of words, pictures and line breaks, as a browser shows them."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from bot.intercom.characters import seen


class Piece(NamedTuple):
    """A stretch of one line: words, a picture, or the line's end."""

    kind: Literal["words", "picture", "break"]
    text: str = ""
    """The words, or what stands for the picture."""
    marks: str = ""
    """Of b, i and c (code), in this order."""
    href: str = ""
    src: str = ""


def tidied(pieces: Iterable[Piece], pre: bool) -> list[Piece]:
    """One line's pieces as a browser shows them: space as it shows, nothing that shows nothing."""
    merged = _merged(_labelled(_merged(pieces)))
    if pre:
        return _merged(_stripped(merged))
    kept: list[Piece] = []
    open_space = False
    for piece in merged:
        if piece.kind == "words":
            text = re.sub(r"[ \t\n]+", " ", piece.text)
            text = text if open_space else text.removeprefix(" ")
            if text:
                kept.append(piece._replace(text=text))
                open_space = not text.endswith(" ")
            continue
        if piece.kind == "break":
            _trim(kept)
            if not kept or [p.kind for p in kept[-2:]] == ["break", "break"]:
                continue
        kept.append(piece)
        open_space = piece.kind == "picture"
    _trim(kept)
    while kept and kept[-1].kind == "break":
        kept.pop()
        _trim(kept)
    shows = any(p.kind == "picture" or p.text.strip() for p in kept)
    return _merged(kept) if shows else []


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    runs: list[str] = []
    for piece in [*pieces, Piece("break")]:
        last = merged[-1] if merged else None
        if piece.kind == "words" and last and last[:1] + last[2:] == piece[:1] + piece[2:]:
            runs.append(piece.text)
            continue
        if last and last.kind == "words":
            text = seen("".join(runs))
            merged[-1:] = [last._replace(text=text)] if text else []
        merged.append(piece)
        runs = [piece.text]
    return merged[:-1]


def _labelled(pieces: list[Piece]) -> list[Piece]:
    """Links that show nothing are none; space has no marks."""
    labelled: list[Piece] = []
    group: list[Piece] = []
    for piece in [*pieces, Piece("break")]:
        if group and piece.href != group[0].href:
            if not any(p.kind == "picture" or p.text.strip() for p in group):
                group = [p._replace(href="") for p in group]
            labelled += group
            group = []
        group.append(piece)
    labelled += group[:-1]
    return [p._replace(marks="") if p.kind == "words" and p.text.isspace() else p for p in labelled]


def _stripped(pieces: list[Piece]) -> list[Piece]:
    """Typed text without empty lines around it: parsers drop the first one themselves."""
    while pieces and pieces[0].kind == "words" and not (text := pieces[0].text.lstrip("\n")):
        pieces = pieces[1:]
    if pieces and pieces[0].kind == "words":
        pieces = [pieces[0]._replace(text=text), *pieces[1:]]
    while pieces and pieces[-1].kind == "words" and not pieces[-1].text.rstrip():
        pieces = pieces[:-1]
    if pieces and pieces[-1].kind == "words":
        pieces = [*pieces[:-1], pieces[-1]._replace(text=pieces[-1].text.rstrip())]
    return pieces if any(p.kind == "picture" or p.text.strip() for p in pieces) else []


def _trim(pieces: list[Piece]) -> None:
    """No space at the end of a line."""
    if pieces and pieces[-1].kind == "words":
        text = pieces[-1].text.rstrip(" ")
        pieces[-1:] = [pieces[-1]._replace(text=text)] if text else []
