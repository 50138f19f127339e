"""The tools of the stand-in: how one is registered, and what a call knows."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.intercom.workspace import Json, Workspace, admin


@dataclass(frozen=True)
class Write:
    """One change of state. `admin_id` is whose token made the call, `signed_as` whom it names."""

    at: int
    admin_id: str
    signed_as: str
    tool: str
    input: Json
    object_type: str
    object_id: str
    summary: str


@dataclass(frozen=True)
class Read:
    """One call of a tool that only looks things up."""

    tool: str
    input: Json
    admin_id: str


@dataclass
class Call:
    workspace: Workspace
    tool: str
    admin_id: str
    search_lag: int = 0
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.workspace.now()

    def changed(self, object_type: str, object_id: str, summary: str) -> None:
        """Note what a write did; it is logged once the call has ended well."""
        self.changes.append((object_type, object_id, summary))

    def author(self, given: Json, key: str = "admin_id") -> Json:
        """The admin that the input names as the author, or the token's. Raises ProviderError."""
        return admin(self.workspace, given.get(key) or self.admin_id)


Tool = Callable[[Call, Json], Json | None]
TOOLS: dict[str, Tool] = {}


def tool(function: Tool) -> Tool:
    """Register a function as the tool of its name."""
    TOOLS["intercom_" + function.__name__] = function
    return function


def signed_as(tool_name: str, given: Json, admin_id: str) -> str:
    """The id of the admin in whose name an input acts; the token's where it names none."""
    if tool_name == "intercom_set_away_admin":
        return admin_id
    for key in ("admin_id", "author_id", "sender_id"):
        if given.get(key):
            return str(given[key])
    sender = given.get("from")
    if isinstance(sender, dict) and sender.get("type") == "admin":
        return str(sender.get("id"))
    assignment = given.get("assignment")
    if isinstance(assignment, dict) and "assignee_id" in assignment and "admin_id" in assignment:
        return str(assignment["admin_id"])
    return admin_id
