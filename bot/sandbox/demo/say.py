"""One request without a page: ask, wait, print the thread."""

import sys

from bot.accounts.identity import SlackUser
from bot.sandbox.people import MAYA
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack import SUPPORT, Message

WITHIN = 120.0


def say_and_print(sandbox: Sandbox, text: str) -> int:
    """Maya, connected, mentions the bot in #support. Out: 0 once it has answered, else 1."""
    slack = sandbox.slack
    identifier = SlackUser(MAYA.slack_team_id, MAYA.slack_user_id).identifier
    sandbox.scalekit.connect(identifier, str(MAYA.intercom_admin_id))
    ts = slack.post(MAYA.slack_user_id, SUPPORT, f"<@{slack.bot_user_id}> {text}")

    def ended() -> list[Message] | None:
        thread = slack.thread(SUPPORT, ts)
        at_work = slack.session(SUPPORT, ts).lifecycle != "active"
        streaming = any(message.streaming == "streaming" for message in thread)
        return None if at_work or streaming or len(thread) < 2 else thread

    try:
        thread = slack.wait(ended, timeout=WITHIN, what="the answer")
    except AssertionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    names = {MAYA.slack_user_id: MAYA.name, slack.bot_user_id: "Intercom Agent"}
    for message in thread:
        words = message.plain.replace(f"<@{slack.bot_user_id}>", "@Intercom Agent")
        sys.stdout.write(f"{names.get(message.user, message.user)}:\n{words.strip()}\n\n")
    return 0
