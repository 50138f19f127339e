"""HTML bodies as people read them, and what people type as HTML."""

import html
from html.parser import HTMLParser

BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "li", "pre", "blockquote", "ul", "ol", "tr"}
)


def text_of(body: str) -> str:
    """A body as plain text: paragraphs apart, links with where they lead. Text stays as it is."""
    if "<" not in body and "&" not in body:
        return body.strip()
    reader = _Reader()
    reader.feed(body)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.pieces).split("\n")]
    paragraphs: list[str] = []
    for line in lines:
        if line or (paragraphs and paragraphs[-1]):
            paragraphs.append(line)
    return "\n".join(paragraphs).strip()


def html_of(text: str) -> str:
    """Typed text as simple HTML: paragraphs and line breaks, all else as it was typed."""
    paragraphs = [part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n")]
    return "".join(
        "<p>" + html.escape(part, quote=False).replace("\n", "<br>") + "</p>"
        for part in paragraphs
        if part.strip()
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "li":
            self.pieces.append("\n• ")
        elif tag in BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.pieces)))
        elif tag == "img":
            self.pieces.append(f"[picture {given.get('src') or ''}]")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            href, since = self._links.pop()
            label = "".join(self.pieces[since:]).strip()
            if href and href != label:
                self.pieces.append(f" ({href})")
        elif tag in BLOCKS:
            self.pieces.append("\n\n" if tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data.replace("\n", " "))
