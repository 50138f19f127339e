"""The check at the end of a run, tried on calls of its own: good ones pass, spoiled ones do not."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from world import World

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import MAYA
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT
from tests.fidelity import checks, slack_types
from tests.fidelity.recordings import Recorded, of_world

NOTE = {
    "conversation_id": PRIYA_CONVERSATION,
    "message_type": "note",
    "type": "admin",
    "body": "<p>We refunded it.</p>",
}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Recorded]]:
    """What a read, a card, its modal and an answer send, in a channel and in direct messages."""
    world = World(
        tmp_path_factory.mktemp("fidelity"), embedded=not RedisServer.is_installed(), settings={}
    )
    world.start()
    try:
        world.connect(MAYA)
        world.claude.script(
            reply("Looking.", tool_use("intercom_list_tags", {})),
            reply(tool_use("intercom_reply_to_conversation", NOTE)),
            reply("All done."),
            when="fidelity",
        )
        thread = world.mention(MAYA, "fidelity")
        world.slack.wait(
            lambda: world.slack.session(SUPPORT, thread).lifecycle == "suspended", what="the card"
        )
        card = world.answers(SUPPORT, thread)[-1]
        world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "edit_call")
        world.slack.wait(lambda: world.slack.views(MAYA.slack_user_id), what="the modal")
        world.slack.click(MAYA.slack_user_id, SUPPORT, card.ts, "approve_call")
        world.ended(SUPPORT, thread, answers=2)
        world.claude.script(reply("Hello to you."), when="in private")
        dm = world.slack.dm(MAYA.slack_user_id)
        asked = world.slack.post(MAYA.slack_user_id, dm, "in private")
        world.ended(dm, asked)
        yield of_world(world.sandbox)
    finally:
        world.stop()


def needs_node() -> None:
    if slack_types.is_possible():
        return
    if os.environ.get("CI"):
        pytest.fail("CI has to have Node and npm")
    pytest.skip("there is no Node on this machine")


def of(calls: list[Recorded], service: str) -> list[Recorded]:
    return [call for call in calls if call.service == service]


def test_what_is_sent_fits_what_the_makers_ship(calls: list[Recorded]) -> None:
    needs_node()
    assert {call.service for call in calls} == {"slack", "claude", "scalekit"}
    assert checks.problems(calls) == []


def spoiled(call: Recorded) -> Iterator[Recorded]:
    """Copies with an argument too many, one of another type, and blocks that Slack lacks."""
    yield call._replace(sent={**call.sent, "no_such_argument": "x"})
    for name, value in call.sent.items():
        if isinstance(value, str) and name not in ("token", "team_id"):
            yield call._replace(sent={**call.sent, name: {"not": "a text"}})
            break
    blocks = call.sent.get("blocks")
    if isinstance(blocks, list) and blocks:
        for wrong in ({"type": "no_such_block"}, {"type": "section", "text": "not an object"}):
            yield call._replace(sent={**call.sent, "blocks": [wrong, *blocks[1:]]})


def test_spoiled_copies_of_slacks_calls_are_found(calls: list[Recorded]) -> None:
    needs_node()
    wrong = [copy for call in of(calls, "slack") for copy in spoiled(call)]
    found = slack_types.problems(wrong)
    missed = [wrong[at] for at in range(len(wrong)) if at not in found]
    assert [(call.method, call.sent) for call in missed] == []


def test_a_call_whose_scope_the_manifest_lacks_is_found() -> None:
    unasked = Recorded("slack", "admin.users.list", {})
    assert any("which scope" in problem for problem in checks.problems([unasked]))


@pytest.mark.parametrize(
    "wrong",
    [{"thinking": {"type": "sometimes"}}, {"messages": [{"role": "customer"}]}, {"speed": 9}],
)
def test_spoiled_copies_of_claudes_requests_are_found(
    calls: list[Recorded], wrong: dict[str, Any]
) -> None:
    request = of(calls, "claude")[0]
    assert checks.problems([request]) == []
    assert checks.problems([request._replace(sent={**request.sent, **wrong})])


@pytest.mark.parametrize("wrong", [{"identifier": "x" * 101}, {"no_such_field": 1}])
def test_spoiled_copies_of_scalekits_calls_are_found(
    calls: list[Recorded], wrong: dict[str, Any]
) -> None:
    request = next(call for call in of(calls, "scalekit") if "identifier" in call.sent)
    assert checks.problems([request]) == []
    assert checks.problems([request._replace(sent={**request.sent, **wrong})])
