"""What Slack knows of the people who ask: who they are here, their names, their time zones.

From Slack's user object: `team_id` is the person's own workspace, which for people met in a Slack
Connect channel is another one (`is_stranger` is only set where no channel is shared with them);
`enterprise_user` is there in Enterprise Grid; `is_restricted` stands for any guest and
`is_ultra_restricted` for one of a single channel.
"""

from datetime import timedelta
from typing import Literal

import structlog
from pydantic import ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from bot.base_model import BaseModel
from bot.slack.api.cache import Cache, NotCached
from bot.slack.api.workspace import Workspace
from bot.slack.client import SlackFailure, is_passing, why

log = structlog.get_logger()

KEPT = timedelta(minutes=5)
KIND = "person"
SLACKBOT = "USLACKBOT"
NOT_HERE = frozenset({"user_not_found", "user_not_visible"})

Standing = Literal["member", "guest", "stranger", "bot", "deactivated", "unknown"]
"""unknown: Slack did not say who it is."""


class _EnterpriseUser(BaseModel):
    enterprise_id: str | None = None


class Person(BaseModel):
    """A user of Slack's, or None of it (`found`): Slack does not show us such a user."""

    found: bool = True
    team_id: str | None = None
    tz: str | None = None
    real_name: str | None = None
    name: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    enterprise_user: _EnterpriseUser | None = None

    def standing(self, user_id: str, workspace: Workspace) -> Standing:
        """What this person is in our workspace."""
        if not self.found:
            return "stranger"
        if self.deleted:
            return "deactivated"
        if self.is_bot or user_id == SLACKBOT:
            return "bot"
        if self.is_stranger or not self.is_of(workspace):
            return "stranger"
        return "guest" if self.is_restricted or self.is_ultra_restricted else "member"

    def is_of(self, workspace: Workspace) -> bool:
        """Whether it is a person of this workspace, or of another one of its organization."""
        if self.team_id == workspace.team_id:
            return True
        enterprise_id = self.enterprise_user.enterprise_id if self.enterprise_user else None
        return workspace.enterprise_id is not None and enterprise_id == workspace.enterprise_id


class People:
    """Who somebody is, as of the last few minutes."""

    def __init__(self, client: AsyncWebClient, cache: Cache) -> None:
        self._client = client
        self._cache = cache

    async def time_zone(self, user_id: str) -> str:
        """The user's IANA time zone; UTC where Slack does not say."""
        person = await self._known(user_id)
        return (person and person.tz) or "UTC"

    async def name(self, user_id: str) -> str:
        """What people call the user; the id where Slack does not say."""
        person = await self._known(user_id)
        return (person and (person.real_name or person.name)) or user_id

    async def standing(
        self, user_id: str, workspace: Workspace, *, look_up: bool = True
    ) -> Standing:
        """Raises SlackFailure while Slack is down, NotCached where it is not known and must not be
        looked up."""
        person = await self.person(user_id, look_up=look_up)
        return person.standing(user_id, workspace) if person else "unknown"

    async def person(self, user_id: str, *, look_up: bool = True) -> Person | None:
        """None where Slack refuses to say. Raises as `standing`."""
        known = await self._cache.get(KIND, user_id, Person)
        if known:
            return known
        if not look_up:
            raise NotCached(user_id)
        try:
            answer = await self._client.users_info(user=user_id)
            person = Person.model_validate(answer["user"])
        except SlackFailure as error:
            if is_passing(error):
                raise
            if why(error) not in NOT_HERE:
                log.warning("user_unknown", why=why(error), hint="users:read tells people apart")
                return None
            person = Person(found=False)
        except (ValidationError, KeyError) as error:
            log.warning("user_unknown", why=type(error).__name__)
            return None
        await self._cache.put(KIND, user_id, person, KEPT)
        return person

    async def forget(self, user_id: str) -> None:
        """Something about this user has changed."""
        await self._cache.drop(KIND, user_id)

    async def _known(self, user_id: str) -> Person | None:
        try:
            return await self.person(user_id)
        except SlackFailure as error:
            log.info("user_unknown", why=why(error))
            return None
