"""The tools: which ones an account has, and running one against the provider."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import jsonschema
from jsonschema.exceptions import best_match

from bot.sandbox.provider import ProviderError, ToolProvider
from bot.sandbox.scalekit.accounts import Account, Accounts
from bot.sandbox.scalekit.errors import ToolError

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


@dataclass(frozen=True)
class Execution:
    """One tool call that reached Scalekit. `outcome`: "ok" or the error's code."""

    tool_name: str
    identifier: str
    admin_id: str | None
    tool_input: Json
    outcome: str


class Tools:
    def __init__(self, provider: ToolProvider, accounts: Accounts) -> None:
        self._provider = provider
        self._accounts = accounts
        self._catalogue: list[Json] | None = None
        self.extra: dict[str, Json] = {}
        self.handlers: dict[str, Handler] = {}
        self.executions: list[Execution] = []

    def of(self, account: Account) -> list[Json]:
        """The definitions that this account's permissions allow."""
        return [tool for tool in self._all() if account.may_use(tool["name"])]

    def execute(
        self, connection_name: str, identifier: str, tool_name: str, tool_input: Json
    ) -> tuple[Json | None, str]:
        """Out: the tool's data and the execution's id. Raises Refused or ToolError."""
        account = self._accounts.find(connection_name, identifier)
        execution_id = "exec_" + secrets.token_hex(9)
        # Taken now: while the call runs, the account can be connected anew as somebody else.
        admin_id = account.admin_id
        try:
            data = self._run(account, tool_name, tool_input, execution_id)
        except ToolError as error:
            self._log(account, admin_id, tool_name, tool_input, error.tool_error_code)
            raise
        self._log(account, admin_id, tool_name, tool_input, "ok")
        return data, execution_id

    def _run(
        self, account: Account, tool_name: str, tool_input: Json, execution_id: str
    ) -> Json | None:
        def error(code: grpc.StatusCode, name: str, message: str) -> ToolError:
            return ToolError(code, name, message, execution_id)

        definition = next((tool for tool in self._all() if tool["name"] == tool_name), None)
        if definition is None:
            raise error(grpc.StatusCode.NOT_FOUND, "TOOL_NOT_FOUND", f"no tool {tool_name!r}")
        if account.status != "ACTIVE" or account.admin_id is None:
            raise error(
                grpc.StatusCode.UNAUTHENTICATED,
                "ACCOUNT_NOT_ACTIVE",
                f"the connected account is {account.status}",
            )
        if problem := _problem(definition["input_schema"], tool_input):
            raise error(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT", problem)
        self._accounts.use(account)
        if account.revoked:
            self._accounts.set_status(account.identifier, "EXPIRED")
            raise error(
                grpc.StatusCode.UNAUTHENTICATED, "token_revoked", "The access token was revoked"
            )
        if not account.may_use(tool_name):
            raise error(
                grpc.StatusCode.PERMISSION_DENIED,
                "api_plan_restricted",
                f"Access to {tool_name} is not permitted",
            )
        try:
            if handler := self.handlers.get(tool_name):
                return handler(tool_input)
            return self._provider.call(tool_name, tool_input, account.admin_id)
        except ProviderError as failure:
            code = _CODES.get(failure.status, grpc.StatusCode.INTERNAL)
            raise error(code, failure.code, failure.message) from failure

    def _all(self) -> list[Json]:
        if self._catalogue is None:
            self._catalogue = self._provider.catalogue()
        return [*self._catalogue, *self.extra.values()]

    def _log(
        self, account: Account, admin_id: str | None, tool_name: str, tool_input: Json, outcome: str
    ) -> None:
        self.executions.append(
            Execution(tool_name, account.identifier, admin_id, tool_input, outcome)
        )


def _problem(schema: Json, tool_input: Json) -> str:
    """What is wrong with the input and where; empty when nothing is."""
    found = best_match(jsonschema.Draft202012Validator(schema).iter_errors(tool_input))
    if found is None:
        return ""
    where = ".".join(str(part) for part in found.absolute_path)
    return f"{where}: {found.message}" if where else found.message
