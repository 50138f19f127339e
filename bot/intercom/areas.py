"""What the tools are about: for people who ask what the agent may do, and for naming the
permission that is missing where Intercom refuses.

The permissions' names are those of Intercom's Developer Hub:
developers.intercom.com/docs/build-an-integration/learn-more/authentication/oauth-scopes
"""

from collections.abc import Iterable
from typing import NamedTuple


class Area(NamedTuple):
    """`words`: what the names of its tools contain; the first area that fits is the tool's."""

    name: str
    words: tuple[str, ...]
    read: str
    change: str


class Ability(NamedTuple):
    """What a teammate's tools allow in one area."""

    area: str
    can_read: bool
    can_change: bool


AREAS = (
    Area("Tags", ("_tag",), "Read tags", "Write tags"),
    Area("Tickets", ("ticket",), "Read tickets", "Write tickets"),
    Area(
        "Conversations",
        ("conversation", "message"),
        "Read conversations",
        "Write conversations",
    ),
    Area(
        "Help articles",
        ("article", "help_center"),
        "Read and List articles",
        "Read and Write Articles",
    ),
    Area(
        "News",
        ("news",),
        "Read and List news items and newsfeeds",
        "Read and Write news items and newsfeeds",
    ),
    Area("Activity log", ("activity_log",), "Read admin activity logs", "Read admin activity logs"),
    Area("Events", ("data_event",), "Read events", "Write events"),
    Area("Data attributes", ("data_attribute",), "Read content data", "Write data attributes"),
    Area(
        "Contacts and companies",
        ("contact", "compan", "segment", "note", "subscription", "visitor"),
        "Read and list users and companies",
        "Write users and companies",
    ),
    Area("Teammates and teams", ("admin", "team"), "Read admins", "Update admins"),
)

IN_ORDER = (
    "Conversations",
    "Contacts and companies",
    "Tickets",
    "Help articles",
    "News",
    "Tags",
    "Events",
    "Data attributes",
    "Teammates and teams",
    "Activity log",
    "Other",
)


def area_of(tool_name: str) -> Area | None:
    return next((area for area in AREAS if any(word in tool_name for word in area.words)), None)


def permission_for(tool_name: str, *, is_read: bool) -> str | None:
    """The permission that a tool needs, as the Developer Hub calls it; None: not known."""
    area = area_of(tool_name)
    if area is None:
        return None
    return area.read if is_read else area.change


def abilities(tools: Iterable[tuple[str, bool]]) -> list[Ability]:
    """In: (name, whether it reads) of each tool. Out: what they allow, the areas that matter most
    first, and last what belongs to no area."""
    can: dict[str, tuple[bool, bool]] = {}
    for name, is_read in tools:
        area = area_of(name)
        label = area.name if area else "Other"
        read, change = can.get(label, (False, False))
        can[label] = (read or is_read, change or not is_read)
    return [Ability(label, *can[label]) for label in IN_ORDER if label in can]
