"""What is shown is what runs: inputs that say anything else are refused."""

import json
import math
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as with_any
from hypothesis import strategies as st

from bot.intercom.catalogue import TOOLS, Tool
from bot.intercom.catalogue.declaration import Field
from bot.intercom.catalogue.values import steps
from bot.intercom.inputs import (
    InputRefused,
    attribute_names,
    prepare,
    unknown_attributes,
)
from bot.sandbox.intercom import IntercomSandbox
from bot.sandbox.people import MAYA

CONNECTOR = {
    tool["name"]: tool["input_schema"]
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
}
USABLE = sorted(name for name in CONNECTOR if TOOLS[name].usable)
MINE = str(MAYA.intercom_admin_id)
SEARCH = {"field": "name", "operator": "~", "value": "Priya"}


def sample(field: Field) -> Any:
    if field.choices:
        return next(iter(field.choices))
    kinds: dict[str, Any] = {
        "flag": True,
        "number": 3,
        "moment": 1_700_000_000,
        "list": ["a", "b"],
        "query": SEARCH,
    }
    return kinds.get(field.kind, "7")


def full(tool: Tool, *, authors: bool = False) -> dict[str, Any]:
    """An input with every field that can stand together."""
    left_out = {path for group in tool.one_of for path in group[1:]}
    made: dict[str, Any] = {}
    for field in tool.fields:
        if field.path in left_out or (field.path in tool.author and not authors):
            continue
        if "to[]" in field.path or field.path == "assignment.admin_id":
            continue
        _put(made, steps(field.path), sample(field))
    return made


def _put(holder: dict[str, Any], path: list[str], value: Any) -> None:
    step, *rest = path
    step = "Severity" if step == "*" else step
    if not rest:
        holder[step] = value
    elif rest[0] == "[]":
        [item] = holder.setdefault(step, [{}])
        _put(item, rest[1:], value)
    else:
        _put(holder.setdefault(step, {}), rest, value)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every object of an input, the input itself too."""
    if isinstance(value, dict):
        yield place
        for key, item in value.items():
            yield from places(item, (*place, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*place, number))


def changed(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else in this place; a function gets what was there."""
    if not place:
        return new(value) if callable(new) else new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = changed(copy[place[0]], place[1:], new)
    return copy


@pytest.mark.parametrize("name", USABLE)
def test_what_is_declared_goes_through_and_again_unchanged(name: str) -> None:
    tool = TOOLS[name]
    given = full(tool)
    prepared = prepare(name, {**given, "schema_version": "1", "tool_version": "2"})
    assert prepare(name, prepared) == prepared
    assert set(prepared) == set(given)
    bodies = {f.path for f in tool.fields if f.kind in ("message_html", "article_html")}
    assert {key: prepared[key] for key in prepared if key not in bodies} == {
        key: given[key] for key in given if key not in bodies
    }
    assert prepare(name, full(tool, authors=True)) == prepared


STRANGE = [
    *("on_behalf_of", "identifier", "admin_id ", "Body", "__proto__", "constructor", "*", "[]"),
    *("conversation_id.", "contacts[]", "to.id", "", "ticket_attributes.*", "skip_notifications"),
]


@pytest.mark.parametrize("name", USABLE)
def test_undeclared_fields_are_refused_at_any_depth(name: str) -> None:
    tool = TOOLS[name]
    given = full(tool)
    free = {tuple(steps(f.path)[:-1]) for f in tool.fields if f.path.endswith("*")}
    for place in places(given):
        shape = tuple("[]" if isinstance(step, int) else step for step in place)
        if shape in free or "query" in place:
            continue
        for strange in STRANGE:
            odd = changed(given, place, lambda one, key=strange: {**one, key: "x"})
            with pytest.raises(InputRefused):
                prepare(name, odd)


@pytest.mark.parametrize("name", USABLE)
def test_wrong_shapes_are_refused_at_every_field(name: str) -> None:
    tool = TOOLS[name]
    given = full(tool)
    wrong: list[Any] = [{"a": "b"}, {"id": "1"}, [["a"]], [{"a": "b"}], None, {}, math.nan]
    for field in tool.fields:
        path = ["Severity" if step == "*" else step for step in steps(field.path)]
        place = tuple(0 if step == "[]" else step for step in path)
        try:
            changed(given, place, lambda one: one)
        except (KeyError, TypeError):
            continue  # It cannot stand beside the others.
        odd_ids = ["", " ", "7?", "../7", "7/8", "7#", "7\n", "%37", "7\u200b", "9" * 200]
        odd_keys = ["", "a\u200b@b.example", "a@b.example\n", " a@b.example"]
        odd = {"object_id": odd_ids, "external_id": odd_keys, "email": odd_keys}
        for value in wrong + odd.get(field.kind, []):
            if field.kind == "query" and value == {}:
                continue
            if value is None and field.path.endswith("*"):
                continue  # Clears the attribute.
            with pytest.raises(InputRefused):
                prepare(name, changed(given, place, value))
        holder = place[:-1]
        for value in ("x", 1, [["a"]], []) if holder else ():
            with pytest.raises(InputRefused):
                prepare(name, changed(given, holder, value))


TEXTS = st.sampled_from(["", "id", "email", "value", "*", "[]", "a.b", "é\u202e", "7", "admin"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@with_any(name=st.sampled_from(USABLE), data=st.data())
def test_whatever_goes_through_is_declared_and_plain(name: str, data: st.DataObject) -> None:
    tool = TOOLS[name]
    keys = st.sampled_from(sorted({steps(f.path)[0] for f in tool.fields} | {"strange"}))
    odd = data.draw(st.dictionaries(keys, JSON, max_size=3))
    try:
        prepared = prepare(name, {**full(tool), **odd})
    except InputRefused:
        return
    assert prepare(name, prepared) == prepared
    assert set(prepared) <= {steps(f.path)[0] for f in tool.fields}
    for key, value in prepared.items():
        whole = [f for f in tool.fields if f.path == key]
        if whole and whole[0].kind not in ("list", "query"):
            assert isinstance(value, str | int | float)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("create_ticket", {"contacts": [{"id": "1", "email": "x@y.example"}]}, "exactly one of"),
    ("create_ticket", {"contacts": [{"id": "1"}, {"id": "2", "external_id": "3"}]}, "exactly one"),
    ("create_ticket", {"contacts": ["1"]}, "contacts.0"),
    ("create_ticket", {"contacts": {"id": "1"}}, "list of objects"),
    ("create_ticket", {"contacts": [[{"id": "1"}]]}, "contacts.0"),
    ("create_ticket", {"contacts": []}, "is empty"),
    ("create_ticket", {"contacts": [{}]}, "is empty"),
    (
        "attach_contact_to_conversation",
        {"customer": {"intercom_user_id": "1", "conversation_id": "2"}},
        "customer.conversation_id: there is no such field",
    ),
    ("attach_contact_to_conversation", {"customer": {"conversation_id": "2"}}, "no such field"),
    (
        "attach_contact_to_conversation",
        {"customer": {"email": "a@b.example", "user_id": "2"}},
        "exactly one of",
    ),
    ("update_ticket", {"assignment": {"ticket_id": "2"}}, "assignment.ticket_id"),
    ("update_ticket", {"assignment": {"assignee_id": {"ticket_id": "2"}}}, "has to be an id"),
    ("update_ticket", {"ticket_attributes": {"Priority": {"ticket_id": "2"}}}, "plain value"),
    ("update_ticket", {"ticket_attributes": {"Priority": [["2"]]}}, "plain value"),
    ("update_ticket", {"ticket_attributes": {"_default_title_": ["2"]}}, "has to be a text"),
    ("update_ticket", {"ticket_attributes": {"a.b": "2"}}, "no name of an attribute"),
    ("update_ticket", {"ticket_attributes": {"a[0]": "2"}}, "no name of an attribute"),
    ("update_ticket", {"ticket_attributes": {"__proto__": "2"}}, "no name of an attribute"),
    ("update_ticket", {"ticket_attributes": {"a\u202eb": "2"}}, "no name of an attribute"),
    ("update_ticket", {"ticket_attributes": {"a\nForged": "2"}}, "no name of an attribute"),
    ("update_ticket", {"ticket_attributes": {"a" * 500: "2"}}, "no name of an attribute"),
    ("update_conversation", {"custom_attributes": {"Severity": {"a": "b"}}}, "plain value"),
    ("update_conversation", {"custom_attributes": "high"}, "values by name"),
    ("update_conversation", {"read": "true"}, "true or false"),
    ("create_message", {"to": {"type": "user", "id": "1", "contact_id": "2"}}, "to.contact_id"),
    ("create_message", {"to": {"id": ["1"]}}, "has to be an id"),
    ("create_data_event", {"id": "1", "email": "a@b.example"}, "exactly one of"),
    ("create_data_event", {"event_name": "x"}, "exactly one of"),
    ("create_data_event", {"id": "1", "metadata": {"price": {"amount": 1}}}, "plain value"),
    ("convert_visitor", {"visitor": {"id": "1", "email": "a@b.example"}}, "exactly one of"),
    ("reply_to_conversation", {"message_type": "quick_reply"}, "has to be one of comment, note"),
    ("reply_to_conversation", {"type": "bot"}, "has to be one of admin"),
    ("update_data_attribute", {"options": ["small"]}, "options.0"),
    ("update_data_attribute", {"options": [{"value": "small", "id": "1"}]}, "options.0.id"),
    ("create_news_item", {"labels": [{"name": "x"}]}, "list of plain values"),
    ("search_contacts", {"query": {**SEARCH, "script": "x"}}, "has to be a search"),
    ("search_contacts", {"pagination": {"per_page": 5, "page": 2}}, "pagination.page"),
    ("identify_admin", {"admin_id": "1"}, "no such field"),
    ("list_tags", {"name": "x"}, "no such field"),
    ("attach_tag_to_contact", {"admin_id": "8140002"}, "no such field"),
]


@pytest.mark.parametrize(("tool", "given", "why"), REFUSED)
def test_refusals_say_why(tool: str, given: dict[str, Any], why: str) -> None:
    with pytest.raises(InputRefused) as refused:
        prepare(f"intercom_{tool}", given)
    assert why in str(refused.value)


def test_a_search_may_be_grouped_but_not_without_end() -> None:
    group = {"operator": "AND", "value": [SEARCH, {"operator": "OR", "value": [SEARCH, SEARCH]}]}
    assert prepare("intercom_search_contacts", {"query": group}) == {"query": group}
    deep: dict[str, Any] = SEARCH
    for _ in range(5_000):
        deep = {"operator": "AND", "value": [deep]}
    with pytest.raises(InputRefused):
        prepare("intercom_search_contacts", {"query": deep})


def test_bodies_that_are_sent_are_the_rebuilt_ones() -> None:
    given = {"conversation_id": "1", "message_type": "comment", "type": "admin"}
    body = 'See <a href="javascript:alert(1)" onclick="x()">this</a><script>x</script><!-- y -->'
    sent = prepare("intercom_reply_to_conversation", {**given, "body": body})["body"]
    assert "See" in sent
    for gone in ("javascript", "onclick", "script", "<!--"):
        assert gone not in sent
    article = prepare("intercom_update_article", {"article_id": "1", "body": "<h2>Exports</h2>"})
    assert "<h2>Exports</h2>" in article["body"]
    with pytest.raises(InputRefused, match="Nothing of this text can be sent"):
        prepare("intercom_reply_to_conversation", {**given, "body": "<svg><circle></svg>"})
    with pytest.raises(InputRefused, match="shorten it"):
        prepare("intercom_reply_to_conversation", {**given, "body": "a" * 300_000})


def test_nothing_that_nobody_sees_is_sent() -> None:
    hidden = "Re\u200bfund \u202eplease\x00"
    attributes = {"_default_title_": hidden + "\nnow", "_default_description_": hidden + "\nnow"}
    given = {"ticket_id": "1", "ticket_attributes": {**attributes, "Steps": [hidden, 7]}}
    assert prepare("intercom_update_ticket", given)["ticket_attributes"] == {
        "_default_title_": "Refund please now",
        "_default_description_": "Refund please\nnow",
        "Steps": ["Refund please", 7],
    }
    news = prepare("intercom_create_news_item", {"title": hidden, "labels": [hidden]})
    assert news == {"title": "Refund please", "labels": ["Refund please"]}
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert prepare("intercom_update_contact", {"contact_id": "1", "name": family})["name"] == family


def test_the_given_input_is_left_alone() -> None:
    given = {"conversation_id": "1", "admin_id": "2", "message_type": "note", "body": "A & B"}
    before = json.dumps(given)
    prepare("intercom_reply_to_conversation", given)
    assert json.dumps(given) == before


def test_names_of_attributes_are_looked_up_where_they_are() -> None:
    attributes = {"Severity": "high", "Made up": "x"}
    [asked] = attribute_names(
        "intercom_update_conversation",
        {"conversation_id": "1", "custom_attributes": attributes},
    )
    assert asked.names == ("Severity", "Made up")
    assert (asked.tool_name, asked.tool_input) == (
        "intercom_list_data_attributes",
        {"model": "conversation"},
    )
    [asked] = attribute_names("intercom_update_visitor", {"id": "1", "custom_attributes": {"A": 1}})
    assert asked.tool_input == {"model": "contact"}
    ticket = {"ticket_attributes": {"_default_title_": "x", "Steps": "y"}}
    [asked] = attribute_names("intercom_create_ticket", {"ticket_type_id": "95", **ticket})
    assert (asked.names, asked.tool_name) == (("Steps",), "intercom_retrieve_ticket_type")
    [asked] = attribute_names("intercom_update_ticket", {"ticket_id": "7", **ticket})
    assert (asked.tool_name, asked.tool_input) == ("intercom_retrieve_ticket", {"ticket_id": "7"})
    assert attribute_names("intercom_create_data_event", {"metadata": {"A": 1}}) == []
    assert attribute_names("intercom_reticulate_splines", {"custom_attributes": {"A": 1}}) == []


def test_names_that_are_no_attributes_of_the_workspace_are_told() -> None:
    intercom = IntercomSandbox()
    kind = next(iter(intercom.ticket_types.values()))
    [*_, name] = [one["name"] for one in kind["ticket_type_attributes"]["data"]]
    ticket = next(
        one for one in intercom.tickets.values() if one["ticket_type"]["id"] == kind["id"]
    )
    calls: list[tuple[str, dict[str, Any]]] = [
        ("update_conversation", {"custom_attributes": {"Severity": "high", "Made up": "x"}}),
        (
            "create_ticket",
            {"ticket_type_id": kind["id"], "ticket_attributes": {name: "a", "Made up": "x"}},
        ),
        (
            "update_ticket",
            {"ticket_id": ticket["id"], "ticket_attributes": {name: "a", "Made up": "x"}},
        ),
    ]
    for tool, given in calls:
        [asked] = attribute_names(f"intercom_{tool}", given)
        found = intercom.call(asked.tool_name, asked.tool_input, MINE)
        assert found
        assert unknown_attributes(asked, found) == ["Made up"]
        assert unknown_attributes(asked, {}) == list(asked.names)
        assert unknown_attributes(asked, {"data": [{}], "ticket_attributes": [{}]})
    given = {"id": "1", "custom_attributes": {"email": "x", "Job title": "y"}}
    [asked] = attribute_names("intercom_update_visitor", given)
    found = intercom.call(asked.tool_name, asked.tool_input, MINE)
    assert found
    assert unknown_attributes(asked, found) == ["email"], "built in, so no custom attribute"
