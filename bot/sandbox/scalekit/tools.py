"""The tools: which ones an account has, and running one against the provider."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import jsonschema

from bot.sandbox.provider import ProviderError, ToolProvider
from bot.sandbox.scalekit.accounts import Account, Accounts

Json = dict[str, Any]
Handler = Callable[[Json], Json | None]

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class ToolError(Exception):
    """A tool gave an error: the provider's own, or Scalekit's about the call."""

    def __init__(
        self, code: grpc.StatusCode, tool_error_code: str, message: str, execution_id: str
    ) -> None:
        super().__init__(message)
        self.code = code
        self.tool_error_code = tool_error_code
        self.message = message
        self.execution_id = execution_id


@dataclass(frozen=True)
class Execution:
    """One tool call that reached Scalekit. `outcome`: "ok" or the error's code."""

    tool_name: str
    identifier: str
    admin_id: str | None
    tool_input: Json
    outcome: str


class Tools:
    def __init__(self, provider: ToolProvider, accounts: Accounts, connection_name: str) -> None:
        self._provider = provider
        self._accounts = accounts
        self._connection_name = connection_name
        self._catalogue: list[Json] | None = None
        self.extra: dict[str, Json] = {}
        self.handlers: dict[str, Handler] = {}
        self.executions: list[Execution] = []

    def of(self, account: Account) -> list[Json]:
        """The definitions that this account's permissions allow."""
        if self._catalogue is None:
            self._catalogue = self._provider.catalogue()
        tools = [*self._catalogue, *self.extra.values()]
        return [t for t in tools if account.only is None or t["name"] in account.only]

    def execute(
        self, connection_name: str, identifier: str, tool_name: str, tool_input: Json
    ) -> tuple[Json | None, str]:
        """Out: the tool's data and the execution's id. Raises Refused or ToolError."""
        account = self._accounts.find(connection_name, identifier)
        execution_id = "exec_" + secrets.token_hex(9)
        try:
            data = self._run(account, tool_name, tool_input, execution_id)
        except ToolError as error:
            self._log(account, tool_name, tool_input, error.tool_error_code)
            raise
        self._log(account, tool_name, tool_input, "ok")
        return data, execution_id

    def _run(
        self, account: Account, tool_name: str, tool_input: Json, execution_id: str
    ) -> Json | None:
        def error(code: grpc.StatusCode, name: str, message: str) -> ToolError:
            return ToolError(code, name, message, execution_id)

        definition = next(
            (
                t
                for t in [*(self._catalogue or self.of(account)), *self.extra.values()]
                if t["name"] == tool_name
            ),
            None,
        )
        if definition is None:
            raise error(grpc.StatusCode.NOT_FOUND, "TOOL_NOT_FOUND", f"no tool {tool_name!r}")
        if account.status != "ACTIVE" or account.admin_id is None:
            raise error(
                grpc.StatusCode.UNAUTHENTICATED, "ACCOUNT_NOT_ACTIVE", "account is not active"
            )
        if account.revoked:
            self._accounts.set_status(account.identifier, "EXPIRED")
            raise error(
                grpc.StatusCode.UNAUTHENTICATED, "token_revoked", "The access token was revoked"
            )
        if account.only is not None and tool_name not in account.only:
            raise error(
                grpc.StatusCode.PERMISSION_DENIED,
                "api_plan_restricted",
                f"Access to {tool_name} is not permitted",
            )
        validator = jsonschema.Draft202012Validator(definition["input_schema"])
        for problem in validator.iter_errors(tool_input):
            raise error(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT", problem.message)
        try:
            if handler := self.handlers.get(tool_name):
                return handler(tool_input)
            return self._provider.call(tool_name, tool_input, account.admin_id)
        except ProviderError as failure:
            code = _CODES.get(failure.status, grpc.StatusCode.INTERNAL)
            raise error(code, failure.code, failure.message) from failure

    def _log(self, account: Account, tool_name: str, tool_input: Json, outcome: str) -> None:
        self.executions.append(
            Execution(tool_name, account.identifier, account.admin_id, tool_input, outcome)
        )
