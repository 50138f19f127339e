"""The Claude stand-in, through the real client."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic

from bot.sandbox.claude import ClaudeSandbox, reply, text, thinking, tool_search, tool_use

pytestmark = pytest.mark.filterwarnings("ignore:The model .* is deprecated")

MODEL = "claude-sonnet-5-5"
SEARCH = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
LOOK_UP = {
    "name": "look_up",
    "description": "Look something up",
    "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}},
}


@pytest.fixture(scope="module")
def started() -> Iterator[ClaudeSandbox]:
    sandbox = ClaudeSandbox()
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def claude(started: ClaudeSandbox) -> ClaudeSandbox:
    started.reset()
    return started


@pytest.fixture
async def client(claude: ClaudeSandbox) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(api_key=claude.api_key, base_url=claude.url, max_retries=0) as client:
        yield client


def asking(*messages: Any, **params: Any) -> dict[str, Any]:
    said = [user(message) if isinstance(message, str) else message for message in messages]
    return {"model": MODEL, "max_tokens": 1000, "messages": said or [user("Hi")], **params}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def system(content: Any) -> dict[str, Any]:
    return {"role": "system", "content": content}


def result(tool_use_id: str, content: Any = "found", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": tool_use_id, "content": content, **more}


def results(tool_use_id: str, content: Any = "found", **more: Any) -> dict[str, Any]:
    return user([result(tool_use_id, content, **more)])


def called(tool_use_id: str, name: str = "look_up") -> dict[str, Any]:
    return {"type": "tool_use", "id": tool_use_id, "name": name, "input": {}}


def words(content: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": content, **more}


async def streamed(client: AsyncAnthropic, params: dict[str, Any]) -> tuple[list[Any], Any]:
    events = []
    async with client.messages.stream(**params) as stream:
        async for event in stream:
            events.append(event)
        return events, await stream.get_final_message()


def echoed(message: Any) -> dict[str, Any]:
    return assistant([block.to_dict(mode="json") for block in message.content])


async def test_a_stream_has_the_api_s_order_of_events(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    asked = {"q": "Priya Natarajan at Brightwave"}
    claude.script(
        reply(thinking("Let me look."), text("Looking it up."), tool_use("look_up", asked))
    )
    params = asking("Who is Priya?", tools=[LOOK_UP], stream=True)
    raw = [event async for event in await client.messages.create(**params)]
    kinds = [
        event.delta.type if event.type == "content_block_delta" else event.type for event in raw
    ]
    assert [kind for at, kind in enumerate(kinds) if kinds[at - 1 : at] != [kind]] == [
        "message_start",
        "content_block_start",
        "signature_delta",
        "content_block_stop",
        "content_block_start",
        "text_delta",
        "content_block_stop",
        "content_block_start",
        "input_json_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert kinds.count("input_json_delta") >= 3
    assert raw[0].message.content == []
    assert raw[0].message.stop_reason is None
    _, final = await streamed_again(claude, client, asked)
    assert final.stop_reason == "tool_use"
    assert final.content[-1].input == asked
    assert final.usage.output_tokens > 1


async def streamed_again(
    claude: ClaudeSandbox, client: AsyncAnthropic, asked: dict[str, Any]
) -> tuple[list[Any], Any]:
    claude.script(reply(text("Looking it up."), tool_use("look_up", asked)))
    return await streamed(client, asking("Who is Priya?", tools=[LOOK_UP]))


async def test_thinking_is_shown_only_where_it_is_asked_for(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply(thinking("Hm, Priya."), "Hello there, Maya!")] * 2)
    hidden = await client.messages.create(**asking("Hi"))
    summarized = {"type": "adaptive", "display": "summarized"}
    shown = await client.messages.create(**asking("Hi", thinking=summarized))
    assert (hidden.content[0].thinking, shown.content[0].thinking) == ("", "Hm, Priya.")
    assert hidden.content[1].text == "Hello there, Maya!"
    assert hidden.stop_reason == "end_turn"


async def test_each_conversation_has_its_own_script(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(reply("anything"))
    claude.script(reply("one"), lambda body: reply(str(len(body["messages"]))), when="tickets")
    first = await client.messages.create(**asking("About tickets"))
    second = await client.messages.create(
        **asking("About tickets", echoed(first), "And conversations?")
    )
    other = await client.messages.create(**asking("About conversations"))
    assert [m.content[0].text for m in (first, second, other)] == ["one", "3", "anything"]
    assert [recorded.response["content"][0]["text"] for recorded in claude.requests] == [
        "one",
        "3",
        "anything",
    ]
    with pytest.raises(anthropic.InternalServerError, match="Nothing is scripted"):
        await client.messages.create(**asking("About tickets"))


async def test_a_planner_answers_where_nothing_is_scripted() -> None:
    claude = ClaudeSandbox(planner=lambda body: reply(body["messages"][0]["content"] + "!"))
    claude.start()
    try:
        async with AsyncAnthropic(api_key=claude.api_key, base_url=claude.url) as client:
            said = await client.messages.create(**asking("Echo"))
    finally:
        claude.stop()
    assert said.content[0].text == "Echo!"


async def test_a_gate_holds_a_stream_between_blocks(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    gate = claude.gate()
    claude.script(reply(text("Before. "), gate, text("After.")))
    seen = ""
    async with client.messages.stream(**asking("Hi")) as stream:
        async for event in stream:
            if event.type == "content_block_stop" and event.index == 0:
                assert gate.arrived()
                assert "After" not in seen
                gate.open()
            if event.type == "text":
                seen += event.text
    assert seen == "Before. After."


async def test_a_reply_s_gate_holds_after_the_first_piece(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    gate = claude.gate()
    claude.script(reply("One two three four five six", gate=gate))
    pieces = []
    async with client.messages.stream(**asking("Hi")) as stream:
        async for event in stream:
            if event.type == "text":
                pieces.append(event.text)
                if len(pieces) == 1:
                    assert gate.arrived()
                    gate.open()
    assert "".join(pieces) == "One two three four five six"
    assert len(pieces) > 1


async def test_stopping_lets_a_held_stream_go() -> None:
    claude = ClaudeSandbox()
    claude.start()
    gate = claude.gate()
    claude.script(reply("Held for", gate, " a while"))
    async with (
        AsyncAnthropic(api_key=claude.api_key, base_url=claude.url) as client,
        client.messages.stream(**asking("Hi")) as stream,
    ):
        assert gate.arrived()
        await asyncio.to_thread(claude.stop)
        assert await stream.get_final_text() == "Held for a while"


LONG_INPUT = tool_use("look_up", {"q": "a rather long question about something"})


async def test_a_cut_connection_is_a_protocol_error(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply("Well, let me see.", LONG_INPUT, fault="cut")] * 2)
    with pytest.raises(httpx2.RemoteProtocolError):
        await streamed(client, asking("Hi"))
    with pytest.raises((httpx2.RemoteProtocolError, anthropic.APIConnectionError)):
        await client.messages.create(**asking("Hi"))


async def test_a_stream_that_ends_early_raises_nothing(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(reply(LONG_INPUT, fault="end_early"))
    events, final = await streamed(client, asking("Hi"))
    assert final.stop_reason is None
    assert final.content[0].input != LONG_INPUT.input
    assert "message_stop" not in [event.type for event in events]


async def test_max_tokens_leaves_a_partial_input(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply(LONG_INPUT, fault="max_tokens")] * 2)
    _, final = await streamed(client, asking("Hi"))
    assert final.stop_reason == "max_tokens"
    assert final.content[0].input != LONG_INPUT.input
    whole = await client.messages.create(**asking("Hi"))
    assert (whole.stop_reason, whole.content[0].input) == ("max_tokens", {})


async def test_an_error_event_inside_a_stream(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply("Let me see what is open.", fault="overloaded_event")] * 2)
    with pytest.raises(anthropic.APIStatusError) as caught:
        await streamed(client, asking("Hi"))
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
    with pytest.raises(anthropic.OverloadedError):
        await client.messages.create(**asking("Hi"))


@pytest.mark.parametrize(
    ("fault", "stop_reason"),
    [
        ("refusal", "refusal"),
        ("pause_turn", "pause_turn"),
        ("context_exceeded", "model_context_window_exceeded"),
    ],
)
async def test_other_ways_to_stop(
    claude: ClaudeSandbox, client: AsyncAnthropic, fault: Any, stop_reason: str
) -> None:
    claude.script(*[reply("Well", fault=fault)] * 2)
    _, final = await streamed(client, asking("Hi"))
    whole = await client.messages.create(**asking("Hi"))
    assert final.stop_reason == whole.stop_reason == stop_reason
    assert (final.stop_details is not None) == (stop_reason == "refusal")


async def test_a_slow_start_holds_before_the_first_event(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    gate = claude.gate()
    claude.script(reply("At last", fault="slow_start", gate=gate))
    async with client.messages.stream(**asking("Hi")) as stream:
        assert gate.arrived()
        gate.open()
        assert (await stream.get_final_message()).content[0].text == "At last"


async def test_a_paused_turn_goes_on_when_it_is_sent_again(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(
        reply(thinking("Hm"), "Wait.", fault="pause_turn"),
        reply(thinking("Now"), "Done."),
        reply("Bye"),
    )
    paused = await client.messages.create(**asking("Hi"))
    done = await client.messages.create(**asking("Hi", echoed(paused)))
    assert done.content[1].text == "Done."
    await client.messages.create(**asking("Hi", echoed(paused), echoed(done), "Thanks"))
    with pytest.raises(anthropic.BadRequestError, match="prefill"):
        await client.messages.create(**asking("Hi", echoed(done)))


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        ({}, anthropic.OverloadedError),
        ({"status": 401}, anthropic.AuthenticationError),
        ({"status": 500}, anthropic.InternalServerError),
        ({"error_type": "rate_limit_error", "retry_after": 7}, anthropic.RateLimitError),
    ],
)
async def test_failures_on_demand(
    claude: ClaudeSandbox,
    client: AsyncAnthropic,
    failure: dict[str, Any],
    raised: type[anthropic.APIStatusError],
) -> None:
    claude.fail(**failure)
    claude.script(reply("Back again"))
    with pytest.raises(raised) as caught:
        await client.messages.create(**asking("Hi"))
    assert caught.value.request_id
    assert caught.value.response.headers.get("retry-after") == (
        "7" if "retry_after" in failure else None
    )
    assert (await client.messages.create(**asking("Hi"))).content[0].text == "Back again"


async def test_the_client_retries_an_overload_by_itself(claude: ClaudeSandbox) -> None:
    claude.fail(retry_after=0.01)
    claude.script(reply("Back again"))
    async with AsyncAnthropic(api_key=claude.api_key, base_url=claude.url) as client:
        await client.messages.create(**asking("Hi"))
    assert [recorded.status for recorded in claude.requests] == [529, 200]


async def test_a_wrong_key_is_refused(claude: ClaudeSandbox) -> None:
    async with AsyncAnthropic(api_key="sk-ant-other", base_url=claude.url) as client:
        with pytest.raises(anthropic.AuthenticationError) as caught:
            await client.models.list()
    assert caught.value.type == "authentication_error"
    assert caught.value.body["request_id"] == caught.value.request_id


async def test_models(claude: ClaudeSandbox, client: AsyncAnthropic) -> None:
    ids = [model.id async for model in client.models.list(limit=2)]
    assert ids == ["claude-opus-5-5", MODEL, "claude-haiku-5-5", "claude-sonnet-4-5"]
    assert (await client.models.retrieve(MODEL)).max_input_tokens == 1_000_000
    retired = "claude-3-5-sonnet-20241022"
    assert (await client.models.retrieve(retired)).lifecycle == "retired"
    for model in (retired, "claude-nonsense"):
        with pytest.raises(anthropic.NotFoundError):
            await client.messages.create(**asking("Hi", model=model))


SCHEMA = {"type": "object"}
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
OLD = "claude-sonnet-4-5"
ASKED_A = assistant([called("a")])
FORGED = {"type": "thinking", "thinking": "x", "signature": "eHg="}


def tools(*offered: dict[str, Any], **params: Any) -> dict[str, Any]:
    return asking("Hi", tools=list(offered), **params)


def tool(name: str = "a", **schema: Any) -> dict[str, Any]:
    return {"name": name, "input_schema": {**SCHEMA, **schema}}


REFUSED = {
    "unknown field": ("foo: Extra inputs", asking(extra_body={"foo": 1})),
    "sampling": ("temperature: Extra inputs", asking(extra_body={"temperature": 0})),
    "typo in a block": ("content.0.txet: Extra", asking(user([words("Hi", txet="Hi")]))),
    "unknown block": ("content.0.type", asking(user([{"type": "txt", "text": "Hi"}]))),
    "unknown role": ("messages.0.role", asking({"role": "bot", "content": "Hi"})),
    "missing field": ("messages.0.content: Field required", asking({"role": "user"})),
    "wrong type": ("max_tokens: Input should be", asking(extra_body={"max_tokens": "10"})),
    "too many tokens": ("max_tokens: 200000", asking(extra_body={"max_tokens": 200_000})),
    "no tokens": ("max_tokens", asking(max_tokens=0)),
    "disabled thinking": ("disabled", asking(thinking={"type": "disabled"})),
    "budget": ("enabled", asking(thinking={"type": "enabled", "budget_tokens": 2000})),
    "old model, adaptive": ("adaptive", asking(model=OLD, thinking={"type": "adaptive"})),
    "forced tool": ("forced", tools(LOOK_UP, tool_choice={"type": "any"})),
    "choice without tools": ("tool_choice", asking(tool_choice={"type": "auto"})),
    "prefill": ("prefill", asking("Hi", assistant("Well"))),
    "no message": ("at least one", {**asking(), "messages": []}),
    "assistant first": ("first message", asking(assistant("Hi"), "Hi")),
    "empty text": ("must be non-empty", asking(user([words("")]))),
    "empty nested text": ("must be non-empty", asking("Hi", ASKED_A, results("a", [words("")]))),
    "blank text": ("non-whitespace", asking("  \n")),
    "empty content": ("have non-empty content", asking(user([]))),
    "empty system": ("system: text content", asking(system=[words("")])),
    "empty error": ("is_error", asking("Hi", ASKED_A, results("a", "", is_error=True))),
    "system first": ("must follow", asking(system("It is Friday"), "Hi")),
    "system after assistant": ("must follow", asking("Hi", assistant("Hi"), system("Now"))),
    "system before user": ("must precede", asking("Hi", system("Now"), "Hello?")),
    "old model, system": ("not supported", asking("Hi", system("Now"), model=OLD)),
    "tool_use of a user": ("belong in assistant", asking(user([called("a")]))),
    "result of an assistant": ("belong in user", asking("Hi", assistant([result("a")]), "Hi")),
    "open call": (
        "without `tool_result`",
        asking("Hi", assistant([called("a"), called("b")]), results("a")),
    ),
    "late result": ("without `tool_result`", asking("Hi", ASKED_A, "Wait", results("a"))),
    "orphan result": ("unexpected `tool_use_id`", asking(results("a"))),
    "result twice": ("single result", asking("Hi", ASKED_A, user([result("a"), result("a")]))),
    "results not first": ("come first", asking("Hi", ASKED_A, user([words("So"), result("a")]))),
    "id twice": ("unique", asking("Hi", ASKED_A, results("a"), ASKED_A, results("a"))),
    "name twice": ("unique", tools(LOOK_UP, LOOK_UP)),
    "tool name": ("name: String should match", tools(tool("a b"))),
    "schema without type": ("type: Field required", tools({"name": "a", "input_schema": {}})),
    "schema of a string": ("should be 'object'", tools(tool(type="string"))),
    "anyOf at the root": ("top level", tools(tool(anyOf=[{}]))),
    "broken schema": ("JSON schema is invalid", tools(tool(properties={"b": {"type": "text"}}))),
    "property key": ("Property keys", tools(tool(properties={"b c": {}}))),
    "five breakpoints": (
        "Found 5",
        asking(user([words(str(n), **MARK) for n in range(4)]), **MARK),
    ),
    "lifetimes out of order": ("ttl='1h'", asking(user([words("a", **MARK), words("b", **HOUR)]))),
    "deferred and cached": (
        "defer_loading and cache_control",
        tools(SEARCH, {**LOOK_UP, "defer_loading": True, **MARK}),
    ),
    "all deferred": ("at least one", tools({**LOOK_UP, "defer_loading": True})),
    "deferred without search": (
        "tool search",
        tools(LOOK_UP, {**tool("b"), "defer_loading": True}),
    ),
    "forged thinking": ("signature", asking("Hi", assistant([FORGED]), "Hi")),
    "open search": (
        "without their result",
        asking("Hi", assistant([{**called("a", SEARCH["name"]), "type": "server_tool_use"}]), "Hi"),
    ),
}


@pytest.fixture(scope="module")
def accepting() -> Iterator[ClaudeSandbox]:
    """Says yes to everything that it does not refuse."""
    sandbox = ClaudeSandbox(planner=lambda body: reply("Accepted"))
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.mark.parametrize(("message", "params"), REFUSED.values(), ids=REFUSED.keys())
async def test_refused_bodies(
    accepting: ClaudeSandbox, message: str, params: dict[str, Any]
) -> None:
    async with AsyncAnthropic(api_key=accepting.api_key, base_url=accepting.url) as client:
        with pytest.raises(anthropic.BadRequestError) as caught:
            await client.messages.create(**params)
    assert message in caught.value.message
    assert caught.value.type == "invalid_request_error"


async def test_a_body_without_max_tokens_is_refused(claude: ClaudeSandbox) -> None:
    async with httpx2.AsyncClient() as http:
        headers = {"x-api-key": claude.api_key, "anthropic-version": "2026-10-21"}
        body = asking("Hi")
        del body["max_tokens"]
        answer = await http.post(claude.url + "/v1/messages", json=body, headers=headers)
        broken = await http.post(claude.url + "/v1/messages", content=b"{", headers=headers)
        nowhere = await http.post(claude.url + "/v1/complete", json=body, headers=headers)
    assert "max_tokens: Field required" in answer.json()["error"]["message"]
    assert (broken.status_code, nowhere.status_code) == (400, 404)
    assert nowhere.json()["error"]["type"] == "not_found_error"


async def test_a_body_over_32_megabytes_is_refused(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    with pytest.raises(anthropic.RequestTooLargeError) as caught:
        await client.messages.create(**asking("x" * 33 * 1024 * 1024))
    assert caught.value.type == "request_too_large"


async def test_valid_bodies_pass(claude: ClaudeSandbox, client: AsyncAnthropic) -> None:
    claude.script(*[reply("Fine")] * 3)
    await client.messages.create(
        **asking(
            "Hi",
            system("It is Friday"),
            assistant([words("Looking"), called("a"), called("b", "gone_tool")]),
            user([result("b", is_error=True), result("a"), words("And hurry")]),
            "Please",
            tools=[LOOK_UP],
            system=[words("You help", **MARK)],
            **MARK,
        )
    )
    await client.messages.create(
        **asking(
            model="claude-sonnet-4-5",
            max_tokens=4000,
            thinking={"type": "enabled", "budget_tokens": 2000},
        )
    )
    await client.messages.create(**asking(model="claude-haiku-5-5", thinking={"type": "disabled"}))


async def conversation(
    claude: ClaudeSandbox, client: AsyncAnthropic, *, system_text: str = "You help"
) -> dict[str, Any]:
    """The request that follows a turn with thinking and a tool call."""
    claude.script(reply(thinking("Look it up."), tool_use("look_up", {"q": "x"})), reply("Found"))
    first = asking("Find x", system("It is Friday"), system=system_text, tools=[LOOK_UP])
    said = await client.messages.create(**first)
    call = said.content[-1]
    return {**first, "messages": [*first["messages"], echoed(said), results(call.id)]}


async def test_a_faithful_echo_passes_even_if_breakpoints_move(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    params = await conversation(claude, client)
    params["system"] = [words("You help", **MARK)]
    params["messages"][0] = user([words("Find x", **MARK)])
    assert (await client.messages.create(**params)).content[0].text == "Found"


@pytest.mark.parametrize("changed", ["system", "tools", "message", "thinking", "dropped"])
async def test_the_prefix_of_thinking_is_frozen(
    claude: ClaudeSandbox, client: AsyncAnthropic, changed: str
) -> None:
    params = await conversation(claude, client)
    if changed == "system":
        params["system"] = "You help a lot"
    elif changed == "tools":
        params["tools"] = [{**LOOK_UP, "description": "Look"}]
    elif changed == "message":
        params["messages"][0] = user("Find y")
    elif changed == "thinking":
        params["messages"][2]["content"][0]["thinking"] = "Something else"
    else:
        del params["messages"][2]["content"][0]
    with pytest.raises(anthropic.BadRequestError, match="thinking"):
        await client.messages.create(**params)


async def test_usage_shows_what_the_cache_held(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply("Fine")] * 3)
    prompt = [words("Long instructions. " * 400, **MARK)]
    fresh = (await client.messages.create(**asking("One", system=prompt))).usage
    again = (await client.messages.create(**asking("Two", system=prompt))).usage
    other = (await client.messages.create(**asking("Two", system=prompt, tools=[LOOK_UP]))).usage
    assert fresh.cache_read_input_tokens == 0
    assert fresh.cache_creation_input_tokens == 1900
    assert (again.cache_read_input_tokens, again.cache_creation_input_tokens) == (1900, 0)
    assert again.input_tokens < 20
    assert other.cache_read_input_tokens == 0


async def test_a_growing_conversation_reads_its_own_prefix(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    claude.script(*[reply("Fine")] * 2)
    long = "A long question. " * 400
    said = await client.messages.create(**asking(long, **MARK))
    usage = (await client.messages.create(**asking(long, echoed(said), "More", **MARK))).usage
    assert usage.cache_read_input_tokens == 1700
    assert 0 < usage.cache_creation_input_tokens < 50


async def test_deferred_tools_count_once_they_are_found(
    claude: ClaudeSandbox, client: AsyncAnthropic
) -> None:
    big = {
        "name": "big",
        "description": "word " * 800,
        "input_schema": SCHEMA,
        "defer_loading": True,
    }
    claude.script(reply(tool_search("big", ["big"]), tool_use("big", {})))
    params = asking("Use big", tools=[SEARCH, LOOK_UP, big])
    _, said = await streamed(client, params)
    assert [block.type for block in said.content] == [
        "server_tool_use",
        "tool_search_tool_result",
        "tool_use",
    ]
    assert said.content[0].input == {"query": "big"}
    assert said.content[1].content.tool_references[0].tool_name == "big"
    before = await client.messages.count_tokens(model=MODEL, **only(params, "messages", "tools"))
    params["messages"] = [*params["messages"], echoed(said), results(said.content[2].id)]
    after = await client.messages.count_tokens(model=MODEL, **only(params, "messages", "tools"))
    assert before.input_tokens < 200
    assert after.input_tokens > 1000
    params["tools"] = [SEARCH, LOOK_UP]
    with pytest.raises(anthropic.BadRequestError, match="big"):
        await client.messages.count_tokens(model=MODEL, **only(params, "messages", "tools"))


def only(params: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: params[key] for key in keys}
