"""Which permission a tool needs, and what a teammate's tools allow, area by area."""

from collections.abc import Iterable
from typing import NamedTuple

from bot.intercom.catalogue import declared
from bot.intercom.catalogue.areas import IN_ORDER

OTHER = "Other"


class Ability(NamedTuple):
    """What a teammate's tools allow in one area."""

    area: str
    can_read: bool
    can_change: bool


def permission_for(tool_name: str, *, is_read: bool) -> str | None:
    """The permission that a tool needs, as the Developer Hub calls it; None: not known."""
    tool = declared(tool_name)
    if tool is None:
        return None
    return tool.area.read_permission if is_read else tool.area.write_permission


def abilities(tools: Iterable[tuple[str, bool]]) -> list[Ability]:
    """What tools allow.

    Args:
        tools: Name of each, and whether it reads.

    Returns:
        The areas that matter most first, and last the tools that we do not know.
    """
    can: dict[str, tuple[bool, bool]] = {}
    for name, is_read in tools:
        tool = declared(name)
        label = tool.area.name if tool else OTHER
        read, change = can.get(label, (False, False))
        can[label] = (read or is_read, change or not is_read)
    order = [*(area.name for area in IN_ORDER), OTHER]
    return [Ability(label, *can[label]) for label in order if label in can]
