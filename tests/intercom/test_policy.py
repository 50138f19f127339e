import json
from importlib.resources import files

import pytest

from bot.intercom.author import SpeaksAsCustomer, sign, without_author
from bot.intercom.policy import is_read

NO_HINTS: dict[str, bool | None] = {"read_only_hint": None, "destructive_hint": None}
CATALOGUE = {
    tool["name"]: tool
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
}


def test_of_the_catalogue_just_what_looks_things_up_is_a_read() -> None:
    verbs = ("list", "retrieve", "search", "identify")
    for name in CATALOGUE:
        looks_up = name.removeprefix("intercom_").split("_")[0] in verbs
        assert is_read(name, **NO_HINTS) is looks_up, name


def test_what_is_not_known_is_a_write_whatever_it_promises() -> None:
    for name in ("intercom_list_everything", "list_tags", "INTERCOM_LIST_TAGS"):
        assert not is_read(name, read_only_hint=True, destructive_hint=False)


def test_hints_make_it_only_stricter() -> None:
    name = "intercom_list_tags"
    assert is_read(name, read_only_hint=True, destructive_hint=False)
    assert not is_read(name, read_only_hint=False, destructive_hint=None)
    assert not is_read(name, read_only_hint=True, destructive_hint=True)


AUTHORED = [
    name
    for name, tool in CATALOGUE.items()
    if {"admin_id", "author_id", "sender_id"} & set(tool["input_schema"]["properties"])
    and name not in ("intercom_retrieve_admin", "intercom_set_away_admin")
]


@pytest.mark.parametrize("name", [*AUTHORED, "intercom_create_message"])
def test_the_author_is_the_teammate_and_hidden_from_claude(name: str) -> None:
    schema = CATALOGUE[name]["input_schema"]
    shown = without_author(name, schema)
    hidden = set(schema["properties"]) - set(shown["properties"])
    assert len(hidden) == 1
    assert not hidden & set(shown.get("required", []))
    [field] = hidden
    forged = {"type": "admin", "id": "666"} if field == "from" else "666"
    signed = sign(name, schema, {field: forged, "body": "b"}, "8140001")
    assert "666" not in str(signed)
    expected = {"type": "admin", "id": "8140001"}
    assert signed[field] in ("8140001", 8140001, expected)
    assert signed["body"] == "b"


def test_targets_stay_free() -> None:
    schema = CATALOGUE["intercom_manage_conversation"]["input_schema"]
    signed = sign("intercom_manage_conversation", schema, {"assignee_id": "8140002"}, "8140001")
    assert signed["assignee_id"] == "8140002"
    for name in ("intercom_retrieve_admin", "intercom_set_away_admin"):
        schema = CATALOGUE[name]["input_schema"]
        assert without_author(name, schema) == schema
        assert sign(name, schema, {"admin_id": "8140002"}, "8140001") == {"admin_id": "8140002"}
    name = "intercom_update_ticket"
    for assignment, signed_as in (
        ({"admin_id": "8140002"}, "8140002"),
        ({"admin_id": "8140002", "assignee_id": "8140003"}, "8140001"),
    ):
        signed = sign(name, CATALOGUE[name]["input_schema"], {"assignment": assignment}, "8140001")
        assert signed["assignment"] == {**assignment, "admin_id": signed_as}
    schema = CATALOGUE["intercom_merge_contacts"]["input_schema"]
    merged = sign("intercom_merge_contacts", schema, {"from": "a", "into": "b"}, "8140001")
    assert merged == {"from": "a", "into": "b"}


def test_nobody_speaks_as_a_customer() -> None:
    schema = CATALOGUE["intercom_reply_to_conversation"]["input_schema"]
    with pytest.raises(SpeaksAsCustomer):
        sign("intercom_reply_to_conversation", schema, {"type": "user"}, "8140001")
    begin = {"from": {"type": "contact", "id": "1"}, "body": "Hi"}
    schema = CATALOGUE["intercom_create_conversation"]["input_schema"]
    with pytest.raises(SpeaksAsCustomer):
        sign("intercom_create_conversation", schema, begin, "8140001")
