"""What every call passes: the bearer token, the request's limits, planned faults and the log."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf.json_format import MessageToDict

from bot.sandbox.scalekit.errors import Refused, ToolError, abort
from bot.sandbox.scalekit.rules import check

T = TypeVar("T")

HEADER, SCHEME = "authorization", "Bearer "


@dataclass(frozen=True)
class RpcCall:
    """One call. `outcome`: the name of its gRPC status, or CUT where no answer was sent."""

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
    cut: bool

    @property
    def is_only_late(self) -> bool:
        return self.code is grpc.StatusCode.OK and not self.cut

    def error(self) -> Refused | ToolError:
        if self.tool_error_code is None:
            return Refused(self.code, self.code.name, self.message)
        return ToolError(self.code, self.tool_error_code, self.message, "exec_planned")


class ConnectionCut(Exception):
    """The connection goes down in the middle of a call."""


class Desk:
    def __init__(
        self, is_valid_token: Callable[[str], bool], cut_connections: Callable[[], None]
    ) -> None:
        self._is_valid_token = is_valid_token
        self._cut_connections = cut_connections
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.calls: list[RpcCall] = []

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def forget_faults(self) -> None:
        with self._lock:
            self._faults.clear()

    def serve(
        self,
        rpc: str,
        request: Any,
        context: grpc.ServicerContext,
        work: Callable[[], T],
        tool_name: str = "",
    ) -> T:
        """Run `work`, or end the call as Scalekit does when it refuses."""
        try:
            return self._logged(rpc, request, context, work, tool_name)
        except (Refused, ToolError) as error:
            abort(context, error)
        except ConnectionCut:
            self._cut_connections()
            context.abort(grpc.StatusCode.UNAVAILABLE, "the connection is cut")

    def _logged(
        self,
        rpc: str,
        request: Any,
        context: grpc.ServicerContext,
        work: Callable[[], T],
        tool_name: str,
    ) -> T:
        outcome = "UNKNOWN"
        try:
            self._authenticate(context)
            check(request)
            answer = self._with_fault(self._due(rpc, tool_name), work)
            outcome = "OK"
            return answer
        except (Refused, ToolError) as error:
            outcome = error.code.name
            raise
        except ConnectionCut:
            outcome = "CUT"
            raise
        finally:
            # Before the caller can know how it ended, so that a test finds it told.
            asked = MessageToDict(request, preserving_proto_field_name=True)
            identifier = asked.get("identifier", "")
            self.calls.append(RpcCall(rpc, identifier, asked, outcome, time.time()))

    def _authenticate(self, context: grpc.ServicerContext) -> None:
        # After a renewal the SDK sends its old and its new token, both under this name.
        given = [str(value) for key, value in context.invocation_metadata() if key == HEADER]
        tokens = [value.removeprefix(SCHEME) for value in given if value.startswith(SCHEME)]
        if not any(self._is_valid_token(token) for token in tokens):
            raise Refused(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", "token is not valid")

    @staticmethod
    def _with_fault(fault: Fault | None, work: Callable[[], T]) -> T:
        if fault is None:
            return work()
        time.sleep(fault.delay)
        if fault.is_only_late:
            return work()
        if fault.after_effect:
            work()
        raise ConnectionCut if fault.cut else fault.error()

    def _due(self, rpc: str, tool_name: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.name in (rpc, tool_name, "*"):
                    fault.times -= 1
                    return fault
        return None
