"""What the bot says in its own words, outside of Claude's answers."""

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.slack.formatting import escape

CONNECT_BUTTON = "connect_intercom"
APP_NAME = "Intercom Agent"

CONNECT_TEXT = "Connect your Intercom account, and I can get to work."
NOT_CONNECTED = "Your Intercom account is not connected. `/intercom connect` changes that."
STATUS_UNKNOWN = "Whether your Intercom account is connected can't be told right now."
CONNECTED_TEXT = "Your Intercom account is connected."
POINTER = (
    "Your Intercom account isn't connected yet. I sent you a direct message with a button; your "
    "request is kept and goes on by itself once you have connected."
)
STILL_WAITING = (
    "I'm still waiting for your Intercom account to be connected. The button is in our direct "
    "messages; everything you asked is kept."
)
MISUSED = (
    ":warning: Somebody opened your link for connecting Intercom and was not you, so nothing was "
    "connected. Don't pass the button's link on. `/intercom connect` gives you a new one."
)
STRANGER = (
    "I work only for members of this workspace, with their own Intercom accounts, so I can't take "
    "requests from other organizations."
)
NOT_INVITED = (
    f"I'm not in this channel, so I can't answer here. Invite me with `/invite @{APP_NAME}` and "
    "ask again, or ask me in a direct message."
)
CHANNEL_CLOSED = "I can't post in this channel. Ask me in a direct message instead."
STOPPED = "Stopped."
SUGGESTED_PROMPTS = (
    ("What's open?", "Which open conversations are unassigned, oldest first?"),
    ("Find a customer", "Find Priya Natarajan and summarize her latest conversation"),
    ("Team this week", "How fast did we answer customers this week?"),
    ("Help articles", "Which help articles explain how to export data?"),
)
HELP = f"""\
*{APP_NAME}* reads and changes Intercom for you, with your own account.

• Ask anything: `/intercom which conversations are unassigned?`
• Mention me in a channel, or write to me in a direct message. In a thread we have started, just \
go on talking.
• `/intercom connect`: connect your Intercom account
• `/intercom status`: as whom you are connected
• `/intercom help`: this text

What changes something in Intercom is signed with your name."""


def connect_blocks(link: str) -> list[Block]:
    """The one button to the authorization link."""
    return [
        SectionBlock(
            text=MarkdownTextObject(
                text="*Connect your Intercom account*\nI work in Intercom as you, with your "
                "permissions and your name. What you asked is kept and goes on by itself "
                "afterwards."
            )
        ),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text="Connect Intercom",
                    action_id=CONNECT_BUTTON,
                    url=link,
                    style="primary",
                )
            ]
        ),
        ContextBlock(
            elements=[
                MarkdownTextObject(
                    text="The button is yours alone and works for 15 minutes. "
                    "`/intercom connect` gives you a new one."
                )
            ]
        ),
    ]


def connected_as(name: str, workspace: str) -> str:
    return f":white_check_mark: Connected as *{escape(name)}* in *{escape(workspace)}*."


def connected_blocks(name: str, workspace: str) -> list[Block]:
    return [SectionBlock(text=MarkdownTextObject(text=connected_as(name, workspace)))]


def home_blocks(status: str) -> list[Block]:
    """App Home: the connection's status, and what one can do."""
    return [
        SectionBlock(text=MarkdownTextObject(text=status)),
        DividerBlock(),
        SectionBlock(text=MarkdownTextObject(text=HELP)),
    ]


def asked(user_id: str, text: str) -> str:
    """A question from `/intercom`, posted so that it has a thread; the asker's text is quoted."""
    return f"<@{user_id}> asked:\n>" + escape(text).replace("\n", "\n>")


def failed(sentence: str, done: list[str], reference: str) -> str:
    """Markdown: what happened, what was and was not done, and the reference for the log."""
    changes = (
        "These changes were made before: " + "; ".join(done) + "."
        if done
        else "Nothing was changed in Intercom."
    )
    return f"\n\n:warning: {sentence} {changes}\n\n_Reference: {reference}_"


def stopped(done: list[str], not_done: list[str]) -> str:
    """Markdown: what was done before the teammate pressed Stop, and what was not."""
    lines = [f"**{STOPPED}**"]
    lines.append("Changed before: " + "; ".join(done) + "." if done else "Nothing was changed.")
    if not_done:
        lines.append("Not run: " + "; ".join(not_done) + ".")
    return "\n\n" + " ".join(lines)
