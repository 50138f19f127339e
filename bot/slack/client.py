"""The Web API client, with Slack's rate limits and hiccups taken care of."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings import Settings
from bot.slack.limits import NoRoom, SlackLimits
from bot.slack.old_methods import OldMethods
from bot.state.metrics import Metrics

TIMEOUT = 15
"""Seconds for one call."""
ATTEMPTS = 3
LIMITED_AT_MOST = 10
PAUSE = 0.5
ADD_SOMETHING = frozenset(
    {
        "chat.appendStream",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.startStream",
        "files.completeUploadExternal",
    }
)
"""Methods that must not be called again when nobody knows whether the first call did it."""
NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Errors that go away by themselves."""
SlackFailure = (SlackApiError, aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True)
class Patience:
    """How long a call waits for its turn, in seconds; `for_progress`: it is for what can be left
    out, and leaves room for what cannot."""

    seconds: float = 90.0
    for_progress: bool = False


USUAL = Patience()
_patience: ContextVar[Patience] = ContextVar("patience", default=USUAL)


@contextmanager
def patience(seconds: float, *, for_progress: bool = False) -> Iterator[None]:
    """Calls inside fail with `ratelimited` instead of waiting longer for their turn."""
    token = _patience.set(Patience(seconds, for_progress))
    try:
        yield
    finally:
        _patience.reset(token)


class Client(AsyncWebClient):
    """Keeps the limits of every method, obeys 429 together with all other processes, and tries
    again what may be called twice."""

    def __init__(self, token: str, base_url: str, limits: SlackLimits, metrics: Metrics) -> None:
        super().__init__(token=token, base_url=base_url, timeout=TIMEOUT, retry_handlers=[])
        self.limits = limits
        self.old_methods = OldMethods()
        self._metrics = metrics

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        """Raises what slack_sdk raises, and RedisError."""
        if api_method == "chat.postMessage":
            # Nobody fetches what an answer or a proposal links to: not Slack's servers either.
            given["json"] = {**NO_PREVIEWS, **given.get("json", {})}
        limited = failed = 0
        while True:
            await self._wait(api_method, given)
            try:
                return await super().api_call(api_method, **given)
            except SlackApiError as error:
                if not is_limited(error):
                    failed += 1
                    await self._before_another(api_method, error, failed)
                    continue
                limited += 1
                await self._metrics.count("slack_rate_limited")
                await self.limits.pause(api_method, _retry_after(error))
                if limited == LIMITED_AT_MOST:
                    raise
            except (aiohttp.ClientError, TimeoutError) as error:
                failed += 1
                await self._before_another(api_method, error, failed)

    async def upload(self, url: str, data: bytes) -> None:
        """Send a file to the address that `files.getUploadURLExternal` gave.

        Raises SlackFailure.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=data) as answer,
        ):
            answer.raise_for_status()

    @staticmethod
    async def _before_another(api_method: str, error: Exception, failed: int) -> None:
        """Wait, if the call may be tried again. Raises the error if not."""
        if failed >= ATTEMPTS or not _may_repeat(api_method, error):
            raise error
        await asyncio.sleep(PAUSE * failed * random.uniform(0.5, 1.5))  # noqa: S311

    async def _wait(self, api_method: str, given: dict[str, Any]) -> None:
        arguments = given.get("json") or given.get("data") or given.get("params") or {}
        wait = _patience.get()
        try:
            channel_id = str(arguments.get("channel", ""))
            await self.limits.wait(api_method, channel_id, wait.seconds, progress=wait.for_progress)
        except NoRoom as error:
            answer = {"ok": False, "error": "ratelimited"}
            raise SlackApiError(f"no room for {api_method}", answer) from error  # type: ignore[no-untyped-call]


def open_client(settings: Settings, limits: SlackLimits, metrics: Metrics) -> Client:
    token = settings.slack_bot_token.get_secret_value()
    return Client(token, settings.slack_base_url, limits, metrics)


def is_limited(error: Exception) -> bool:
    """It was not done: Slack, or we ourselves, had no room for it."""
    if not isinstance(error, SlackApiError):
        return False
    return _status(error) == 429 or error.response.get("error") == "ratelimited"


def is_passing(error: Exception) -> bool:
    """Slack is down, slow or busy: later it may take the same call."""
    if not isinstance(error, SlackApiError):
        return True
    return _status(error) >= 500 or is_limited(error) or error.response.get("error") in PASSING


def is_unclear(error: Exception) -> bool:
    """Whether it was done nobody knows: no answer came, or none that says it."""
    certain = is_limited(error) or isinstance(error, aiohttp.ClientConnectorError)
    return is_passing(error) and not certain


def has_answered(error: Exception) -> bool:
    """Slack itself said no; it is not that nothing of it could be reached."""
    return isinstance(error, SlackApiError) and _status(error) < 500


def why(error: Exception) -> str:
    """A failure in a word, for the log."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return type(error).__name__


def _status(error: SlackApiError) -> int:
    """The HTTP status; 200 for what we refused ourselves."""
    return getattr(error.response, "status_code", 200)


def _may_repeat(api_method: str, error: Exception) -> bool:
    return is_passing(error) and not (api_method in ADD_SOMETHING and is_unclear(error))


def _retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", {})
    value = next((headers[name] for name in headers if name.lower() == "retry-after"), "1")
    return float(value) if str(value).isdigit() else 1.0
