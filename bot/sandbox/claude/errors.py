"""Errors as Claude's API answers them."""

import secrets
from typing import Any

STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
TYPE_OF = {status: error_type for error_type, status in STATUS_OF.items()}


class ApiError(Exception):
    """The API refuses a request; `status` and the error's type say how."""

    def __init__(
        self, error_type: str, message: str, *, status: int | None = None, **headers: str
    ) -> None:
        """`headers` are sent along; underscores in their names stand for dashes."""
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.status = status or STATUS_OF.get(error_type, 500)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def envelope(self, request_id: str) -> dict[str, Any]:
        return {
            "type": "error",
            "error": {"type": self.error_type, "message": self.message},
            "request_id": request_id,
        }


class Refused(ApiError):
    """A request that the API calls invalid: 400."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_request_error", message)


def new_request_id() -> str:
    return "req_011C" + secrets.token_hex(10)
