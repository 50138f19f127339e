"""What one can read in the workspace, and how to wait for it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

from bot.sandbox.slack.agents import STATUS_LIFETIME
from bot.sandbox.slack.delivery import Courier, Delivery
from bot.sandbox.slack.server import Call, Server
from bot.sandbox.slack.views import view_object
from bot.sandbox.slack.workspace import Message, Session, Workspace

T = TypeVar("T")
Json = dict[str, Any]


class Reading:
    def __init__(self, workspace: Workspace, courier: Courier, server: Server) -> None:
        self._workspace = workspace
        self._courier = courier
        self._server = server

    @property
    def calls(self) -> list[Call]:
        with self._workspace.changed:
            return list(self._server.calls)

    def typed(self, call: Call) -> Json:
        """A call's arguments with their real types, which a form cannot carry."""
        return self._server.typed(call)

    def calls_to(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    @property
    def responses(self) -> list[Json]:
        """What was sent to response URLs and taken."""
        with self._workspace.changed:
            return list(self._server.responses)

    @property
    def deliveries(self) -> list[Delivery]:
        with self._workspace.changed:
            return list(self._courier.deliveries)

    def messages(self, channel_id: str) -> list[Message]:
        with self._workspace.changed:
            return self._workspace.messages(channel_id)

    def thread(self, channel_id: str, thread_ts: str) -> list[Message]:
        """The root first."""
        with self._workspace.changed:
            return self._workspace.thread(channel_id, thread_ts)

    def file_text(self, file_id: str) -> str:
        """What a file of the app's says. Raises KeyError for one that was never begun."""
        with self._workspace.changed:
            return (self._server.files.uploads[file_id].content or b"").decode()

    def seen(self, user_id: str, channel_id: str, thread_ts: str) -> list[Message]:
        """A thread as Slack shows it to this person right now, the root first."""
        with self._workspace.changed:
            thread = self._workspace.thread(channel_id, thread_ts)
            return [deepcopy(message.as_seen_by(user_id)) for message in thread]

    def dm(self, user_id: str) -> str:
        """The id of this person's DM with the bot."""
        with self._workspace.changed:
            return self._workspace.dm(user_id).id

    def ephemerals(self, user_id: str) -> list[Message]:
        with self._workspace.changed:
            return [m for m in self._workspace.ephemerals if m.ephemeral_to == user_id]

    def home(self, user_id: str) -> Json | None:
        with self._workspace.changed:
            home = self._workspace.homes.get(user_id)
            return view_object(home) if home else None

    def views(self, user_id: str) -> list[Json]:
        """The modals open for this person, the topmost last. `errors` holds what the bot found
        wrong with the last submission, by block id."""
        with self._workspace.changed:
            mine = [v for v in self._workspace.views.values() if v.user == user_id]
            return [{**view_object(v), "errors": v.errors} for v in mine]

    def session(self, channel_id: str, thread_ts: str) -> Session:
        """Title, suggested prompts and session state (`lifecycle`) of a thread."""
        with self._workspace.changed:
            return self._workspace.session(channel_id, thread_ts)

    def status(self, channel_id: str, thread_ts: str) -> str:
        """What the thread says the bot is doing; empty once Slack has cleared it."""
        session = self.session(channel_id, thread_ts)
        age = self._workspace.now() - session.status_at
        return session.status if age <= STATUS_LIFETIME else ""

    def wait(self, condition: Callable[[], T | None], timeout: float = 45, what: str = "") -> T:
        """The first truthy value of `condition`, which runs after each change. Raises
        AssertionError, showing all threads, after `timeout` seconds."""
        return self._workspace.wait(condition, timeout, what)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback` runs after each change, on whichever thread made it; returns how to stop."""
        return self._workspace.subscribe(callback)
