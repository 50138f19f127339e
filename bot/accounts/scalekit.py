"""Scalekit, which keeps the teammates' Intercom connections: accounts and tools by identifier.

The SDK is synchronous and opens its connection when constructed, so it lives in a thread pool
of its own and is built on first use.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, TypeVar

from google.protobuf.json_format import MessageToDict
from scalekit import ScalekitClient
from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitException,
    ScalekitForbiddenException,
    ScalekitNotFoundException,
    ScalekitServerException,
    ScalekitToolException,
    ScalekitToolForbiddenException,
    ScalekitToolRateLimitException,
    ScalekitToolUnauthorizedException,
    WebhookVerificationError,
)
from scalekit.v1.tools.tools_pb2 import ListScopedToolsResponse, ScopedToolFilter

from bot.base_model import BaseModel
from bot.settings import Settings

T = TypeVar("T")

PAGE_SIZE = 100
THREADS = 32


class AccountsUnavailable(Exception):
    """Scalekit could not be reached or did not do its part; trying again later can help."""


class VerificationRefused(Exception):
    """Scalekit does not bind this authorization to this identifier (403), or does not know it
    (404: unknown, expired or already used, which is `unknown`; 400: it cannot be one)."""

    def __init__(self, message: str, *, unknown: bool) -> None:
        super().__init__(message)
        self.unknown = unknown


FailureKind = Literal[
    "unauthorized", "forbidden", "rate_limited", "not_found", "rejected", "unavailable"
]
"""not_found: the provider has no such thing."""


class ToolFailure(Exception):
    """A tool did not give a result.

    `kind` says why. `nothing_happened` is False where the call may have had its effect all the
    same: no answer came, or the provider broke down over it.
    """

    def __init__(self, kind: FailureKind, message: str, *, nothing_happened: bool) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.nothing_happened = nothing_happened


class Account(BaseModel):
    """A connected account, without its tokens. `status` is Scalekit's own word."""

    identifier: str
    status: str
    updated_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.status == "ACTIVE"

    @property
    def is_lost(self) -> bool:
        """It was active once and has to be connected again."""
        return self.status in ("EXPIRED", "DISCONNECTED")


class ToolAnnotations(BaseModel):
    title: str = ""
    read_only_hint: bool | None = None
    destructive_hint: bool | None = None


class ToolDefinition(BaseModel):
    """A tool as Scalekit lists it for one identifier."""

    name: str
    description: str = ""
    input_schema: dict[str, Any] = {}
    annotations: ToolAnnotations = ToolAnnotations()


class Scalekit:
    """The calls that the bot makes. All raise AccountsUnavailable when Scalekit does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = settings.scalekit_connection_name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="scalekit")
        self._lock = threading.Lock()
        self._built: ScalekitClient | None = None

    async def account(self, identifier: str) -> Account:
        """The connected account of this identifier; created, not yet ACTIVE, if there is none."""
        return await self._call(lambda client: self._find_or_create(client, identifier))

    async def find(self, identifier: str) -> Account | None:
        """The connected account of this identifier, if there is one."""

        def find(client: ScalekitClient) -> Account | None:
            try:
                return self._details(client, identifier)
            except ScalekitNotFoundException:
                return None

        return await self._call(find)

    async def delete(self, identifier: str) -> None:
        """Delete the connected account with its tokens, if there is one."""

        def delete(client: ScalekitClient) -> None:
            with suppress(ScalekitNotFoundException):
                client.actions.delete_connected_account(
                    connection_name=self._connection, identifier=identifier
                )

        await self._call(delete)

    async def is_genuine(self, secret: str, headers: dict[str, str], body: bytes) -> bool:
        """Whether a webhook is Scalekit's own and not older than five minutes.

        `headers` have lower-case names.
        """

        def verify(client: ScalekitClient) -> bool:
            try:
                return client.verify_webhook_payload(secret, headers, body)
            except (WebhookVerificationError, ValueError, TypeError):
                return False

        return await self._call(verify)

    async def authorization_link(self, identifier: str, state: str, user_verify_url: str) -> str:
        """Where the teammate gives consent at Intercom. `state` comes back to `user_verify_url`."""
        return await self._call(
            lambda client: str(
                client.actions.get_authorization_link(
                    identifier=identifier,
                    connection_name=self._connection,
                    state=state,
                    user_verify_url=user_verify_url,
                ).link
            )
        )

    async def verify(self, auth_request_id: str, identifier: str) -> None:
        """Bind the consent given under `auth_request_id`. Raises VerificationRefused."""

        def verify(client: ScalekitClient) -> None:
            try:
                client.actions.verify_connected_account_user(
                    auth_request_id=auth_request_id, identifier=identifier
                )
            except ScalekitNotFoundException as error:
                raise VerificationRefused(_message(error), unknown=True) from error
            except (ScalekitBadRequestException, ScalekitForbiddenException) as error:
                raise VerificationRefused(_message(error), unknown=False) from error

        await self._call(verify)

    async def tools(self, identifier: str) -> list[ToolDefinition]:
        """Every tool that this identifier's account may use, all pages of them."""
        return await self._call(lambda client: self._list_tools(client, identifier))

    async def execute(
        self, identifier: str, tool_name: str, tool_input: dict[str, Any]
    ) -> dict[str, Any]:
        """Run a tool with this identifier's account; {} where it gives nothing back.

        Raises ToolFailure, and never tries a second time.
        """

        def execute(client: ScalekitClient) -> dict[str, Any]:
            try:
                answer = client.actions.execute_tool(
                    tool_input=tool_input,
                    tool_name=tool_name,
                    identifier=identifier,
                    connection_name=self._connection,
                )
            except ScalekitToolException as error:
                raise _provider_failure(error) from error
            except ScalekitServerException as error:
                raise _transport_failure(error) from error
            data: dict[str, Any] = answer.data or {}
            return data

        try:
            return await self._call(execute)
        except AccountsUnavailable as error:
            raise ToolFailure("unavailable", str(error), nothing_happened=False) from error

    def _find_or_create(self, client: ScalekitClient, identifier: str) -> Account:
        try:
            return self._details(client, identifier)
        except ScalekitNotFoundException:
            pass
        # A conflict: another request of the same teammate created it a moment ago.
        with suppress(ScalekitConflictException):
            client.actions.create_connected_account(
                connection_name=self._connection, identifier=identifier
            )
        return self._details(client, identifier)

    def _details(self, client: ScalekitClient, identifier: str) -> Account:
        answer = client.actions.get_connected_account_details(
            connection_name=self._connection, identifier=identifier
        )
        account = answer.connected_account
        if account is None:
            return Account(identifier=identifier, status="")
        return Account(
            identifier=identifier,
            status=account.status or "",
            updated_at=getattr(account, "updated_at", None),
        )

    def _list_tools(self, client: ScalekitClient, identifier: str) -> list[ToolDefinition]:
        tools: list[ToolDefinition] = []
        page_token = ""
        while True:
            # A (response, call) tuple, whatever the SDK's annotation says.
            answer: Any = client.tools.list_scoped_tools(
                identifier=identifier,
                filter=ScopedToolFilter(connection_names=[self._connection]),
                page_size=PAGE_SIZE,
                page_token=page_token,
            )
            response: ListScopedToolsResponse = answer[0]
            tools += [
                ToolDefinition.model_validate(_whole_numbers(MessageToDict(item.tool.definition)))
                for item in response.tools
            ]
            page_token = response.next_page_token
            if not page_token:
                return tools

    async def _call(self, work: Callable[[ScalekitClient], T]) -> T:
        def with_client() -> T:
            try:
                return work(self._client())
            except (ScalekitException, OSError) as error:
                raise AccountsUnavailable(_message(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, with_client)

    def _client(self) -> ScalekitClient:
        with self._lock:
            if self._built is None:
                self._built = ScalekitClient(
                    self._settings.scalekit_environment_url,
                    self._settings.scalekit_client_id,
                    self._settings.scalekit_client_secret.get_secret_value(),
                )
            return self._built


def _provider_failure(error: ScalekitToolException) -> ToolFailure:
    message = str(error.tool_error_message or error.message or "no reason was given")
    if isinstance(error, ScalekitToolUnauthorizedException):
        return ToolFailure("unauthorized", message, nothing_happened=True)
    if isinstance(error, ScalekitToolForbiddenException):
        return ToolFailure("forbidden", message, nothing_happened=True)
    if isinstance(error, ScalekitToolRateLimitException):
        return ToolFailure("rate_limited", message, nothing_happened=True)
    if error.http_status >= 500:
        return ToolFailure("unavailable", message, nothing_happened=False)
    # Without the tool itself, nothing is known of the thing that it was to look up.
    no_tool = "tool" in str(error.tool_error_code).casefold()
    kind: FailureKind = "not_found" if error.http_status == 404 and not no_tool else "rejected"
    return ToolFailure(kind, message, nothing_happened=True)


def _transport_failure(error: ScalekitServerException) -> ToolFailure:
    if 400 <= error.http_status < 499:
        return ToolFailure("rejected", _message(error), nothing_happened=True)
    return ToolFailure("unavailable", _message(error), nothing_happened=False)


def _message(error: Exception) -> str:
    if isinstance(error, ScalekitServerException):
        return str(error.message or error.http_status)
    return type(error).__name__


def _whole_numbers(value: Any) -> Any:
    """A protobuf Struct makes every number a float; JSON Schema wants `maximum: 50`, not 50.0."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
