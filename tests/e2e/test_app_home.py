"""App Home: the connection, what the agent can do, what was asked, what one prefers."""

import json
from collections.abc import Iterator

import pytest
from world import Browser, World, button_link, identifier

from bot.sandbox.claude import reply
from bot.sandbox.people import AISHA, JONAS, MAYA, TOM, Person
from bot.sandbox.processes import RedisServer
from bot.sandbox.slack import SUPPORT


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of these tests' own: App Home shows what people did before."""
    world = World(
        tmp_path_factory.mktemp("home"),
        embedded=not RedisServer.is_installed(),
        settings={"APPROVALS": "off"},
    )
    world.start()
    try:
        yield world
    finally:
        world.stop()


def open_home(world: World, person: Person, text: str) -> str:
    """App Home once it contains this text."""
    world.slack.open_home(person.slack_user_id)
    return world.slack.wait(
        lambda: world.home(person) if text in world.home(person) else None,
        what=f"Home with {text!r}",
    )


def test_a_newcomer_sees_how_to_connect_and_what_to_ask(world: World) -> None:
    home = open_home(world, JONAS, "Connect Intercom")
    assert "signed with your name" in home
    assert "What you ask me shows up here" in home
    assert "What's open?" in home
    assert "Disconnect" not in home
    assert world.scalekit.account(identifier(JONAS)) is None


def test_the_button_opens_the_way_to_intercom_and_home_changes(world: World) -> None:
    world.scalekit.forget_accounts()
    open_home(world, MAYA, "Connect Intercom")
    user = MAYA.slack_user_id
    world.slack.click_home(user, "home_connect")
    [view] = world.slack.wait(lambda: world.slack.views(user), what="the modal")
    link = next(
        element["url"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if "url" in element
    )
    page = Browser().connect(link, MAYA)
    assert "You are connected" in page
    world.slack.close_view(user, view["id"])
    world.slack.wait(lambda: "Connected as *Maya" in world.home(MAYA), what="Home to change")
    home = world.home(MAYA)
    assert "*Conversations*: read and change" in home
    assert "since <!date^" in home


def test_a_trigger_that_came_too_late_falls_back_to_a_direct_message(world: World) -> None:
    world.scalekit.forget_accounts()
    since = world.slack.post(MAYA.slack_user_id, SUPPORT, "hello there")
    open_home(world, MAYA, "Connect Intercom")
    world.slack.fail("views.open", error="expired_trigger_id")
    world.slack.click_home(MAYA.slack_user_id, "home_connect")
    link = button_link(world.connect_button(MAYA, since))
    page = Browser().connect(link, MAYA)
    assert "You are connected" in page


def test_what_one_can_do_comes_from_ones_own_tools(world: World) -> None:
    world.scalekit.forget_accounts()
    world.connect(TOM)
    world.scalekit.allow_only(
        identifier(TOM), ["intercom_identify_admin", "intercom_search_tickets"]
    )
    world.slack.open_home(TOM.slack_user_id)
    world.slack.wait(
        lambda: "*Tickets*: read" in world.home(TOM) and "Conversations*" not in world.home(TOM),
        what="Home with nothing but tickets",
    )


def test_recent_requests_have_their_outcome_and_a_link(world: World) -> None:
    world.connect(TOM)
    world.claude.script(reply("Fine."), when="recent-1")
    thread = world.mention(TOM, "recent-1 <b>& more</b>")
    world.ended(SUPPORT, thread)
    home = open_home(world, TOM, "recent-1")
    link = f"/archives/{SUPPORT}/p{thread.replace('.', '')}"
    assert f"{link}|recent-1 &lt;b&gt;&amp; more&lt;/b&gt;> · *done*" in home


def test_disconnecting_in_home_says_what_remains(world: World) -> None:
    world.connect(TOM)
    world.disconnect(TOM)
    world.slack.wait(lambda: "Connect Intercom" in world.home(TOM), what="Home to change")
    assert world.scalekit.account(identifier(TOM)) is None


def test_approvals_can_be_stricter_never_looser(world: World) -> None:
    world.connect(MAYA)
    home = open_home(world, MAYA, "As set for everybody: Nothing waits")
    assert "Every change" in home
    assert world.preferred(MAYA) == "deployment"
    world.prefer(MAYA, "writes")
    world.prefer(MAYA, "deployment")


def test_nothing_looser_than_the_deployment_is_taken(embedded_world: World) -> None:
    world = embedded_world
    home = open_home(world, MAYA, "As set for everybody: Every change")
    assert "Nothing waits" not in home
    forged = {
        "type": "block_actions",
        "user": {"id": MAYA.slack_user_id, "team_id": MAYA.slack_team_id},
        "team": {"id": MAYA.slack_team_id},
        "trigger_id": "1.2.forged",
        "actions": [
            {
                "type": "static_select",
                "block_id": "b",
                "action_id": "approvals_preference",
                "selected_option": {"value": "off"},
            }
        ],
    }
    published = len(world.slack.calls_to("views.publish"))
    world.slack.deliver(forged, kind="interaction")
    world.slack.wait(
        lambda: len(world.slack.calls_to("views.publish")) > published, what="Home to be published"
    )
    assert world.preferred(MAYA) == "deployment"


def test_an_example_is_asked_in_the_direct_messages(world: World) -> None:
    world.connect(AISHA)
    world.claude.script(reply("Two are open."), when="Which open conversations are unassigned")
    open_home(world, AISHA, "What's open?")
    world.slack.click_home(AISHA.slack_user_id, "example_0", value="0")
    dm = world.slack.dm(AISHA.slack_user_id)
    [question] = world.slack.wait(
        lambda: world.told(AISHA, "Which open conversations are unassigned"), what="the question"
    )
    assert "Two are open." in world.ended(dm, question.ts)[-1].plain
    assert "Two are open." in json.dumps([m.plain for m in world.slack.thread(dm, question.ts)])
