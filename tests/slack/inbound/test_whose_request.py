"""Whose request it is: the user, with the workspace that the app is installed in, whatever team
stands around it. Both ways round: our people in a partner's channel, the partner's in ours."""

from typing import Any

import pytest
from front_door import FrontDoor

from bot.accounts.identity import SlackUser
from bot.sandbox.people import (
    MAYA,
    OTHER_ENTERPRISE_ID,
    OTHER_TEAM_ID,
    PETRA,
    TEAM_ID,
    TOM,
    Person,
)
from bot.sandbox.slack import BOT_USER_ID, HOSTED, SHARED, SUPPORT, Delivery
from bot.slack.api.cache import Cache
from bot.slack.api.workspace import ID, KEPT, KIND, Workspace
from bot.slack.messages import CONTRADICTION, STRANGER

MAYA_ID, TOM_ID, PETRA_ID = MAYA.slack_user_id, TOM.slack_user_id, PETRA.slack_user_id
OURS = f"slack:{TEAM_ID}:{MAYA_ID}"
GRID = "E0NORTHWIND"


async def identifiers(door: FrontDoor) -> list[str]:
    return [SlackUser.of(request).identifier for request in await door.requests()]


async def nothing(door: FrontDoor) -> None:
    """Nothing was taken in, and nobody is remembered."""
    assert await door.requests() == []
    assert await door.keys("conversation:*") == []
    for key in await door.keys("conversations:*"):
        assert await door.services.store.conversations(key.partition(":")[2]) == []


def mention(text: str = "how many?", user: str = MAYA_ID, **more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": SUPPORT,
        "channel_type": "channel",
        "user": user,
        "text": f"<@{BOT_USER_ID}> {text}",
        "ts": "1800000000.000100",
        **more,
    }


async def test_our_person_in_a_channel_that_a_partner_hosts_is_served_as_ours(
    door: FrontDoor,
) -> None:
    door.mention(MAYA, HOSTED, "how many?")
    outer = door.slack.deliveries[-1].payload
    assert (outer["team_id"], outer["enterprise_id"]) == (OTHER_TEAM_ID, OTHER_ENTERPRISE_ID)
    await door.open()
    assert await identifiers(door) == [OURS]
    [request] = await door.requests()
    assert request.is_direct


@pytest.mark.parametrize("channel", [HOSTED, SHARED])
async def test_a_partners_person_is_turned_away_kindly_in_their_channel_and_in_ours(
    door: FrontDoor, channel: str
) -> None:
    root = door.mention(PETRA, channel, "how many?")
    await door.open()
    door.slack.post(PETRA_ID, channel, "and yesterday?", thread_ts=root)
    await door.open()
    assert door.told(PETRA) == [STRANGER]
    await nothing(door)
    assert not [m for m in door.slack.messages(channel) if m.user == BOT_USER_ID]


async def test_it_holds_for_a_second_mention_too_when_slack_need_not_be_asked(
    door: FrontDoor,
) -> None:
    for number in (1, 2):
        door.mention(PETRA, HOSTED, f"question {number}")
        await door.open()
    assert door.told(PETRA) == [STRANGER, STRANGER]
    await nothing(door)


@pytest.mark.parametrize(
    "said",
    [{}, {"team": TEAM_ID}, {"team": OTHER_TEAM_ID}, {"user_team": OTHER_TEAM_ID}],
    ids=["nothing", "ours", "theirs", "user_team"],
)
async def test_whoever_names_no_team_is_looked_up(door: FrontDoor, said: dict[str, str]) -> None:
    await door.event(mention(user=PETRA_ID, **said), SHARED)
    await nothing(door)
    assert door.slack.calls_to("users.info")


@pytest.mark.parametrize(
    "around",
    [
        {"team_id": OTHER_TEAM_ID, "enterprise_id": OTHER_ENTERPRISE_ID},
        {"team_id": None, "context_team_id": None},
        {"authorizations": []},
        {"enterprise_id": OTHER_ENTERPRISE_ID},
    ],
    ids=["outer ids", "no team but the authorization's", "only the context", "outer enterprise"],
)
async def test_what_stands_around_an_event_renames_nobody(
    door: FrontDoor, around: dict[str, Any]
) -> None:
    await door.event(mention(), SUPPORT, **around)
    assert await identifiers(door) == [OURS]


def authorization(**changed: Any) -> dict[str, Any]:
    return {"team_id": TEAM_ID, "enterprise_id": None, "user_id": BOT_USER_ID, "is_bot": True} | (
        changed
    )


@pytest.mark.parametrize(
    "around",
    [
        {"context_team_id": OTHER_TEAM_ID},
        {"context_enterprise_id": OTHER_ENTERPRISE_ID},
        {"authorizations": [authorization(team_id=OTHER_TEAM_ID)]},
        {"authorizations": [], "context_team_id": None},
        {"authorizations": [authorization(team_id=None)], "context_team_id": None},
    ],
    ids=["team", "enterprise", "authorization", "none at all", "empty"],
)
async def test_an_event_that_contradicts_itself_is_refused(
    door: FrontDoor, around: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    await door.event(mention(), SUPPORT, **around)
    await nothing(door)
    assert "event_refused" in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"team_id": OTHER_TEAM_ID, "enterprise_id": None},
        {"team_id": TEAM_ID, "enterprise_id": OTHER_ENTERPRISE_ID},
    ],
    ids=["team", "enterprise"],
)
async def test_an_event_for_another_installation_is_refused(
    door: FrontDoor, elsewhere: dict[str, Any]
) -> None:
    context = {f"context_{name}": value for name, value in elsewhere.items()}
    await door.event(mention(), SUPPORT, authorizations=[authorization(**elsewhere)], **context)
    await nothing(door)
    assert door.told(MAYA) == [CONTRADICTION]


async def test_a_member_whom_the_event_gives_to_others_is_refused(door: FrontDoor) -> None:
    await door.event(mention(user_team=OTHER_TEAM_ID), SUPPORT)
    await nothing(door)
    assert door.told(MAYA) == [CONTRADICTION]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"team_id": OTHER_TEAM_ID}, CONTRADICTION),
        ({"enterprise_id": OTHER_ENTERPRISE_ID}, CONTRADICTION),
        ({"user_id": PETRA_ID}, STRANGER),
        ({"user_id": PETRA_ID, "team_id": OTHER_TEAM_ID}, STRANGER),
    ],
)
async def test_a_command_with_a_partners_ids_is_refused(
    door: FrontDoor, said: dict[str, str], words: str
) -> None:
    command = door.slack.command(MAYA_ID, HOSTED, "how many?")
    await door.pass_on(Delivery("command", {**command.payload, **said}))
    await door.work()
    assert door.told(MAYA) == [words]
    await nothing(door)


async def test_help_is_not_for_a_partners_person(door: FrontDoor) -> None:
    command = door.slack.command(MAYA_ID, HOSTED, "help")
    answer = await door.pass_on(Delivery("command", {**command.payload, "user_id": PETRA_ID}))
    assert answer.body == STRANGER


async def a_button(door: FrontDoor, channel: str) -> str:
    button = {
        "type": "button",
        "action_id": "disconnect_intercom",
        "text": {"type": "plain_text", "text": "Disconnect"},
    }
    posted = await door.services.slack.chat_postMessage(
        channel=channel, text="A card", blocks=[{"type": "actions", "elements": [button]}]
    )
    return str(posted["ts"])


async def press(door: FrontDoor, person: Person, channel: str, **changed: Any) -> None:
    ts = await a_button(door, channel)
    pressed = door.slack.click(person.slack_user_id, channel, ts, "disconnect_intercom")
    await door.pass_on(Delivery("interaction", {**pressed.payload, **changed}))
    await door.work()


@pytest.mark.parametrize("channel", [HOSTED, SHARED])
async def test_a_partners_press_is_turned_away(door: FrontDoor, channel: str) -> None:
    await press(door, PETRA, channel)
    assert door.told(PETRA) == [STRANGER]
    assert await door.keys("audit") == []


@pytest.mark.parametrize(
    "changed",
    [
        {"team": {"id": OTHER_TEAM_ID}},
        {"enterprise": {"id": OTHER_ENTERPRISE_ID}},
        {"user": {"id": MAYA_ID, "team_id": OTHER_TEAM_ID}},
    ],
    ids=["team", "enterprise", "user"],
)
async def test_a_press_that_contradicts_itself_is_refused(
    door: FrontDoor, changed: dict[str, Any]
) -> None:
    await press(door, MAYA, HOSTED, **changed)
    assert door.told(MAYA) == [CONTRADICTION]
    assert await door.keys("audit") == []


@pytest.mark.parametrize(
    ("user", "team", "installed", "words"),
    [
        (PETRA_ID, OTHER_TEAM_ID, TEAM_ID, STRANGER),
        (PETRA_ID, TEAM_ID, TEAM_ID, STRANGER),
        (MAYA_ID, OTHER_TEAM_ID, TEAM_ID, CONTRADICTION),
        (MAYA_ID, TEAM_ID, OTHER_TEAM_ID, CONTRADICTION),
    ],
)
async def test_a_modal_with_a_partners_ids_is_refused_in_it(
    door: FrontDoor, user: str, team: str, installed: str, words: str
) -> None:
    answer = await door.pass_on(Delivery("interaction", submission(user, team, installed)))
    assert words in str(answer.body)
    assert '"response_action": "errors"' in str(answer.body)


def submission(user: str, team: str, installed: str) -> dict[str, Any]:
    """The form in which the reason for a denial is given, as it is sent."""
    about = '{"channel_id": "C1", "thread_ts": "1.1", "call_id": "c", "digest": "d"}'
    return {
        "type": "view_submission",
        "user": {"id": user, "team_id": team},
        "team": {"id": team},
        "enterprise": None,
        "trigger_id": "1.2.abc",
        "view": {
            "type": "modal",
            "callback_id": "deny_call",
            "app_installed_team_id": installed,
            "private_metadata": about,
            "state": {"values": {"reason": {"words": {"type": "plain_text_input", "value": "no"}}}},
        },
    }


async def in_grid(door: FrontDoor) -> None:
    """Our workspace belongs to an organization."""
    cache = Cache(door.services.docket, door.slack.bot_token)
    own = Workspace(team_id=TEAM_ID, enterprise_id=GRID, user_id=BOT_USER_ID)
    await cache.put(KIND, ID, own, KEPT)


async def test_in_an_organization_events_and_commands_come_to_one_identifier(
    door: FrontDoor,
) -> None:
    await in_grid(door)
    await door.event(
        mention(user_team=GRID),
        SUPPORT,
        team_id=OTHER_TEAM_ID,
        enterprise_id=OTHER_ENTERPRISE_ID,
        context_enterprise_id=GRID,
        authorizations=[authorization(enterprise_id=GRID)],
    )
    command = door.slack.command(MAYA_ID, SUPPORT, "how many?")
    await door.pass_on(Delivery("command", {**command.payload, "enterprise_id": GRID}))
    await door.work()
    assert await identifiers(door) == [f"slack:{GRID}:{MAYA_ID}"] * 2


async def test_a_workspace_that_has_joined_an_organization_is_asked_about_anew(
    door: FrontDoor,
) -> None:
    await in_grid(door)
    door.mention(MAYA, SUPPORT, "how many?")
    await door.open()
    assert await identifiers(door) == [OURS], "the sandbox has no organization: auth.test says so"


async def test_the_bot_is_the_authorization_that_is_one(door: FrontDoor) -> None:
    people = authorization(user_id=TOM_ID, is_bot=False)
    await door.event(mention(), SUPPORT, authorizations=[people, authorization()])
    [request] = await door.requests()
    assert request.text == "how many?"


async def test_else_the_token_says_who_the_bot_is_and_that_is_kept(door: FrontDoor) -> None:
    people = [authorization(user_id=TOM_ID, is_bot=False)]
    for number in range(3):
        event = mention(f"question {number}", ts=f"1800000000.00010{number}")
        await door.event(event, SUPPORT, authorizations=people, event_id=f"Ev{number}")
    assert [r.text for r in await door.requests()] == [f"question {n}" for n in range(3)]
    assert len(door.slack.calls_to("auth.test")) == 1
