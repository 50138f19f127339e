"""Scalekit's two kinds of refusal, and how they travel: as gRPC statuses with an ErrorInfo."""

from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any as ProtoAny
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from scalekit.v1.errdetails.errdetails_pb2 import ErrorInfo, ToolErrorInfo, ValidationErrorInfo


class Refused(Exception):
    """Scalekit's own answer to a call that it does not carry out."""

    def __init__(
        self, code: grpc.StatusCode, error_code: str, message: str, field: str = ""
    ) -> None:
        """`field`: the one in the request that is at fault."""
        super().__init__(message)
        self.code = code
        self.error_code = error_code
        self.message = message
        self.field = field

    def info(self) -> ErrorInfo:
        info = ErrorInfo(error_code=self.error_code)
        if self.field:
            violation = ValidationErrorInfo.FieldViolation(
                field=self.field, description=self.message
            )
            info.validation_error_info.field_violations.append(violation)
        return info


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

    def info(self) -> ErrorInfo:
        # The SDK raises its tool exceptions by this code alone.
        return ErrorInfo(
            error_code="TOOL_ERROR",
            tool_error_info=ToolErrorInfo(
                execution_id=self.execution_id,
                tool_error_code=self.tool_error_code,
                tool_error_message=self.message,
            ),
        )


def not_found(what: str) -> Refused:
    return Refused(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", f"{what} not found")


def invalid(field: str, why: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_ERROR", f"{field}: {why}", field)


def abort(context: grpc.ServicerContext, error: Refused | ToolError) -> NoReturn:
    """End the call with this error."""
    detail = ProtoAny()
    detail.Pack(error.info())
    status = Status(code=error.code.value[0], message=error.message, details=[detail])
    context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort_with_status raises")
