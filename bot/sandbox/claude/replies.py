"""What Claude answers, as tests and the planner write it down."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

Fault = Literal[
    "cut",
    "end_early",
    "overloaded_event",
    "max_tokens",
    "refusal",
    "pause_turn",
    "context_exceeded",
    "slow_start",
]
"""How an answer goes wrong or ends otherwise than well:

cut: the connection breaks halfway through the last block · end_early: the stream ends cleanly at
the same place, without a stop reason · overloaded_event: an error event there · max_tokens: the
last block is cut there and the turn ends as max_tokens · refusal, pause_turn, context_exceeded:
the whole answer, then that stop reason · slow_start: headers and a ping, then nothing until the
reply's gate opens (without a gate: for two seconds).
"""


class Gate:
    """Holds a stream until the test opens it."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._opened: Future[None] = Future()
        self._lock = threading.Lock()

    def open(self) -> None:
        with self._lock:
            if not self._opened.done():
                self._opened.set_result(None)

    def arrived(self, timeout: float = 10) -> bool:
        """Wait for a stream to reach the gate. Out: whether one did in time."""
        return self._arrived.wait(timeout)

    async def passed(self) -> None:
        """The stream's side: wait here until the gate is open."""
        self._arrived.set()
        # Shielded: a client that goes away must not take the gate along for the others.
        await asyncio.shield(asyncio.wrap_future(self._opened))


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Thinking:
    text: str
    """People see it only where the request asks for `display: summarized`."""


@dataclass(frozen=True)
class ToolUse:
    name: str
    input: dict[str, Any]
    id: str


@dataclass(frozen=True)
class ToolSearch:
    """A search among the deferred tools, which the API itself runs: two blocks at once."""

    query: str
    found: tuple[str, ...]
    id: str


Block = Text | Thinking | ToolUse | ToolSearch


@dataclass(frozen=True)
class Reply:
    """One turn of Claude's. A Gate among the blocks holds the stream at that place."""

    blocks: tuple[Block | Gate, ...]
    stop_reason: str | None = None
    usage: dict[str, int] | None = None
    fault: Fault | None = None
    gate: Gate | None = None


Planner = Callable[[dict[str, Any]], Reply]
"""Makes a reply from the body of a request."""

Scripted = Reply | Planner


def text(words: str) -> Text:
    return Text(words)


def thinking(words: str) -> Thinking:
    return Thinking(words)


def tool_use(name: str, input: dict[str, Any], id: str | None = None) -> ToolUse:
    return ToolUse(name, input, id or "toolu_01" + secrets.token_hex(11))


def tool_search(query: str, found_names: Sequence[str]) -> ToolSearch:
    return ToolSearch(query, tuple(found_names), "srvtoolu_01" + secrets.token_hex(11))


def reply(
    *blocks: Block | Gate | str,
    stop_reason: str | None = None,
    usage: dict[str, int] | None = None,
    fault: Fault | None = None,
    gate: Gate | None = None,
) -> Reply:
    """An answer from its blocks; a plain string is a text block.

    `stop_reason`: by default `tool_use` if a tool is called, else `end_turn`. `usage`: figures
    that replace the computed ones. `gate`: holds the stream after the first piece of the first
    block; put a Gate among the blocks to hold it elsewhere.
    """
    made = tuple(Text(block) if isinstance(block, str) else block for block in blocks)
    return Reply(made, stop_reason, usage, fault, gate)
