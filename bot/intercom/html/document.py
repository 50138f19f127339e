"""What a body says, as blocks: the one thing that is both sent and shown."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bot.intercom.html.lines import Piece

Profile = Literal["message", "article"]


@dataclass
class Words:
    """A paragraph (`p`), a heading (`h1` to `h6`) or text as it was typed (`pre`)."""

    tag: str
    pieces: list[Piece]


@dataclass
class Listing:
    ordered: bool
    items: list[list["Block"]] = field(default_factory=list)


@dataclass
class Quote:
    blocks: list["Block"] = field(default_factory=list)


@dataclass
class Cell:
    tag: str
    spans: dict[str, int]
    blocks: list["Block"] = field(default_factory=list)


@dataclass
class Table:
    rows: list[list[Cell]] = field(default_factory=list)


class Video(NamedTuple):
    src: str


class Rule(NamedTuple):
    """A line across the page."""


Block = Words | Listing | Quote | Table | Video | Rule


def pruned(blocks: list[Block]) -> list[Block]:
    """Without lists, quotes and tables in which nothing is."""
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Listing):
            block.items = [item for item in map(pruned, block.items) if item]
        elif isinstance(block, Quote):
            block.blocks = pruned(block.blocks)
        elif isinstance(block, Table):
            block.rows = [row for row in block.rows if row]
            for cell in (cell for row in block.rows for cell in row):
                cell.blocks = pruned(cell.blocks)
        empty = (
            (isinstance(block, Listing) and not block.items)
            or (isinstance(block, Quote) and not block.blocks)
            or (isinstance(block, Table) and not any(c.blocks for row in block.rows for c in row))
        )
        kept.extend([] if empty else [block])
    return kept
