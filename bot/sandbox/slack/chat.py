"""chat.* but streaming, and reactions.

chat.update is of tier 3, about 50 calls a minute for the whole workspace, answers `is_inactive`
in an archived channel and `streaming_state_conflict` for a stream that has not ended, and what it
does notifies nobody (Slack's reference of the method). Blocks without an id of their own get new
ones with each update (Slack's reference of `block_id`).
"""

from typing import Any

from bot.sandbox.slack.api import Api
from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, BOT_USER_ID, Message

Json = dict[str, Any]

MOST_TEXT = 4_000
MOST_MARKDOWN_TEXT = 12_000
CONTENT: dict[str, type] = {
    "channel": str,
    "text": str,
    "blocks": list,
    "attachments": list,
    "markdown_text": str,
    "as_user": bool,
    "link_names": bool,
    "parse": str,
}
IDENTITY: dict[str, type] = {"icon_emoji": str, "icon_url": str, "username": str}


class Chat:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._workspace = api.workspace

    def methods(self) -> dict[str, Method]:
        post = {
            **CONTENT,
            **IDENTITY,
            "thread_ts": str,
            "reply_broadcast": bool,
            "unfurl_links": bool,
            "unfurl_media": bool,
            "container_id": str,
            "mrkdwn": bool,
            "metadata": dict,
        }
        ephemeral = {**CONTENT, **IDENTITY, "user": str, "thread_ts": str}
        update = {
            **CONTENT,
            "ts": str,
            "file_ids": str,
            "reply_broadcast": bool,
            "metadata": dict,
        }
        write = ("chat:write",)
        delete: dict[str, type] = {"channel": str, "ts": str, "as_user": bool}
        link: dict[str, type] = {"channel": str, "message_ts": str}
        react: dict[str, type] = {"channel": str, "name": str, "timestamp": str}
        reacting = (react, tuple(react), ("reactions:write",))
        return {
            "chat.postMessage": Method(self._post, post, ("channel",), write),
            "chat.postEphemeral": Method(
                self._post_ephemeral, ephemeral, ("channel", "user"), write, 100
            ),
            "chat.update": Method(self._update, update, ("channel", "ts"), write, 50),
            "chat.delete": Method(self._delete, delete, ("channel", "ts"), write, 50),
            "chat.getPermalink": Method(self._permalink, link, tuple(link), (), 100),
            "reactions.add": Method(self._add_reaction, *reacting, 50),
            "reactions.remove": Method(self._remove_reaction, *reacting, 20),
        }

    def _post(self, args: Json) -> Json:
        self._check_identity(args)
        channel = self._api.writable(args["channel"])
        thread_ts = self._api.thread_ts(channel, args.get("thread_ts"), "thread_not_found")
        message = Message(
            ts=self._workspace.next_ts(),
            channel=channel.id,
            user=BOT_USER_ID,
            text="",
            bot_id=BOT_ID,
            app_id=APP_ID,
            thread_ts=thread_ts,
            metadata=check_metadata(args.get("metadata")),
        )
        fill(message, args)
        self._workspace.add(message)
        if thread_ts:
            self._workspace.session(channel.id, thread_ts).status = ""
        self._api.events.posted(message)
        return {"channel": channel.id, "ts": message.ts, "message": self._api.events.shown(message)}

    def _post_ephemeral(self, args: Json) -> Json:
        self._check_identity(args)
        channel = self._api.writable(args["channel"])
        if args["user"] not in channel.members:
            raise SlackError("user_not_in_channel")
        message = Message(
            ts=self._workspace.next_ts(),
            channel=channel.id,
            user=BOT_USER_ID,
            text="",
            bot_id=BOT_ID,
            app_id=APP_ID,
            thread_ts=self._api.thread_ts(channel, args.get("thread_ts"), "thread_not_found"),
            ephemeral_to=args["user"],
        )
        fill(message, args)
        self._workspace.ephemerals.append(message)
        return {"message_ts": message.ts}

    def _update(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        if channel.archived:
            raise SlackError("is_inactive")
        message = self._own(channel.id, args["ts"], "cant_update_message")
        if message.streaming == "streaming":
            raise SlackError("streaming_state_conflict")
        before = self._api.events.shown(message)
        if "metadata" in args:
            message.metadata = check_metadata(args["metadata"])
        fill(message, args)
        message.edited = {"user": BOT_USER_ID, "ts": self._workspace.next_ts()}
        self._api.events.changed(message, before)
        return {
            "channel": channel.id,
            "ts": message.ts,
            "text": message.text,
            "message": self._api.events.shown(message),
        }

    def _delete(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        message = self._own(channel.id, args["ts"], "cant_delete_message")
        if message.streaming == "streaming":
            raise SlackError("cant_delete_message")
        del self._workspace.posts[channel.id][message.ts]
        self._api.events.deleted(message)
        return {"channel": channel.id, "ts": message.ts}

    def _permalink(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        message = self._workspace.message(channel.id, args["message_ts"])
        link = f"{self._api.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def _add_reaction(self, args: Json) -> Json:
        users = self._reaction(args)
        if BOT_USER_ID in users:
            raise SlackError("already_reacted")
        users.append(BOT_USER_ID)
        return {}

    def _remove_reaction(self, args: Json) -> Json:
        users = self._reaction(args)
        if BOT_USER_ID not in users:
            raise SlackError("no_reaction")
        users.remove(BOT_USER_ID)
        return {}

    def _reaction(self, args: Json) -> list[str]:
        channel = self._api.writable(args["channel"])
        if not args["name"].replace("_", "").replace("-", "").replace("+", "").isalnum():
            raise SlackError("invalid_name")
        message = self._workspace.message(channel.id, args["timestamp"])
        return message.reactions.setdefault(args["name"], [])

    def _own(self, channel_id: str, ts: str, otherwise: str) -> Message:
        message = self._workspace.message(channel_id, ts)
        if message.user != BOT_USER_ID:
            raise SlackError(otherwise)
        return message

    def _check_identity(self, args: Json) -> None:
        if any(name in args for name in IDENTITY):
            self._api.scopes.need("chat:write.customize")


def fill(message: Message, args: Json) -> None:
    """Puts text, blocks and attachments into a message. What `args` leaves out stays as it was.

    Raises no_text, msg_too_long, markdown_text_conflict and what `check_blocks` raises.
    """
    text, markdown = args.get("text"), args.get("markdown_text")
    if markdown is not None and (text or args.get("blocks")):
        raise SlackError("markdown_text_conflict")
    if not (text or markdown or args.get("blocks") or args.get("attachments")):
        raise SlackError("no_text")
    if len(text or "") > MOST_TEXT or len(markdown or "") > MOST_MARKDOWN_TEXT:
        raise SlackError("msg_too_long")
    message.version += 1
    blocks = message.blocks
    if "blocks" in args:
        blocks = check_blocks(args["blocks"], ids=f"{message.ts[-6:]}v{message.version}-")
    if markdown is not None:
        blocks = [{"type": "markdown", "text": markdown, "block_id": "markdown"}]
    message.blocks = blocks
    message.text = text or markdown or message.text
    message.attachments = args.get("attachments", message.attachments)
    if message.streaming:
        # The edit takes the place of what was streamed.
        message.streamed_markdown, message.plan_title, message.streamed_tasks = "", None, []


def check_metadata(metadata: Any) -> Json | None:
    """Raises invalid_metadata_format and metadata_too_large."""
    if metadata is None:
        return None
    if set(metadata) - {"event_type", "event_payload", "entities"}:
        raise invalid_arguments("no more fields allowed", "/metadata")
    well_formed = isinstance(metadata.get("event_type"), str) and isinstance(
        metadata.get("event_payload"), dict
    )
    if not well_formed:
        raise SlackError("invalid_metadata_format")
    if len(str(metadata)) > 16_000:
        raise SlackError("metadata_too_large")
    return dict(metadata)
