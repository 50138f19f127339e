"""One turn of Claude's, streamed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import anthropic
import httpx2
import structlog
from anthropic import AsyncAnthropic
from anthropic.types import Usage

from bot.base_model import BaseModel
from bot.settings import Settings

log = structlog.get_logger()

MAX_TOKENS = 16_000
TURN_SECONDS = 300.0
"""A turn's own deadline."""

PASSING = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
"""Statuses of errors that go away by themselves."""

Ending = Literal["answer", "tools", "pause", "too_long", "refused", "context_full"]
_ENDINGS: dict[str | None, Ending] = {
    "end_turn": "answer",
    "stop_sequence": "answer",
    "tool_use": "tools",
    "pause_turn": "pause",
    "max_tokens": "too_long",
    "refusal": "refused",
    "model_context_window_exceeded": "context_full",
}


class CutOff(Exception):
    """The stream broke off before the turn was over: nothing of it may be used."""


class ClaudeUnavailable(Exception):
    """Claude did not take the turn. The text is a sentence for the teammate. `passes`: trying
    again later can help, after `retry_after` seconds where Claude says so."""

    def __init__(self, sentence: str, *, passes: bool, retry_after: float) -> None:
        super().__init__(sentence)
        self.passes = passes
        self.retry_after = retry_after


class ToolUse(BaseModel):
    id: str
    name: str
    input: dict[str, Any]


class Turn(BaseModel):
    """What Claude said. `content` is the whole assistant content, to be echoed as it is."""

    ending: Ending
    content: list[dict[str, Any]]
    tool_uses: list[ToolUse]
    tokens_by_kind: dict[str, int] = {}

    @property
    def tokens_in(self) -> int:
        """Of the whole request: new, written to the cache and read from it."""
        return sum(self.tokens_by_kind.values()) - self.tokens_out

    @property
    def tokens_out(self) -> int:
        return self.tokens_by_kind.get("output", 0)

    @property
    def text(self) -> str:
        return "".join(block["text"] for block in self.content if block["type"] == "text")


class Claude:
    def __init__(self, settings: Settings) -> None:
        self._model = settings.anthropic_model
        self._client = AsyncAnthropic(
            api_key=settings.anthropic_api_key.get_secret_value(),
            base_url=settings.anthropic_base_url,
            max_retries=0,  # the SDK would sleep through any Retry-After, however long, unseen
        )

    async def close(self) -> None:
        await self._client.close()

    async def turn(
        self,
        system: str,
        tools: list[dict[str, Any]],
        messages: list[dict[str, Any]],
        on_text: Callable[[str], Awaitable[None]],
        *,
        may_call_tools: bool = True,
        on_usage: Callable[[dict[str, int]], None] = lambda tokens_by_kind: None,
    ) -> Turn:
        """Ask Claude to go on. `on_text` gets the answer piece by piece as it is written;
        `on_usage` what the turn has cost so far, as soon as Claude says so and when it is over.

        Raises CutOff when the stream breaks (asking again is safe: no tool has run), and
        ClaudeUnavailable when asking again at once would not help.
        """
        params: dict[str, Any] = {
            "model": self._model,
            "max_tokens": MAX_TOKENS,
            "thinking": {"type": "adaptive", "display": "summarized"},
            "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
            "cache_control": {"type": "ephemeral"},
            "messages": messages,
        }
        if tools:
            params["tools"] = tools
            if not may_call_tools:
                params["tool_choice"] = {"type": "none"}
        try:
            async with (
                asyncio.timeout(TURN_SECONDS),
                self._client.messages.stream(**params) as stream,
            ):
                async for event in stream:
                    if event.type == "text":
                        await on_text(event.text)
                    elif event.type == "message_start":
                        on_usage(_tokens_by_kind(event.message.usage))
                final = await stream.get_final_message()
        except (httpx2.HTTPError, anthropic.APIConnectionError, TimeoutError) as error:
            raise CutOff(type(error).__name__) from error
        except anthropic.APIStatusError as error:
            if error.status_code == 200:
                raise CutOff(str(error.type)) from error
            log.warning(
                "claude_refused_request",
                status=error.status_code,
                type=error.type,
                request=error.request_id,
                message=error.message,
            )
            raise ClaudeUnavailable(
                _sentence(error),
                passes=error.status_code in PASSING,
                retry_after=_retry_after(error),
            ) from error
        tokens_by_kind = _tokens_by_kind(final.usage)
        on_usage(tokens_by_kind)
        if final.stop_reason is None:
            raise CutOff("the stream ended early")
        ending = _ENDINGS[final.stop_reason]
        content = [block.to_dict(mode="json") for block in final.content]
        return Turn(
            ending=ending,
            content=content,
            tokens_by_kind=tokens_by_kind,
            tool_uses=[
                ToolUse.model_validate(block)
                for block in content
                if block["type"] == "tool_use" and ending == "tools"
            ],
        )


def _tokens_by_kind(usage: Usage) -> dict[str, int]:
    return {
        "input": usage.input_tokens,
        "cache_creation": usage.cache_creation_input_tokens or 0,
        "cache_read": usage.cache_read_input_tokens or 0,
        "output": usage.output_tokens,
    }


def _retry_after(error: anthropic.APIStatusError) -> float:
    """Seconds; 0 where Claude does not say."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", 0)))
    except ValueError:
        return 0.0


def _sentence(error: anthropic.APIStatusError) -> str:
    if error.status_code in (401, 403):
        return "Claude's API does not accept this deployment's key. An operator has to look at it."
    if error.status_code == 404:
        return "The Claude model set for this deployment does not exist (any more)."
    if error.status_code == 429:
        return "Claude's rate limit for this deployment is reached."
    if error.status_code in (500, 502, 503, 504, 529):
        return "Claude is overloaded or down right now."
    if error.status_code == 413:
        return "This conversation has grown too long for Claude. Start a new thread."
    return "Claude's API did not accept the request. An operator has to look at it."
