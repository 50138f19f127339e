"""Text on its way into Slack. Customers' words and Claude's are text, never markup that acts.

Rule 8 of the design: no pings, no masked links.
"""

from datetime import datetime

from bot.intercom.plain import plain
from bot.slack.markdown import safe_markdown
from bot.slack.splitting import split_at
from bot.slack.streaming import complete_part

__all__ = ["complete_part", "escape", "moment", "named", "safe_markdown", "split_at", "unescape"]

NAME = 120
"""Characters of a name among words of ours."""


def moment(at: datetime) -> str:
    """A point in time, in `mrkdwn`, as each reader's own clock shows it."""
    when = int(at.timestamp())
    return f"<!date^{when}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def escape(text: str) -> str:
    """Plain text for a `mrkdwn` field: none of it is taken for markup that pings or links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def named(name: str, limit: int = NAME) -> str:
    """A name or a value of Intercom's for a `mrkdwn` field: one line, in which nothing is styled,
    invisible or turned around, and no emoji's code. Longer ones are cut, which `…` shows."""
    return escape(plain(name, limit))


def unescape(text: str) -> str:
    """What a person typed, from how Slack delivers it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
