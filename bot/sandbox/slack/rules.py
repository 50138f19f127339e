"""What the methods share: arguments, the manifest's scopes, rate limits, injected failures."""

import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.errors import SlackError, invalid_arguments

Json = dict[str, Any]

ALWAYS_ALLOWED = {"token", "team_id"}


@dataclass(frozen=True)
class Method:
    """One Web API method: what it takes, what it needs, how often it may be called."""

    run: Callable[[Json], Json]
    arguments: Mapping[str, type]
    required: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """Any one of these is enough; none means that every token will do."""
    per_minute: int = 50


def check_arguments(method: Method, given: Json, from_json: bool) -> Json:
    """The arguments with their real types. Raises invalid_arguments.

    A form carries text only, so numbers, booleans and JSON are read from it.
    """
    result: Json = {}
    for name, value in given.items():
        if name in ALWAYS_ALLOWED:
            continue
        if name not in method.arguments:
            raise invalid_arguments(f"unknown argument: {name}", f"/{name}")
        result[name] = _typed(name, value, method.arguments[name], from_json)
    for name in method.required:
        if result.get(name) in (None, ""):
            raise invalid_arguments(f"missing required field: {name}", "")
    return result


def _typed(name: str, value: Any, wanted: type, from_json: bool) -> Any:
    if wanted is not str and isinstance(value, str):
        value = _parsed(name, value, wanted)
    elif wanted is str and not from_json:
        return str(value)
    # bool is an int in Python, but not in JSON.
    fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    if not fits:
        raise invalid_arguments(f"must be a {wanted.__name__}", f"/{name}")
    return value


def _parsed(name: str, value: str, wanted: type) -> Any:
    if wanted is bool and value in ("0", "1", "true", "false"):
        return value in ("1", "true")
    try:
        return json.loads(value)
    except ValueError:
        raise invalid_arguments(f"must be a {wanted.__name__}", f"/{name}") from None


class Scopes:
    """What the manifest asked for."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        scopes = manifest.get("oauth_config", {}).get("scopes", {})
        self.granted: list[str] = list(scopes.get("bot", []))

    def need(self, *any_of: str) -> None:
        """Raises missing_scope, naming what is needed and what is there."""
        if any_of and not set(any_of) & set(self.granted):
            raise SlackError(
                "missing_scope", needed=",".join(any_of), provided=",".join(self.granted)
            )


class RateLimits:
    """Calls per minute by method; posting by channel too."""

    POSTS_BURST = 5
    POSTS_PER_SECOND = 1.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_before(self, name: str, per_minute: int, channel: object) -> int:
        """0 if the call may go ahead, else the seconds for `Retry-After`."""
        now = self._now()
        if name == "chat.postMessage":
            return self._post(str(channel), now)
        calls = self._calls[name]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= per_minute:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def _post(self, channel: str, now: float) -> int:
        left, since = self._buckets.get(channel, (float(self.POSTS_BURST), now))
        left = min(self.POSTS_BURST, left + (now - since) * self.POSTS_PER_SECOND)
        if left < 1:
            self._buckets[channel] = (left, now)
            return max(1, math.ceil((1 - left) / self.POSTS_PER_SECOND))
        self._buckets[channel] = (left - 1, now)
        return 0


@dataclass
class Fault:
    """A failure that a test asked for."""

    error: str | None
    status: int | None
    retry_after: int | None
    times: int
    after: int
    delay: float
    applied: bool
    channel: str | None = None
    """Only calls for this channel fail."""


EVERY_METHOD = "*"


@dataclass
class Faults:
    by_method: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))

    def take(self, name: str, args: Json) -> Fault | None:
        """The failure due now for this call, if any."""
        for fault in [*self.by_method[name], *self.by_method[EVERY_METHOD]]:
            if fault.channel not in (None, args.get("channel")):
                continue
            if fault.after > 0:
                fault.after -= 1
                return None
            if fault.times > 0:
                fault.times -= 1
                return fault
        return None
