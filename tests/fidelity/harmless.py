"""What was sent to Slack, looked at for what nobody wants there: pings, links with another label,
and previews that Slack's servers would fetch.

Every world's calls are looked at, whatever its tests were about: customers' and Claude's words
are in all of them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.sandbox.slack import SlackSandbox

Json = dict[str, Any]

BROADCAST = re.compile(r"<!(?:channel|here|everyone|subteam)")
LINK = re.compile(r"<((?:https?|mailto|tel|slack):[^<>|]*)\|([^<>]*)>")
PERSON = re.compile(r"<@[^<>]*>")
OUR_MENTIONS = re.compile(
    r"\A<@\w+> (?:asked:|shares an answer:)|\b(?:by|request of|Only) (?:<@\w+>(?:, )?)+"
)
OUR_LABELS = frozenset({"Open in Intercom"})
PREVIEWS = ("unfurl_links", "unfurl_media")
READ_AS_MARKUP = frozenset({"text", "markdown_text", "title", "output", "details"})
"""Arguments and fields in which Slack reads markup, if nothing says otherwise."""
AS_IT_STANDS = frozenset({"rich_text", "plain_text"})
"""Blocks and texts in which nothing is markup. Outputs of task cards are rich text, too."""
NOT_SHOWN = frozenset({"metadata", "private_metadata", "value", "initial_value", "url"})
POSTS = frozenset(
    {
        "chat.postMessage",
        "chat.postEphemeral",
        "chat.update",
        "chat.startStream",
        "chat.appendStream",
        "chat.stopStream",
        "views.open",
        "views.update",
        "views.publish",
    }
)


def sent_to(slack: SlackSandbox) -> list[tuple[str, Json]]:
    """What was posted there and taken: the method, or "response_url", and what was sent."""
    posts = [call for call in slack.calls if call.method in POSTS and call.is_ok]
    responses = [("response_url", body) for body in slack.responses]
    return [*((call.method, slack.typed(call)) for call in posts), *responses]


def problems(posts: Iterable[tuple[str, Json]], our_slack: str) -> list[str]:
    """A line for each post that pings, disguises or lets Slack fetch something.

    Args:
        posts: The method, or "response_url", and what was sent.
        our_slack: Where the workspace is: links into it may have a label.
    """
    return [
        f"{method}: {words}"
        for method, sent in posts
        for words in [*_previews(method, sent), *_acting(sent, our_slack)]
    ]


def _previews(method: str, sent: Json) -> Iterator[str]:
    if method in ("chat.postMessage", "response_url"):
        yield from (f"{flag} is not off" for flag in PREVIEWS if sent.get(flag) is not False)


def _acting(sent: Json, our_slack: str) -> Iterator[str]:
    for text in markup(sent):
        if BROADCAST.search(text):
            yield f"calls everybody: {text[:200]!r}"
        if PERSON.search(OUR_MENTIONS.sub("", text)):
            yield f"mentions somebody: {text[:200]!r}"
        for url, label in LINK.findall(text):
            if label not in OUR_LABELS and not url.startswith(f"{our_slack}/archives/"):
                yield f"a link with another label: <{url}|{label}>"


def markup(value: Any, key: str = "text") -> Iterator[str]:
    """Every text in it in which Slack reads markup."""
    if isinstance(value, dict):
        if value.get("type") in AS_IT_STANDS:
            return
        for name, item in value.items():
            if name not in NOT_SHOWN:
                yield from markup(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from markup(item, key)
    elif isinstance(value, str) and key in READ_AS_MARKUP:
        yield value
