"""The Slack stand-in: a workspace with people in it, and the platform that the bot talks to."""

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from bot.sandbox.people import TEAM_ID
from bot.sandbox.serving import Serving
from bot.sandbox.slack.agents import Agents
from bot.sandbox.slack.api import Api
from bot.sandbox.slack.chat import Chat
from bot.sandbox.slack.conversations import Conversations, user_object
from bot.sandbox.slack.delivery import Courier, Delivery, Kind
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.interactions import Interactions
from bot.sandbox.slack.reading import Reading
from bot.sandbox.slack.rules import Fault, Method, Scopes
from bot.sandbox.slack.server import Server
from bot.sandbox.slack.sign_in import SignIn
from bot.sandbox.slack.sockets import Disconnect, Sockets
from bot.sandbox.slack.streams import Streams
from bot.sandbox.slack.views import Triggers, Views, view_object
from bot.sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    OTHER_BOT_ID,
    OTHER_BOT_USER_ID,
    Channel,
    ChannelType,
    Guest,
    Message,
    Workspace,
)

Json = dict[str, Any]
Reach = Literal["own", "organization", "pending", "shared"]


class SlackSandbox(Reading):
    """Start it, set `events_url`, let people act, read what they would see."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        port: int = 0,
        rate_limits: bool = True,
        retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0),
        ack_timeout: float = 3.0,
        issuer: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`manifest` is the parsed app manifest: scopes, events, commands and redirect URLs come
        from it. `now` is the clock of streams, limits and expiry. Raises OSError if the port is
        taken."""
        self.bot_token = f"xoxb-sandbox-{secrets.token_hex(16)}"
        self.signing_secret = secrets.token_hex(16)
        self.client_id = "1000000001.2000000002"
        self.client_secret = secrets.token_hex(16)
        self.app_id, self.bot_id, self.bot_user_id, self.team_id = (
            APP_ID,
            BOT_ID,
            BOT_USER_ID,
            TEAM_ID,
        )
        workspace = Workspace(now)
        scopes = Scopes(manifest)
        self.app_token = f"xapp-1-sandbox-{secrets.token_hex(16)}"
        self.sockets = Sockets()
        courier = Courier(
            self.signing_secret,
            retry_delays,
            ack_timeout,
            workspace.touch,
            self.sockets,
            socket_mode=bool(manifest.get("settings", {}).get("socket_mode_enabled")),
        )
        server = Server(workspace, scopes, lambda: self.bot_token, self.app_token, rate_limits)
        super().__init__(workspace, courier, server)
        self._events = Events(workspace, courier, scopes, manifest)
        self._serving = Serving(self._server.app(), port)
        self.url = self._serving.url
        api = Api(self._workspace, scopes, self._events, manifest, self.url)
        triggers = Triggers(self._workspace)
        views = Views(api, triggers)
        client = (self.client_id, self.client_secret)
        sign_in = SignIn(self._workspace, manifest, client, issuer or self.url, self.url)
        self._interactions = Interactions(
            self._workspace,
            self._courier,
            self._events,
            views,
            triggers,
            scopes,
            manifest,
            self.url,
        )
        files = Files(api)
        self._streams = Streams(api)
        groups = (Chat(api), self._streams, Agents(api), Conversations(api), files, views, sign_in)
        methods: dict[str, Method] = self.sockets.methods()
        for group in groups:
            methods |= group.methods()
        self._server.serve(methods, sign_in, self._interactions, files)
        self._sign_in = sign_in
        self._scopes = scopes
        features = manifest.get("features", {})
        self._app_home = features.get("app_home", {})
        self.prompts: list[Json] = features.get("agent_view", {}).get("suggested_prompts", [])
        """What the agent's pane suggests where there is no thread yet."""

    @property
    def events_url(self) -> str:
        """The bot's `/slack/events`. Deliveries go there unless the manifest enables Socket Mode;
        without it they go over an open socket, and where there is none, nowhere."""
        return self._courier.url

    @events_url.setter
    def events_url(self, url: str) -> None:
        self._courier.url = url

    def start(self) -> None:
        self._serving.start()
        self._serving.call(self.sockets.start())
        self._courier.start(self._serving.loop)

    def stop(self) -> None:
        """Ends, giving up retries that are still due."""
        self._serving.call(self._courier.stop())
        self._serving.call(self.sockets.stop())
        self._serving.stop()

    # What people do.

    def post(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: list[Json] | None = None,
    ) -> str:
        """A person writes; returns the ts. Raises LookupError if they are not in the channel, or
        if the manifest does not let people write to the bot."""
        with self._workspace.changing():
            channel = self._workspace.channels[channel_id]
            to_bot = channel.type == "im" and channel.has_bot
            if to_bot and self._app_home.get("messages_tab_read_only_enabled", True):
                raise LookupError("the manifest makes the messages tab read-only")
            if user_id not in channel.members:
                raise LookupError(f"{user_id} is not in {channel_id}")
            message = self._workspace.add(
                Message(
                    ts=self._workspace.next_ts(),
                    channel=channel_id,
                    user=user_id,
                    text=text,
                    thread_ts=thread_ts,
                    files=files or [],
                    subtype="file_share" if files else None,
                )
            )
            self._events.posted(message)
            return message.ts

    def edit(self, user_id: str, channel_id: str, ts: str, text: str) -> None:
        """Raises LookupError unless it is this person's message."""
        with self._workspace.changing():
            message = self._own(user_id, channel_id, ts)
            before = self._events.shown(message)
            message.text = text
            message.edited = {"user": user_id, "ts": self._workspace.next_ts()}
            self._events.changed(message, before)

    def delete(self, user_id: str, channel_id: str, ts: str) -> None:
        """Raises LookupError unless it is this person's message."""
        with self._workspace.changing():
            message = self._own(user_id, channel_id, ts)
            del self._workspace.posts[channel_id][ts]
            self._events.deleted(message)

    def remove(self, channel_id: str, ts: str) -> None:
        """An admin of the workspace deletes a message, whoever wrote it."""
        with self._workspace.changing():
            message = self._workspace.posts[channel_id].pop(ts)
            self._events.deleted(message)

    def archive(self, channel_id: str, *, archived: bool = True) -> None:
        """Nothing can be posted or changed in the channel until it is unarchived."""
        with self._workspace.changing():
            self._workspace.channels[channel_id].archived = archived

    def join(self, user_id: str, channel_id: str) -> None:
        with self._workspace.changing():
            self._workspace.channels[channel_id].members.add(user_id)
            ts, text = self._workspace.next_ts(), f"<@{user_id}> has joined the channel"
            message = Message(ts, channel_id, user_id, text, subtype="channel_join")
            self._events.posted(self._workspace.add(message))

    def post_as_other_bot(self, channel_id: str, text: str, *, thread_ts: str | None = None) -> str:
        """Another app's bot writes; returns the ts."""
        with self._workspace.changing():
            message = Message(
                ts=self._workspace.next_ts(),
                channel=channel_id,
                user=OTHER_BOT_USER_ID,
                text=text,
                bot_id=OTHER_BOT_ID,
                app_id="A0OTHERBOT",
                thread_ts=thread_ts,
            )
            self._events.posted(self._workspace.add(message))
            return message.ts

    def command(
        self, user_id: str, channel_id: str, text: str, command: str = "/intercom"
    ) -> Delivery:
        """Raises LookupError for a command or a channel that this person does not have."""
        with self._workspace.changing():
            return self._interactions.command(user_id, channel_id, text, command)

    def click(
        self,
        user_id: str,
        channel_id: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
    ) -> Delivery:
        """Presses a button or chooses `value` in a message or an ephemeral. Raises LookupError if
        this person sees no such thing."""
        with self._workspace.changing():
            return self._interactions.click(user_id, channel_id, ts, action_id, value)

    def click_home(self, user_id: str, action_id: str, *, value: str | None = None) -> Delivery:
        with self._workspace.changing():
            home = self._workspace.homes[user_id]
            return self._interactions.click_in_view(user_id, home, action_id, value)

    def click_view(self, view_id: str, action_id: str, *, value: str | None = None) -> Delivery:
        with self._workspace.changing():
            view = self._workspace.views[view_id]
            return self._interactions.click_in_view(view.user, view, action_id, value)

    def submit_view(
        self, user_id: str, view_id: str, values: dict[str, dict[str, Any]]
    ) -> Delivery:
        """`values` is {block_id: {action_id: value}}. Raises LookupError for an unknown view or
        input, ValueError where Slack's own client would refuse."""
        with self._workspace.changing():
            view = self._workspace.views[view_id]
            if view.user != user_id:
                raise LookupError(f"{view_id} is open for {view.user}, not for {user_id}")
            return self._interactions.submit(view, values)

    def close_view(self, user_id: str, view_id: str) -> Delivery | None:
        """The delivery of view_closed, if the view asked for it."""
        with self._workspace.changing():
            view = self._workspace.views[view_id]
            if view.user != user_id:
                raise LookupError(f"{view_id} is open for {view.user}, not for {user_id}")
            return self._interactions.close(view, cleared=False)

    def open_home(self, user_id: str, tab: str = "home") -> list[Delivery]:
        """Raises LookupError for a tab that the manifest does not enable."""
        if not self._app_home.get(f"{tab}_tab_enabled"):
            raise LookupError(f"the manifest does not enable the {tab} tab")
        with self._workspace.changing():
            event: Json = {
                "type": "app_home_opened",
                "user": user_id,
                "channel": self._workspace.dm(user_id).id,
                "tab": tab,
                "event_ts": self._workspace.next_ts(),
            }
            home = self._workspace.homes.get(user_id)
            if tab == "home" and home:
                event["view"] = view_object(home)
            return self._events.send(event)

    def press_stop(self, user_id: str, channel_id: str, thread_ts: str) -> list[Delivery]:
        """The native Stop button. Raises LookupError if there is none: the session is not
        processing, or the app does not subscribe to agent_session_stopped."""
        with self._workspace.changing():
            session = self._workspace.session(channel_id, thread_ts)
            stoppable = "agent_session_stopped" in self._events.subscribed
            if session.lifecycle != "processing" or not stoppable:
                raise LookupError(f"no stop button in {thread_ts}: {session.lifecycle}")
            streaming = [
                m
                for m in self._workspace.thread(channel_id, thread_ts)
                if m.streaming == "streaming"
            ]
            for message in streaming:
                message.streaming = "done"
            event: Json = {
                "type": "agent_session_stopped",
                "user": user_id,
                "channel": channel_id,
                "thread_ts": thread_ts,
                "streaming_message_ts": [message.ts for message in streaming],
                "event_ts": self._workspace.next_ts(),
            }
            return self._events.send(event, self._workspace.channels[channel_id])

    # What happens to the installation.

    def user_change(self, user_id: str, *, deleted: bool = True) -> list[Delivery]:
        with self._workspace.changing():
            person = self._workspace.people[user_id]
            if deleted:
                self._workspace.deactivated.add(user_id)
            else:
                self._workspace.deactivated.discard(user_id)
            user = user_object(person, self._workspace, self._scopes.granted)
            ts = self._workspace.next_ts()
            return self._events.send({"type": "user_change", "user": user, "event_ts": ts})

    def make_guest(self, user_id: str, kind: Guest | None = "restricted") -> list[Delivery]:
        """A member becomes a guest, of some channels or of a single one; None: a member again."""
        with self._workspace.changing():
            self._workspace.guests.pop(user_id, None)
            if kind:
                self._workspace.guests[user_id] = kind
            person = self._workspace.people[user_id]
            user = user_object(person, self._workspace, self._scopes.granted)
            ts = self._workspace.next_ts()
            return self._events.send({"type": "user_change", "user": user, "event_ts": ts})

    def open_channel(self, name: str, *user_ids: str) -> str:
        """A public channel with these people and the bot in it. Returns its id."""
        with self._workspace.changing():
            channel_id = self._workspace.next_id("C")
            members = {*user_ids, BOT_USER_ID}
            self._workspace.channels[channel_id] = Channel(channel_id, name, "channel", members)
            self._workspace.posts[channel_id] = {}
            return channel_id

    def share_channel(self, channel_id: str, reach: Reach = "shared") -> None:
        """Another organization gets into a channel, or is invited; `own`: it is gone again. Slack
        tells the bot only if asked: the manifest subscribes to no event about it."""
        with self._workspace.changing():
            channel = self._workspace.channels[channel_id]
            channel.shared, channel.pending = reach == "shared", reach == "pending"
            channel.org_shared = reach == "organization"

    def tokens_revoked(self, user_id: str | None = None) -> list[Delivery]:
        """The bot's token stops working; or one that this person had given it by signing in."""
        with self._workspace.changing():
            if user_id is None:
                self._server.revoked = "token_revoked"
            tokens: Json = {"oauth": [user_id]} if user_id else {"oauth": [], "bot": [BOT_USER_ID]}
            ts = self._workspace.next_ts()
            return self._events.send({"type": "tokens_revoked", "tokens": tokens, "event_ts": ts})

    def app_uninstalled(self) -> list[Delivery]:
        with self._workspace.changing():
            self._server.revoked = "account_inactive"
            ts = self._workspace.next_ts()
            return self._events.send({"type": "app_uninstalled", "event_ts": ts})

    # Sign in with Slack.

    def rotate_signing_key(self) -> None:
        """Slack signs ID tokens with another key from now on."""
        self._sign_in.rotate_key()

    @property
    def keys_asked(self) -> int:
        """How often somebody asked for the keys of ID tokens."""
        return self._sign_in.keys_asked

    # Deliveries that no person could cause.

    def deliver(
        self,
        payload: Json,
        *,
        kind: Kind = "event",
        headers: dict[str, str] | None = None,
        sign: bool = True,
        body: bytes | None = None,
    ) -> Delivery:
        """Any payload, as it is: repeats, odd payloads, wrong signatures. `headers` win over the
        usual ones; `body` is sent in place of the payload's JSON, and signed."""
        with self._workspace.changing():
            delivery = Delivery(kind, payload)
            return self._courier.send(delivery, headers=headers, sign=sign, body=body)

    def envelope(self, event: Json, channel_id: str | None = None) -> Json:
        """The envelope that Slack would put around this event, for `deliver`."""
        channel = self._workspace.channels[channel_id] if channel_id else None
        with self._workspace.changing():
            return self._events.envelope(event, channel)

    def disconnect_sockets(self, reason: Disconnect = "warning") -> None:
        """Tells every socket to go, as Slack does some seconds before it closes one."""
        self._serving.call(self.sockets.disconnect(reason))

    def close_sockets(self) -> None:
        """Closes every socket, with or without a warning before."""
        self._serving.call(self.sockets.close())

    def send_frame(self, text: str) -> None:
        """Sends anything over Socket Mode. Raises NoSocket."""
        self._serving.call(self.sockets.send(text))

    def fail(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        times: int = 1,
        after: int = 0,
        delay: float = 0.0,
        applied: bool = False,
        channel: str | None = None,
    ) -> None:
        """Makes the next `times` calls of a method ("*": of any) fail, letting `after` calls pass
        first: with an error code, an HTTP status, or 429 and Retry-After; or only be late by
        `delay` seconds. `applied` carries the call out before it fails, as when an answer gets
        lost. `channel`: only what is for this channel."""
        with self._workspace.changing():
            fault = Fault(error, status, retry_after, times, after, delay, applied, channel)
            self._server.faults.by_method[method].append(fault)

    def refuse_streams(
        self, channel_type: ChannelType, error: str | None = "channel_type_not_supported"
    ) -> None:
        """No stream starts in channels of this type any more; None: they do again."""
        with self._workspace.changing():
            self._streams.refused.pop(channel_type, None)
            if error:
                self._streams.refused[channel_type] = error

    def end_stream(self, channel_id: str, ts: str) -> None:
        """Ends a stream, as Slack does some minutes after its start, whatever the app does."""
        with self._workspace.changing():
            message = self._workspace.posts[channel_id][ts]
            message.stream_started = float("-inf")

    def heal(self) -> None:
        """No failure is planned any more."""
        with self._workspace.changing():
            self._server.faults.by_method.clear()

    def _own(self, user_id: str, channel_id: str, ts: str) -> Message:
        message = self._workspace.posts[channel_id].get(ts)
        if message is None or message.user != user_id:
            raise LookupError(f"{user_id} has no message {ts} in {channel_id}")
        return message
