"""Text on its way into Slack. Customers' words and Claude's are text, never markup that acts.

Rule 8 of the design: no pings, no masked links.
"""

import re
from urllib.parse import urlsplit

_SPECIAL = re.compile(r"<(?=[!@#])")
_MASKED_LINK = re.compile(r"(?<!!)\[([^\[\]\n]*)\]\((\S+?)\)")
_SLACK_MASKED_LINK = re.compile(r"<(https?://[^|>\s]+)\|([^>\n]*)>")
_UNFINISHED = re.compile(r"(\[[^\]\n]{0,300}(\](\([^)\s]{0,600})?)?|<[^>\n]{0,600})$")
_OUR_HOSTS = ("app.intercom.com", "app.eu.intercom.com", "app.au.intercom.com")


def escape(text: str) -> str:
    """Plain text for a `mrkdwn` field: none of it is taken for markup that pings or links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What a person typed, from how Slack delivers it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def safe_markdown(text: str) -> str:
    """Markdown without pings, and with every link to elsewhere showing where it leads."""
    text = _SPECIAL.sub("&lt;", text)
    text = _SLACK_MASKED_LINK.sub(lambda match: f"{match[2]} ({match[1]})", text)
    return _MASKED_LINK.sub(_open_link, text)


def complete_part(text: str) -> tuple[str, str]:
    """Split streamed Markdown in what can be judged already and a link or tag still unfinished."""
    unfinished = _UNFINISHED.search(text)
    cut = unfinished.start() if unfinished else len(text)
    return text[:cut], text[cut:]


def split_at(text: str, limit: int) -> tuple[str, str]:
    """Cut text after at most `limit` characters, at a paragraph, line or word if there is one."""
    if len(text) <= limit:
        return text, ""
    for separator in ("\n\n", "\n", " "):
        cut = text.rfind(separator, limit // 2, limit)
        if cut > 0:
            return text[:cut], text[cut:].lstrip()
    return text[:limit], text[limit:]


def _open_link(match: re.Match[str]) -> str:
    label, url = match[1], match[2]
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.netloc in _OUR_HOSTS:
        return match[0]
    return url if label.strip() in ("", url) else f"{label} ({url})"
