"""Commands, clicks and modals: what people do with what the bot offers."""

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.people import OTHER_ENTERPRISE_ID, OTHER_TEAM_NAME, TEAM_ID
from bot.sandbox.slack.blocks import elements_of
from bot.sandbox.slack.chat import fill
from bot.sandbox.slack.delivery import Courier, Delivery
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.events import VERIFICATION_TOKEN, Events
from bot.sandbox.slack.forms import action_of, submitted
from bot.sandbox.slack.rules import Scopes
from bot.sandbox.slack.views import Triggers, Views, check_view, view_object
from bot.sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    Channel,
    Message,
    View,
    Workspace,
)

Json = dict[str, Any]

RESPONSE_USES = 5
RESPONSE_LIFETIME = 1800.0
RESPONSE_FIELDS = {
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "mrkdwn",
}


class ResponseUrl:
    def __init__(self, user_id: str, channel_id: str, made: float, origin: Message | None) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.made = made
        self.origin = origin
        self.uses = 0


class Interactions:
    def __init__(
        self,
        workspace: Workspace,
        courier: Courier,
        events: Events,
        views: Views,
        triggers: Triggers,
        scopes: Scopes,
        manifest: Mapping[str, Any],
        url: str,
    ) -> None:
        features = manifest.get("features", {})
        self._commands = {command["command"] for command in features.get("slash_commands", [])}
        interactivity = manifest.get("settings", {}).get("interactivity", {})
        self._interactive = interactivity.get("is_enabled", False)
        self._workspace = workspace
        self._courier = courier
        self._events = events
        self._views = views
        self._triggers = triggers
        self._scopes = scopes
        self._url = url
        self._response_urls: dict[str, ResponseUrl] = {}

    def command(self, user_id: str, channel_id: str, text: str, command: str) -> Delivery:
        if command not in self._commands or "commands" not in self._scopes.granted:
            raise LookupError(f"{command} or the scope `commands` is not in the manifest")
        if self._workspace.team_of(user_id) != TEAM_ID:
            raise LookupError("people of another team do not see this app's commands")
        channel = self._workspace.channels[channel_id]
        if user_id not in channel.members:
            raise LookupError(f"{user_id} is not in {channel_id}")
        payload = {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM_ID,
            "team_domain": "northwind-support",
            "channel_id": channel_id,
            "channel_name": _channel_name(channel),
            "user_id": user_id,
            "user_name": self._user_name(user_id),
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url("commands", user_id, channel_id, None),
            "trigger_id": self._triggers.new(user_id),
        }

        async def answered(delivery: Delivery) -> None:
            with self._workspace.changing():
                if delivery.accepted:
                    self._answer_command(user_id, channel_id, delivery.body)
                else:
                    failure = delivery.attempts[-1].failure
                    reason = "operation_timeout" if failure == "http_timeout" else "dispatch_failed"
                    self._tell(user_id, channel_id, f"{command} failed with the error {reason}")

        return self._courier.send(Delivery("command", payload), then=answered)

    def click(
        self, user_id: str, channel_id: str, ts: str, action_id: str, value: str | None
    ) -> Delivery:
        message = self._visible(user_id, channel_id, ts)
        channel = self._workspace.channels[channel_id]
        block, element = _find(message.blocks, action_id, user_id, value)
        is_ephemeral = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel_id,
            "is_ephemeral": is_ephemeral,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload: Json = {
            **self._base("block_actions", user_id),
            "container": container,
            "channel": {"id": channel_id, "name": _channel_name(channel)},
            "state": {"values": {}},
            "response_url": self._response_url("actions", user_id, channel_id, message),
            "actions": [action_of(element, block["block_id"], value, self._workspace.next_ts())],
        }
        if not is_ephemeral:
            payload["message"] = self._events.shown(message)
        return self._interact(payload, channel_id)

    def click_in_view(
        self, user_id: str, view: View, action_id: str, value: str | None
    ) -> Delivery:
        block, element = _find(view.view["blocks"], action_id, user_id, value)
        payload: Json = {
            **self._base("block_actions", user_id),
            "container": {"type": "view", "view_id": view.id},
            "view": view_object(view),
            "actions": [action_of(element, block["block_id"], value, self._workspace.next_ts())],
        }
        return self._interact(payload, None)

    def submit(self, view: View, values: dict[str, dict[str, Any]]) -> Delivery:
        state = {"values": submitted(view.view["blocks"], values)}
        payload: Json = {
            **self._base("view_submission", view.user),
            "view": {**view_object(view), "state": state},
            "response_urls": [],
        }

        async def answered(delivery: Delivery) -> None:
            with self._workspace.changing():
                if delivery.accepted:
                    self._answer_submission(view, delivery.body)

        return self._interact(payload, None, answered)

    def close(self, view: View, cleared: bool) -> Delivery | None:
        self._workspace.views.pop(view.id, None)
        if not view.view.get("notify_on_close"):
            return None
        payload: Json = {
            **self._base("view_closed", view.user),
            "view": view_object(view),
            "is_cleared": cleared,
        }
        payload.pop("trigger_id")
        return self._interact(payload, None)

    def respond(self, url_id: str, body: Json) -> None:
        """What a POST to a response_url does. Raises SlackError expired_url, used_url and what
        posting raises."""
        found = self._response_urls.get(url_id)
        if found is None or self._workspace.now() - found.made > RESPONSE_LIFETIME:
            raise SlackError("expired_url")
        if found.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        unknown = set(body) - RESPONSE_FIELDS
        if unknown:
            raise SlackError("invalid_payload", f"unknown fields: {sorted(unknown)}")
        found.uses += 1
        origin = found.origin
        if origin and body.get("delete_original"):
            self._remove(origin)
        elif origin and body.get("replace_original", False):
            before = self._events.shown(origin)
            fill(origin, {"blocks": [], **body})
            if not origin.ephemeral_to:
                self._events.changed(origin, before)
        else:
            self._post(found.user_id, found.channel_id, body)

    def _interact(self, payload: Json, channel_id: str | None, then: Any = None) -> Delivery:
        if not self._interactive:
            raise LookupError("the manifest does not enable interactivity")
        user_id = payload["user"]["id"]

        async def failed(delivery: Delivery) -> None:
            if not delivery.accepted and channel_id:
                with self._workspace.changing():
                    self._tell(user_id, channel_id, "The app did not respond")
            if then:
                await then(delivery)

        return self._courier.send(Delivery("interaction", payload), then=failed)

    def _answer_command(self, user_id: str, channel_id: str, body: str) -> None:
        if not body:
            return
        try:
            answer = json.loads(body)
        except ValueError:
            answer = body
        if not isinstance(answer, dict):
            answer = {"text": body}
        self._post(user_id, channel_id, answer)

    def _answer_submission(self, view: View, body: str) -> None:
        answer = json.loads(body) if body else {}
        match answer.get("response_action"):
            case "errors":
                view.errors = answer["errors"]
            case "update":
                self._views.replace(view, check_view(answer["view"], "modal"))
            case "push":
                self._views.show(view.user, check_view(answer["view"], "modal"), view)
            case "clear":
                for other in list(self._workspace.views.values()):
                    if other.root == view.root:
                        del self._workspace.views[other.id]
            case _:
                self._workspace.views.pop(view.id, None)

    def _post(self, user_id: str, channel_id: str, body: Json) -> None:
        private = body.get("response_type", "ephemeral") == "ephemeral"
        message = Message(
            ts=self._workspace.next_ts(),
            channel=channel_id,
            user=BOT_USER_ID,
            text="",
            bot_id=BOT_ID,
            app_id=APP_ID,
            thread_ts=body.get("thread_ts"),
            ephemeral_to=user_id if private else None,
        )
        fill(message, body)
        if private:
            self._workspace.ephemerals.append(message)
        else:
            self._workspace.add(message)
            self._events.posted(message)

    def _remove(self, message: Message) -> None:
        if message.ephemeral_to:
            self._workspace.ephemerals.remove(message)
        else:
            del self._workspace.posts[message.channel][message.ts]
            self._events.deleted(message)

    def _tell(self, user_id: str, channel_id: str, text: str) -> None:
        ts = self._workspace.next_ts()
        message = Message(ts, channel_id, "USLACKBOT", text, ephemeral_to=user_id)
        self._workspace.ephemerals.append(message)

    def _visible(self, user_id: str, channel_id: str, ts: str) -> Message:
        for message in self._workspace.ephemerals:
            if (message.channel, message.ts, message.ephemeral_to) == (channel_id, ts, user_id):
                return message
        if user_id not in self._workspace.channels[channel_id].members:
            raise LookupError(f"{user_id} is not in {channel_id}")
        found = self._workspace.posts[channel_id].get(ts)
        if found is None:
            raise LookupError(f"no message {ts} in {channel_id} that {user_id} could see")
        return found

    def _base(self, kind: str, user_id: str) -> Json:
        """What every interaction says. For what is done in a modal `team` and `enterprise` are the
        person's own, and the view says where the app is installed; for what is pressed in a message
        they are the installation's (slackapi/bolt-js#1614)."""
        name = self._user_name(user_id)
        team_id = self._workspace.team_of(user_id)
        is_theirs = kind.startswith("view") and team_id != TEAM_ID
        enterprise = {"id": OTHER_ENTERPRISE_ID, "name": OTHER_TEAM_NAME}
        ours = {"id": TEAM_ID, "domain": "northwind-support"}
        return {
            "type": kind,
            "user": {"id": user_id, "username": name, "name": name, "team_id": team_id},
            "api_app_id": APP_ID,
            "token": VERIFICATION_TOKEN,
            "trigger_id": self._triggers.new(user_id),
            "team": {"id": team_id, "domain": "contoso"} if is_theirs else ours,
            "enterprise": enterprise if is_theirs else None,
            "is_enterprise_install": False,
        }

    def _response_url(
        self, kind: str, user_id: str, channel_id: str, origin: Message | None
    ) -> str:
        url_id = self._workspace.next_id("R")
        made = self._workspace.now()
        self._response_urls[url_id] = ResponseUrl(user_id, channel_id, made, origin)
        return f"{self._url}/{kind}/{TEAM_ID}/{url_id}"

    def _user_name(self, user_id: str) -> str:
        return self._workspace.people[user_id].email.split("@")[0]


def _channel_name(channel: Channel) -> str:
    return {"im": "directmessage", "group": "privategroup"}.get(channel.type, channel.name)


def _find(blocks: list[Json], action_id: str, user_id: str, value: str | None) -> tuple[Json, Json]:
    """The element to press; `value` tells apart those that share an action_id."""
    offered: list[str] = []
    for block in blocks:
        for element in elements_of(block):
            visible_to = element.get("visible_to_user_ids")
            if visible_to and user_id not in visible_to:
                continue
            offered.append(element["action_id"])
            buttons = element["type"] in ("button", "icon_button")
            other = buttons and value is not None and element.get("value") != value
            if element["action_id"] == action_id and not other:
                return block, element
    raise LookupError(f"{user_id} sees nothing to press called {action_id}; there is {offered}")
