"""What each of the bot's scopes in the manifest is for, so that one that was not granted can be
named with what goes without it."""

from collections.abc import Iterable

from bot.doctor.finding import Finding, failure, ok, warning

REINSTALL = (
    "add them at api.slack.com/apps → your app → OAuth & Permissions, then reinstall the app"
)
NEEDED = {
    "app_mentions:read": "mentions of the app in channels",
    "assistant:write": "what the agent's pane shows",
    "channels:history": "threads in public channels",
    "chat:write": "every answer",
    "commands": "/intercom",
    "groups:history": "threads in private channels",
    "im:history": "direct messages",
    "im:write": "the button to connect, and private answers",
    "reactions:write": "the sign that a message was taken up",
    "users:read": "telling members from guests and strangers: nobody is served without it",
}
GONE_WITHOUT = {
    "channels:read": "whether another organization reads in a public channel; without it all "
    "answers there are private",
    "files:read": "files that people attach; without it the agent does not see them",
    "files:write": "texts that are too long for a message; without it such changes can't be "
    "approved",
    "groups:read": "whether another organization reads in a private channel; without it all "
    "answers there are private",
    "mpim:history": "group direct messages; without it the agent does not hear them",
    "mpim:read": "whether another organization reads in a group direct message; without it all "
    "answers there are private",
}
"""The app works without these, but for what they are for."""


def check_scopes(wanted: Iterable[str], granted: set[str]) -> Finding:
    """Which of the manifest's bot scopes are missing, and what for."""
    missing = [scope for scope in wanted if scope not in granted]
    if not missing:
        return ok("Slack scopes", "all of the manifest's")
    purposes = {**NEEDED, **GONE_WITHOUT}
    named = [f"{scope} ({purposes[scope]})" for scope in missing]
    amiss = warning if set(missing) <= set(GONE_WITHOUT) else failure
    return amiss("Slack scopes", f"not granted: {', '.join(named)}", REINSTALL)
