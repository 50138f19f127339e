"""Slack: everything that the bot posts, in a channel and in the operator's direct messages. What
was posted is removed again."""

from collections.abc import Awaitable
from typing import Any

import aiohttp
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    MarkdownBlock,
    RichTextBlock,
    RichTextElementParts,
    RichTextSectionElement,
    TaskCardBlock,
)
from slack_sdk.models.messages.chunk import MarkdownTextChunk, TaskUpdateChunk

from bot.accounts.identity import SlackUser
from bot.doctor.live.report import Report
from bot.slack.client import Client

SLACK = "Slack"
ABOUT = "A technical check of the Intercom agent. This message is removed in a moment."
TITLE = "A technical check"
STEP = "A step"
KEY = "doctor"
CONTENT = b"a,b\r\n1,2\r\n"
PAGE = 200


async def try_slack(
    report: Report, slack: Client, channel: str, operator: SlackUser | None
) -> None:
    """Try what the bot does in threads, in both kinds of places.

    Args:
        report: Where it is noted.
        slack: The Web API.
        channel: `#name`, or a channel's id.
        operator: Whose direct messages are used too, and who is told as the recipient of streams.
    """
    channel_id = await _channel(report, slack, channel)
    if channel_id:
        # Who reads there is asked before each answer.
        await report.attempt(
            SLACK, "conversations.info", slack.conversations_info(channel=channel_id)
        )
        await _Place(report, slack, "in the channel", channel_id, operator).try_all()
    if operator is None:
        return
    await report.attempt(SLACK, "users.info", slack.users_info(user=operator.user_id))
    opened = await report.attempt(
        SLACK, "conversations.open", slack.conversations_open(users=operator.user_id)
    )
    if opened is not None:
        dm = str(opened["channel"]["id"])
        await _Place(report, slack, "in direct messages", dm, operator).try_all()


async def _channel(report: Report, slack: Client, channel: str) -> str:
    """The channel's id; "" if it was not found, which is then on the report."""
    if not channel.startswith("#"):
        return channel
    cursor = ""
    while True:
        page = await report.attempt(
            SLACK,
            "conversations.list",
            slack.conversations_list(
                exclude_archived=True,
                limit=PAGE,
                types="public_channel,private_channel",
                cursor=cursor or None,
            ),
        )
        if page is None:
            return ""
        for found in page["channels"]:
            if found.get("name") == channel.removeprefix("#"):
                return str(found["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            words = "there is no such channel, or the bot is not in it"
            report.add(SLACK, "finding the channel", "refused", words, channel)
            return ""


class _Place:
    """A channel or the direct messages, with a thread as a run makes it."""

    def __init__(
        self,
        report: Report,
        slack: Client,
        name: str,
        channel_id: str,
        operator: SlackUser | None,
    ) -> None:
        self._report = report
        self._slack = slack
        self._name = name
        self._channel = channel_id
        self._operator = operator
        self._posted: list[str] = []
        self._files: list[str] = []

    async def try_all(self) -> None:
        try:
            await self._thread()
        finally:
            for ts in reversed(self._posted):
                await self._call(
                    "chat.delete", self._slack.chat_delete(channel=self._channel, ts=ts)
                )
            for file_id in self._files:
                await self._call("files.delete", self._slack.files_delete(file=file_id))

    async def _thread(self) -> None:
        slack, channel = self._slack, self._channel
        metadata = {"event_type": "intercom_agent", "event_payload": {"key": KEY}}
        root = await self._post("chat.postMessage", metadata=metadata)
        if not root:
            return
        session = {"channel_id": channel, "thread_ts": root}
        begun = await self._call(
            "agents.sessions.setStatus",
            slack.agents_sessions_setStatus(**session, status="processing", title=TITLE),
        )
        if begun is not None:
            await self._call(
                "agents.sessions.rename", slack.agents_sessions_rename(**session, title=TITLE)
            )
        await self._updated(root)
        await self._streamed(root)
        told = RichTextElementParts.Text(text=ABOUT)
        button = ButtonElement(text="Nothing", action_id="doctor_nothing")
        card = [
            RichTextBlock(elements=[RichTextSectionElement(elements=[told])]),
            ActionsBlock(elements=[button]),
        ]
        await self._post("a card with a button", thread_ts=root, blocks=card)
        await self._file(root)
        await self._call(
            "reactions.add", slack.reactions_add(channel=channel, timestamp=root, name="eyes")
        )
        if self._operator is not None:
            user = self._operator.user_id
            await self._call(
                "chat.postEphemeral",
                slack.chat_postEphemeral(channel=channel, user=user, text=ABOUT),
            )
        await self._call(
            "chat.getPermalink", slack.chat_getPermalink(channel=channel, message_ts=root)
        )
        await self._call(
            "conversations.history", slack.conversations_history(channel=channel, limit=1)
        )
        await self._read_back(root)
        await self._call(
            "the end of the session", slack.agents_sessions_setStatus(**session, status="active")
        )

    async def _updated(self, root: str) -> None:
        """A message with a task card and text that changes, as answers do in channels."""
        ts = await self._post(
            "a message with a task card", thread_ts=root, blocks=_answer("in_progress")
        )
        if ts:
            blocks = _answer("complete")
            await self._call(
                "chat.update",
                self._slack.chat_update(channel=self._channel, ts=ts, text=ABOUT, blocks=blocks),
            )

    async def _streamed(self, root: str) -> None:
        """A message that is streamed, as answers are in direct messages."""
        operator = self._operator
        if operator is None:
            words = "nobody is connected whom it could be for"
            self._report.add(SLACK, f"chat.startStream {self._name}", "skipped", words)
            return
        started = await self._call(
            "chat.startStream",
            self._slack.chat_startStream(
                channel=self._channel,
                thread_ts=root,
                recipient_team_id=operator.team_id,
                recipient_user_id=operator.user_id,
                chunks=[TaskUpdateChunk(id="one", title=STEP, status="in_progress")],
            ),
        )
        if started is None:
            return
        ts = str(started["ts"])
        self._posted.append(ts)
        done = TaskUpdateChunk(id="one", title=STEP, status="complete", output="Done")
        await self._call(
            "chat.appendStream",
            self._slack.chat_appendStream(
                channel=self._channel, ts=ts, chunks=[done, MarkdownTextChunk(text=ABOUT)]
            ),
        )
        await self._call(
            "chat.stopStream", self._slack.chat_stopStream(channel=self._channel, ts=ts)
        )

    async def _file(self, root: str) -> None:
        """A file up into the thread, and down again."""
        slack = self._slack
        wanted = await self._call(
            "files.getUploadURLExternal",
            slack.files_getUploadURLExternal(filename="check.csv", length=len(CONTENT)),
        )
        if wanted is None:
            return
        file_id, url = str(wanted["file_id"]), str(wanted["upload_url"])
        if not await self._call("uploading a file", _upload(slack, url)):
            return
        done = await self._call(
            "files.completeUploadExternal",
            slack.files_completeUploadExternal(
                files=[{"id": file_id, "title": TITLE}], channel_id=self._channel, thread_ts=root
            ),
        )
        if done is None:
            return
        self._files.append(file_id)
        known = await self._call("files.info", slack.files_info(file=file_id))
        if known is not None:
            address = str(known["file"]["url_private_download"])
            content = await self._call("downloading a file", _download(address, str(slack.token)))
            if content is not None:
                words = f"{len(content)} bytes came back, {len(CONTENT)} were sent"
                self._expect("the file's content", content == CONTENT, words)

    async def _read_back(self, root: str) -> None:
        """The thread as the bot reads it before it answers."""
        page = await self._call(
            "conversations.replies",
            self._slack.conversations_replies(
                channel=self._channel, ts=root, include_all_metadata=True, limit=PAGE
            ),
        )
        if page is None:
            return
        there: dict[str, dict[str, Any]] = {str(one.get("ts")): one for one in page["messages"]}
        missing = [ts for ts in self._posted if ts not in there]
        words = f"{len(missing)} of {len(self._posted)} messages are missing"
        self._expect("all that was posted is read back", not missing, words)
        # A file's own message is known by reading only, and stays when the file goes.
        self._posted += [ts for ts, one in there.items() if one.get("files")]
        payload = (there.get(root, {}).get("metadata") or {}).get("event_payload") or {}
        words = "it does not: what was posted could not be found again after a crash"
        self._expect("a message's metadata comes back", payload.get("key") == KEY, words)

    async def _post(self, tried: str, **message: Any) -> str:
        """Post a message that is removed in the end. Out: its ts; "" if it was refused."""
        sent = await self._call(
            tried,
            self._slack.chat_postMessage(
                channel=self._channel,
                text=ABOUT,
                unfurl_links=False,
                unfurl_media=False,
                **message,
            ),
        )
        if sent is None:
            return ""
        self._posted.append(str(sent["ts"]))
        return str(sent["ts"])

    async def _call(self, tried: str, work: Awaitable[Any]) -> Any:
        return await self._report.attempt(SLACK, f"{tried} {self._name}", work)

    def _expect(self, tried: str, holds: bool, otherwise: str) -> None:
        self._report.expect(SLACK, f"{tried} {self._name}", holds=holds, otherwise=otherwise)


def _answer(status: str) -> list[Any]:
    return [TaskCardBlock(task_id="one", title=STEP, status=status), MarkdownBlock(text=ABOUT)]


async def _upload(slack: Client, url: str) -> bool:
    await slack.upload(url, CONTENT)
    return True


async def _download(url: str, token: str) -> bytes:
    """Slack's files need the bot's token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.get(url, headers=headers) as answer,
    ):
        return await answer.read()
