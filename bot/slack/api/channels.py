"""Who may read in a channel: whether people of another organization do, or soon may.

From Slack's conversation object: `is_ext_shared` says that the channel is part of Slack Connect,
`is_pending_ext_shared` that another organization has been invited to it. `is_org_shared` is only
about workspaces of one's own organization.
"""

from datetime import timedelta
from typing import Literal

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.slack.api.cache import Cache, NotCached
from bot.slack.client import SlackFailure, is_passing, patience, why

log = structlog.get_logger()

KEPT = timedelta(minutes=5)
KIND = "channel"
PATIENCE = 3.0
"""Seconds to wait for room in the method's tier; then the channel counts as shared."""

Reach = Literal["internal", "shared", "pending", "unknown"]
"""unknown: Slack did not say, so the channel is treated like a shared one."""


class Channel(BaseModel):
    reach: Reach


class _Conversation(BaseModel):
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False


class Channels:
    def __init__(self, client: AsyncWebClient, cache: Cache) -> None:
        self._client = client
        self._cache = cache

    async def is_shared(self, channel_id: str, *, look_up: bool = True) -> bool:
        """Whether answers in this channel would be read by another organization, or might be.
        Raises NotCached where it is not known and must not be looked up."""
        return await self.reach(channel_id, look_up=look_up) != "internal"

    async def reach(self, channel_id: str, *, look_up: bool = True) -> Reach:
        """Who reads in this channel, as of the last few minutes. Raises NotCached as above."""
        known = await self._cache.get(KIND, channel_id, Channel)
        if known:
            return known.reach
        if not look_up:
            raise NotCached(channel_id)
        try:
            with patience(PATIENCE):
                answer = await self._client.conversations_info(channel=channel_id)
            found = _Conversation.model_validate(answer["channel"])
        except (*SlackFailure, ValidationError, KeyError) as error:
            return await self._unknown(channel_id, error)
        reach: Reach = (
            "shared"
            if found.is_ext_shared
            else "pending"
            if found.is_pending_ext_shared
            else "internal"
        )
        await self._cache.put(KIND, channel_id, Channel(reach=reach), KEPT)
        return reach

    async def note_shared(self, channel_id: str) -> None:
        """An event from there said so itself."""
        await self._cache.put(KIND, channel_id, Channel(reach="shared"), KEPT)

    async def _unknown(self, channel_id: str, error: Exception) -> Reach:
        refused = isinstance(error, SlackFailure)
        log.warning(
            "channel_counts_as_shared",
            channel=channel_id,
            why=why(error) if refused else type(error).__name__,
            hint="channels:read, groups:read and mpim:read tell who reads in a channel",
        )
        if not refused or not is_passing(error):
            await self._cache.put(KIND, channel_id, Channel(reach="unknown"), KEPT)
        return "unknown"
