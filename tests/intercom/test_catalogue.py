"""The catalogue over all tools: nothing is undeclared, nothing hidden, nothing told twice."""

import json
import re
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from bot.intercom.catalogue import TOOLS, declared
from bot.intercom.catalogue.declaration import ByValue, Field, Tool
from bot.intercom.catalogue.objects import OBJECTS, lookup
from bot.intercom.catalogue.templates import fill, paths_in
from bot.intercom.catalogue.values import Stray, Value, steps, values, walk

CONNECTOR = {
    tool["name"]: tool["input_schema"]
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
}
SCALEKITS_OWN = {"schema_version", "tool_version"}
NAMES = sorted(CONNECTOR)
EVERY_FIELD = [
    pytest.param(TOOLS[name], field, id=f"{TOOLS[name].name}-{field.path}")
    for name in NAMES
    for field in TOOLS[name].fields
]
WRITES = [name for name in NAMES if TOOLS[name].effect != "read"]


def example(field: Field) -> Any:
    """A value that can be told from every other field's."""
    number = sum(map(ord, field.path)) * 1_000
    if field.choices:
        return next(iter(field.choices))
    return {"flag": True, "number": number, "moment": 1_700_000_000 + number, "list": ["a"]}.get(
        field.kind, f"<{field.path}>"
    )


def with_field(tool: Tool, field: Field) -> dict[str, Any]:
    """An input that has just this field."""
    value: Any = example(field)
    for step in reversed(steps(field.path)):
        value = [value] if step == "[]" else {"Any name" if step == "*" else step: value}
    assert isinstance(value, dict)
    return value


def test_the_catalogue_has_exactly_the_connectors_98_tools() -> None:
    assert len(CONNECTOR) == 98
    assert set(TOOLS) == set(CONNECTOR)


def test_older_names_are_the_newer_tools() -> None:
    for older, newer in {
        "conversations_reply": "reply_to_conversation",
        "conversations_search": "search_conversations",
        "contacts_search": "search_contacts",
        "notes_create": "create_contact_note",
    }.items():
        assert declared(f"intercom_{older}") is TOOLS[f"intercom_{newer}"]
    assert declared("intercom_reticulate_splines") is None
    assert declared("reply_to_conversation") is None


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_connectors_schema_is_declared_and_no_other(name: str) -> None:
    of_schema = set(CONNECTOR[name]["properties"]) - SCALEKITS_OWN
    assert {steps(field.path)[0] for field in TOOLS[name].fields} == of_schema
    for key in of_schema:
        is_open = CONNECTOR[name]["properties"][key]["type"] in ("object", "array")
        declarations = [f for f in TOOLS[name].fields if steps(f.path)[0] == key]
        has_inner = any(len(steps(field.path)) > 1 for field in declarations)
        assert has_inner == (is_open and declarations[0].kind not in ("list", "query"))


@pytest.mark.parametrize("name", NAMES)
def test_no_two_fields_of_a_tool_have_the_same_label(name: str) -> None:
    labels = Counter(field.label.casefold() for field in TOOLS[name].fields)
    assert [label for label, count in labels.items() if count > 1] == []
    paths = Counter(field.path for field in TOOLS[name].fields)
    assert [path for path, count in paths.items() if count > 1] == []


@pytest.mark.parametrize(("tool", "field"), EVERY_FIELD)
def test_labels_are_a_persons_words(tool: Tool, field: Field) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z' :-]+", field.label), field.label
    assert len(field.label) <= 40


@pytest.mark.parametrize(("tool", "field"), EVERY_FIELD)
def test_every_field_of_a_write_is_told_once_and_none_is_hidden(tool: Tool, field: Field) -> None:
    if tool.effect == "read":
        assert not tool.headline
        return
    given = with_field(tool, field)
    [found] = values(tool, given)
    assert found.field is field
    told = fill(tool, tool.headline, given, lambda item: f"[{item.field.path}]").told
    in_text = field.kind in ("message_html", "article_html") or field.told == "text"
    ways = [field.path in told, in_text, field.told == "signature"]
    # What neither the headline nor the text nor the signature tells is in the details.
    assert sum(ways) <= 1
    assert in_text == (field.told == "text")
    if field.told == "headline":
        assert field.path in paths_in(tool.headline)
    if field.told == "signature":
        says_who = field.path in tool.author or field.path.split(".")[0] in ("from", "type")
        assert says_who, "only what says who writes is left to the signature"
        assert field.path in tool.author or field.choices


@pytest.mark.parametrize("name", WRITES)
def test_headlines_and_titles_read_as_sentences_with_declared_places(name: str) -> None:
    tool = TOOLS[name]
    paths = {field.path for field in tool.fields}
    assert tool.headline
    assert paths_in(tool.headline) <= paths
    assert paths_in(tool.title) <= paths
    for template in (tool.headline, tool.title):
        texts = [template]
        if isinstance(template, ByValue):
            field = next(field for field in tool.fields if field.path == template.path)
            known = {"true", "false"} if field.kind == "flag" else set(field.choices or ())
            assert set(template.texts) <= known
            texts = [*template.texts.values(), template.otherwise]
        for text in map(str, texts):
            assert re.fullmatch(r"[A-Z].*[^.]", text)


@pytest.mark.parametrize("name", NAMES)
def test_titles_of_calls_without_input_read_well(name: str) -> None:
    title = fill(TOOLS[name], TOOLS[name].title, {}, lambda item: "").text
    assert re.fullmatch(r"[A-Z][A-Za-z' -]+[a-z]", title), title


@pytest.mark.parametrize(("tool", "field"), EVERY_FIELD)
def test_what_names_an_object_can_be_looked_up_or_has_a_noun(tool: Tool, field: Field) -> None:
    assert (field.kind in ("object_id", "external_id", "email")) == (field.names is not None)
    assert bool(field.attributes_of) <= field.path.endswith("*")
    assert (field.kind == "choice") == bool(field.choices)
    if field.names is None:
        return
    assert OBJECTS[field.names].noun
    found = lookup(field, "1", {"conversation_id": "2", "ticket_type_id": "3"})
    if found is None:
        assert field.names == "visitor"
        return
    assert TOOLS[found.tool_name].effect == "read"
    assert not [item for item in walk(TOOLS[found.tool_name], found.tool_input) if _stray(item)]


def _stray(item: Value | Stray) -> bool:
    return isinstance(item, Stray)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_tool_refers_to_is_declared(name: str) -> None:
    tool = TOOLS[name]
    paths = {field.path for field in tool.fields}
    groups = [path for group in tool.one_of for path in group]
    referred = {*tool.author, *groups, tool.changes, tool.judged_by} - {None}
    assert referred <= paths
    for path in (tool.changes, tool.judged_by):
        field = next((field for field in tool.fields if field.path == path), None)
        assert field is None or field.names
    if tool.effect == "read":
        assert [tool.rules, tool.author, tool.verification] == [(), (), None]


def test_a_place_without_a_value_takes_its_connecting_words_with_it() -> None:
    def headline(tool_name: str, /, **given: Any) -> str:
        tool = TOOLS[f"intercom_{tool_name}"]
        return fill(tool, tool.headline, given, lambda item: f"“{item.value}”").text

    assigned = {"conversation_id": "1", "message_type": "assignment"}
    assert headline("manage_conversation", **assigned) == "Assign “1”"
    assert headline("manage_conversation", **assigned, assignee_id="7") == "Assign “1” to “7”"
    people = [{"email": "a@b.example"}, {"email": "c@d.example"}]
    assert headline("create_ticket", contacts=people) == (
        "Create a ticket for “a@b.example”, “c@d.example”"
    )
    assert headline("create_ticket") == "Create a ticket"
    assert headline("create_or_update_tag", name="VIP") == "Create the tag “VIP”"
    assert headline("create_or_update_tag", name="VIP", id="3") == "Rename the tag “3” to “VIP”"
    assert headline("set_away_admin", admin_id="7", away_mode_enabled=False) == (
        "Set “7” to available"
    )
    assert headline("reply_to_ticket", ticket_id="{ticket_id}", message_type="note") == (
        "Add an internal note to “{ticket_id}”"
    )
