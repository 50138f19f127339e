"""What stands behind Scalekit's tools: a provider such as Intercom."""

from collections.abc import Mapping
from typing import Any, Protocol

Json = dict[str, Any]


class ProviderError(Exception):
    """The provider's own answer to a call that it did not carry out."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class ToolProvider(Protocol):
    def catalogue(self) -> list[Json]:
        """Each {"name", "description", "input_schema", "annotations"}."""

    def call(self, tool_name: str, tool_input: Json, admin_id: str) -> Json | None:
        """Run a tool with this admin's token. Raises ProviderError."""

    def admin(self, admin_id: str) -> Mapping[str, Any]: ...

    def admins(self) -> list[Json]: ...
