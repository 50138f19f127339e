"""A teammate's tools, made fit for Claude."""

import difflib
import re
from typing import Any

import jsonschema
import structlog
from referencing import Registry
from referencing.exceptions import Unresolvable

from bot.accounts.scalekit import ToolDefinition
from bot.base_model import BaseModel
from bot.intercom.catalogue import declared
from bot.intercom.catalogue.declaration import Stored
from bot.intercom.inputs import SCALEKITS_OWN, InputRefused, prepare, without_undeclared
from bot.intercom.policy import Consequence, consequence, effect, is_read
from bot.intercom.write_author import without_author
from bot.state.models import Effect

log = structlog.get_logger()

NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")
LOADED_AT_MOST = 30
"""More tools than this, and the less common ones wait behind tool search."""
TOOL_SEARCH = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
NOTHING_ELSE: Registry[Any] = Registry()
"""Holds no other schema and fetches none, whatever a `$ref` says."""
REFERENCES = ("$ref", "$dynamicRef")


class Tool(BaseModel):
    name: str
    description: str
    input_schema: dict[str, Any]
    """Intercom's own, with the author's field in it."""
    shown_schema: dict[str, Any]
    """What Claude sees and what its input is checked against."""
    read_only_hint: bool | None = None
    destructive_hint: bool | None = None

    def effect_of(self, tool_input: dict[str, Any]) -> Effect:
        """What a call with this input does."""
        return effect(
            self.name,
            tool_input,
            read_only_hint=self.read_only_hint,
            destructive_hint=self.destructive_hint,
        )


class BadInput(Exception):
    """A call's name or input does not fit; the text tells Claude how to do better."""


class Toolset(BaseModel):
    """The tools of one conversation, in a fixed order."""

    tools: list[Tool]

    @classmethod
    def of(cls, definitions: list[ToolDefinition]) -> "Toolset":
        """Sorted by name. Left out are tools that no teammate can use, and, with a line in the log,
        those whose definition Claude's API would refuse."""
        tools = {}
        for definition in sorted(definitions, key=lambda item: item.name):
            known = declared(definition.name)
            if known and not known.usable:
                continue
            if not NAME.match(definition.name):
                log.warning("tool_left_out", tool=definition.name, why="name")
            elif _refers_elsewhere(definition.input_schema):
                log.warning(
                    "tool_left_out", tool=definition.name, why="its schema refers elsewhere"
                )
            else:
                tools[definition.name] = _fit(definition)
        return cls(tools=list(tools.values()))

    def params(self) -> list[dict[str, Any]]:
        """The `tools` of a request to Claude."""
        if len(self.tools) <= LOADED_AT_MOST:
            return [_param(tool) for tool in self.tools]
        return [
            TOOL_SEARCH,
            *(_param(tool) for tool in self.tools if _is_loaded(tool)),
            *(
                {**_param(tool), "defer_loading": True}
                for tool in self.tools
                if not _is_loaded(tool)
            ),
        ]

    def check(self, name: str, tool_input: dict[str, Any]) -> Tool:
        """The tool of that name, if the input fits its schema. Raises BadInput."""
        tool = next((tool for tool in self.tools if tool.name == name), None)
        if tool is None:
            near = difflib.get_close_matches(name, [tool.name for tool in self.tools], n=3)
            hint = f" The nearest are: {', '.join(near)}." if near else ""
            raise BadInput(f"There is no tool named {name!r} for this teammate.{hint}")
        validator = jsonschema.Draft202012Validator(tool.shown_schema, registry=NOTHING_ELSE)
        try:
            problems = [
                f"{'.'.join(str(part) for part in error.absolute_path) or 'input'}: {error.message}"
                for error in validator.iter_errors(tool_input)
            ]
        except (Unresolvable, RecursionError):
            raise BadInput("This tool cannot be used: its description is broken.") from None
        known = {*tool.input_schema["properties"], *SCALEKITS_OWN}
        if tool.input_schema.get("additionalProperties") is not True:
            problems += [f"{key}: there is no such field" for key in tool_input if key not in known]
        if problems:
            raise BadInput("The input does not fit the tool. " + " · ".join(problems[:5]))
        return tool

    def consequence(
        self, name: str, tool_input: dict[str, Any], stored: Stored | None
    ) -> Consequence:
        """What a call does, given the object that its rules look at. Raises BadInput."""
        tool = self.check(name, tool_input)
        return consequence(
            name,
            tool_input,
            stored,
            read_only_hint=tool.read_only_hint,
            destructive_hint=tool.destructive_hint,
        )

    def prepared(self, name: str, tool_input: dict[str, Any]) -> dict[str, Any]:
        """The input as it is shown and, signed, sent. Raises BadInput."""
        tool = self.check(name, tool_input)
        try:
            return prepare(tool.name, tool_input)
        except InputRefused as refused:
            raise BadInput(str(refused)) from refused


def _refers_elsewhere(schema: Any) -> bool:
    """Whether any part of a schema stands at another address. Nothing of ours is ever fetched
    because a tool's description says so."""
    if isinstance(schema, list):
        return any(map(_refers_elsewhere, schema))
    if not isinstance(schema, dict):
        return False
    named = (schema.get(key) for key in REFERENCES)
    if any(isinstance(name, str) and not name.startswith("#") for name in named):
        return True
    return any(map(_refers_elsewhere, schema.values()))


def _fit(definition: ToolDefinition) -> Tool:
    schema = {
        key: value
        for key, value in definition.input_schema.items()
        if key not in ("oneOf", "anyOf", "allOf", "$schema")
    }
    schema["type"] = "object"
    schema["properties"] = dict(
        sorted(
            (key, value)
            for key, value in (schema.get("properties") or {}).items()
            if key not in SCALEKITS_OWN
        )
    )
    schema = {key: schema[key] for key in sorted(schema)}
    return Tool(
        name=definition.name,
        description=definition.description or definition.annotations.title or definition.name,
        input_schema=schema,
        shown_schema=without_undeclared(definition.name, without_author(definition.name, schema)),
        read_only_hint=definition.annotations.read_only_hint,
        destructive_hint=definition.annotations.destructive_hint,
    )


def reads(definition: ToolDefinition) -> bool:
    """Whether a tool is known to change nothing."""
    hints = definition.annotations
    return is_read(
        definition.name,
        read_only_hint=hints.read_only_hint,
        destructive_hint=hints.destructive_hint,
    )


def _is_loaded(tool: Tool) -> bool:
    known = declared(tool.name)
    return bool(known and known.loaded)


def _param(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.shown_schema,
    }
