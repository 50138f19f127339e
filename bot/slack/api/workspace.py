"""The workspace that the app is installed in, as its own token says it."""

from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.slack.api.cache import Cache, NotCached

KEPT = timedelta(hours=12)
KIND, ID = "workspace", "own"


class Workspace(BaseModel):
    team_id: str
    enterprise_id: str | None = None
    user_id: str
    """The bot's own user."""

    def is_own(self, team_or_enterprise_id: str) -> bool:
        """Whether the id is that of this workspace or of its organization."""
        return team_or_enterprise_id in (self.team_id, self.enterprise_id)


class Workspaces:
    def __init__(self, client: AsyncWebClient, cache: Cache) -> None:
        self._client = client
        self._cache = cache

    async def own(self, *, look_up: bool = True, anew: bool = False) -> Workspace:
        """`anew`: what is known is not good enough. Raises SlackFailure, or NotCached where it is
        not known and must not be looked up."""
        known = None if anew else await self._cache.get(KIND, ID, Workspace)
        if known:
            return known
        if not look_up:
            raise NotCached(ID)
        answer = await self._client.auth_test()
        found = Workspace(
            team_id=str(answer["team_id"]),
            enterprise_id=answer.get("enterprise_id"),
            user_id=str(answer["user_id"]),
        )
        await self._cache.put(KIND, ID, found, KEPT)
        return found
