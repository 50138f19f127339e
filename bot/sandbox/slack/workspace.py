"""What the workspace remembers: people, channels, messages, views; and who is told of a change."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from bot.sandbox.people import (
    AISHA,
    JONAS,
    MAYA,
    OTHER_TEAM_ID,
    PEOPLE,
    PETRA,
    TEAM_ID,
    TOM,
    Person,
)
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.text import Task, plain_text, tasks_in

T = TypeVar("T")
Json = dict[str, Any]

BOT_USER_ID = "U0INTERCOM"
BOT_ID = "B0INTERCOM"
BOT_NAME = "Intercom Agent"
APP_ID = "A0INTERCOM"
OTHER_BOT_USER_ID = "U0OTHERBOT"
OTHER_BOT_ID = "B0OTHERBOT"

SUPPORT = "C0SUPPORT1"
"""Public; everybody of the team and the bot are in it."""
BILLING = "C0BILLING1"
"""Private; Maya, Aisha and the bot."""
PRODUCT = "C0PRODUCT1"
"""Public; the bot is not in it."""
SHARED = "C0CONTOSO1"
"""Slack Connect, hosted here, with Petra of the other company; the bot is in it."""
HOSTED = "C0HOSTED01"
"""Slack Connect, hosted by the other company: Petra, Maya, Tom and the bot."""
GROUP_DM = "C0GROUPDM1"
"""A group DM of Maya, Tom and the bot."""
ARCHIVED = "C0ARCHIVED"
"""Public and archived."""
DM_MAYA_TOM = "D0MAYATOM1"
"""Between two people; the bot cannot see it."""

STREAM_LIFETIME = 300.0
"""Seconds after which Slack ends a stream by itself, however busy it is."""

ChannelType = Literal["channel", "group", "im", "mpim"]
Guest = Literal["restricted", "ultra_restricted"]
StreamMode = Literal["markdown_text", "chunks"]


@dataclass
class Channel:
    id: str
    name: str
    type: ChannelType
    members: set[str]
    archived: bool = False
    shared: bool = False
    """With the other company, by Slack Connect."""
    pending: bool = False
    """The other company has been invited."""
    org_shared: bool = False
    """Among workspaces of one's own organization."""
    host: str = TEAM_ID

    @property
    def has_bot(self) -> bool:
        return BOT_USER_ID in self.members


@dataclass
class Message:
    """A message as it stands now. What begins with `streamed` fills up while it streams."""

    ts: str
    channel: str
    user: str
    text: str
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    ephemeral_to: str | None = None
    streaming: Literal["streaming", "done"] | None = None
    stream_mode: StreamMode | None = None
    stream_started: float = 0.0
    task_display_mode: str = "timeline"
    recipient: str | None = None
    """The one who sees it live while it streams in a channel."""
    begun_with: Json = field(default_factory=dict)
    """What everybody else sees meanwhile: its first chunks."""
    plan_title: str | None = None
    streamed_tasks: list[Task] = field(default_factory=list)
    streamed_markdown: str = ""
    version: int = 0
    """How often text and blocks were put into it."""
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def plain(self) -> str:
        """Everything that a person reads in it, as text."""
        return plain_text(
            self.text, self.streamed_markdown, self.plan_title, self.streamed_tasks, self.blocks
        )

    @property
    def tasks(self) -> list[Task]:
        """Its task cards, streamed or as blocks."""
        return [*self.streamed_tasks, *tasks_in(self.blocks)]

    @property
    def markdown(self) -> str:
        """Its Markdown, streamed or as blocks."""
        texts = [block["text"] for block in self.blocks if block["type"] == "markdown"]
        return "".join([self.streamed_markdown, *texts])

    def begin_stream(self, recipient: str | None) -> None:
        self.recipient = recipient
        self.begun_with = {
            "plan_title": self.plan_title,
            "streamed_tasks": deepcopy(self.streamed_tasks),
            "streamed_markdown": self.streamed_markdown,
            "blocks": list(self.blocks),
        }

    def as_seen_by(self, user_id: str) -> "Message":
        """As Slack shows it to this person. Of a stream in a channel only its recipient sees more
        than the beginning before it ends (agentconnect-md/agentconnect#1494, a live report of
        August 2026); a DM has one reader."""
        if self.streaming != "streaming" or self.recipient in (None, user_id):
            return self
        return replace(self, **self.begun_with)


@dataclass
class View:
    id: str
    user: str
    view: Json
    """As the app sent it."""
    hash: str
    root: str
    previous: str | None = None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class Session:
    """What the agent's pane shows of a thread."""

    status: str = ""
    status_at: float = 0.0
    loading_messages: list[str] = field(default_factory=list)
    title: str | None = None
    prompts: list[Json] = field(default_factory=list)
    prompts_title: str | None = None
    lifecycle: str | None = None
    initiator: str | None = None


class Workspace:
    """The memory itself. Everything that reads or changes it does so inside `changing()`."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.changed = threading.Condition(threading.RLock())
        self.people: dict[str, Person] = {p.slack_user_id: p for p in PEOPLE}
        self.deactivated: set[str] = set()
        self.guests: dict[str, Guest] = {}
        team = {MAYA, TOM, AISHA, JONAS}
        everybody = {p.slack_user_id for p in team}
        maya, aisha, petra = MAYA.slack_user_id, AISHA.slack_user_id, PETRA.slack_user_id
        seed = (
            Channel(SUPPORT, "support", "channel", everybody | {BOT_USER_ID}),
            Channel(BILLING, "billing-escalations", "group", {maya, aisha, BOT_USER_ID}),
            Channel(PRODUCT, "product", "channel", set(everybody)),
            Channel(
                SHARED, "shared-contoso", "channel", everybody | {petra, BOT_USER_ID}, shared=True
            ),
            Channel(
                HOSTED,
                "contoso-support",
                "channel",
                {maya, TOM.slack_user_id, petra, BOT_USER_ID},
                shared=True,
                host=OTHER_TEAM_ID,
            ),
            Channel(
                GROUP_DM,
                "mpdm-maya--tom--intercom_agent-1",
                "mpim",
                {maya, TOM.slack_user_id, BOT_USER_ID},
            ),
            Channel(ARCHIVED, "old-support", "channel", everybody | {BOT_USER_ID}, archived=True),
            Channel(DM_MAYA_TOM, "", "im", {maya, TOM.slack_user_id}),
        )
        self.channels: dict[str, Channel] = {c.id: c for c in seed}
        self.posts: dict[str, dict[str, Message]] = {c.id: {} for c in seed}
        self.ephemerals: list[Message] = []
        self.homes: dict[str, View] = {}
        self.views: dict[str, View] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self._subscribers: list[Callable[[], None]] = []
        self._last_ts = 0
        self._serial = 0
        self._changes = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the lock; afterwards wakes whoever waits or subscribed."""
        with self.changed:
            yield
            self._changes += 1
            self.changed.notify_all()
            subscribers = list(self._subscribers)
        for callback in subscribers:
            callback()

    def touch(self) -> None:
        """Tells that something changed elsewhere, such as a delivery."""
        with self.changing():
            pass

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback` runs after each change, on the thread that made it; returns how to stop."""
        with self.changed:
            self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def wait(self, condition: Callable[[], T | None], timeout: float, what: str) -> T:
        """The first truthy value of `condition`. Raises AssertionError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._changes
            # Outside the lock: a condition may ask somebody who is waiting for Slack.
            value = condition()
            if value:
                return value
            left = deadline - time.monotonic()
            with self.changed:
                if left <= 0:
                    raise AssertionError(
                        f"waited {timeout} s for {what or condition}\n{self.dump()}"
                    )
                if self._changes == seen:
                    # Conditions may look at things elsewhere, which notify nobody here.
                    self.changed.wait(min(left, 0.1))

    def dump(self) -> str:
        """All messages, thread by thread, for a person who reads a failed test."""
        lines: list[str] = []
        for channel in self.channels.values():
            for message in self.posts[channel.id].values():
                indent = "    " if message.thread_ts not in (None, message.ts) else "  "
                state = f" ({message.streaming})" if message.streaming else ""
                lines.append(f"{indent}#{channel.name or channel.id} {message.user}{state}:")
                lines += [f"{indent}  {line}" for line in message.plain.splitlines()]
        for message in self.ephemerals:
            lines.append(f"  only {message.ephemeral_to} in {message.channel}: {message.plain}")
        dumped = "\n".join(lines) or "  (no messages)"
        # Half a character cannot be printed, and a test run in parallel would end over it.
        return dumped.encode(errors="backslashreplace").decode()

    def next_id(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}0{self._serial:09d}"

    def next_ts(self) -> str:
        """Unique and increasing, also under a clock that stands still."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def name(self, user_id: str) -> str:
        person = self.people.get(user_id)
        return person.name if person else user_id

    def dm(self, user_id: str) -> Channel:
        """The person's DM with the bot, made on demand. Raises KeyError for nobody's id."""
        person = self.people[user_id]
        channel_id = "D" + person.slack_user_id[1:]
        if channel_id not in self.channels:
            members = {user_id, BOT_USER_ID}
            self.channels[channel_id] = Channel(channel_id, "", "im", members)
            self.posts[channel_id] = {}
        return self.channels[channel_id]

    def add(self, message: Message) -> Message:
        self.posts[message.channel][message.ts] = message
        return message

    def messages(self, channel_id: str) -> list[Message]:
        return [self._aged(message) for message in self.posts[channel_id].values()]

    def thread(self, channel_id: str, thread_ts: str) -> list[Message]:
        """The root first, then its replies."""
        return [m for m in self.messages(channel_id) if thread_ts in (m.ts, m.thread_ts)]

    def message(self, channel_id: str, ts: str) -> Message:
        """Raises message_not_found."""
        found = self.posts[channel_id].get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return self._aged(found)

    def _aged(self, message: Message) -> Message:
        age = self.now() - message.stream_started
        if message.streaming == "streaming" and age > STREAM_LIFETIME:
            message.streaming = "done"
        return message

    def session(self, channel_id: str, thread_ts: str) -> Session:
        return self.sessions.setdefault((channel_id, thread_ts), Session())

    def shares_channel(self, user_id: str) -> bool:
        """Whether the bot and this person meet in a channel."""
        return any(user_id in c.members and c.has_bot for c in self.channels.values())

    def team_of(self, user_id: str) -> str:
        person = self.people.get(user_id)
        return person.slack_team_id if person else TEAM_ID
