"""Whose name a write carries: always the connected teammate's own.

An Intercom token lets its holder name any admin as the author, so what names the author is taken
out of what Claude sees and filled in by the bot, by the paths that the catalogue declares. Fields
that name the target of an action (`assignee_id`, `owner_id`, the admin of `retrieve_admin`) are
left alone. Of a tool that the catalogue does not know nobody can say which is which: nothing that
could name an author goes out with it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.intercom.catalogue import Tool, declared
from bot.intercom.catalogue.values import Place, steps

ADMIN = "admin"
_NAMES_AN_AUTHOR = frozenset(
    {
        *("admin", "adminid", "author", "authorid", "sender", "senderid", "from", "fromid"),
        *("createdby", "createdbyid", "updatedby", "updatedbyid", "performedby", "performedbyid"),
        *("performer", "performerid", "actor", "actorid", "actas", "runas", "signedas"),
        *("onbehalfof", "impersonate", "impersonatedby"),
    }
)
"""Lower case, letters only: `admin_id`, `adminId` and `Admin-ID` are one name."""


def without_author(tool_name: str, input_schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that Claude sees: the same, without what names the author."""
    tool = declared(tool_name)
    if tool is None:
        shown: dict[str, Any] = _without_author_names(input_schema)
        return shown
    hidden = _hidden(tool)
    properties = input_schema.get("properties", {})
    if not hidden & set(properties):
        return input_schema
    return {
        **input_schema,
        "properties": {key: value for key, value in properties.items() if key not in hidden},
        "required": [key for key in input_schema.get("required", []) if key not in hidden],
    }


def unsigned(tool: Tool, tool_input: Mapping[str, Any]) -> dict[str, Any]:
    """An input without the author, who is not Claude's to choose."""
    left = {key: value for key, value in tool_input.items() if key not in _hidden(tool)}
    assignment = left.get("assignment")
    if isinstance(assignment, Mapping) and {"admin_id", "assignee_id"} <= set(assignment):
        # Beside an assignee, the admin of an assignment is the one who assigns; alone, the target.
        left["assignment"] = {key: assignment[key] for key in assignment if key != "admin_id"}
    return left


def sign(
    tool_name: str, input_schema: dict[str, Any], tool_input: dict[str, Any], admin_id: str
) -> dict[str, Any]:
    """The input as it goes to Intercom: signed by `admin_id`, whatever stood there."""
    tool = declared(tool_name)
    if tool is None:
        return tool_input
    properties = input_schema.get("properties", {})
    signed = unsigned(tool, tool_input)
    for path in tool.author:
        key, *inner = steps(path)
        if key not in properties:
            continue
        if inner == ["type"]:
            signed.setdefault(key, {})["type"] = ADMIN
        elif inner:
            signed.setdefault(key, {})[inner[-1]] = admin_id
        elif properties[key].get("type") in ("integer", "number"):
            signed[key] = int(admin_id)
        else:
            signed[key] = admin_id
    assignment = signed.get("assignment")
    if isinstance(assignment, Mapping) and "assignee_id" in assignment:
        # The connector's words: {"admin_id": who does it, "assignee_id": who gets it}.
        signed["assignment"] = {**assignment, "admin_id": admin_id}
    return signed


def author_fields(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where an input has a name that could say who acts, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if _could_name_an_author(key):
                yield (*place, str(key))
            else:
                yield from author_fields(item, (*place, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from author_fields(item, (*place, number))


def _hidden(tool: Tool) -> set[str]:
    """Top-level names of which all that is declared says who acts."""
    named = {steps(path)[0] for path in tool.author}
    shared = {steps(field.path)[0] for field in tool.fields if field.path not in tool.author}
    return named - shared


def _could_name_an_author(name: object) -> bool:
    return "".join(filter(str.isalpha, str(name))).casefold() in _NAMES_AN_AUTHOR


def _without_author_names(schema: Any) -> Any:
    """The same at every depth of a schema that the catalogue does not know."""
    if isinstance(schema, list):
        return [_without_author_names(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _without_author_names(value) for key, value in schema.items()}
    properties = made.get("properties")
    if isinstance(properties, dict):
        made["properties"] = {
            key: value for key, value in properties.items() if not _could_name_an_author(key)
        }
    if isinstance(made.get("required"), list):
        made["required"] = [key for key in made["required"] if not _could_name_an_author(key)]
    return made
