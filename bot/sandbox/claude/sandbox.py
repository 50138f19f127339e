"""The Claude stand-in: what tests and the demo hold in their hands."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.claude.errors import STATUS_OF, TYPE_OF, ApiError
from bot.sandbox.claude.message_rules import blocks_of
from bot.sandbox.claude.replies import Gate, Planner, Reply, Scripted
from bot.sandbox.claude.server import make_app
from bot.sandbox.serving import Serving


@dataclass(frozen=True)
class Recorded:
    """One POST to /v1/messages and what it was answered; a stream counts as its whole message,
    recorded as it begins."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    response: dict[str, Any]
    status: int
    at: float


@dataclass
class _Script:
    matches: Callable[[dict[str, Any]], bool]
    replies: deque[Scripted]
    specific: bool


class ClaudeSandbox:
    """Claude's API on loopback, answering from scripts and, where none applies, a planner."""

    def __init__(
        self,
        *,
        port: int = 0,
        planner: Planner | None = None,
        api_key: str = "",
        pace: float = 0.0,
    ) -> None:
        """`planner`: makes a reply from a request's body. `api_key`: drawn if left out. `pace`:
        seconds between the pieces of a stream. Raises OSError when the port is taken."""
        self.api_key: str = api_key or f"sk-ant-sandbox-{secrets.token_hex(16)}"
        self._planner = planner
        self._lock = threading.Lock()
        self._scripts: list[_Script] = []
        self._failures: deque[ApiError] = deque()
        self._requests: list[Recorded] = []
        self._gates: list[Gate] = []
        self._serving = Serving(make_app(self, pace), port)
        self.url = self._serving.url

    def start(self) -> None:
        self._serving.start()

    def stop(self) -> None:
        """Opens all gates first: a stream that is held would outlive the server."""
        self._open_gates()
        self._serving.stop()

    def reset(self) -> None:
        """Forget scripts, failures and requests, and open all gates: as good as new, and faster."""
        self._open_gates()
        with self._lock:
            self._scripts.clear()
            self._failures.clear()
            self._requests.clear()

    def env(self) -> dict[str, str]:
        """The bot's settings for this stand-in."""
        return {"ANTHROPIC_API_KEY": self.api_key, "ANTHROPIC_BASE_URL": self.url}

    def script(
        self, *replies: Scripted, when: str | Callable[[dict[str, Any]], bool] | None = None
    ) -> None:
        """Queue replies, one for each request of the conversations whose first user text contains
        `when`, or for which it is true (None: any conversation that no other script is for)."""
        if callable(when):
            matches = when
        else:
            wanted = when or ""

            def matches(body: dict[str, Any]) -> bool:
                return wanted in first_user_text(body)

        with self._lock:
            self._scripts.append(_Script(matches, deque(replies), specific=when is not None))

    def gate(self) -> Gate:
        """A gate for a reply: `arrived()` tells that a stream waits at it, `open()` lets it go."""
        gate = Gate()
        with self._lock:
            self._gates.append(gate)
        return gate

    def fail(
        self,
        times: int = 1,
        *,
        status: int | None = None,
        error_type: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Answer the next `times` requests with an error: by default 529, overloaded_error."""
        kind = error_type or (TYPE_OF.get(status, "api_error") if status else "overloaded_error")
        headers = {} if retry_after is None else {"retry_after": f"{retry_after:g}"}
        error = ApiError(
            kind,
            "Overloaded" if kind == "overloaded_error" else f"The sandbox was told to fail: {kind}",
            status=status or STATUS_OF.get(kind),
            **headers,
        )
        with self._lock:
            self._failures.extend([error] * times)

    @property
    def requests(self) -> list[Recorded]:
        """All requests for messages so far, in the order of their arrival."""
        with self._lock:
            return list(self._requests)

    def record(
        self,
        body: dict[str, Any],
        headers: Mapping[str, str],
        response: dict[str, Any],
        status: int,
    ) -> None:
        """The server's side of `requests`."""
        with self._lock:
            self._requests.append(Recorded(body, headers, response, status, time.time()))

    def next_failure(self) -> ApiError | None:
        """The server's side of `fail`."""
        with self._lock:
            return self._failures.popleft() if self._failures else None

    def reply_to(self, body: dict[str, Any]) -> Reply:
        """The server's side of `script` and the planner. Raises ApiError (500) where a test has
        to say what Claude answers and did not."""
        with self._lock:
            scripted = self._scripted(body)
        if scripted is None:
            scripted = self._planner
        if scripted is None:
            raise ApiError(
                "api_error",
                f"Nothing is scripted for {first_user_text(body)[:100]!r}",
                x_should_retry="false",
            )
        return scripted if isinstance(scripted, Reply) else scripted(body)

    def _open_gates(self) -> None:
        with self._lock:
            gates, self._gates = self._gates, []
        for gate in gates:
            gate.open()

    def _scripted(self, body: dict[str, Any]) -> Scripted | None:
        for script in sorted(self._scripts, key=lambda script: not script.specific):
            if script.replies and script.matches(body):
                return script.replies.popleft()
        return None


def first_user_text(body: dict[str, Any]) -> str:
    """The text that a conversation began with."""
    for message in body["messages"]:
        if message["role"] != "user":
            continue
        for block in blocks_of(message["content"]):
            if block["type"] == "text":
                return str(block["text"])
    return ""
