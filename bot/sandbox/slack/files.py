"""files.*: a file gets an address to be sent to, is sent there, and is then shown in a thread.

From Slack's pages on the two methods and python-slack-sdk's `files_upload_v2`: both need
`files:write`; the address takes the bytes by POST and answers 200; completing shares the file in
one channel, as a message of the app's with `files` in it. What Slack says to a second completion
of the same file is not documented: here it knows the file no more, so that nobody relies on it.
"""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.api import Api
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, BOT_USER_ID, Message

Json = dict[str, Any]


@dataclass
class Upload:
    """A file on its way."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    shared: bool = False


class Files:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._workspace = api.workspace
        self.uploads: dict[str, Upload] = {}

    def methods(self) -> dict[str, Method]:
        begin: dict[str, type] = {
            "filename": str,
            "length": int,
            "alt_txt": str,
            "snippet_type": str,
        }
        complete: dict[str, type] = {
            "files": list,
            "channel_id": str,
            "channels": str,
            "initial_comment": str,
            "thread_ts": str,
            "blocks": list,
        }
        write = ("files:write",)
        one: dict[str, type] = {"file": str}
        return {
            "files.info": Method(self._info, one, ("file",), ("files:read",), 50),
            "files.delete": Method(self._delete, one, ("file",), write, 50),
            "files.getUploadURLExternal": Method(
                self._begin, begin, ("filename", "length"), write, 100
            ),
            "files.completeUploadExternal": Method(
                self._complete, complete, ("files",), write, 100
            ),
        }

    def receive(self, file_id: str, content: bytes) -> bool:
        """A file's bytes arrive at its address. Returns whether they were expected."""
        upload = self.uploads.get(file_id)
        if upload is None or upload.shared or len(content) != upload.length:
            return False
        upload.content = content
        return True

    def content(self, file_id: str) -> bytes | None:
        """A file's bytes; None for who may not read files, and where there is none."""
        upload = self.uploads.get(file_id)
        may = "files:read" in self._api.scopes.granted
        return upload.content if may and upload and upload.shared else None

    def _info(self, args: Json) -> Json:
        upload = self._known(args["file"])
        link = f"{self._api.url}/files-pri/{upload.id}/{upload.name}"
        return {
            "file": {
                "id": upload.id,
                "name": upload.name,
                "size": upload.length,
                "user": BOT_USER_ID,
                "url_private": link,
                "url_private_download": link,
            }
        }

    def _delete(self, args: Json) -> Json:
        del self.uploads[self._known(args["file"]).id]
        for posts in self._workspace.posts.values():
            for message in posts.values():
                message.files = [file for file in message.files if file["id"] != args["file"]]
        return {}

    def _known(self, file_id: str) -> Upload:
        upload = self.uploads.get(file_id)
        if upload is None or not upload.shared:
            raise SlackError("file_not_found")
        return upload

    def _begin(self, args: Json) -> Json:
        if args["length"] <= 0:
            raise invalid_arguments("must be greater than 0", "/length")
        upload = Upload(self._workspace.next_id("F"), args["filename"], args["length"])
        self.uploads[upload.id] = upload
        return {"upload_url": f"{self._api.url}/upload/v1/{upload.id}", "file_id": upload.id}

    def _complete(self, args: Json) -> Json:
        shown: list[Json] = []
        uploads: list[Upload] = []
        for item in args["files"]:
            if not isinstance(item, dict) or set(item) - {"id", "title", "highlight_type"}:
                raise invalid_arguments("must be an object with an id", "/files")
            upload = self.uploads.get(str(item.get("id")))
            if upload is None or upload.content is None or upload.shared:
                raise SlackError("file_not_found")
            uploads.append(upload)
            shown.append(
                {
                    "id": upload.id,
                    "name": upload.name,
                    "title": item.get("title") or upload.name,
                    "mimetype": "text/plain",
                    "size": upload.length,
                    "mode": "snippet",
                    "user": BOT_USER_ID,
                }
            )
        if "channel_id" in args:
            self._share(args, shown)
        for upload in uploads:
            upload.shared = True
        return {"files": [{"id": file["id"], "title": file["title"]} for file in shown]}

    def _share(self, args: Json, shown: list[Json]) -> None:
        channel = self._api.writable(args["channel_id"])
        message = Message(
            ts=self._workspace.next_ts(),
            channel=channel.id,
            user=BOT_USER_ID,
            text=args.get("initial_comment", ""),
            bot_id=BOT_ID,
            app_id=APP_ID,
            thread_ts=self._api.thread_ts(channel, args.get("thread_ts"), "thread_not_found"),
            files=shown,
        )
        self._workspace.add(message)
        self._api.events.posted(message)
