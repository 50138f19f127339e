"""The limits that Scalekit's own protocol files put on requests, read from the SDK's copy."""

import re
from typing import Any

from buf.validate import validate_pb2  # type: ignore[import-untyped]

from bot.sandbox.scalekit.errors import invalid


def check(request: Any) -> None:
    """Raises Refused: INVALID_ARGUMENT, with the first field that breaks a rule."""
    for field in request.DESCRIPTOR.fields:
        rules = field.GetOptions().Extensions[validate_pb2.field]
        value = getattr(request, field.name)
        given = request.HasField(field.name) if field.has_presence else bool(value)
        if rules.required and not given:
            raise invalid(field.name, "value is required")
        if rules.HasField("string") and (given or not field.has_presence):
            _check_text(field.name, rules.string, value)
        if rules.uint32.HasField("lte") and value > rules.uint32.lte:
            raise invalid(field.name, f"value must be at most {rules.uint32.lte}")


def _check_text(name: str, rules: Any, text: str) -> None:
    if len(text) < rules.min_len:
        raise invalid(name, f"value length must be at least {rules.min_len} characters")
    if rules.HasField("max_len") and len(text) > rules.max_len:
        raise invalid(name, f"value length must be at most {rules.max_len} characters")
    # `$` is the very end there, while Python's would let a line break pass.
    if rules.pattern and not re.search(rules.pattern.replace("$", r"\Z"), text):
        raise invalid(name, f"value does not match regex pattern `{rules.pattern}`")
    if not text.startswith(rules.prefix):
        raise invalid(name, f"value does not have prefix `{rules.prefix}`")
