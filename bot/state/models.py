"""What Redis holds about a request on its way: typed, and parsed at the door on the way back in."""

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic import Field

from bot.base_model import BaseModel
from bot.settings import Approvals


class Conversation(NamedTuple):
    """One teammate's conversation with the agent: a Slack thread, seen by one user.

    Others may talk to the agent in the same thread; theirs are conversations of their own.
    """

    team_id: str
    channel_id: str
    thread_ts: str
    user_id: str

    @property
    def key(self) -> str:
        return ":".join(self)

    @classmethod
    def from_key(cls, key: str) -> "Conversation":
        team_id, channel_id, thread_ts, user_id = key.split(":")
        return cls(team_id, channel_id, thread_ts, user_id)


class Origin(BaseModel):
    """Where something was asked that is answered privately."""

    channel_id: str
    thread_ts: str | None = None
    """None: it was a command, which Slack runs outside of threads."""


class Request(BaseModel):
    """One thing that a teammate asked, as Slack signed it."""

    id: str
    """Slack's event id, or a command's trigger id."""
    team_id: str
    enterprise_id: str | None = None
    user_id: str
    channel_id: str
    thread_ts: str
    """The root of the thread that the answer belongs to."""
    ts: str
    """The message that asks."""
    text: str
    is_direct: bool = False
    """Answered in the DM with the bot (or its pane), where nobody else reads."""
    origin: Origin | None = None
    """Where it was asked, if it is answered privately instead of there."""
    user_team: str | None = None
    """What Slack gave as the asker's own workspace, if anything."""
    admitted: bool = True
    """False: who asks has to be looked up before it is answered."""
    received_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def conversation(self) -> Conversation:
        return Conversation(self.team_id, self.channel_id, self.thread_ts, self.user_id)


class Command(BaseModel):
    """One `/intercom …`, which Slack runs outside of threads."""

    id: str
    team_id: str
    enterprise_id: str | None = None
    user_id: str
    channel_id: str
    text: str
    sealed_response_url: str


Effect = Literal["read", "write", "destructive"]
CallState = Literal[
    "pending", "waiting", "approved", "started", "done", "failed", "refused", "unknown"
]
"""waiting: for its teammate's approval."""


FieldInput = Literal["line", "lines", "choice", "moment"]
"""How a person edits a value: typed in one line or several, chosen, or picked as date and time."""


class EditableField(BaseModel):
    """A plain field of a call that a person may change before approving it."""

    path: str
    """Where it is in the input, dotted."""
    label: str
    value: str
    """As text: a flag is "true" or "false", a moment its Unix seconds."""
    multiline: bool = False
    input: FieldInput = "line"
    options: list[tuple[str, str]] = []
    """For a choice: each value with its words."""
    required: bool = False
    is_html: bool = False
    """What is typed is plain text, and becomes HTML."""
    hint: str = ""


class Change(BaseModel):
    """A write in plain words, for the one who decides on it.

    Every value of the input is in the headline, in the text or in the details, once.
    """

    headline: str
    """What will happen and to whom, by names."""
    text: str = ""
    """What a customer or colleague would get, as plain text, all of it."""
    text_before: str = ""
    """What stands there now."""
    reaches_customer: bool = False
    """Only read from what a release before `warning` stored."""
    warning: str = ""
    """What it does to customers, or takes away."""
    details: list[tuple[str, str]] = []
    """Every other field of the input, in words, each label once."""
    before: dict[str, str] = {}
    """What stands there now, by the detail's label; "" for nothing."""
    editable: list[EditableField] = []
    target: list[str] = []
    """The objects that it acts on, by kind and id."""
    names: dict[str, str] = {}
    """Of the objects that it names, by kind and id: "contact:66f1"."""
    old: dict[str, Any] = {}
    """The changed object's values as they were read for this: if they are others by the time it
    would run, it is shown anew."""


class Card(BaseModel):
    """The message with the buttons for one call."""

    channel_id: str
    ts: str
    pages: list[str] = []
    """The messages before it, with what did not fit in."""


class WithdrawnCard(BaseModel):
    """A card that counts no more, and may still have its buttons."""

    headline: str
    why: str
    call_id: str
    digest: str
    version: int
    card: Card | None = None
    """None: nobody knows whether it was posted."""


class Decision(BaseModel):
    """What a teammate decided about one call, once."""

    call_id: str
    digest: str
    """Of the call as it was shown."""
    kind: Literal["approved", "denied"]
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    reason: str = ""
    edits: dict[str, str] = {}
    """New values by path."""


class ToolCall(BaseModel):
    """One `tool_use` of Claude's, from being asked for to being answered.

    A call is saved as started before it goes out and as ended after its answer came: a write
    found started but not ended after a crash is never run again, its outcome is unknown.
    """

    id: str
    name: str
    input: dict[str, Any]
    title: str
    effect: Effect = "write"
    state: CallState = "pending"
    digest: str = ""
    """Of exactly this call in this run with this account: what an approval names."""
    change: Change | None = None
    asked: bool = False
    """Its card may have been posted."""
    card: Card | None = None
    card_version: int = 0
    """Which release's rules the card follows; 0: of those before there were versions."""
    card_settled: bool = False
    """Nothing is left to press on its card."""
    withdrawn: list[WithdrawnCard] = []
    """Cards that it had before, still to be settled."""
    shown_anew: int = 0
    """How often its card was withdrawn and shown anew."""
    signed_as: str = ""
    decision: Decision | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: str = ""
    """What Claude gets; empty until the call has ended."""
    outcome: str = ""
    """A few words for the teammate, for example "3 conversations"."""
    link: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None for a call that was not run, or has not ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def has_stale_card(self) -> bool:
        """It was decided, or shown anew, and a card of it may still have buttons."""
        is_decided = self.asked and not self.card_settled and self.state != "waiting"
        return is_decided or bool(self.withdrawn)

    @property
    def is_told_by_card(self) -> bool:
        """It was not run, and its card says so: nothing else has to."""
        return self.state == "refused" and self.asked

    @property
    def is_read(self) -> bool:
        return self.effect == "read"

    @property
    def ended(self) -> bool:
        return self.state not in ("pending", "waiting", "approved", "started")


class Shown(BaseModel):
    """A piece of the answer as it stands in the thread: text, or a tool call's card."""

    text: str = ""
    call: ToolCall | None = None


class StreamState(BaseModel):
    """How much of a run's answer is in its thread, as of the last save."""

    way: Literal["", "stream", "update"] = ""
    """How the answer is shown: streamed, or in a message that is updated; empty: not decided."""
    ts: str = ""
    """Of the message in which the answer is being shown; empty where none is open."""
    started_at: float = 0.0
    """Unix seconds: a stream dies five minutes after it, and who saw the message then was
    notified."""
    kept: list[Shown] = []
    """What is in it for good: the work of steps that are over."""
    unsent: list[Shown] = []
    """What they have to say besides, and is not in it yet."""
    touched: list[str] = []
    """The messages that hold something of the present step. If it breaks off they are replaced."""
    starting: list[Shown] = []
    """What a message is being started with whose ts is not known: it may be there or not."""
    starting_at: float = 0.0
    posting: str = ""
    """The key of a message that is being posted and whose ts is not known."""
    progress: str = ""
    """What the message says is being done."""
    plain: bool = False
    """Slack takes no blocks there."""
    frozen: bool = False
    """Slack lets no message be changed there."""
    stale: list[str] = []
    """Messages to be removed before anything else is sent: their contents come again."""


Outcome = Literal["working", "waiting", "asking", "done", "stopped", "failed", "expired"]
RunPhase = Literal["new", "waiting_for_connection", "turn", "waiting_for_approval", "ending"]


class Run(BaseModel):
    """The work on one request, saved after each step so that any worker can go on with it."""

    reference: str
    """Shown to the teammate when something fails; every log line of the run carries it."""
    request: Request
    phase: RunPhase = "new"
    turn: int = 0
    attempts: int = 0
    """How often the present step was started; above 1 after a crash."""
    calls: list[ToolCall] = []
    """The calls of the present turn."""
    ended_calls: list[ToolCall] = []
    """The calls of earlier turns, without their results."""
    stream: StreamState | None = None
    reminded: int = 0
    """While it waits for a connection: after how many further requests it said so again."""
    waiting_since: datetime | None = None
    """Since when it waits for a connection."""
    asked_to_connect: bool = False
    """Its teammate has been sent the button."""
    lost_connection: bool = False
    """The account was connected before: it has to be reconnected."""
    trouble_since: datetime | None = None
    """Since when a service that it needs is down."""
    troubles: int = 0
    """How often it was tried in vain since then."""
    trouble: str = ""
    """What is down, in a sentence."""
    not_before: datetime | None = None
    """When it is tried again."""
    approval_since: datetime | None = None
    """Since when it waits for approvals."""
    seconds: float = 0.0
    """How long its steps took so far."""
    tokens: int = 0
    """What its turns cost so far, input and output."""
    set_aside: bool = False
    """It stands in for a run that did not parse: all that is left to do is to say so."""
    summing_up: bool = False
    """A budget is spent: the next turn is the last one."""
    answer: str = ""
    """The last words to the teammate."""
    heard: list[str] = []
    """The teammate's later messages that this run has taken up."""
    outcome: Outcome = "working"
    started_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Head(BaseModel):
    """What is frozen for a conversation's life, since Claude's prefix must not change."""

    system: str
    account: str
    """Whose Intercom account all of the conversation was seen with."""
    toolset: str
    """The hash under which the tools sent to Claude are stored."""


class Teammate(BaseModel):
    """Who a connected account belongs to, as Intercom says it (GET /me)."""

    admin_id: str
    name: str
    email: str
    workspace: str
    workspace_id: str = ""
    region: str = ""

    @property
    def account(self) -> str:
        """Tells this Intercom account from every other."""
        return f"{self.workspace_id or self.workspace}:{self.admin_id}"


class Owner(BaseModel):
    """The Slack user whose identifier it is."""

    team_id: str
    enterprise_id: str | None = None
    user_id: str


class Preferences(BaseModel):
    """What a teammate has chosen in App Home; None: as the deployment has it."""

    approvals: Approvals | None = None
    private: bool = False
    """Answers to mentions in channels come by direct message."""


class RecentRequest(BaseModel):
    """A request as App Home shows it."""

    reference: str
    text: str
    channel_id: str
    ts: str
    received_at: datetime
    outcome: Outcome
    permalink: str = ""


class Trace(BaseModel):
    """What a run did, for its teammate to look at afterwards."""

    reference: str
    answer: str
    origin: Origin | None = None
    calls: list[ToolCall]


class Press(BaseModel):
    """A button pressed or a choice made, as Slack signed it."""

    id: str
    """The trigger id."""
    team_id: str
    """Empty where the payload does not say it."""
    enterprise_id: str | None = None
    user_id: str
    user_teams: list[str] = []
    """What the payload gives as the user's own workspace."""
    action_id: str
    value: str = ""
    channel_id: str = ""
    thread_ts: str = ""
    message_ts: str = ""
    sealed_response_url: str = ""

    @property
    def conversation(self) -> Conversation:
        """The presser's own in that thread; a message without replies is its own root."""
        thread_ts = self.thread_ts or self.message_ts
        return Conversation(self.team_id, self.channel_id, thread_ts, self.user_id)


class PendingConnection(BaseModel):
    """Whom a link for connecting was made for; found by the hash of the link's state."""

    team_id: str
    enterprise_id: str | None
    user_id: str
    identifier: str


class ConnectButton(BaseModel):
    """The direct message whose button leads to the start page."""

    channel_id: str
    ts: str
    link_id: str
    """Tells its link from others, without opening it."""
    lost: bool = False
    """It asks to reconnect."""
