"""Guests, strangers, bots and people who have left are told apart, for every way in."""

from typing import Any

import pytest
from front_door import FrontDoor, Opening

from bot.sandbox.people import JONAS, MAYA, PETRA
from bot.sandbox.slack import SUPPORT, Delivery
from bot.slack.messages import GUEST, STRANGER, WHO_IS_IT

JONAS_ID = JONAS.slack_user_id
SENTENCES = [GUEST]


@pytest.fixture
async def with_guest(door: FrontDoor) -> FrontDoor:
    """Jonas is a guest, of which Slack has told long ago."""
    door.slack.make_guest(JONAS_ID)
    await door.open()
    return door


@pytest.mark.parametrize("kind", ["restricted", "ultra_restricted"])
async def test_a_guests_mention_gets_a_private_sentence(door: FrontDoor, kind: str) -> None:
    door.slack.make_guest(JONAS_ID, kind)
    root = door.mention(JONAS, SUPPORT, "how many?")
    await door.open()
    assert door.told(JONAS) == SENTENCES
    door.slack.post(JONAS_ID, SUPPORT, "thanks anyway", thread_ts=root)
    await door.open()
    assert door.told(JONAS) == SENTENCES, "who was turned away is in no conversation with it"
    assert await door.requests() == []


async def test_a_guests_direct_message_gets_one(with_guest: FrontDoor) -> None:
    dm = with_guest.slack.dm(JONAS_ID)
    with_guest.slack.post(JONAS_ID, dm, "how many?")
    await with_guest.open()
    assert with_guest.slack.messages(dm)[-1].plain == GUEST
    assert await with_guest.requests() == []


async def test_a_guests_follow_up_gets_one_though_they_were_a_member_before(
    door: FrontDoor,
) -> None:
    root = door.mention(JONAS, SUPPORT, "how many?")
    await door.open()
    assert len(await door.requests()) == 1
    door.slack.make_guest(JONAS_ID)
    await door.open()
    door.slack.post(JONAS_ID, SUPPORT, "and yesterday?", thread_ts=root)
    await door.open()
    assert door.told(JONAS) == SENTENCES
    assert [request.text for request in await door.requests()] in ([], ["how many?"])


@pytest.mark.parametrize("text", ["how many?", "connect", "status", "private how many?"])
async def test_a_guests_command_gets_one(with_guest: FrontDoor, text: str) -> None:
    with_guest.slack.command(JONAS_ID, SUPPORT, text)
    await with_guest.open()
    assert with_guest.told(JONAS) == SENTENCES
    assert await with_guest.requests() == []


async def test_so_does_a_guests_call_for_help(with_guest: FrontDoor) -> None:
    with_guest.slack.command(JONAS_ID, SUPPORT, "help")
    [answer] = await with_guest.open()
    assert answer.body == GUEST


BUTTONS = ("approve_call", "deny_call", "edit_call", "share_answer", "feedback", "show_work")


@pytest.mark.parametrize("action_id", [*BUTTONS, "disconnect_intercom", "home_connect"])
async def test_a_guests_press_on_an_old_button_gets_one(
    with_guest: FrontDoor, action_id: str
) -> None:
    button = {
        "type": "button",
        "action_id": action_id,
        "value": "x|y",
        "text": {"type": "plain_text", "text": "Press"},
    }
    posted = await with_guest.services.slack.chat_postMessage(
        channel=SUPPORT, text="A card", blocks=[{"type": "actions", "elements": [button]}]
    )
    with_guest.slack.click(JONAS_ID, SUPPORT, str(posted["ts"]), action_id)
    await with_guest.open()
    assert with_guest.told(JONAS) == SENTENCES
    assert with_guest.slack.views(JONAS_ID) == []
    assert await with_guest.keys("audit") == []


def submission(user: str) -> Delivery:
    about = '{"channel_id": "C1", "thread_ts": "1.1", "call_id": "c", "digest": "d"}'
    values = {"reason": {"words": {"type": "plain_text_input", "value": "no"}}}
    view = {"callback_id": "deny_call", "private_metadata": about, "state": {"values": values}}
    payload: dict[str, Any] = {
        "type": "view_submission",
        "user": {"id": user, "team_id": "T0SUPPORT1"},
        "team": {"id": "T0SUPPORT1"},
        "trigger_id": "1.2.abc",
        "view": {"type": "modal", **view},
    }
    return Delivery("interaction", payload)


async def test_a_guests_modal_says_it_in_the_modal(with_guest: FrontDoor) -> None:
    answer = await with_guest.pass_on(submission(JONAS_ID))
    assert GUEST in str(answer.body)


async def test_a_modal_says_so_when_slack_takes_too_long_to_say_who_it_is(door: FrontDoor) -> None:
    door.slack.fail("users.info", delay=2.5)
    answer = await door.pass_on(submission(JONAS_ID))
    assert WHO_IS_IT in str(answer.body)


async def test_a_guests_home_says_it_and_offers_nothing(with_guest: FrontDoor) -> None:
    with_guest.slack.open_home(JONAS_ID)
    await with_guest.open()
    home = with_guest.slack.home(JONAS_ID)
    assert home
    assert GUEST in str(home["blocks"])
    assert "action_id" not in str(home["blocks"])


async def test_a_partners_person_in_app_home_is_told_whom_it_is_for(door: FrontDoor) -> None:
    event = {
        "type": "app_home_opened",
        "user": PETRA.slack_user_id,
        "channel": "D0PETRA001",
        "tab": "home",
    }
    await door.event(event)
    home = door.slack.home(PETRA.slack_user_id)
    assert home is None or STRANGER in str(home["blocks"])


async def test_guests_are_welcome_where_the_deployment_says_so(opening: Opening) -> None:
    door = await opening(guests="on")
    door.slack.make_guest(JONAS_ID)
    door.mention(JONAS, SUPPORT, "how many?")
    await door.open()
    assert [request.user_id for request in await door.requests()] == [JONAS_ID]
    assert door.told(JONAS) == []


async def test_who_becomes_a_member_again_is_served_at_once(with_guest: FrontDoor) -> None:
    with_guest.mention(JONAS, SUPPORT, "how many?")
    await with_guest.open()
    with_guest.slack.make_guest(JONAS_ID, None)
    await with_guest.open()
    with_guest.mention(JONAS, SUPPORT, "and now?")
    await with_guest.open()
    assert [request.text for request in await with_guest.requests()] == ["and now?"]


async def test_bots_are_answered_with_silence(door: FrontDoor) -> None:
    other = "U0OTHERBOT"
    event = {
        "type": "message",
        "channel": SUPPORT,
        "channel_type": "channel",
        "user": other,
        "text": f"<@{door.slack.bot_user_id}> beep",
        "ts": "1800000000.000100",
    }
    await door.event(event, SUPPORT)
    assert await door.requests() == []
    assert door.slack.calls_to("users.info"), "no bot_id gave it away"
    assert not door.slack.calls_to("chat.postEphemeral")
    assert not door.slack.calls_to("chat.postMessage")


async def test_deactivated_people_get_silence(door: FrontDoor) -> None:
    door.slack.user_change(JONAS_ID)
    door.mention(JONAS, SUPPORT, "how many?")
    door.slack.command(JONAS_ID, SUPPORT, "how many?")
    await door.open()
    assert await door.requests() == []
    assert door.told(JONAS) == []


async def test_without_the_scope_to_look_people_up_nobody_is_served_and_that_is_said(
    opening: Opening, capfd: pytest.CaptureFixture[str]
) -> None:
    door = await opening(without=("users:read",))
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    assert door.told(MAYA) == [WHO_IS_IT]
    assert await door.requests() == []
    assert "users:read" in "".join(capfd.readouterr())
