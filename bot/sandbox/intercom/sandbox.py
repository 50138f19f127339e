"""The Intercom stand-in itself: a workspace, its tools, and who may use them."""

import copy
import json
import threading
import time
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

from bot.sandbox.intercom import tools as _tools  # noqa: F401  (registers the tools)
from bot.sandbox.intercom.calls import TOOLS, Call, Read, Write, signed_as
from bot.sandbox.intercom.seed import seeded
from bot.sandbox.intercom.workspace import (
    WORKSPACE_ID,
    WORKSPACE_NAME,
    Json,
    Table,
    admin,
    conversation,
)
from bot.sandbox.provider import ProviderError

CATALOGUE: list[Json] = json.loads(
    (files(__package__) / "catalogue.json").read_text(encoding="utf-8")
)
READS = frozenset(t["name"] for t in CATALOGUE if t["annotations"]["read_only_hint"])


class IntercomSandbox:
    """A small living workspace, the same for the same seed, with dates around `now`.

    It may be used from any thread. What its properties return are copies.
    """

    workspace_id = WORKSPACE_ID
    workspace_name = WORKSPACE_NAME
    region = "us"

    def __init__(
        self, *, seed: int = 7, now: Callable[[], float] = time.time, search_lag: int = 0
    ) -> None:
        """`search_lag`: after how many further calls a new contact can be found by search."""
        self.search_lag = search_lag
        self._seed = seed
        self._now = now
        self._lock = threading.RLock()
        self._subscribers: list[Callable[[], object]] = []
        self.reset()

    def reset(self) -> None:
        """Everything as in the beginning, seen from the present time; subscribers stay."""
        with self._lock:
            self._workspace = seeded(self._seed, lambda: int(self._now()))
            self._writes: list[Write] = []
            self._reads: list[Read] = []
            self._forbidden: dict[str, set[str]] = {}
            self._revoked: set[str] = set()
            self._limited = 0

    # What stands behind Scalekit's tools.

    def catalogue(self) -> list[Json]:
        """Every tool: name, description, input_schema, annotations."""
        return copy.deepcopy(CATALOGUE)

    def call(self, tool_name: str, tool_input: Json, admin_id: str) -> Json | None:
        """Run a tool with this admin's token. Out: Intercom's answer, None where it has none.

        Raises ProviderError: 401 after `revoke`, 403 after `forbid`, 429 after `rate_limit`,
        404 for an unknown tool, and whatever Intercom says about the input.
        """
        with self._lock:
            self._admit(tool_name, admin_id)
            # Numbers pass through a protobuf Struct on the way here, where all are floats.
            given = _whole(copy.deepcopy(tool_input))
            if tool_name in READS:
                self._reads.append(Read(tool_name, copy.deepcopy(given), admin_id))
            call = Call(self._workspace, tool_name, admin_id, self.search_lag)
            self._pass_time()
            options = {
                k: v for k, v in given.items() if k not in ("schema_version", "tool_version")
            }
            answer = copy.deepcopy(TOOLS[tool_name](call, options))
            signer = signed_as(tool_name, given, admin_id)
            writes = [
                Write(call.now, admin_id, signer, tool_name, given, *change)
                for change in call.changes
            ]
            self._writes.extend(writes)
            subscribers = list(self._subscribers)
        if writes:
            for tell in subscribers:
                tell()
        return answer

    def admin(self, admin_id: str) -> Json:
        """One teammate. Raises ProviderError 404."""
        with self._lock:
            return copy.deepcopy(admin(self._workspace, admin_id))

    def admins(self) -> list[Json]:
        with self._lock:
            return copy.deepcopy(list(self._workspace.admins.values()))

    # What goes wrong on purpose.

    def forbid(self, admin_id: str, tool_names: Iterable[str]) -> None:
        """This admin's permissions no longer cover these tools: 403."""
        with self._lock:
            self._forbidden.setdefault(admin_id, set()).update(tool_names)

    def allow(self, admin_id: str) -> None:
        """Takes back `forbid` and `revoke`."""
        with self._lock:
            self._forbidden.pop(admin_id, None)
            self._revoked.discard(admin_id)

    def revoke(self, admin_id: str) -> None:
        """This admin's token is good no more: 401."""
        with self._lock:
            self._revoked.add(admin_id)

    def rate_limit(self, times: int) -> None:
        """The next so many calls get 429."""
        with self._lock:
            self._limited = times

    def _admit(self, tool_name: str, admin_id: str) -> None:
        if admin_id in self._revoked or admin_id not in self._workspace.admins:
            raise ProviderError(401, "token_unauthorized", "The access token is not valid")
        if self._limited:
            self._limited -= 1
            raise ProviderError(429, "rate_limit_exceeded", "Exceeded rate limit of the workspace")
        if tool_name not in TOOLS:
            raise ProviderError(404, "not_found", f"There is no tool {tool_name}")
        if tool_name in self._forbidden.get(admin_id, ()):
            message = "The access token has no permission for this action"
            raise ProviderError(403, "action_forbidden", message)

    def _pass_time(self) -> None:
        unseen = self._workspace.unseen
        for contact_id in list(unseen):
            unseen[contact_id] -= 1
            if unseen[contact_id] < 0:
                del unseen[contact_id]
        for one in self._workspace.conversations.values():
            until = one["snoozed_until"]
            if one["state"] == "snoozed" and until and until <= self._workspace.now():
                one.update(state="open", open=True, snoozed_until=None)

    # What tests and the demo's page look at.

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back after every write, on the thread that made it. Out: what ends that."""
        with self._lock:
            self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    @property
    def writes(self) -> list[Write]:
        """Every change of state since the beginning, in order."""
        with self._lock:
            return list(self._writes)

    @property
    def reads(self) -> list[Read]:
        """Every call of a tool that only looks things up, in order."""
        with self._lock:
            return list(self._reads)

    def conversation(self, conversation_id: str) -> Json:
        """Raises ProviderError 404."""
        with self._lock:
            return copy.deepcopy(conversation(self._workspace, conversation_id))

    def _copy(self, name: str) -> Table:
        with self._lock:
            table: Table = copy.deepcopy(getattr(self._workspace, name))
            return table

    @property
    def contacts(self) -> Table:
        return self._copy("contacts")

    @property
    def companies(self) -> Table:
        return self._copy("companies")

    @property
    def conversations(self) -> Table:
        return self._copy("conversations")

    @property
    def tickets(self) -> Table:
        return self._copy("tickets")

    @property
    def ticket_types(self) -> Table:
        return self._copy("ticket_types")

    @property
    def tags(self) -> Table:
        return self._copy("tags")

    @property
    def teams(self) -> Table:
        return self._copy("teams")

    @property
    def articles(self) -> Table:
        return self._copy("articles")

    @property
    def collections(self) -> Table:
        return self._copy("collections")

    @property
    def notes(self) -> Table:
        return self._copy("notes")

    @property
    def news_items(self) -> Table:
        return self._copy("news_items")

    @property
    def segments(self) -> Table:
        return self._copy("segments")

    @property
    def data_attributes(self) -> Table:
        return self._copy("data_attributes")

    @property
    def visitors(self) -> Table:
        return self._copy("visitors")


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value
