"""What every group of Web API methods works with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.rules import Scopes
from bot.sandbox.slack.workspace import Channel, Workspace

Json = dict[str, Any]

TS = re.compile(r"^\d{1,}\.\d{6}$")
USER_ID = re.compile(r"^[UW][A-Z0-9]{2,}$")
HISTORY_SCOPES = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
READ_SCOPES = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


@dataclass
class Api:
    workspace: Workspace
    scopes: Scopes
    events: Events
    manifest: Mapping[str, Any]
    url: str

    def channel(self, channel_id: str) -> Channel:
        """A channel that the bot can see. Raises channel_not_found."""
        found = self.workspace.channels.get(channel_id)
        if found is None or (found.type != "channel" and not found.has_bot):
            raise SlackError("channel_not_found")
        return found

    def writable(self, channel_id: str) -> Channel:
        """A channel that the bot may post in; a person's id means their DM with the bot.

        Raises channel_not_found, is_archived and not_in_channel.
        """
        if USER_ID.match(channel_id) and channel_id in self.workspace.people:
            return self.reachable_dm(channel_id)
        found = self.channel(channel_id)
        if found.archived:
            raise SlackError("is_archived")
        if not found.has_bot and "chat:write.public" not in self.scopes.granted:
            raise SlackError("not_in_channel")
        return found

    def readable(self, channel_id: str) -> Channel:
        """A channel whose messages the bot may read. Raises missing_scope and not_in_channel."""
        found = self.channel(channel_id)
        self.scopes.need(HISTORY_SCOPES[found.type])
        if not found.has_bot:
            raise SlackError("not_in_channel")
        return found

    def reachable_dm(self, user_id: str) -> Channel:
        """Raises user_not_found, user_disabled and, for people of another team,
        user_not_visible."""
        person = self.workspace.people.get(user_id)
        if person is None:
            raise SlackError("user_not_found")
        if user_id in self.workspace.deactivated:
            raise SlackError("user_disabled")
        if person.slack_team_id != self.events.team_id:
            raise SlackError("user_not_visible")
        return self.workspace.dm(user_id)

    def thread_ts(self, channel: Channel, ts: str | None, missing: str) -> str | None:
        """Checks that `ts` is the root of a thread. Raises invalid_thread_ts, or `missing` if
        there is no such message."""
        if ts is None:
            return None
        if not TS.match(ts):
            raise SlackError("invalid_thread_ts")
        root = self.workspace.posts[channel.id].get(ts)
        if root is None:
            raise SlackError(missing)
        if root.thread_ts not in (None, ts):
            raise SlackError("invalid_thread_ts")
        return ts

    def check_user_id(self, value: str, pointer: str) -> None:
        if not USER_ID.match(value):
            raise invalid_arguments(f"input must match regex pattern: {USER_ID.pattern}", pointer)
