"""Inputs made fit to be shown and sent: what is shown is what runs.

Of a tool that the catalogue knows, nothing is sent that no field declares, in no place and in no
other shape; the author is left out, since the bot fills that in; and bodies are the rebuilt ones.
Names of attributes are the workspace's: `attribute_names` says where to look them up.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.intercom.catalogue import PREFIX, Tool, declared
from bot.intercom.catalogue.declaration import AttributesOf, Input
from bot.intercom.catalogue.values import ANY, ITEM, Place, Stray, Value, steps, walk
from bot.intercom.input_values import InputRefused, SpeaksAsCustomer, as_seen, check, words
from bot.intercom.verification.verdict import within
from bot.intercom.write_author import author_fields, unsigned

__all__ = [
    "SCALEKITS_OWN",
    "AttributeNames",
    "InputRefused",
    "SpeaksAsCustomer",
    "attribute_names",
    "prepare",
    "unknown_attributes",
    "without_undeclared",
]

SCALEKITS_OWN = ("schema_version", "tool_version")
"""Versions of the connector's tools. Scalekit takes the newest by itself."""


class AttributeNames(NamedTuple):
    """Names that have to be attributes of the workspace, and the read that tells."""

    names: tuple[str, ...]
    attributes_of: AttributesOf
    tool_name: str
    tool_input: dict[str, Any]


def prepare(tool_name: str, tool_input: Input) -> dict[str, Any]:
    """The input as it is shown on the card and, signed, sent. Preparing it again changes nothing.

    Args:
        tool_name: Scalekit's name.
        tool_input: As Claude or a person wrote it; it has been held against the tool's schema.

    Raises:
        InputRefused: If something in it is not declared, has the wrong shape, names two people
            where one is meant, or is a body of which nothing can be sent.
        SpeaksAsCustomer: If it would speak in a customer's name.
    """
    given = {key: value for key, value in tool_input.items() if key not in SCALEKITS_OWN}
    tool = declared(tool_name)
    if tool is None:
        _check_unknown(given)
        return given
    if not tool.usable:
        raise SpeaksAsCustomer("Only customers can do this; it would speak in a customer's name.")
    given = unsigned(tool, given)
    made = given
    for item in walk(tool, given):
        if isinstance(item, Stray):
            raise InputRefused(f"{words(item.place)}: {item.why}.")
        check(item)
        made = _replaced(made, item.place, as_seen(item))
    _check_one_of(tool, made)
    return made


def attribute_names(tool_name: str, tool_input: Input) -> list[AttributeNames]:
    """Which names in a prepared input have to be attributes of the workspace."""
    tool = declared(tool_name)
    named: dict[AttributesOf, list[str]] = {}
    for item in walk(tool, tool_input) if tool else ():
        if isinstance(item, Value) and item.field.attributes_of:
            named.setdefault(item.field.attributes_of, []).append(item.name)
    return [
        AttributeNames(tuple(names), owner, *_read(owner, tool_input))
        for owner, names in named.items()
    ]


def unknown_attributes(asked: AttributeNames, found: Mapping[str, Any]) -> list[str]:
    """Those of the names that the answer to the read does not have."""
    if asked.attributes_of == "ticket":
        kind = found.get("ticket_type") if "ticket_type" in found else found
        listed = within(kind, "ticket_type_attributes", "data")
        filled_in = found.get("ticket_attributes")
        known = _names(listed) | set(filled_in if isinstance(filled_in, Mapping) else ())
    else:
        known = _names(found.get("data"))
    return [name for name in asked.names if name not in known]


def without_undeclared(tool_name: str, input_schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that Claude sees: the same, without what would be refused."""
    tool = declared(tool_name)
    if tool is None or "properties" not in input_schema:
        return input_schema
    paths = [steps(field.path) for field in tool.fields]
    shown: dict[str, Any] = _only_declared(input_schema, paths)
    return shown


def _read(owner: AttributesOf, given: Input) -> tuple[str, dict[str, Any]]:
    """A ticket's attributes are those of its type, which a stored ticket carries."""
    if owner != "ticket":
        return f"{PREFIX}list_data_attributes", {"model": owner}
    if "ticket_type_id" in given:
        return f"{PREFIX}retrieve_ticket_type", {"ticket_type_id": given["ticket_type_id"]}
    return f"{PREFIX}retrieve_ticket", {"ticket_id": given.get("ticket_id")}


def _names(listed: object) -> set[str]:
    if not isinstance(listed, list):
        return set()
    present = [one for one in listed if isinstance(one, Mapping) and not one.get("archived")]
    # Built-in ones have fields of their own; under custom attributes they would be something else.
    return {str(one.get("name")) for one in present if one.get("custom") is not False}


def _check_unknown(given: Input) -> None:
    """Raises InputRefused where an input of a tool that we do not know could name an author."""
    try:
        named = next(author_fields(given), None)
    except RecursionError:
        raise InputRefused("The input is nested too deeply.") from None
    if named:
        raise InputRefused(
            f"{words(named)}: we don't know this tool, so nothing goes out with it that could "
            "say who acts."
        )


def _check_one_of(tool: Tool, given: Input) -> None:
    """Raises InputRefused where a person is named by two of several fields, or by none."""
    for group in tool.one_of:
        names = {steps(path)[-1] for path in group}
        for holder in _holders(given, steps(group[0])[:-1]):
            if len(names & holder.keys()) != 1:
                listed = ", ".join(steps(path)[-1] for path in group)
                where = group[0].rpartition(".")[0] or "input"
                raise InputRefused(f"{where}: needs exactly one of {listed}.")


def _holders(value: Any, path: list[str]) -> list[Mapping[str, Any]]:
    if not path:
        return [value] if isinstance(value, Mapping) else []
    if path[0] == ITEM:
        items = value if isinstance(value, list) else []
        return [holder for item in items for holder in _holders(item, path[1:])]
    if not isinstance(value, Mapping) or path[0] not in value:
        return []
    return _holders(value[path[0]], path[1:])


def _replaced(given: Any, place: Place, value: Any) -> Any:
    """A copy with another value in this place."""
    if not place:
        return value
    if isinstance(given, list):
        return [
            _replaced(item, place[1:], value) if number == place[0] else item
            for number, item in enumerate(given)
        ]
    return {
        key: _replaced(item, place[1:], value) if key == place[0] else item
        for key, item in given.items()
    }


def _only_declared(schema: Any, paths: list[list[str]]) -> Any:
    """A schema without the properties that none of these paths begins with."""
    if not isinstance(schema, dict) or [] in paths:
        return schema
    made = dict(schema)
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, dict) and not any(path[:1] == [ANY] for path in paths):
        kept = {key for path in paths for key in path[:1]}
        made["properties"] = {
            key: _only_declared(value, [path[1:] for path in paths if path[:1] == [key]])
            for key, value in properties.items()
            if key in kept
        }
        if isinstance(schema.get("required"), list):
            made["required"] = [key for key in schema["required"] if key in kept]
    if isinstance(items, dict):
        made["items"] = _only_declared(items, [path[1:] for path in paths if path[:1] == [ITEM]])
    return made
