"""Events in the shape in which Slack really sends them."""

from typing import Any

import pytest
from front_door import FrontDoor

from bot.sandbox.people import MAYA, TEAM_ID, TOM
from bot.sandbox.slack import SUPPORT
from bot.state.models import Owner

MAYA_ID, TOM_ID = MAYA.slack_user_id, TOM.slack_user_id


def erasures(door: FrontDoor) -> list[str]:
    """For which workspaces everything was erased."""
    erased: list[str] = []

    async def uninstalled(team_id: str) -> None:
        erased.append(team_id)

    async def left(identifier: str, owner: str, once_more: bool = False) -> None:
        erased.append(identifier)

    door.services.docket.register(uninstalled)
    door.services.docket.register(left)
    return erased


@pytest.mark.parametrize("how", ["app_uninstalled", "tokens_revoked"])
async def test_what_tells_that_the_app_is_gone_erases_without_authorizations(
    door: FrontDoor, how: str
) -> None:
    erased = erasures(door)
    [delivery] = getattr(door.slack, how)()
    assert "authorizations" not in delivery.payload
    assert "context_team_id" not in delivery.payload
    await door.open()
    assert erased == [TEAM_ID]


async def test_with_authorizations_it_erases_where_they_say(door: FrontDoor) -> None:
    erased = erasures(door)
    ours = [{"team_id": TEAM_ID, "enterprise_id": None, "user_id": "U1", "is_bot": True}]
    await door.event({"type": "app_uninstalled"}, team_id="T0PARTNER1", authorizations=ours)
    assert erased == [TEAM_ID]


@pytest.mark.parametrize("tokens", [{"oauth": [MAYA_ID]}, {"oauth": [MAYA_ID], "bot": []}])
async def test_a_revoked_token_of_a_person_disconnects_nobody(
    door: FrontDoor, tokens: dict[str, Any]
) -> None:
    erased = erasures(door)
    identifier = f"slack:{TEAM_ID}:{MAYA_ID}"
    owner = Owner(team_id=TEAM_ID, user_id=MAYA_ID)
    await door.services.profiles.save_owner(identifier, owner)
    door.slack.tokens_revoked(MAYA_ID)
    await door.event({"type": "tokens_revoked", "tokens": tokens})
    await door.open()
    assert erased == []
    assert await door.services.profiles.owner(identifier) == owner


def stop(user: str, thread_ts: str) -> dict[str, Any]:
    return {
        "type": "agent_session_stopped",
        "user": user,
        "channel": SUPPORT,
        "thread_ts": thread_ts,
        "streaming_message_ts": [],
    }


async def test_somebody_elses_press_on_stop_stops_nothing_and_is_told_why(
    door: FrontDoor,
) -> None:
    root = door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    [request] = await door.requests()
    await door.event(stop(TOM_ID, root), SUPPORT)
    [told] = door.told(TOM)
    assert f"this is the request of <@{MAYA_ID}>" in told
    assert door.told(MAYA) == []
    token, _, inbox, *_ = await door.services.store.take(request.conversation)
    signals = await door.services.store.signals(request.conversation, token)
    assert (signals.stopped, inbox) == (None, [request])


async def test_after_somebody_elses_press_the_owner_has_the_stop_button_again(
    door: FrontDoor,
) -> None:
    root = door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    await door.event(stop(TOM_ID, root), SUPPORT)
    assert door.slack.session(SUPPORT, root).lifecycle == "processing"
    [delivery] = door.slack.press_stop(MAYA_ID, SUPPORT, root)
    await door.pass_on(delivery)
    [request] = await door.requests()
    token, *_ = await door.services.store.take(request.conversation)
    assert (await door.services.store.signals(request.conversation, token)).stopped == "stop"


async def test_ones_own_press_on_stop_stops(door: FrontDoor) -> None:
    root = door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    [request] = await door.requests()
    await door.event(stop(MAYA_ID, root), SUPPORT)
    token, *_ = await door.services.store.take(request.conversation)
    signals = await door.services.store.signals(request.conversation, token)
    assert signals.stopped == "stop"
    assert door.told(MAYA) == []


async def test_a_press_on_stop_where_nothing_runs_is_answered_with_silence(
    door: FrontDoor,
) -> None:
    root = door.slack.post(MAYA_ID, SUPPORT, "A thread of people's.")
    await door.event(stop(TOM_ID, root), SUPPORT)
    assert door.told(TOM) == []
    assert door.slack.session(SUPPORT, root).lifecycle is None
