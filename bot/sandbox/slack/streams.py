"""Streamed messages: chat.startStream, chat.appendStream, chat.stopStream.

In channels they need a recipient, who alone sees them live (Slack's reference, and
agentconnect-md/agentconnect#1494). In some workspaces they are refused outside of DMs with
`channel_type_not_supported` (NangoHQ/integration-templates#676): see `refused`.
"""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.api import USER_ID, Api
from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.chat import IDENTITY, MOST_MARKDOWN_TEXT, check_metadata
from bot.sandbox.slack.checks import array, by_type, choice, mapping, record, string
from bot.sandbox.slack.elements import url_source
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.text import Task
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, BOT_USER_ID, Message, StreamMode

Json = dict[str, Any]

MOST_STREAMED = 12_000
"""Bytes in one streamed message: text and titles once, task details and output twice. Slack
documents no such limit, yet refuses around here, and counts once there is text at all."""
SESSION_STATUSES = ("active", "processing", "suspended", "closed")

_chunks = array(
    by_type(
        {
            "markdown_text": record({"text": string(MOST_MARKDOWN_TEXT, 0)}, {}),
            "task_update": record(
                {
                    "id": string(256),
                    "title": string(256),
                    "status": choice("pending", "in_progress", "complete", "error"),
                },
                {
                    "details": string(256, 0),
                    "output": string(256, 0),
                    "sources": array(url_source, 20, 0),
                },
            ),
            "plan_update": record({"title": string(256)}, {}),
            "blocks": record({"blocks": array(mapping, 50)}, {}),
        }
    ),
    100,
    0,
)


class Streams:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._workspace = api.workspace
        self.refused: dict[str, str] = {}
        """The types of channels where no stream starts, and the error code that says so."""

    def methods(self) -> dict[str, Method]:
        content: dict[str, type] = {"channel": str, "markdown_text": str, "chunks": list}
        start = {
            **content,
            **IDENTITY,
            "thread_ts": str,
            "recipient_team_id": str,
            "recipient_user_id": str,
            "task_display_mode": str,
        }
        append = {**content, "ts": str}
        stop = {**append, "blocks": list, "metadata": dict, "session_status": str}
        write = ("chat:write",)
        return {
            "chat.startStream": Method(self._start, start, ("channel", "thread_ts"), write, 20),
            "chat.appendStream": Method(self._append, append, ("channel", "ts"), write, 100),
            "chat.stopStream": Method(self._stop, stop, ("channel", "ts"), write, 20),
        }

    def _start(self, args: Json) -> Json:
        if any(name in args for name in IDENTITY):
            self._api.scopes.need("chat:write.customize")
        channel = self._api.writable(args["channel"])
        thread_ts = self._api.thread_ts(channel, args["thread_ts"], "invalid_thread_ts")
        if channel.type in self.refused:
            raise SlackError(self.refused[channel.type])
        if channel.type != "im":
            self._check_recipient(args, channel.members)
        mode = args.get("task_display_mode", "timeline")
        if mode not in ("timeline", "plan", "dense"):
            raise invalid_arguments("must be one of timeline, plan, dense", "/task_display_mode")
        message = Message(
            ts=self._workspace.next_ts(),
            channel=channel.id,
            user=BOT_USER_ID,
            text="",
            bot_id=BOT_ID,
            app_id=APP_ID,
            thread_ts=thread_ts,
            streaming="streaming",
            stream_started=self._workspace.now(),
            task_display_mode=mode,
        )
        self._take(message, args)
        message.begin_stream(args.get("recipient_user_id"))
        self._workspace.add(message)
        self._workspace.session(channel.id, args["thread_ts"]).status = ""
        self._api.events.posted(message)
        return {"channel": channel.id, "ts": message.ts}

    def _append(self, args: Json) -> Json:
        message = self._open(args)
        if not args.get("markdown_text") and not args.get("chunks"):
            raise SlackError("no_text")
        self._take(message, args)
        return {"channel": message.channel, "ts": message.ts}

    def _stop(self, args: Json) -> Json:
        message = self._open(args)
        status = args.get("session_status")
        if status is not None and status not in SESSION_STATUSES:
            reason = f"must be one of {', '.join(SESSION_STATUSES)}"
            raise invalid_arguments(reason, "/session_status")
        metadata = check_metadata(args.get("metadata"))
        before = self._api.events.shown(message)
        self._take(message, args, args.get("blocks", []))
        message.metadata = metadata
        message.streaming = "done"
        session = self._workspace.session(message.channel, str(message.thread_ts))
        session.status = ""
        if status:
            session.lifecycle = status
        self._api.events.changed(message, before)
        return {
            "channel": message.channel,
            "ts": message.ts,
            "message": self._api.events.shown(message),
        }

    def _check_recipient(self, args: Json, members: set[str]) -> None:
        for name in ("recipient_team_id", "recipient_user_id"):
            if not args.get(name):
                raise SlackError(f"missing_{name}")
        user_id = args["recipient_user_id"]
        if not USER_ID.match(user_id):
            reason = f"input must match regex pattern: {USER_ID.pattern}"
            raise invalid_arguments(reason, "/recipient_user_id")
        if user_id not in members:
            raise SlackError("user_not_in_channel")
        if self._workspace.team_of(user_id) != args["recipient_team_id"]:
            raise SlackError("team_not_found")

    def _open(self, args: Json) -> Message:
        channel = self._api.writable(args["channel"])
        message = self._workspace.message(channel.id, args["ts"])
        if message.user != BOT_USER_ID:
            raise SlackError("message_not_owned_by_app")
        if message.streaming != "streaming":
            raise SlackError("message_not_in_streaming_state")
        return message

    def _take(self, message: Message, args: Json, last_blocks: Sequence[Json] = ()) -> None:
        """Adds text or chunks to a stream, all or nothing; the first of them fixes its mode."""
        text, chunks = args.get("markdown_text"), args.get("chunks", [])
        if text and chunks:
            raise SlackError("cannot_provide_both_markdown_text_and_chunks")
        mode: StreamMode | None = "markdown_text" if text else "chunks" if chunks else None
        if mode and message.stream_mode not in (None, mode):
            raise SlackError("streaming_mode_mismatch")
        if text:
            chunks = [{"type": "markdown_text", "text": text}]
        if text and len(text) > MOST_MARKDOWN_TEXT:
            raise SlackError("msg_too_long")
        problems: list[str] = []
        _chunks(chunks, "/chunks", problems)
        if problems:
            raise SlackError("invalid_chunks", *problems)
        blocks = [b for c in chunks if c["type"] == "blocks" for b in c["blocks"]]
        checked = check_blocks([*message.blocks, *blocks, *last_blocks])
        if _size(message, chunks) > MOST_STREAMED:
            raise SlackError("msg_too_long")
        message.stream_mode = message.stream_mode or mode
        message.blocks = checked
        for chunk in chunks:
            _apply(message, chunk)


def _size(message: Message, chunks: list[Json]) -> int:
    text = message.streamed_markdown + "".join(
        c["text"] for c in chunks if c["type"] == "markdown_text"
    )
    if not text:
        return 0
    tasks = {task.id: [task.title, task.details, task.output] for task in message.streamed_tasks}
    for chunk in chunks:
        if chunk["type"] == "task_update":
            _, details, output = tasks.get(chunk["id"], ["", "", ""])
            details, output = details + chunk.get("details", ""), output + chunk.get("output", "")
            tasks[chunk["id"]] = [chunk["title"], details, output]
    weighed = [text]
    for title, details, output in tasks.values():
        weighed += [title, details * 2, output * 2]
    return len("".join(weighed).encode())


def _apply(message: Message, chunk: Json) -> None:
    match chunk["type"]:
        case "markdown_text":
            message.streamed_markdown += chunk["text"]
            message.text = message.streamed_markdown
        case "plan_update":
            message.plan_title = chunk["title"]
        case "task_update":
            task = next((t for t in message.streamed_tasks if t.id == chunk["id"]), None)
            if task is None:
                task = Task(chunk["id"], chunk["title"], chunk["status"])
                message.streamed_tasks.append(task)
            task.title, task.status = chunk["title"], chunk["status"]
            # Slack adds to these, where it replaces the title and the status.
            task.details += chunk.get("details", "")
            task.output += chunk.get("output", "")
            task.sources += [s for s in chunk.get("sources", []) if s not in task.sources]
