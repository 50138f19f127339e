"""What Slack knows of the people who ask."""

import time

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger()

KEPT_SECONDS = 3600.0


class _User(BaseModel):
    tz: str = "UTC"


class People:
    """Time zones by user, asked for once an hour."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: dict[str, tuple[float, str]] = {}

    async def time_zone(self, user_id: str) -> str:
        """The user's IANA time zone; UTC where Slack does not say."""
        since, zone = self._known.get(user_id, (0.0, "UTC"))
        if time.monotonic() - since < KEPT_SECONDS and user_id in self._known:
            return zone
        try:
            answer = await self._client.users_info(user=user_id)
            zone = _User.model_validate(answer["user"]).tz
        except (SlackApiError, aiohttp.ClientError, TimeoutError, ValidationError) as error:
            log.info("time_zone_unknown", why=type(error).__name__)
            return "UTC"
        self._known[user_id] = (time.monotonic(), zone)
        return zone
