"""Request bodies, checked against the SDK's own types.

The SDK types lists as `Iterable`, which pydantic checks only when somebody iterates; here they
are rewritten to lists, so that everything inside is checked too, strictly and without extras.
"""

from typing import Any

from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from pydantic import TypeAdapter
from pydantic_core import ErrorDetails, SchemaValidator, ValidationError

from bot.sandbox.claude.errors import Refused


def check_message_body(body: dict[str, Any]) -> None:
    """Raises Refused when the body of POST /v1/messages does not have the API's shape."""
    _check(_STREAMING if body.get("stream") is True else _NOT_STREAMING, body)


def check_count_body(body: dict[str, Any]) -> None:
    """Raises Refused when the body of POST /v1/messages/count_tokens has not."""
    _check(_COUNTING, body)


def _check(validator: SchemaValidator, body: dict[str, Any]) -> None:
    try:
        validator.validate_python(body, strict=True, extra="forbid")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Refused(_most_telling(found, body)) from None


def _validator(params: Any) -> SchemaValidator:
    return SchemaValidator(_eager(TypeAdapter(params).core_schema))


def _eager(schema: Any) -> Any:
    if isinstance(schema, dict):
        eager = {key: _eager(value) for key, value in schema.items()}
        if eager.get("type") == "generator":
            eager["type"] = "list"
        return eager
    if isinstance(schema, list):
        return [_eager(item) for item in schema]
    return schema


_STREAMING = _validator(MessageCreateParamsStreaming)
_NOT_STREAMING = _validator(MessageCreateParamsNonStreaming)
_COUNTING = _validator(MessageCountTokensParams)


def _most_telling(errors: list[ErrorDetails], body: dict[str, Any]) -> str:
    """A union reports the errors of all its members; the one that was meant is the member whose
    `type` or `role` fits, and the deepest error in it says what is wrong."""
    misfits = [error for error in errors if _names_another_member(error)]
    others = {error["loc"][:-1] for error in misfits}
    meant = [
        error
        for error in errors
        if error["loc"][-1:] != ("str",)
        and not any(error["loc"][:depth] in others for depth in range(len(error["loc"]) + 1))
    ]
    chosen = max(meant or misfits or errors, key=lambda error: len(_path(error, body)))
    return f"{'.'.join(_path(chosen, body))}: {chosen['msg']}"


def _names_another_member(error: ErrorDetails) -> bool:
    return error["loc"][-1:] in {("type",), ("role",), ("name",)} and error["type"] in (
        "literal_error",
        "missing",
    )


def _path(error: ErrorDetails, body: Any) -> list[str]:
    """Where in the body an error is, without the names of the union's members."""
    path: list[str] = []
    at = body
    for place, part in enumerate(error["loc"]):
        is_last = place == len(error["loc"]) - 1
        in_list = isinstance(at, list) and isinstance(part, int)
        if in_list or (isinstance(at, dict) and part in at):
            at = at[part]
        elif not (is_last and error["type"] == "missing"):
            continue
        path.append(str(part))
    return path
