"""What Slack knows of the people who ask."""

import time

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.slack.client import SlackFailure

log = structlog.get_logger()

KEPT_SECONDS = 3600.0


class _User(BaseModel):
    tz: str = "UTC"
    real_name: str = ""
    name: str = ""


class People:
    """Who somebody is, asked for once an hour."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: dict[str, tuple[float, _User]] = {}

    async def time_zone(self, user_id: str) -> str:
        """The user's IANA time zone; UTC where Slack does not say."""
        return (await self._user(user_id)).tz

    async def name(self, user_id: str) -> str:
        """What people call the user; the id where Slack does not say."""
        user = await self._user(user_id)
        return user.real_name or user.name or user_id

    async def _user(self, user_id: str) -> _User:
        since, user = self._known.get(user_id, (0.0, _User()))
        if user_id in self._known and time.monotonic() - since < KEPT_SECONDS:
            return user
        try:
            answer = await self._client.users_info(user=user_id)
            user = _User.model_validate(answer["user"])
        except (*SlackFailure, ValidationError) as error:
            log.info("user_unknown", why=type(error).__name__)
            return _User()
        self._known[user_id] = (time.monotonic(), user)
        return user
