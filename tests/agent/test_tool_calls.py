"""Calls as Claude asks for them: what waits, is digested and sent is the prepared input."""

import json
from importlib.resources import files
from typing import Any

import pytest

from bot.accounts.scalekit import ToolDefinition
from bot.agent.claude import ToolUse
from bot.agent.tool_calls import build_tool_call
from bot.agent.toolset import BadInput, Toolset
from bot.state.models import Request, Run, ToolCall

DEFINITIONS = [
    ToolDefinition(**tool)
    for tool in json.loads((files("bot.sandbox.intercom") / "catalogue.json").read_text())
]
UNKNOWN = ToolDefinition(
    name="intercom_reticulate_splines",
    description="Reticulates.",
    input_schema={"type": "object", "properties": {"reply": {"type": "object"}}},
)
TOOLSET = Toolset.of([*DEFINITIONS, UNKNOWN])
REPLY = {"conversation_id": "1", "message_type": "comment", "type": "admin"}


def built(name: str, given: dict[str, Any]) -> ToolCall:
    who: dict[str, Any] = {"team_id": "T1", "user_id": "U1", "channel_id": "C1"}
    request = Request(id="Ev1", ts="1.1", thread_ts="1.1", text="?", **who)
    run = Run(request=request, reference="abc")
    return build_tool_call(ToolUse(id="1", name=f"intercom_{name}", input=given), TOOLSET, run, "A")


def test_what_waits_is_the_prepared_input() -> None:
    body = 'Hi <b>there</b><script>x</script><img src="http://x.example/a.png">'
    call = built("reply_to_conversation", {**REPLY, "admin_id": "666", "body": body})
    assert call.state == "pending"
    assert call.effect == "destructive"
    assert set(call.input) == {*REPLY, "body"}
    assert "script" not in call.input["body"]
    assert "http://x.example" not in call.input["body"]
    assert "666" not in str(call.input)


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        (
            "update_ticket",
            {"ticket_id": "1", "assignment": {"ticket_id": "2"}},
            "assignment.ticket_id",
        ),
        (
            "attach_contact_to_conversation",
            {"conversation_id": "1", "customer": {"conversation_id": "2"}},
            "customer.conversation_id",
        ),
        (
            "create_message",
            {"to": {"type": "user", "id": "1", "contact_id": "2"}, "body": "Hi"},
            "to.contact_id",
        ),
        (
            "update_conversation",
            {"conversation_id": "1", "custom_attributes": {"x": {"conversation_id": "2"}}},
            "custom_attributes.x",
        ),
        ("reticulate_splines", {"reply": {"from": {"type": "admin", "id": "2"}}}, "reply.from"),
        ("detach_contact_from_company", {"contact_id": "1?", "company_id": "2"}, "contact_id"),
    ],
)
def test_another_target_inside_an_input_is_refused_and_claude_is_told(
    name: str, given: dict[str, Any], named: str
) -> None:
    call = built(name, given)
    assert call.ended
    assert call.state == "failed"
    assert named in json.loads(call.result)["error"]


def test_speaking_for_a_customer_is_refused() -> None:
    call = built("reply_to_conversation", {**REPLY, "type": "user", "body": "I agree."})
    assert call.state == "refused"
    assert "customer's name" in call.result
    with pytest.raises(BadInput, match="no tool named"):
        TOOLSET.check("intercom_create_conversation", {"body": "Hi"})


def test_a_tool_that_is_not_known_waits_as_destructive() -> None:
    call = built("reticulate_splines", {"reply": {"text": "Hi"}})
    assert (call.state, call.effect, call.title) == ("pending", "destructive", "Reticulate splines")
