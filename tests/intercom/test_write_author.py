"""Whose name a write carries: the connected teammate's own, for each of the 98 tools."""

import json
from importlib.resources import files
from typing import Any

import pytest

from bot.intercom.catalogue import TOOLS
from bot.intercom.inputs import InputRefused, SpeaksAsCustomer, prepare, without_undeclared
from bot.intercom.write_author import sign, without_author

ME, OTHER, THIRD = "8140001", "8140002", "8140003"
CONNECTOR = {
    tool["name"]: tool["input_schema"]
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
}
AUTHORED = {
    name: field
    for name, schema in CONNECTOR.items()
    for field in ("admin_id", "author_id", "sender_id")
    if field in schema["properties"]
    and name not in ("intercom_retrieve_admin", "intercom_set_away_admin")
} | {"intercom_create_message": "from"}


@pytest.mark.parametrize("name", AUTHORED)
def test_the_author_is_the_teammate_and_hidden_from_claude(name: str) -> None:
    schema, field = CONNECTOR[name], AUTHORED[name]
    shown = without_author(name, schema)
    assert set(schema["properties"]) - set(shown["properties"]) == {field}
    assert field not in shown.get("required", [])
    forged = {"type": "user", "id": "666"} if field == "from" else "666"
    signed = sign(name, schema, {field: forged, "body": "b"}, ME)
    assert "666" not in str(signed)
    assert signed[field] in (ME, int(ME), {"type": "admin", "id": ME})
    assert signed["body"] == "b"


@pytest.mark.parametrize("name", sorted(set(CONNECTOR) - set(AUTHORED)))
def test_no_other_tool_gets_an_author(name: str) -> None:
    assert without_author(name, CONNECTOR[name]) == CONNECTOR[name]
    assert sign(name, CONNECTOR[name], {"contact_id": "1"}, ME) == {"contact_id": "1"}


def test_targets_stay_free() -> None:
    given = {"assignee_id": OTHER, "conversation_id": "1"}
    name = "intercom_manage_conversation"
    assert sign(name, CONNECTOR[name], given, ME) == {**given, "admin_id": ME}
    for name in ("intercom_retrieve_admin", "intercom_set_away_admin"):
        assert sign(name, CONNECTOR[name], {"admin_id": OTHER}, ME) == {"admin_id": OTHER}
    name = "intercom_merge_contacts"
    assert sign(name, CONNECTOR[name], {"from": "a", "into": "b"}, ME) == {"from": "a", "into": "b"}


@pytest.mark.parametrize(
    ("given", "shown", "sent"),
    [
        ({"admin_id": OTHER}, {"admin_id": OTHER}, {"admin_id": OTHER}),
        ({"team_id": "5"}, {"team_id": "5"}, {"team_id": "5"}),
        (
            {"admin_id": OTHER, "assignee_id": THIRD},
            {"assignee_id": THIRD},
            {"admin_id": ME, "assignee_id": THIRD},
        ),
        (
            {"assignee_id": THIRD},
            {"assignee_id": THIRD},
            {"admin_id": ME, "assignee_id": THIRD},
        ),
    ],
)
def test_beside_an_assignee_the_admin_of_an_assignment_is_who_assigns(
    given: dict[str, Any], shown: dict[str, Any], sent: dict[str, Any]
) -> None:
    name = "intercom_update_ticket"
    prepared = prepare(name, {"ticket_id": "1", "assignment": given})
    assert prepared["assignment"] == shown
    assert sign(name, CONNECTOR[name], prepared, ME)["assignment"] == sent


def test_nobody_speaks_as_a_customer() -> None:
    for kind in ("conversation", "ticket"):
        reply = {"message_type": "comment", "type": "user", "body": "Hi", f"{kind}_id": "1"}
        with pytest.raises(SpeaksAsCustomer):
            prepare(f"intercom_reply_to_{kind}", reply)
    begin = {"from": {"type": "contact", "id": "1"}, "body": "Hi"}
    with pytest.raises(SpeaksAsCustomer):
        prepare("intercom_create_conversation", begin)
    assert [name for name, tool in TOOLS.items() if not tool.usable] == [
        "intercom_create_conversation"
    ]
    # Intercom adds a participant in another customer's name, by one more customer inside.
    joined = {"customer": {"intercom_user_id": "1", "customer": {"intercom_user_id": "2"}}}
    with pytest.raises(InputRefused, match=r"customer\.customer"):
        prepare("intercom_attach_contact_to_conversation", {"conversation_id": "1", **joined})


UNKNOWN = "intercom_reticulate_splines"
NAMES = [
    *("admin_id", "author_id", "sender_id", "from", "created_by", "performed_by", "adminId"),
    *("Admin-ID", "ADMIN_ID", "author", "from_id", "on_behalf_of", "performedBy", "updated_by_id"),
]


@pytest.mark.parametrize("name", NAMES)
def test_author_fields_of_an_unknown_tool_are_refused_at_any_depth(name: str) -> None:
    for value in ("1", 1, None, {"type": "admin", "id": "1"}, [], {}):
        for given in (
            {name: value},
            {"a": {"b": {"c": {name: value}}}},
            {"a": [{"b": [[{name: value}]]}]},
            {"schema_version": "1", "reply": {"text": "Hi", name: value}},
        ):
            with pytest.raises(InputRefused, match="who acts"):
                prepare(UNKNOWN, given)


@pytest.mark.parametrize("name", NAMES)
def test_author_fields_of_an_unknown_tool_are_hidden_from_claude_at_any_depth(name: str) -> None:
    one = {"type": "object", "properties": {name: {}, "kept": {}}, "required": [name, "kept"]}
    schema = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": one},
            "either": {"anyOf": [one]},
            name: {},
        },
        "required": [name],
    }
    shown = json.dumps(without_author(UNKNOWN, schema))
    assert json.dumps(name) not in shown
    assert shown.count('"kept"') == 4


def test_an_unknown_tool_is_not_signed_and_keeps_its_targets() -> None:
    given = {"conversation_id": "1", "assignee_id": OTHER, "owner_id": 7, "user_id": "9"}
    schema = {"properties": {"admin_id": {"type": "string"}}}
    assert prepare(UNKNOWN, given) == given
    assert sign(UNKNOWN, schema, given, ME) == given
    deep: Any = "end"
    for _ in range(3_000):
        deep = {"a": deep}
    with pytest.raises(InputRefused, match="too deeply"):
        prepare(UNKNOWN, deep)


@pytest.mark.parametrize("name", CONNECTOR)
def test_claude_sees_only_what_is_declared(name: str) -> None:
    schema = CONNECTOR[name]
    strange = {
        **schema,
        "properties": {**schema["properties"], "on_behalf_of": {"type": "string"}},
        "required": [*schema.get("required", []), "on_behalf_of"],
    }
    shown = without_undeclared(name, strange)
    kept = set(schema["properties"]) - {"schema_version", "tool_version"}
    assert set(shown["properties"]) == kept
    assert shown["required"] == schema.get("required", [])


def test_inner_fields_that_are_not_declared_are_hidden_too() -> None:
    inner = {
        "type": "object",
        "properties": {"email": {}, "customer": {}},
        "required": ["customer"],
    }
    given = {"type": "object", "properties": {"customer": inner}}
    shown = without_undeclared("intercom_attach_contact_to_conversation", given)
    assert shown["properties"]["customer"]["properties"] == {"email": {}}
    assert shown["properties"]["customer"]["required"] == []
    people = {"type": "array", "items": {"properties": {"id": {}, "role": {}}}}
    shown = without_undeclared("intercom_create_ticket", {"properties": {"contacts": people}})
    assert shown["properties"]["contacts"]["items"]["properties"] == {"id": {}}
    free = {"properties": {"custom_attributes": {"properties": {"Severity": {}}}}}
    assert without_undeclared("intercom_update_conversation", free) == free
    assert without_undeclared(UNKNOWN, given) == given
