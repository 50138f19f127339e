"""Scalekit's gRPC services, on the SDK's own generated servicers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as ProtoAny
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from scalekit.v1.connected_accounts import connected_accounts_pb2 as accounts_pb
from scalekit.v1.connected_accounts import connected_accounts_pb2_grpc as accounts_grpc
from scalekit.v1.errdetails.errdetails_pb2 import ErrorInfo, ToolErrorInfo
from scalekit.v1.tools import tools_pb2 as tools_pb
from scalekit.v1.tools import tools_pb2_grpc as tools_grpc

from bot.sandbox.scalekit.accounts import LINK_SECONDS, Account, Accounts, Refused, invalid
from bot.sandbox.scalekit.tools import ToolError, Tools

DEFAULT_PAGE = 10
LARGEST_PAGE = 100


@dataclass(frozen=True)
class RpcCall:
    rpc: str
    identifier: str
    request: dict[str, Any]
    outcome: str
    at: float


@dataclass
class Fault:
    """What the next calls of a method or a tool get instead of an answer."""

    name: str
    code: grpc.StatusCode
    tool_error_code: str | None
    message: str
    times: int
    delay: float
    after_effect: bool


class Desk:
    """What every call passes: the bearer token, planned faults, and the log."""

    def __init__(self, is_valid_token: Callable[[str], bool]) -> None:
        self._is_valid_token = is_valid_token
        self._lock = threading.Lock()
        self.calls: list[RpcCall] = []
        self.faults: list[Fault] = []

    def serve(
        self,
        rpc: str,
        request: Any,
        context: grpc.ServicerContext,
        work: Callable[[], Any],
        tool_name: str = "",
    ) -> Any:
        """Run `work`, or end the call as Scalekit does when it refuses."""
        given = [str(v) for k, v in context.invocation_metadata() if k == "authorization"]
        try:
            if not any(self._is_valid_token(value.removeprefix("Bearer ")) for value in given):
                raise Refused(
                    grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", "token is not valid"
                )
            fault = self._due(rpc, tool_name)
            if fault and fault.delay:
                time.sleep(fault.delay)
            if fault and not fault.after_effect and fault.code is not grpc.StatusCode.OK:
                raise _as_error(fault)
            answer = work()
            if fault and fault.after_effect:
                raise _as_error(fault)
        except (Refused, ToolError) as error:
            self._log(rpc, request, error.code.name)
            _abort(context, error)
        self._log(rpc, request, "OK")
        return answer

    def _due(self, rpc: str, tool_name: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and fault.name in (rpc, tool_name):
                    fault.times -= 1
                    return fault
        return None

    def _log(self, rpc: str, request: Any, outcome: str) -> None:
        asked = MessageToDict(request, preserving_proto_field_name=True)
        self.calls.append(RpcCall(rpc, asked.get("identifier", ""), asked, outcome, time.time()))


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
            token = self._accounts.make_link(
                request.connector, request.identifier, request.state, request.user_verify_url
            )
            expiry = Timestamp()
            expiry.FromSeconds(int(time.time() + LINK_SECONDS))
            return accounts_pb.GetMagicLinkForConnectedAccountResponse(
                link=f"{self._link_base()}/connect/{token}", expiry=expiry
            )

        return self._desk.serve("GetMagicLinkForConnectedAccount", request, context, work)

    def VerifyConnectedAccountUser(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            self._accounts.verify(request.auth_request_id, request.identifier)
            return accounts_pb.VerifyConnectedAccountUserResponse()

        return self._desk.serve("VerifyConnectedAccountUser", request, context, work)

    def _shown(self, account: Account) -> Any:
        updated = Timestamp()
        updated.FromSeconds(int(account.updated_at))
        return accounts_pb.ConnectedAccount(
            id=account.id,
            identifier=account.identifier,
            provider="INTERCOM",
            connector=self._connection_name,
            status=account.status,
            authorization_type="OAUTH",
            updated_at=updated,
        )


class ToolService(tools_grpc.ToolServiceServicer):
    def __init__(self, desk: Desk, accounts: Accounts, tools: Tools, connection_name: str) -> None:
        self._desk = desk
        self._accounts = accounts
        self._tools = tools
        self._connection_name = connection_name
        self.page_limit = LARGEST_PAGE

    def ListScopedTools(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            names = list(request.filter.connection_names)
            if not names and not request.filter.providers and not request.filter.tool_names:
                raise invalid("filter", "is required")
            if request.page_size > LARGEST_PAGE:
                raise invalid("page_size", f"must be at most {LARGEST_PAGE}")
            start = _start(request.page_token)
            size = min(request.page_size or DEFAULT_PAGE, self.page_limit)
            account = self._accounts.get(request.identifier)
            fits = account is not None and (not names or self._connection_name in names)
            usable = account if fits and account and account.status == "ACTIVE" else None
            tools = self._tools.of(usable) if usable else []
            page = tools[start : start + size]
            following = f"page:{start + size}" if start + size < len(tools) else ""
            return tools_pb.ListScopedToolsResponse(
                tools=[
                    tools_pb.ScopedTool(
                        tool=tools_pb.Tool(definition=_struct(tool)),
                        identifier=request.identifier,
                        connected_account_id=usable.id if usable else "",
                    )
                    for tool in page
                ],
                total_size=len(tools),
                next_page_token=following,
            )

        return self._desk.serve("ListScopedTools", request, context, work)

    def ExecuteTool(self, request: Any, context: grpc.ServicerContext) -> Any:
        def work() -> Any:
            if not request.connector or not request.identifier:
                raise invalid("connector", "connection name and identifier are required")
            tool_input = _whole(MessageToDict(request.params))
            data, execution_id = self._tools.execute(
                request.connector, request.identifier, request.tool_name, tool_input
            )
            answer = tools_pb.ExecuteToolResponse(execution_id=execution_id)
            if data:
                answer.data.CopyFrom(_struct(data))
            return answer

        return self._desk.serve("ExecuteTool", request, context, work, request.tool_name)


def _as_error(fault: Fault) -> Refused | ToolError:
    if fault.tool_error_code is None:
        return Refused(fault.code, fault.code.name, fault.message)
    return ToolError(fault.code, fault.tool_error_code, fault.message, "exec_planned")


def _abort(context: grpc.ServicerContext, error: Refused | ToolError) -> NoReturn:
    if isinstance(error, ToolError):
        info = ErrorInfo(
            error_code="TOOL_ERROR",
            tool_error_info=ToolErrorInfo(
                execution_id=error.execution_id,
                tool_error_code=error.tool_error_code,
                tool_error_message=error.message,
            ),
        )
    else:
        info = ErrorInfo(error_code=error.error_code)
    detail = ProtoAny()
    detail.Pack(info)
    status = Status(code=error.code.value[0], message=error.message, details=[detail])
    context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort_with_status raises")


def _start(page_token: str) -> int:
    kind, _, start = page_token.partition(":")
    if not page_token:
        return 0
    if kind != "page" or not start.isdigit():
        raise invalid("page_token", "is not valid")
    return int(start)


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
