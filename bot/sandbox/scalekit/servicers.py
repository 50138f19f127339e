"""Scalekit's gRPC services, on the SDK's own generated servicers."""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from scalekit.v1.connected_accounts import connected_accounts_pb2 as accounts_pb
from scalekit.v1.connected_accounts import connected_accounts_pb2_grpc as accounts_grpc
from scalekit.v1.tools import tools_pb2 as tools_pb
from scalekit.v1.tools import tools_pb2_grpc as tools_grpc

from bot.sandbox.scalekit.accounts import Account, Accounts
from bot.sandbox.scalekit.desk import Desk
from bot.sandbox.scalekit.errors import invalid
from bot.sandbox.scalekit.paging import page_of
from bot.sandbox.scalekit.tools import Tools

PROVIDER = "INTERCOM"
DEFAULT_PAGE = 10
LARGEST_PAGE = 100


class AccountService(accounts_grpc.ConnectedAccountServiceServicer):
    def __init__(
        self, desk: Desk, accounts: Accounts, connection_name: str, link_base: Callable[[], str]
    ) -> None:
        self._desk = desk
        self._accounts = accounts
        self._connection_name = connection_name
        self._link_base = link_base

    def GetConnectedAccountDetails(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            account = self._accounts.find(request.connector, request.identifier)
            return accounts_pb.GetConnectedAccountByIdentifierResponse(
                connected_account=self._shown(account)
            )

        return self._desk.serve("GetConnectedAccountDetails", request, context, work)

    def GetConnectedAccountAuth(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            account = self._accounts.find(request.connector, request.identifier)
            shown = self._shown(account)
            shown.authorization_details.oauth_token.access_token = account.access_token
            return accounts_pb.GetConnectedAccountByIdentifierResponse(connected_account=shown)

        return self._desk.serve("GetConnectedAccountAuth", request, context, work)

    def CreateConnectedAccount(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            account = self._accounts.create(request.connector, request.identifier)
            return accounts_pb.CreateConnectedAccountResponse(
                connected_account=self._shown(account)
            )

        return self._desk.serve("CreateConnectedAccount", request, context, work)

    def DeleteConnectedAccount(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            self._accounts.delete(request.connector, request.identifier)
            return accounts_pb.DeleteConnectedAccountResponse()

        return self._desk.serve("DeleteConnectedAccount", request, context, work)

    def GetMagicLinkForConnectedAccount(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            token, expires_at = self._accounts.make_link(
                request.connector, request.identifier, request.state, request.user_verify_url
            )
            return accounts_pb.GetMagicLinkForConnectedAccountResponse(
                link=f"{self._link_base()}/connect/{token}", expiry=_timestamp(expires_at)
            )

        return self._desk.serve("GetMagicLinkForConnectedAccount", request, context, work)

    def VerifyConnectedAccountUser(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            self._accounts.verify(request.auth_request_id, request.identifier)
            return accounts_pb.VerifyConnectedAccountUserResponse(
                post_user_verify_redirect_url=f"{self._link_base()}/connected"
            )

        return self._desk.serve("VerifyConnectedAccountUser", request, context, work)

    def _shown(self, account: Account) -> Any:
        shown = accounts_pb.ConnectedAccount(
            id=account.id,
            identifier=account.identifier,
            provider=PROVIDER,
            connector=self._connection_name,
            connection_id="conn_sandbox",
            status=account.status,
            authorization_type="OAUTH",
            updated_at=_timestamp(account.updated_at),
        )
        if account.last_used_at is not None:
            shown.last_used_at.CopyFrom(_timestamp(account.last_used_at))
        return shown


class ToolService(tools_grpc.ToolServiceServicer):
    def __init__(self, desk: Desk, accounts: Accounts, tools: Tools, connection_name: str) -> None:
        self._desk = desk
        self._accounts = accounts
        self._tools = tools
        self._connection_name = connection_name
        self.page_limit = LARGEST_PAGE

    def ListScopedTools(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            if request.page_size > LARGEST_PAGE:
                raise invalid("page_size", f"value must be at most {LARGEST_PAGE}")
            account = self._accounts.get(request.identifier)
            usable = account if account and account.status == "ACTIVE" else None
            tools = self._chosen(usable, request.filter) if usable else []
            page = page_of(tools, request, default=DEFAULT_PAGE, largest=self.page_limit)
            return tools_pb.ListScopedToolsResponse(
                tools=[self._shown(usable, tool) for tool in page.items if usable],
                total_size=len(tools),
                next_page_token=page.next_token,
                prev_page_token=page.prev_token,
            )

        return self._desk.serve("ListScopedTools", request, context, work)

    def ExecuteTool(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            tool_input = _whole(MessageToDict(request.params))
            data, execution_id = self._tools.execute(
                request.connector, request.identifier, request.tool_name, tool_input
            )
            answer = tools_pb.ExecuteToolResponse(execution_id=execution_id)
            if data:
                answer.data.CopyFrom(_struct(data))
            return answer

        return self._desk.serve("ExecuteTool", request, context, work, request.tool_name)

    def _chosen(self, account: Account, asked: Any) -> list[dict[str, Any]]:
        """What of the account's tools passes every part of the filter that is given."""
        if asked.connection_names and self._connection_name not in asked.connection_names:
            return []
        if asked.providers and PROVIDER not in asked.providers:
            return []
        tools = self._tools.of(account)
        return [t for t in tools if not asked.tool_names or t["name"] in asked.tool_names]

    @staticmethod
    def _shown(account: Account, tool: dict[str, Any]) -> Any:
        return tools_pb.ScopedTool(
            tool=tools_pb.Tool(provider=PROVIDER, definition=_struct(tool)),
            identifier=account.identifier,
            connected_account_id=account.id,
        )


def _timestamp(seconds: float) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromMicroseconds(int(seconds * 1_000_000))
    return timestamp


def _struct(value: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(value)
    return struct


def _whole(value: Any) -> Any:
    """Intercom gets its numbers as JSON, whole ones without a fraction."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
