"""The Web API client, with Slack's rate limits and hiccups taken care of."""

from typing import Any

from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.state.metrics import Metrics


class CountedRateLimits(AsyncRateLimitErrorRetryHandler):
    """Obeys Retry-After, and counts."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(max_retry_count=5)
        self._metrics = metrics

    async def prepare_for_next_attempt_async(self, **given: Any) -> None:
        await self._metrics.count("slack_rate_limited")
        await super().prepare_for_next_attempt_async(**given)


def open_client(settings: Settings, metrics: Metrics) -> AsyncWebClient:
    client = AsyncWebClient(
        token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_base_url
    )
    client.retry_handlers.append(CountedRateLimits(metrics))
    client.retry_handlers.append(AsyncServerErrorRetryHandler(max_retry_count=2))
    return client
