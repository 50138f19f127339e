"""What one person sees at this moment, as JSON for the page."""

from dataclasses import asdict
from typing import Any

from bot.accounts.identity import SlackUser
from bot.sandbox.intercom.text import plaintext
from bot.sandbox.people import PEOPLE, Person
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack import BILLING, PRODUCT, SHARED, SUPPORT, Message

Json = dict[str, Any]

CHANNELS = (
    (SUPPORT, "support"),
    (BILLING, "billing-escalations"),
    (PRODUCT, "product"),
    (SHARED, "shared-contoso"),
)
EXAMPLES = (
    "Which open conversations are unassigned?",
    "Find Priya Natarajan and summarize her latest conversation",
    "Who writes about SSO?",
    "Which help articles explain how to export data?",
    "How fast did we answer this week?",
    "Who am I in Intercom?",
)
TOUCHED = 8


def people(sandbox: Sandbox) -> list[Json]:
    return [
        {
            "id": person.slack_user_id,
            "name": person.name,
            "title": person.title,
            "admin": person.intercom_admin_id,
        }
        for person in PEOPLE
    ]


def state(sandbox: Sandbox, person: Person) -> Json:
    slack, user = sandbox.slack, person.slack_user_id
    channels = []
    for channel_id, name in CHANNELS:
        if person.slack_team_id == slack.team_id or channel_id == SHARED:
            channels.append(
                {"id": channel_id, "name": name, "messages": _messages(sandbox, channel_id, user)}
            )
    dm = slack.dm(user) if person.slack_team_id == slack.team_id else None
    if dm:
        channels.append({"id": dm, "name": "", "messages": _messages(sandbox, dm, user)})
    return {
        "me": user,
        "bot": slack.bot_user_id,
        "people": people(sandbox),
        "channels": channels,
        "dm": dm,
        "examples": EXAMPLES,
        "prompts": slack.prompts if dm else [],
        "home": slack.home(user),
        "views": slack.views(user),
        "account": _account(sandbox, person),
        "intercom": _intercom(sandbox),
    }


def _account(sandbox: Sandbox, person: Person) -> str | None:
    """Scalekit's status of this person's account."""
    user = SlackUser(person.slack_team_id, person.slack_user_id)
    account = sandbox.scalekit.account(user.identifier)
    return account.status if account else None


def _messages(sandbox: Sandbox, channel_id: str, user: str) -> list[Json]:
    """The channel's messages, replies and what only this person sees, oldest first."""
    slack = sandbox.slack
    private = [m for m in slack.ephemerals(user) if m.channel == channel_id]
    roots = slack.messages(channel_id)
    replies = [
        reply for root in roots if not root.thread_ts for reply in slack.thread(channel_id, root.ts)
    ]
    every = {id(m): m for m in (*roots, *replies, *private)}
    by_ts = {(m.ts, m.ephemeral_to): m for m in every.values()}
    shown = [
        _message(m.as_seen_by(user)) for m in sorted(by_ts.values(), key=lambda m: float(m.ts))
    ]
    for message in shown:
        session = slack.session(channel_id, message["ts"])
        message["status"] = slack.status(channel_id, message["ts"])
        message["session"] = session.lifecycle
    return shown


def _message(message: Message) -> Json:
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "tasks": [asdict(task) for task in message.streamed_tasks],
        "markdown": message.streamed_markdown,
        "streaming": message.streaming == "streaming",
        "private": message.ephemeral_to is not None,
        "edited": bool(message.edited),
    }


def _intercom(sandbox: Sandbox) -> Json:
    intercom = sandbox.intercom
    writes = [
        {
            "at": write.at,
            "who": intercom.admin(write.signed_as)["name"],
            "summary": write.summary,
            "conversation": write.object_id if write.object_type == "conversation" else None,
        }
        for write in reversed(intercom.writes[-50:])
    ]
    conversations = sorted(intercom.conversations.values(), key=lambda c: -c["updated_at"])
    return {"writes": writes, "conversations": [_line(c) for c in conversations[:TOUCHED]]}


def _line(conversation: Json) -> Json:
    return {
        "id": conversation["id"],
        "title": conversation["title"] or "No title",
        "state": conversation["state"],
        "from": conversation["source"]["author"]["name"],
    }


def conversation(sandbox: Sandbox, conversation_id: str) -> Json:
    """One conversation with its parts, as plain text."""
    found = sandbox.intercom.conversation(conversation_id)
    source = found["source"]
    parts = [{"who": source["author"]["name"], "kind": "", "body": plaintext(source["body"])}]
    parts += [
        {"who": part["author"]["name"], "kind": part["part_type"], "body": plaintext(part["body"])}
        for part in found["conversation_parts"]["conversation_parts"]
    ]
    return {**_line(found), "parts": parts}
