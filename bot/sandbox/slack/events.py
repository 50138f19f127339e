"""The Events API: what happened in the workspace, as the envelopes that the bot subscribed to."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.people import OTHER_ENTERPRISE_ID, OTHER_TEAM_ID, TEAM_ID
from bot.sandbox.slack.delivery import Courier, Delivery
from bot.sandbox.slack.rules import Scopes
from bot.sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    Channel,
    Message,
    Workspace,
)

Json = dict[str, Any]

VERIFICATION_TOKEN = "sandbox-verification-token"
MESSAGE_EVENTS = {
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "im": ("message.im", "im:history"),
    "mpim": ("message.mpim", "mpim:history"),
}
WITHOUT_AUTHORIZATIONS = ("app_uninstalled", "tokens_revoked")
NEEDS_SCOPE = {"app_mention": "app_mentions:read", "user_change": "users:read"}


class Events:
    def __init__(
        self, workspace: Workspace, courier: Courier, scopes: Scopes, manifest: Mapping[str, Any]
    ) -> None:
        subscriptions = manifest.get("settings", {}).get("event_subscriptions", {})
        self.subscribed = set(subscriptions.get("bot_events", []))
        self.team_id = TEAM_ID
        self._workspace = workspace
        self._courier = courier
        self._scopes = scopes

    def posted(self, message: Message) -> list[Delivery]:
        """A new message: to the bot as `message`, and as `app_mention` if it names the bot, which
        in direct and group messages never comes.

        In Slack Connect the two differ in what they say of the author (bolt-python's fixtures):
        `message` has their workspace as `team` and no `user_team`; `app_mention` has the
        installation's as `team`, and the author's organization as `user_team`."""
        channel = self._workspace.channels[message.channel]
        event: Json = {**self.shown(message), "channel": channel.id, "event_ts": message.ts}
        sent = self._message(channel, event)
        names_bot = f"<@{BOT_USER_ID}>" in message.text and message.user != BOT_USER_ID
        in_channel = channel.has_bot and channel.type in ("channel", "group")
        if names_bot and in_channel and not message.subtype:
            mention = {k: v for k, v in event.items() if k != "channel_type"}
            if channel.shared:
                team = self._workspace.team_of(message.user)
                home = OTHER_ENTERPRISE_ID if team == OTHER_TEAM_ID else team
                mention |= {"team": TEAM_ID, "user_team": home, "source_team": home}
            sent += self.send({**mention, "type": "app_mention"}, channel)
        return sent

    def changed(self, message: Message, before: Json) -> list[Delivery]:
        channel = self._workspace.channels[message.channel]
        ts = self._workspace.next_ts()
        event: Json = {
            "type": "message",
            "subtype": "message_changed",
            "message": self.shown(message),
            "previous_message": before,
            "channel": channel.id,
            "hidden": True,
            "ts": ts,
            "event_ts": ts,
        }
        return self._message(channel, event)

    def deleted(self, message: Message) -> list[Delivery]:
        channel = self._workspace.channels[message.channel]
        ts = self._workspace.next_ts()
        event: Json = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": self.shown(message),
            "channel": channel.id,
            "hidden": True,
            "deleted_ts": message.ts,
            "ts": ts,
            "event_ts": ts,
        }
        return self._message(channel, event)

    def _message(self, channel: Channel, event: Json) -> list[Delivery]:
        name, scope = MESSAGE_EVENTS[channel.type]
        visible = channel.has_bot and name in self.subscribed and scope in self._scopes.granted
        if not visible:
            return []
        event["channel_type"] = channel.type
        return [self._deliver(event, channel)]

    def send(self, event: Json, channel: Channel | None = None) -> list[Delivery]:
        """Delivers an event, if the manifest subscribes to its type and has its scope."""
        kind = event["type"]
        if kind not in self.subscribed:
            return []
        if kind in NEEDS_SCOPE and NEEDS_SCOPE[kind] not in self._scopes.granted:
            return []
        return [self._deliver(event, channel)]

    def _deliver(self, event: Json, channel: Channel | None) -> Delivery:
        return self._courier.send(Delivery("event", self.envelope(event, channel)))

    def envelope(self, event: Json, channel: Channel | None = None) -> Json:
        """What is around an event. Its own team and enterprise are the other company's where that
        one hosts the channel, or wrote there; ours is in `authorizations` and `context_…`
        (bolt-python's fixtures; slackapi/java-slack-sdk#629). What tells that the app is gone comes
        without either: there is no installation any more (the SDKs' fixtures)."""
        context = {"et": event["type"], "tid": TEAM_ID, "aid": APP_ID}
        if channel:
            context["cid"] = channel.id
        encoded = base64.urlsafe_b64encode(json.dumps(context).encode()).decode()
        around: Json = {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._workspace.next_id("Ev"),
            "event_time": int(self._workspace.now()),
        }
        if event["type"] in WITHOUT_AUTHORIZATIONS:
            return around
        author = event.get("user")
        is_theirs = isinstance(author, str) and self._workspace.team_of(author) == OTHER_TEAM_ID
        if channel and channel.shared and (is_theirs or channel.host == OTHER_TEAM_ID):
            around |= {"team_id": OTHER_TEAM_ID, "enterprise_id": OTHER_ENTERPRISE_ID}
        return around | {
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": bool(channel and channel.shared),
            "event_context": f"4-{encoded}",
        }

    def shown(self, message: Message) -> Json:
        """The message as events and the Web API carry it."""
        team = self._workspace.team_of(message.user)
        shown: Json = {
            "user": message.user,
            "type": "message",
            "ts": message.ts,
            "text": message.text,
            "team": team,
        }
        if message.bot_id:
            shown |= {"bot_id": message.bot_id, "app_id": message.app_id}
            if message.bot_id == BOT_ID:
                shown["bot_profile"] = {
                    "id": BOT_ID,
                    "app_id": APP_ID,
                    "name": BOT_NAME,
                    "team_id": TEAM_ID,
                    "deleted": False,
                }
        elif not message.subtype or message.subtype == "file_share":
            shown["client_msg_id"] = f"00000000-0000-4000-8000-{message.ts.replace('.', '')[-12:]}"
        if team != TEAM_ID and not message.bot_id:
            name = self._workspace.name(message.user)
            shown["user_profile"] = {"real_name": name, "team": team, "is_restricted": False}
        blocks = _blocks(message)
        if blocks:
            shown["blocks"] = blocks
        for name in ("subtype", "files", "attachments", "metadata", "edited"):
            if value := getattr(message, name):
                shown[name] = value
        if message.streaming == "streaming":
            shown["streaming_state"] = "in_progress"
        if message.thread_ts:
            shown["thread_ts"] = message.thread_ts
            root = self._workspace.posts[message.channel].get(message.thread_ts)
            if root and root is not message:
                shown["parent_user_id"] = root.user
        if message.reactions:
            shown["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)}
                for name, users in message.reactions.items()
                if users
            ]
        return shown


def _blocks(message: Message) -> list[Json]:
    if message.bot_id or message.subtype or not message.text:
        streamed: list[Json] = [
            {
                "type": "task_card",
                "block_id": f"task-{task.id}",
                "task_id": task.id,
                "title": task.title,
                "status": task.status,
            }
            for task in message.streamed_tasks
        ]
        if text := message.streamed_markdown:
            streamed.append({"type": "markdown", "block_id": "text", "text": text})
        return streamed + message.blocks
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": message.text}]}
    return [{"type": "rich_text", "block_id": message.ts[-5:], "elements": [section]}]
