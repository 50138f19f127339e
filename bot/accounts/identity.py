"""Slack user → Scalekit identifier: rule 1 of the design, in one function."""

from dataclasses import dataclass
from typing import Protocol


class OfSomebody(Protocol):
    """Whatever holds the team and user that Slack signed."""

    @property
    def team_id(self) -> str: ...

    @property
    def user_id(self) -> str: ...

    @property
    def enterprise_id(self) -> str | None: ...


@dataclass(frozen=True)
class SlackUser:
    """Who Slack says made a request, from the signed payload and nothing else."""

    team_id: str
    user_id: str
    enterprise_id: str | None = None

    @classmethod
    def of(cls, item: OfSomebody) -> "SlackUser":
        return cls(item.team_id, item.user_id, item.enterprise_id)

    @property
    def identifier(self) -> str:
        """The Scalekit identifier (at most 100 characters) of this user's connected account.

        In Enterprise Grid user ids belong to the organisation, so the enterprise takes the
        team's place and a person has one account across its workspaces.
        """
        return f"slack:{self.enterprise_id or self.team_id}:{self.user_id}"
