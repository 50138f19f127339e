"""What the bot says in its own words, outside of Claude's answers."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.intercom.permissions import Ability
from bot.slack.formatting import escape, moment, named
from bot.state.audit import AuditEntry
from bot.state.models import Teammate
from bot.state.store import StopReason

CONNECT_BUTTON = "connect_intercom"
DISCONNECT = "disconnect_intercom"
KEEP_CONNECTION = "keep_connection"
NOT_ME_BUTTON = "not_my_intercom"
APP_NAME = "Intercom Agent"
AUDIT_LINE = 150
AUDIT_CHARACTERS = 3_900

CONNECT_TEXT = "Connect your Intercom account, and I can get to work."
NOT_CONNECTED = "Your Intercom account is not connected. `/intercom connect` changes that."
LOST = (
    "Intercom no longer accepts your connection: it was revoked or has expired. "
    "`/intercom connect` renews it."
)
WAITED_TOO_LONG = (
    "Nobody connected Intercom in the time that a request waits, so this one has expired. "
    "`/intercom connect` connects you; then ask again."
)
STATUS_UNKNOWN = "Whether your Intercom account is connected can't be told right now."
ACCOUNTS_UNAVAILABLE = (
    "The service that keeps your Intercom connection does not answer right now. "
    "Nothing was changed. Try again in a few minutes."
)
BEGUN_ANEW = "We begin afresh: I no longer know what we said in this channel's threads."
FORGOTTEN = "I have forgotten our conversations. What we wrote stays here in Slack."
KEPT = "All stays as it is."
REPLACED = "There is a newer button below."
POINTER = (
    "Your Intercom account isn't connected yet. I sent you a direct message with a button; your "
    "request is kept and goes on by itself once you have connected."
)
POINTER_TO_RECONNECT = (
    "Intercom no longer accepts your connection. I sent you a direct message with a button to "
    "reconnect; your request is kept and goes on by itself afterwards."
)
STILL_WAITING = (
    "I'm still waiting for your Intercom account to be connected. The button is in our direct "
    "messages; everything you asked is kept."
)
MISUSED = (
    ":warning: Somebody opened your link for connecting Intercom and was not you, so nothing was "
    "connected. The link works for nobody but you; please don't pass it on."
)
USED_AGAIN = (
    "Your link for connecting Intercom was opened again after it had been used. Nothing was "
    "connected by that. If it wasn't you, somebody else has the link: it is of no use to them."
)
OTHER_BROWSER = (
    "Connecting Intercom went on in another browser than it began in, so nothing was connected. "
    "If that was you, continue on that page. If it wasn't, there is nothing to do: nobody but "
    "you can finish it."
)
NOT_CONFIRMED = (
    ":warning: Somebody came back from your link for connecting Intercom, and Slack or Scalekit "
    "did not confirm that it was you, so nothing was connected. `/intercom connect` gives you a "
    "new link."
)
NOT_YOURS = "Disconnected, since that Intercom account was not yours."
CONNECTION_OVER = (
    "That connection has ended already, so nothing was changed. `/intercom status` says as whom "
    "you are connected now."
)
STRANGER = (
    "I work only for members of this workspace, with their own Intercom accounts, so I can't take "
    "requests from other organizations."
)
GUEST = (
    "I work only for full members of this workspace, with their own Intercom accounts, so I can't "
    "take requests from guests. Whoever runs this app can change that."
)
WHO_IS_IT = (
    "Slack did not tell me who you are here, so I did nothing. Try again in a few minutes; if it "
    "stays so, tell whoever runs this app."
)
CONTRADICTION = (
    "Slack told me two different things about which organization this comes from, so I did "
    "nothing. Ask me in a direct message instead."
)
NOT_YOURS_TO_STOP = (
    "I go on: this is the request of {owners}, and nobody else can stop it. It works with their "
    "Intercom account; ask them, or let me finish."
)
NOT_INVITED = (
    f"I'm not in this channel, so I can't answer here. Invite me with `/invite @{APP_NAME}` and "
    "ask again, or ask me in a direct message."
)
CHANNEL_CLOSED = "I can't post in this channel. Ask me in a direct message instead."
SUGGESTED_PROMPTS = (
    ("What's open?", "Which open conversations are unassigned, oldest first?"),
    ("Find customers", "Which customers wrote to us about a refund?"),
    ("Team this week", "How fast did we answer customers this week?"),
    ("Help articles", "Which help articles explain how to export data?"),
)
HELP = f"""\
*{APP_NAME}* reads and changes Intercom for you, with your own account.

• Ask anything: `/intercom which conversations are unassigned?`
• Mention me in a channel, or write to me in a direct message. In a thread we have started, just \
go on talking.
• `/intercom connect`: connect your Intercom account
• `/intercom status`: as whom you are connected, and what I may do there
• `/intercom disconnect`: end the connection; asks first
• `/intercom private …`: the answer comes to you alone, and you may share it
• `/intercom stop`: end what is running · `/intercom new`: begin afresh in this channel
• `/intercom audit`: what was changed in your name
• `/intercom forget`: I forget our conversations
• `/intercom help`: this text

What changes something in Intercom is signed with your name, and waits for your approval where \
your team or you want it so."""


def connect_blocks(link: str, *, lost: bool) -> list[Block]:
    """The one button to the start page; `lost`: for somebody who was connected before."""
    words = (
        "*Reconnect your Intercom account*\nIntercom no longer accepts your connection: it was "
        "revoked or has expired. What you asked is kept and goes on by itself afterwards."
        if lost
        else "*Connect your Intercom account*\nI work in Intercom as you, with your permissions "
        "and your name. What you asked is kept and goes on by itself afterwards."
    )
    return [
        SectionBlock(text=MarkdownTextObject(text=words)),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="Reconnect Intercom" if lost else "Connect Intercom",
                    action_id=CONNECT_BUTTON,
                    url=link,
                    style="primary",
                )
            ]
        ),
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text="You sign in with Slack first, then agree at Intercom. The button is "
                    "yours alone and works for 15 minutes; `/intercom connect` gives you a new "
                    "one."
                )
            ]
        ),
    ]


def who(name: str) -> str:
    """A name of Intercom's in our own words; there is always something to read."""
    return named(name) or "(no name)"


def connected_as(name: str, workspace: str) -> str:
    return f":white_check_mark: Connected as *{who(name)}* in *{who(workspace)}*."


def connected_text(teammate: Teammate) -> str:
    """Whose Intercom a teammate is connected as."""
    email = f" ({named(teammate.email)})" if teammate.email else ""
    return (
        f":white_check_mark: Connected as *{who(teammate.name)}*{email} in "
        f"*{who(teammate.workspace)}*."
    )


def connected_blocks(teammate: Teammate, connection: str) -> list[Block]:
    """The same, with the button that takes it back. In: which connection it is."""
    return [
        *section(connected_text(teammate)),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="That's not me", action_id=NOT_ME_BUTTON, value=connection or "-"
                )
            ]
        ),
    ]


def account_details(teammate: Teammate, since: datetime | None) -> str:
    """Where the account is and since when it is connected."""
    parts = [named(teammate.email)] if teammate.email else []
    if teammate.region:
        parts.append(f"region {named(teammate.region)}")
    if since:
        when = int(since.timestamp())
        parts.append(f"since <!date^{when}^{{date_long}}|{since:%Y-%m-%d}>")
    return " · ".join(parts)


def abilities_in_words(can: Iterable[Ability]) -> list[str]:
    """One line for each area."""

    def words(ability: Ability) -> str:
        if ability.can_read and ability.can_change:
            return "read and change"
        return "read" if ability.can_read else "change"

    return [f"• *{ability.area}*: {words(ability)}" for ability in can]


def audit_in_words(entries: list[AuditEntry]) -> str:
    """The latest entries of one's own, the latest first, as many as one message holds."""
    if not entries:
        return "Nothing was changed in your name in the last 30 days."
    lines: list[str] = []
    for entry in reversed(entries):
        what = entry.readable.partition("\n")[0] or entry.what.replace("_", " ")
        decision = f", {entry.decision}" if entry.decision else ""
        edited = " with changes" if entry.edited else ""
        outcome = entry.outcome or entry.why
        shown = f"{named(what, AUDIT_LINE)} · *{named(outcome)}*{decision}{edited}"
        lines.append(f"• {moment(entry.at)} · {shown}")
        if len("\n".join(lines)) > AUDIT_CHARACTERS:
            return "\n".join(lines[:-1])
    return "\n".join(lines)


def section(text: str) -> list[Block]:
    """A message of one paragraph."""
    return [SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))]


def disconnect_blocks(name: str, workspace: str) -> list[Block]:
    """The question before an account is disconnected."""
    return [
        *section(
            f"Disconnect *{who(name)}* in *{who(workspace)}* from Slack? What waits or runs "
            "for you ends, and I can do nothing in Intercom for you until you connect again."
        ),
        ActionsBlock(
            elements=[
                ButtonElement(text="Disconnect", action_id=DISCONNECT, style="danger"),
                ButtonElement(text="Keep it", action_id=KEEP_CONNECTION),
            ]
        ),
    ]


def disconnected(ended: int, kept: timedelta) -> str:
    """What disconnecting did and what remains."""
    requests = {0: "", 1: " One request that waited or ran was ended."}.get(
        ended, f" {ended} requests that waited or ran were ended."
    )
    return (
        f"Your Intercom account is disconnected, and its access is deleted.{requests} What "
        "remains: our messages here in Slack, what was done in Intercom, the audit of it, and "
        f"what I remember of our conversations, for at most {kept.days} days. `/intercom forget` "
        "erases that too. `/intercom connect` connects you again."
    )


def asked(user_id: str, text: str) -> str:
    """A question from `/intercom`, posted so that it has a thread; the asker's text is quoted."""
    return f"<@{user_id}> asked:\n>" + escape(text).replace("\n", "\n>")


def in_line(place: int) -> str:
    """Too much is running already."""
    return (
        f"I'm busy with other requests: yours is number {place} in line. It is kept and begins by "
        "itself."
    )


def failed(sentence: str, done: list[str], reference: str) -> str:
    """Markdown: what happened, what was and was not done, and the reference for the log."""
    changes = (
        "These changes were made before: " + "; ".join(done) + "."
        if done
        else "Nothing was changed in Intercom."
    )
    return f"\n\n:warning: {sentence} {changes}\n\n_Reference: {reference}_"


def stopped(reason: StopReason, done: list[str], not_done: list[str]) -> str:
    """Markdown: what was done before the teammate ended the run, and what was not."""
    lines = ["**Stopped.**" if reason == "stop" else "**Ended, since you disconnected Intercom.**"]
    lines.append("Changed before: " + "; ".join(done) + "." if done else "Nothing was changed.")
    if not_done:
        lines.append("Not run: " + "; ".join(not_done) + ".")
    return "\n\n" + " ".join(lines)
