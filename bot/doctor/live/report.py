"""What the services said to what was tried: a line for each."""

import json
from collections.abc import Awaitable
from typing import Literal, NamedTuple, TypeVar

import anthropic
import httpx2
from pydantic import Field
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from bot.accounts.scalekit import AccountsUnavailable, ToolFailure
from bot.agent.claude import ClaudeUnavailable, CutOff
from bot.base_model import BaseModel
from bot.logs import E_MAILS, SECRETS
from bot.slack.client import SlackFailure

T = TypeVar("T")

Verdict = Literal["accepted", "refused", "different", "skipped"]
"""different: it was answered, and otherwise than we believed."""
WORDS = 300
"""Characters of a service's own words that are kept."""


class Line(BaseModel):
    """One thing that was tried."""

    service: str
    tried: str
    verdict: Verdict
    words: str = ""
    """A code or kind of the service's, or what was other than we believed: nobody's data."""
    said: str = Field(default="", exclude=True)
    """A service's own sentence, for the operator's eyes only: it may quote a customer."""

    def line(self) -> str:
        mark = f"[{self.verdict}]".ljust(len("[different]"))
        return f"{mark} " + ": ".join(
            part for part in (f"{self.service} · {self.tried}", self.words, self.said) if part
        )


class Report:
    """The lines so far, in the order in which things were tried."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def add(
        self, service: str, tried: str, verdict: Verdict, words: str = "", said: str = ""
    ) -> None:
        """Add a line.

        Args:
            service: Slack, Claude, Scalekit or Intercom.
            tried: What was tried, in a few words.
            verdict: How it went.
            words: A code or kind of the service's, or what was other than believed.
            said: The service's own sentence; --json leaves it out.
        """
        line = Line(
            service=service, tried=tried, verdict=verdict, words=_shown(words), said=_shown(said)
        )
        self.lines.append(line)

    async def attempt(self, service: str, tried: str, work: Awaitable[T]) -> T | None:
        """Try something and note whether it was taken.

        Returns:
            Its result; None where it was refused, which is then on the report.

        Raises:
            RedisError: Redis is away, without which nothing can be tried.
        """
        try:
            result = await work
        except RedisError:
            raise
        except Exception as error:
            self.add(service, tried, "refused", *_refusal(error))
            return None
        self.add(service, tried, "accepted")
        return result

    def expect(self, service: str, tried: str, *, holds: bool, otherwise: str) -> None:
        """Note whether an answer is what we believed it to be; `otherwise` says how it is not."""
        if holds:
            self.add(service, tried, "accepted")
        else:
            self.add(service, tried, "different", otherwise)

    @property
    def is_good(self) -> bool:
        """Whether nothing was refused or different."""
        return all(line.verdict in ("accepted", "skipped") for line in self.lines)

    def text(self, *, as_json: bool) -> str:
        if as_json:
            return json.dumps([line.model_dump() for line in self.lines], indent=2)
        good = sum(line.verdict == "accepted" for line in self.lines)
        refused = sum(line.verdict == "refused" for line in self.lines)
        different = sum(line.verdict == "different" for line in self.lines)
        total = f"{good} accepted, {refused} refused, {different} other than we believed"
        return "\n".join([*(line.line() for line in self.lines), total])


def _shown(words: str) -> str:
    """Words as they may be shown: in one line, without secrets and addresses."""
    return " ".join(E_MAILS.sub("[e-mail]", SECRETS.sub("[secret]", words)).split())[:WORDS]


class Refusal(NamedTuple):
    """What a service said, as in a `Line`."""

    words: str
    said: str = ""


def _refusal(error: Exception) -> Refusal:
    """What a service said in refusing, as far as it can be shown."""
    if isinstance(error, SlackApiError):
        told = str(error.response.get("error"))
        needed = error.response.get("needed")
        if needed:
            return Refusal(f"{told} (needs the scope {needed})")
        # They name the block or argument that it does not take. All that we send is our own.
        details = (error.response.get("response_metadata") or {}).get("messages") or []
        return Refusal(": ".join([told, *map(str, details)]))
    if isinstance(error, SlackFailure):
        return Refusal(f"no answer ({type(error).__name__})")
    if isinstance(error, ToolFailure):
        return Refusal(error.kind, error.message)
    if isinstance(error, anthropic.APIStatusError):
        return Refusal(f"{error.status_code}: {error.message}")
    if isinstance(error, AccountsUnavailable):
        return Refusal("unavailable", str(error))
    if isinstance(error, ClaudeUnavailable | CutOff):
        return Refusal(str(error))
    if isinstance(error, httpx2.HTTPError):
        return Refusal(f"no answer ({type(error).__name__})")
    # Any other text could hold what must not be shown.
    return Refusal(type(error).__name__)
