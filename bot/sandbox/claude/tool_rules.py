"""What the API refuses in a list of tools."""

import json
import re
from functools import lru_cache
from typing import Any

import jsonschema

from bot.sandbox.claude.errors import Refused

NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


def check_tools(tools: list[dict[str, Any]]) -> None:
    """Raises Refused."""
    seen: set[str] = set()
    for place, tool in enumerate(tools):
        if tool["name"] in seen:
            raise Refused("tools: Tool names must be unique.")
        seen.add(tool["name"])
        if tool.get("defer_loading") and tool.get("cache_control"):
            raise Refused(
                f"tools.{place}: '{tool['name']}' cannot have both defer_loading and cache_control"
            )
        if "input_schema" in tool:
            _check_custom(f"tools.{place}.custom", tool)
    _check_deferred(tools)


def is_tool_search(tool: dict[str, Any]) -> bool:
    return str(tool.get("type", "")).startswith("tool_search_tool_")


def _check_deferred(tools: list[dict[str, Any]]) -> None:
    deferred = [tool for tool in tools if tool.get("defer_loading")]
    if not deferred:
        return
    if len(deferred) == len(tools):
        raise Refused("tools: at least one tool must have defer_loading=false")
    if not any(is_tool_search(tool) for tool in tools):
        raise Refused("tools: defer_loading needs a tool search tool that can find the tools")


def _check_custom(where: str, tool: dict[str, Any]) -> None:
    if not NAME.fullmatch(tool["name"]):
        raise Refused(f"{where}.name: String should match pattern '^{NAME.pattern}$'")
    schema = tool["input_schema"]
    if "type" not in schema:
        raise Refused(f"{where}.input_schema.type: Field required")
    if schema["type"] != "object":
        raise Refused(f"{where}.input_schema.type: Input should be 'object'")
    if {"oneOf", "anyOf", "allOf"} & schema.keys():
        raise Refused(
            f"{where}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the "
            "top level"
        )
    if problem := _schema_problem(json.dumps(schema)):
        raise Refused(
            f"{where}.input_schema: JSON schema is invalid. It must match JSON Schema draft "
            f"2020-12. ({problem})"
        )
    for name in schema.get("properties") or {}:
        if not PROPERTY.fullmatch(name):
            raise Refused(
                f"{where}.input_schema.properties: Property keys should match pattern "
                f"'^{PROPERTY.pattern}$'"
            )


@lru_cache(maxsize=1024)
def _schema_problem(schema: str) -> str | None:
    """Cached: a hundred tools come with every request of a conversation."""
    try:
        jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    except jsonschema.SchemaError as error:
        return error.message
    return None
