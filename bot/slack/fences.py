"""Fenced code blocks in Markdown, line by line: where they are, and in which quote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?")
_OPENING = re.compile(
    r"(?P<quote>(?:[ \t]{0,3}>)*+)"
    r"(?P<item>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?P<mark>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)$"
)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


@dataclass
class Passage:
    """A stretch of text: prose, or one fenced code block with its lines."""

    start: int
    end: int
    is_code: bool = False
    is_closed: bool = False
    quote: str = ""
    before: str = ""
    language: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def opening(self) -> str:
        return f"{self.quote}```{self.language}\n"

    @property
    def closing(self) -> str:
        return f"{self.quote}```\n"


def passages(text: str) -> Iterator[Passage]:
    """The prose and the code blocks of a text, in order; a block left open ends with the text."""
    prose, at = 0, 0
    code: Passage | None = None
    mark, depth, indent = "", 0, 0
    for line in _LINE.findall(text):
        start, at = at, at + len(line)
        bare = line.rstrip("\n")
        if code:
            content = _unquoted(bare, depth)
            if content is not None:
                code.end = at
                stripped = content.strip()
                if stripped.startswith(mark) and not stripped.strip(mark[0]):
                    code.is_closed = True
                else:
                    margin = len(content) - len(content.lstrip(" \t"))
                    code.lines.append(content[min(indent, margin) :])
            if content is None or code.is_closed:
                yield code
                prose, code = code.end, None
            if content is not None:
                continue
        if opening := _OPENING.match(bare):
            if start > prose:
                yield Passage(prose, start)
            depth = opening["quote"].count(">")
            mark, indent = opening["mark"], len(opening["item"])
            info = opening["info"].strip()
            language = _LANGUAGE.match(info)
            code = Passage(start, at, is_code=True, quote="> " * depth)
            code.before = opening["item"].rstrip()
            if language:
                code.language = language[0]
            if rest := info[len(code.language) :].strip():
                code.lines.append(rest)
    if code:
        yield code
    elif at > prose:
        yield Passage(prose, at)


def _unquoted(line: str, depth: int) -> str | None:
    """The line without the marks of the quote that it stands in; None if it is outside."""
    for _ in range(depth):
        mark = _QUOTE.match(line)
        if mark is None:
            return None
        line = line[mark.end() :]
    return line
