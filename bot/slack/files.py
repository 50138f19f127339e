"""Files that must not be there twice: each has a name by which it is found again.

How a file is sent, from Slack's documentation: `files.getUploadURLExternal` gives an address,
the file goes there, `files.completeUploadExternal` shows it in a thread. A file that was uploaded
and not completed is seen by nobody, and Slack removes it.
"""

import asyncio

from bot.slack.client import ATTEMPTS, Client, SlackFailure, is_unclear

PAGE = 200
LOOKS = 3
"""Slack shows a completed file a moment later."""
LOOK_SECONDS = 1.0


async def post_file_once(
    client: Client, channel_id: str, thread_ts: str, name: str, content: str, *, look_first: bool
) -> None:
    """Post a text file in a thread.

    Args:
        client: Slack's.
        channel_id: Where.
        thread_ts: The thread's root.
        name: The file's, like no other's in this thread.
        content: Its text.
        look_first: Whether it may be there already.

    Raises:
        SlackFailure: Also where the app may not attach files (`missing_scope`).
    """
    data = content.encode()
    if look_first and await _is_there(client, channel_id, thread_ts, name):
        return
    for attempt in range(1, ATTEMPTS + 1):
        begun = await client.files_getUploadURLExternal(filename=name, length=len(data))
        await client.upload(str(begun["upload_url"]), data)
        try:
            await client.files_completeUploadExternal(
                files=[{"id": str(begun["file_id"]), "title": name}],
                channel_id=channel_id,
                thread_ts=thread_ts,
            )
        except SlackFailure as error:
            if not is_unclear(error):
                raise
            if await _comes_up(client, channel_id, thread_ts, name):
                return
            if attempt == ATTEMPTS:
                raise
        else:
            return


async def _comes_up(client: Client, channel_id: str, thread_ts: str, name: str) -> bool:
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(LOOK_SECONDS)
        if await _is_there(client, channel_id, thread_ts, name):
            return True
    return False


async def _is_there(client: Client, channel_id: str, thread_ts: str, name: str) -> bool:
    cursor = ""
    while True:
        page = await client.conversations_replies(
            channel=channel_id, ts=thread_ts, limit=PAGE, cursor=cursor or None
        )
        for message in page["messages"]:
            if any(file.get("name") == name for file in message.get("files") or []):
                return True
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False
