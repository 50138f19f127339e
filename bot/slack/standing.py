"""As whom a teammate is connected, since when, and what the agent may do there."""

from datetime import datetime
from typing import NamedTuple

from bot.agent.toolset import reads
from bot.intercom.permissions import Ability, abilities
from bot.services import Services
from bot.state.models import Teammate


class Standing(NamedTuple):
    teammate: Teammate
    since: datetime | None
    can: list[Ability]


async def standing(services: Services, identifier: str) -> Standing:
    """Raises NotConnected, NotPermitted or AccountsUnavailable."""
    teammate = await services.teammates.connected(identifier)
    tools = await services.teammates.tools_now(identifier)
    since = await services.profiles.connected_since(identifier)
    can = abilities((tool.name, reads(tool)) for tool in tools)
    return Standing(teammate, since, can)
