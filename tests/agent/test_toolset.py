import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.accounts.scalekit import ToolDefinition
from bot.agent.results import LIMIT, as_data
from bot.agent.toolset import BadInput, Tool, Toolset
from bot.sandbox.serving import Serving


def tool(name: str, **schema: Any) -> ToolDefinition:
    return ToolDefinition(name=name, description=f"does {name}", input_schema=schema)


def test_the_order_does_not_depend_on_the_order_of_the_answer() -> None:
    tools = [tool(f"intercom_{i}", properties={"b": {}, "a": {}}) for i in range(50)]
    first, second = Toolset.of(tools), Toolset.of(tools[::-1])
    assert json.dumps(first.params()) == json.dumps(second.params())


def test_schemas_are_made_fit_for_claude() -> None:
    toolset = Toolset.of(
        [
            tool("intercom_a", anyOf=[{"required": ["x"]}], properties={"x": {"type": "string"}}),
            tool("intercom_b", type="object", properties={"schema_version": {}, "y": {}}),
            tool("bad name!"),
            tool("intercom_a", properties={}),
        ]
    )
    params = {item["name"]: item["input_schema"] for item in toolset.params()}
    assert sorted(params) == ["intercom_a", "intercom_b"]
    assert all(schema["type"] == "object" for schema in params.values())
    assert "anyOf" not in params["intercom_a"]
    assert list(params["intercom_b"]["properties"]) == ["y"]


def test_many_tools_wait_behind_tool_search() -> None:
    names = [f"intercom_{i}" for i in range(500)] + ["intercom_search_conversations"]
    params = Toolset.of([tool(name) for name in names]).params()
    loaded = [item["name"] for item in params if not item.get("defer_loading")]
    assert loaded == ["tool_search_tool_bm25", "intercom_search_conversations"]
    assert len(params) == 502
    few = Toolset.of([tool(name) for name in names[:20]]).params()
    assert not any(item.get("defer_loading") or "type" in item for item in few)


def test_bad_calls_are_told_how_to_do_better() -> None:
    toolset = Toolset.of(
        [tool("intercom_get_tag", properties={"id": {"type": "string"}}, required=["id"])]
    )
    assert toolset.check("intercom_get_tag", {"id": "1"}).name == "intercom_get_tag"
    with pytest.raises(BadInput, match="intercom_get_tag"):
        toolset.check("intercom_get_tags", {})
    with pytest.raises(BadInput, match="'id' is a required property"):
        toolset.check("intercom_get_tag", {})
    with pytest.raises(BadInput, match="id: 1 is not of type 'string'"):
        toolset.check("intercom_get_tag", {"id": 1})


def test_large_results_are_cut_and_say_how_to_go_on() -> None:
    items = [{"id": str(i), "body": "x" * 300} for i in range(200)]
    text = as_data("intercom_search_conversations", {"conversations": items, "total_count": 200})
    assert len(text) <= LIMIT
    data = json.loads(text)
    kept = len(data["result"]["conversations"])
    assert 1 < kept < 200
    assert f"{kept} of 200" in data["note"]
    assert "starting_after" in data["note"]


def test_one_huge_text_is_cut_and_small_results_are_whole() -> None:
    huge = json.loads(as_data("t", {"body": "y" * 100_000}))
    assert len(huge["result"]["body"]) < 3_000
    assert "cut" in huge["note"]
    small = {"source": "Intercom, by t", "result": {"a": 1}}
    assert json.loads(as_data("t", {"a": 1})) == small
    wide = as_data("t", {f"field{i}": "z" * 100 for i in range(1000)})
    assert len(wide) <= LIMIT + 1_000
    json.loads(wide)


def test_the_first_request_costs_the_same_with_98_tools_or_500() -> None:
    def loaded(count: int) -> int:
        names = ["intercom_search_conversations", *(f"intercom_{i}" for i in range(count - 1))]
        params = Toolset.of([tool(name, properties={"a": {}}) for name in names]).params()
        return len(json.dumps([item for item in params if not item.get("defer_loading")]))

    assert loaded(500) <= loaded(98) * 1.1


def test_unknown_fields_are_refused_and_authors_dropped() -> None:
    schema = {"admin_id": {"type": "string"}, "body": {"type": "string"}}
    toolset = Toolset.of([tool("intercom_create_contact_note", properties=schema)])
    with pytest.raises(BadInput, match="identifier: there is no such field"):
        toolset.check("intercom_create_contact_note", {"body": "x", "identifier": "slack:T1:U2"})
    given = {"body": "x", "admin_id": "2"}
    assert toolset.prepared("intercom_create_contact_note", given) == {"body": "<p>x</p>"}


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that would give a schema away, and what was asked of it."""
    asked: list[str] = []

    async def schema(request: Request) -> JSONResponse:
        asked.append(request.url.path)
        return JSONResponse({"type": "string"})

    serving = Serving(Starlette(routes=[Route("/{path:path}", schema)]))
    serving.start()
    yield serving.url, asked
    serving.stop()


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_a_tool_whose_schema_refers_elsewhere_is_left_out_with_a_log_line(
    elsewhere: tuple[str, list[str]], keyword: str
) -> None:
    url, asked = elsewhere
    far = {"type": "object", "properties": {"deep": {"items": [{keyword: f"{url}/schema.json"}]}}}
    near = {"properties": {"a": {keyword: "#/$defs/text"}}, "$defs": {"text": {"type": "string"}}}
    with structlog.testing.capture_logs() as logged:
        toolset = Toolset.of([tool("intercom_far", **far), tool("intercom_near", **near)])
    assert [found.name for found in toolset.tools] == ["intercom_near"]
    assert [(line["event"], line["tool"]) for line in logged] == [("tool_left_out", "intercom_far")]
    assert toolset.check("intercom_near", {"a": "x"})
    with pytest.raises(BadInput, match="a: 1 is not of type 'string'"):
        toolset.check("intercom_near", {"a": 1})
    assert asked == []


@pytest.mark.parametrize("based", [False, True], ids=["absolute", "relative to an id"])
def test_a_remote_reference_is_never_fetched(elsewhere: tuple[str, list[str]], based: bool) -> None:
    """Even if a toolset that was frozen earlier still has one."""
    url, asked = elsewhere
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"$ref": f"{url}/a.json"}}}
    if based:
        schema |= {"$id": f"{url}/base.json", "properties": {"a": {"$ref": "a.json"}}}
    frozen = Tool(name="intercom_old", description="", input_schema=schema, shown_schema=schema)
    with pytest.raises(BadInput, match="cannot be used"):
        Toolset(tools=[frozen]).check("intercom_old", {"a": "x"})
    assert asked == []


@pytest.mark.parametrize("reference", ["#/$defs/nothing", "#/properties/a"])
def test_a_reference_that_leads_nowhere_is_a_bad_input(reference: str) -> None:
    toolset = Toolset.of([tool("intercom_odd", properties={"a": {"$ref": reference}})])
    with pytest.raises(BadInput, match="cannot be used"):
        toolset.check("intercom_odd", {"a": "x"})
