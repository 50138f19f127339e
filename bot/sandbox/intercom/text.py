"""Bodies as Intercom keeps them: HTML, made of whatever was written."""

import html
import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b([^>]*)>")
_KEPT = re.compile(
    r"(?:p|br|b|i|strong|em|u|a|h1|h2|ul|ol|li|code|pre|blockquote|img|div|span)", re.IGNORECASE
)
_BLOCK = re.compile(r"</(?:p|div|h1|h2|li|pre|blockquote)>|<br\s*/?>", re.IGNORECASE)


def as_html(body: str) -> str:
    """Plain text becomes paragraphs; simple HTML stays, any other tag in it is dropped."""
    if any(_KEPT.fullmatch(tag[2]) for tag in _TAG.finditer(body)):
        kept = _TAG.sub(lambda tag: tag[0] if _KEPT.fullmatch(tag[2]) else "", body)
        return kept if kept.lstrip().startswith("<") else f"<p>{kept}</p>"
    paragraphs = [part.strip() for part in body.split("\n\n") if part.strip()]
    return "\n".join(
        "<p>" + html.escape(part, quote=False).replace("\n", "<br>") + "</p>" for part in paragraphs
    )


def plaintext(body: str | None) -> str | None:
    if body is None:
        return None
    return html.unescape(_TAG.sub("", _BLOCK.sub("\n", body))).strip()


def words(body: str | None) -> list[str]:
    return re.findall(r"[\w@.]*\w", (plaintext(body) or "").casefold())
