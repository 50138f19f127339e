"""The stand-in as a whole: the tools by name, permissions, and the log of every write."""

import copy
import json
import threading
import time
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

from bot.sandbox.intercom.changes import author_of
from bot.sandbox.intercom.conversations import ConversationWrites
from bot.sandbox.intercom.reads import Reads
from bot.sandbox.intercom.records import RecordWrites
from bot.sandbox.intercom.seed import fill
from bot.sandbox.intercom.workspace import Table, Workspace, Write, find
from bot.sandbox.provider import ProviderError

Json = dict[str, Any]

PREFIX = "intercom_"


class IntercomSandbox:
    """A ToolProvider. Any admin may be named as the author of a write: that is Intercom's way."""

    workspace_id, workspace_name, region = "nw1", "Northwind", "us"

    def __init__(self, *, seed: int = 7, now: Callable[[], float] = time.time) -> None:
        """The same `seed` makes the same workspace, with dates relative to `now`."""
        self._seed, self._now = seed, now
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[], None]] = []
        self.reset()

    def reset(self) -> None:
        """Start afresh."""
        with self._lock:
            self._w = Workspace(self._now)
            fill(self._w, self._seed)
            self._reads = Reads(self._w, self.workspace_name, self.region).tools()
            self._writes = ConversationWrites(self._w).tools() | RecordWrites(self._w).tools()
            self.writes: list[Write] = []
            self.reads: list[tuple[str, Json, str]] = []
            self._forbidden: dict[str, set[str]] = {}
            self._revoked: set[str] = set()
            self._limited = 0

    # What stands behind Scalekit's tools.

    def catalogue(self) -> list[Json]:
        source = files("bot.sandbox.intercom") / "catalogue.json"
        tools: list[Json] = json.loads(source.read_text())
        return tools

    def call(self, tool_name: str, tool_input: Json, admin_id: str) -> Json | None:
        """Raises ProviderError, with Intercom's codes."""
        name = tool_name.removeprefix(PREFIX)
        with self._lock:
            self._check(tool_name, admin_id)
            if read := self._reads.get(name):
                self.reads.append((tool_name, tool_input, admin_id))
                return copy.deepcopy(read(tool_input, admin_id))
            write = self._writes.get(name)
            if write is None:
                raise ProviderError(404, "not_found", f"no tool {tool_name}")
            change = write(tool_input, admin_id)
            self.writes.append(
                Write(
                    at=self._now(),
                    admin_id=admin_id,
                    signed_as=author_of(tool_input, admin_id),
                    tool=tool_name,
                    input=tool_input,
                    object_type=change.object_type,
                    object_id=str(change.object_id),
                    summary=change.summary,
                )
            )
            result = copy.deepcopy(change.result)
        for subscriber in list(self._subscribers):
            subscriber()
        return result

    @property
    def handled(self) -> set[str]:
        """The names of the tools that `call` knows."""
        return {PREFIX + name for name in (*self._reads, *self._writes)}

    def admin(self, admin_id: str) -> Json:
        return find(self._w.admins, admin_id, "Admin")

    def admins(self) -> list[Json]:
        return [a for a in self._w.admins.values() if a["name"] != "Fin"]

    # Faults.

    def forbid(self, admin_id: str, tool_names: Iterable[str]) -> None:
        """403 for these tools."""
        self._forbidden.setdefault(admin_id, set()).update(tool_names)

    def revoke(self, admin_id: str) -> None:
        """401 for everything."""
        self._revoked.add(admin_id)

    def rate_limit(self, times: int) -> None:
        """429 for the next calls."""
        self._limited = times

    # What one can read.

    @property
    def contacts(self) -> Table:
        return self._w.contacts

    @property
    def companies(self) -> Table:
        return self._w.companies

    @property
    def conversations(self) -> Table:
        return self._w.conversations

    @property
    def tickets(self) -> Table:
        return self._w.tickets

    @property
    def tags(self) -> Table:
        return self._w.tags

    @property
    def articles(self) -> Table:
        return self._w.articles

    @property
    def teams(self) -> Table:
        return self._w.teams

    def conversation(self, conversation_id: str) -> Json:
        with self._lock:
            return copy.deepcopy(find(self._w.conversations, conversation_id, "Conversation"))

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """`callback` runs after each write; returns how to stop."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def _check(self, tool_name: str, admin_id: str) -> None:
        if admin_id in self._revoked:
            raise ProviderError(401, "unauthorized", "Access Token Invalid")
        if self._limited > 0:
            self._limited -= 1
            raise ProviderError(429, "rate_limit_exceeded", "Exceeded rate limit")
        if tool_name in self._forbidden.get(admin_id, ()):
            raise ProviderError(403, "action_forbidden", "You do not have the permission for this")
