"""The same blocks twice: as the HTML that is sent and as the words that are shown."""

import html
from collections.abc import Iterator
from itertools import groupby

from bot.intercom.html.document import Block, Listing, Quote, Rule, Table, Video, Words
from bot.intercom.html.lines import Piece

_MARKS = {"b": "b", "i": "i", "c": "code"}


def html_from(blocks: list[Block]) -> str:
    """HTML that every HTML5 parser reads as exactly these blocks."""
    return "".join(map(_block, blocks))


def text_from(blocks: list[Block]) -> str:
    """All the words with every address: lists with bullets or numbers, cells beside each other."""
    return "\n\n".join(map(_shown, blocks))


def addresses_in(blocks: list[Block]) -> Iterator[str]:
    """Every `href` and `src` in the order of the HTML."""
    for block in blocks:
        if isinstance(block, Words):
            for href, group in groupby(block.pieces, lambda piece: piece.href):
                if href:
                    yield href
                yield from (piece.src for piece in group if piece.src)
        elif isinstance(block, Video):
            yield block.src
        else:
            for inner in _inner(block):
                yield from addresses_in(inner)


def _inner(block: Block) -> list[list[Block]]:
    if isinstance(block, Listing):
        return block.items
    if isinstance(block, Table):
        return [cell.blocks for row in block.rows for cell in row]
    return [block.blocks] if isinstance(block, Quote) else []


def _block(block: Block) -> str:
    if isinstance(block, Words):
        return f"<{block.tag}>{_line(block.pieces)}</{block.tag}>"
    if isinstance(block, Listing):
        items = "".join(f"<li>{_item(item)}</li>" for item in block.items)
        return f"<ol>{items}</ol>" if block.ordered else f"<ul>{items}</ul>"
    if isinstance(block, Quote):
        return f"<blockquote>{html_from(block.blocks)}</blockquote>"
    if isinstance(block, Table):
        rows = "".join(f"<tr>{_row(block, at)}</tr>" for at in range(len(block.rows)))
        return f"<table><tbody>{rows}</tbody></table>"
    if isinstance(block, Video):
        return f'<iframe src="{html.escape(block.src)}"></iframe>'
    return "<hr>"


def _row(table: Table, at: int) -> str:
    cells = []
    for cell in table.rows[at]:
        spans = "".join(f' {key}="{number}"' for key, number in cell.spans.items())
        cells.append(f"<{cell.tag}{spans}>{html_from(cell.blocks)}</{cell.tag}>")
    return "".join(cells)


def _item(blocks: list[Block]) -> str:
    """An item of one paragraph needs no tag of its own around it."""
    paragraphs = [block for block in blocks if isinstance(block, Words) and block.tag == "p"]
    if len(paragraphs) == 1 and blocks[0] is paragraphs[0]:
        return _line(paragraphs[0].pieces) + html_from(blocks[1:])
    return html_from(blocks)


def _line(pieces: list[Piece]) -> str:
    parts = []
    for href, group in groupby(pieces, lambda piece: piece.href):
        inner = "".join(map(_piece, group))
        parts.append(f'<a href="{html.escape(href)}">{inner}</a>' if href else inner)
    return "".join(parts)


def _piece(piece: Piece) -> str:
    if piece.kind == "break":
        return "<br>"
    if piece.kind == "picture":
        return f'<img src="{html.escape(piece.src)}" alt="{html.escape(piece.text)}">'
    before = "".join(f"<{_MARKS[mark]}>" for mark in piece.marks)
    behind = "".join(f"</{_MARKS[mark]}>" for mark in reversed(piece.marks))
    return f"{before}{html.escape(piece.text, quote=False)}{behind}"


def _shown(block: Block) -> str:
    if isinstance(block, Words):
        return _shown_line(block.pieces)
    if isinstance(block, Listing):
        signs = (f"{n}. " if block.ordered else "• " for n in range(1, len(block.items) + 1))
        items = ("\n".join(map(_shown, item)) for item in block.items)
        return "\n".join(
            sign + text.replace("\n", "\n" + " " * len(sign))
            for sign, text in zip(signs, items, strict=True)
        )
    if isinstance(block, Quote):
        return "> " + text_from(block.blocks).replace("\n", "\n> ")
    if isinstance(block, Table):
        return "\n".join(
            " | ".join(" / ".join(filter(None, text_from(cell.blocks).split("\n"))) for cell in row)
            for row in block.rows
        )
    if isinstance(block, Video):
        return f"[video] ({block.src})"
    assert isinstance(block, Rule)
    return "---"


def _shown_line(pieces: list[Piece]) -> str:
    parts = []
    for href, group in groupby(pieces, lambda piece: piece.href):
        text = "".join(map(_shown_piece, group))
        label = text.strip()
        if href and label != href:
            behind = text[len(text.rstrip()) :]
            text = f"{text.rstrip()} ({href}){behind}"
        parts.append(text)
    return "".join(parts).replace("\xa0", " ")


def _shown_piece(piece: Piece) -> str:
    if piece.kind == "break":
        return "\n"
    if piece.kind == "picture":
        return (
            f"[picture: {piece.text}] ({piece.src})" if piece.text else f"[picture] ({piece.src})"
        )
    return piece.text
