"""Whom the agent works for: the people of its own workspace, as Slack says who they are. Rule 1 of
the design.

Everything that comes from Slack names a user, and teams: the one in which the app is installed and,
often, the user's own. In a channel of Slack Connect these are different organizations, and which
one stands where differs from payload to payload. So the identity is the user together with the
workspace that our own token belongs to, and only where nothing in the payload contradicts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.accounts.identity import SlackUser
from bot.settings import Settings
from bot.slack import messages
from bot.slack.api.cache import NotCached
from bot.slack.api.workspace import Workspace, Workspaces
from bot.slack.people import People, Standing

log = structlog.get_logger()

WORDS: dict[Standing, str] = {
    "guest": messages.GUEST,
    "stranger": messages.STRANGER,
    "unknown": messages.WHO_IS_IT,
}
"""What each is told; bots and deactivated people are told nothing."""


@dataclass(frozen=True)
class Claim:
    """What a payload says about who did something, and where."""

    user_id: str
    team_id: str | None = None
    """The workspace in which the app is installed."""
    enterprise_id: str | None = None
    user_teams: Sequence[str] = ()
    """What it gives as the user's own workspace or organization."""
    is_complete: bool = False
    """Where it names no organization there is none: it says all of an installation."""

    def contradicts(self, own: Workspace) -> bool:
        """Whether the app is installed elsewhere by it."""
        if self.is_complete:
            return (self.team_id, self.enterprise_id) != (own.team_id, own.enterprise_id)
        return self.team_id not in (None, "", own.team_id) or self.enterprise_id not in (
            None,
            "",
            own.enterprise_id,
        )


class TurnedAway(Exception):
    """The agent does not work for this user. `words` are for them; empty: nothing is said."""

    def __init__(self, standing: str, words: str) -> None:
        super().__init__(standing)
        self.words = words


class Access:
    def __init__(self, settings: Settings, workspaces: Workspaces, people: People) -> None:
        self._guests_welcome = settings.guests == "on"
        self._workspaces = workspaces
        self._people = people

    async def admit(self, claim: Claim, *, look_up: bool = True) -> SlackUser:
        """Who it is that the agent works for. `look_up`: whether there is time to ask Slack.

        Raises TurnedAway; NotCached where Slack would have to be asked; SlackFailure while Slack
        does not answer.
        """
        own = await self._workspaces.own(look_up=look_up)
        standing = await self._people.standing(claim.user_id, own, look_up=look_up)
        if standing != "member" and not (standing == "guest" and self._guests_welcome):
            log.info("turned_away", standing=standing, user=claim.user_id)
            raise TurnedAway(standing, WORDS.get(standing, ""))
        if claim.contradicts(own):
            if not look_up:
                raise NotCached(claim.user_id)
            # What we know of our own workspace may be out of date: it has joined an organization.
            own = await self._workspaces.own(anew=True)
        if claim.contradicts(own) or not await self._is_theirs(claim, own, look_up):
            log.warning("contradicting_teams", user=claim.user_id, claimed_team=claim.team_id)
            raise TurnedAway("contradiction", messages.CONTRADICTION)
        return SlackUser(own.team_id, claim.user_id, own.enterprise_id)

    async def _is_theirs(self, claim: Claim, own: Workspace, look_up: bool) -> bool:
        """Whether the teams that the payload gives the user may be theirs: in Enterprise Grid it
        may be another workspace of the organization."""
        others = {team for team in claim.user_teams if not own.is_own(team)}
        if not others:
            return True
        person = await self._people.person(claim.user_id, look_up=look_up)
        return person is not None and person.is_of(own) and others == {person.team_id}
