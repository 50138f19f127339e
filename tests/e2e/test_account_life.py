"""An account after it was connected: it is lost, switched, disconnected, or its owner goes."""

import json
import urllib.request
from urllib.error import HTTPError

import pytest
from world import Browser, World, button_link, identifier

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import AISHA, MAYA, TOM, Person
from bot.sandbox.slack import SUPPORT, Message

READ = tool_use("intercom_retrieve_conversation", {"conversation_id": PRIYA_CONVERSATION})
NOTE = tool_use(
    "intercom_reply_to_conversation",
    {
        "conversation_id": PRIYA_CONVERSATION,
        "message_type": "note",
        "type": "admin",
        "body": "<p>Noted.</p>",
    },
)


def waits(world: World, thread: str) -> None:
    session = world.slack.session
    world.slack.wait(
        lambda: session(SUPPORT, thread).lifecycle == "suspended", what="the request to wait"
    )


def private_button(world: World, person: Person, text: str, label: str) -> Message:
    """The latest private message with this text, once it is there and has such a button."""

    def there() -> list[Message]:
        return [m for m in world.private(person, text) if label in json.dumps(m.blocks)]

    return world.slack.wait(there, what=f"a private message with {label}")[-1]


def press(world: World, person: Person, message: Message, action_id: str) -> None:
    world.slack.click(person.slack_user_id, message.channel, message.ts, action_id)


def reconnect(world: World, person: Person, since: str) -> None:
    button = world.connect_button(person, since)
    page = Browser().connect(button_link(button), person)
    assert "You are connected" in page


def test_a_revoked_account_is_reconnected_and_the_run_goes_on(world: World) -> None:
    world.connect(TOM)
    world.claude.script(reply(NOTE), reply("Noted at last."), when="revoked-1")
    world.scalekit.revoke(identifier(TOM))
    writes = len(world.intercom.writes)
    thread = world.mention(TOM, "revoked-1")
    waits(world, thread)
    button = world.connect_button(TOM, thread)
    assert "Reconnect" in json.dumps(button.blocks)
    assert "no longer accepts" in button.plain
    world.slack.wait(lambda: world.private(TOM, "button to reconnect"), what="the pointer")
    assert len(world.intercom.writes) == writes
    reconnect(world, TOM, thread)
    assert "Noted at last." in world.ended(SUPPORT, thread)[-1].plain
    assert len(world.intercom.writes) == writes + 1
    assert world.intercom.writes[-1].signed_as == TOM.intercom_admin_id


@pytest.mark.parametrize("status", ["EXPIRED", "DISCONNECTED"])
def test_an_expired_or_disconnected_account_is_asked_to_reconnect(
    world: World, status: str
) -> None:
    world.connect(TOM)
    world.scalekit.set_status(identifier(TOM), status)  # type: ignore[arg-type]
    world.claude.script(reply("Back."), when=f"lost-{status}")
    thread = world.mention(TOM, f"lost-{status}")
    waits(world, thread)
    assert "Reconnect" in json.dumps(world.connect_button(TOM, thread).blocks)
    world.slack.command(TOM.slack_user_id, SUPPORT, "status")
    world.slack.wait(lambda: world.private(TOM, "was revoked or has expired"), what="the status")
    reconnect(world, TOM, thread)
    assert "Back." in world.ended(SUPPORT, thread)[-1].plain


def test_another_intercom_account_sees_nothing_of_the_former(world: World) -> None:
    world.connect(TOM)
    world.claude.script(reply(READ), reply("Read with the first account."), when="switch-1")
    thread = world.mention(TOM, "switch-1")
    world.ended(SUPPORT, thread)
    world.scalekit.connect(identifier(TOM), str(AISHA.intercom_admin_id))
    world.scalekit.set_status(identifier(TOM), "EXPIRED")
    world.claude.script(reply("Afresh."), when="switch-2")
    world.mention(TOM, "switch-2", thread=thread)
    waits(world, thread)
    button = world.connect_button(TOM, thread)
    page = Browser().connect(button_link(button), TOM, AISHA)
    assert "You are connected" in page
    world.ended(SUPPORT, thread, answers=2)
    body = world.asked_of_claude("switch-2")[-1]
    assert "switch-1" not in json.dumps(body["messages"])
    assert "Aisha Rahman" in json.dumps(body["system"])
    world.disconnect(TOM)


def test_a_missing_permission_is_named_and_not_taken_for_a_lost_account(world: World) -> None:
    world.connect(TOM)
    world.scalekit.fail(
        "intercom_retrieve_conversation", status=403, tool_error_code="action_forbidden"
    )
    world.claude.script(reply(READ), reply("It is not permitted."), when="forbidden-1")
    thread = world.mention(TOM, "forbidden-1")
    [answer] = world.ended(SUPPORT, thread)
    [card] = answer.tasks
    assert "“Read conversations” is missing in Intercom's Developer Hub" in str(card.output)
    told = json.dumps(world.asked_of_claude("forbidden-1")[-1]["messages"], ensure_ascii=False)
    assert "“Read conversations” is not ticked" in told
    world.connect(AISHA)
    world.disconnect(AISHA)
    world.scalekit.fail("intercom_identify_admin", status=403, tool_error_code="action_forbidden")
    world.scalekit.connect(identifier(AISHA), str(AISHA.intercom_admin_id))
    thread = world.mention(AISHA, "forbidden-2")
    assert "“Read admins” is missing" in world.ended(SUPPORT, thread)[-1].plain
    for person in (TOM, AISHA):
        assert not [m for m in world.told(person, "onnect Intercom") if m.ts > thread]


def test_requests_that_nobody_connects_for_expire_and_say_so(impatient_world: World) -> None:
    world = impatient_world
    thread = world.mention(MAYA, "too late")
    [answer] = world.ended(SUPPORT, thread)
    assert "this one has expired" in answer.plain
    assert "Nothing was changed in Intercom" in answer.plain
    world.slack.open_home(MAYA.slack_user_id)
    world.slack.wait(lambda: "*expired*" in world.home(MAYA), what="Home to say so")
    world.connect(MAYA)
    world.claude.script(reply("In time."), when="in time")
    thread = world.mention(MAYA, "in time")
    assert "In time." in world.ended(SUPPORT, thread)[-1].plain
    assert world.asked_of_claude("too late") == []


def test_status_says_as_whom_where_since_when_and_what_one_may_do(world: World) -> None:
    world.scalekit.forget_accounts()
    since = world.slack.post(MAYA.slack_user_id, SUPPORT, "hello")
    world.slack.command(MAYA.slack_user_id, SUPPORT, "status")
    world.slack.wait(lambda: world.private(MAYA, "is not connected"), what="the first status")
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    reconnect(world, MAYA, since)
    world.scalekit.allow_only(
        identifier(MAYA), ["intercom_identify_admin", "intercom_search_conversations"]
    )
    world.slack.command(MAYA.slack_user_id, SUPPORT, "status")
    [status] = world.slack.wait(lambda: world.private(MAYA, "What I may do"), what="the status")
    assert "Connected as *Maya Lindqvist* in *Northwind*" in status.plain
    assert "maya@northwind.example" in status.plain
    assert "region US" in status.plain
    assert "since <!date^" in status.plain
    assert "*Conversations*: read\n" in status.plain
    assert "Tickets" not in status.plain


def test_disconnecting_asks_first_then_deletes_and_ends_what_waits(world: World) -> None:
    world.connect(MAYA)
    user = MAYA.slack_user_id
    world.slack.command(user, SUPPORT, "disconnect")
    question = private_button(world, MAYA, "Disconnect *Maya Lindqvist*", "Keep it")
    press(world, MAYA, question, "keep_connection")
    world.slack.wait(lambda: world.private(MAYA, "All stays as it is"), what="that it stays")
    assert world.scalekit.account(identifier(MAYA))

    world.scalekit.set_status(identifier(MAYA), "EXPIRED")
    thread = world.mention(MAYA, "disconnect-waits")
    waits(world, thread)
    world.mention(MAYA, "and this as well", thread=thread)
    world.slack.wait(lambda: world.private(MAYA, "I'm still waiting"), what="the reminder")
    world.slack.command(user, SUPPORT, "disconnect")
    question = private_button(world, MAYA, "Disconnect *", "Keep it")
    press(world, MAYA, question, "disconnect_intercom")
    world.slack.wait(lambda: world.private(MAYA, "What remains"), what="what remains")
    assert world.scalekit.account(identifier(MAYA)) is None
    [answer] = world.ended(SUPPORT, thread)
    assert "since you disconnected Intercom" in answer.plain
    assert world.asked_of_claude("disconnect-waits") == []
    if world.redis:
        assert world.keys_with(f"tools:{identifier(MAYA)}") == []
        assert world.keys_with(f"waiting:{identifier(MAYA)}") == []
        assert world.audit()[-1]["what"] == "disconnected"
    world.slack.command(user, SUPPORT, "status")
    world.slack.wait(
        lambda: world.private(MAYA, "is not connected")[-1].ts > answer.ts, what="the status"
    )


def test_forget_erases_the_conversations(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("I remember."), when="forget-1")
    thread = world.mention(MAYA, "forget-1")
    world.ended(SUPPORT, thread)
    world.slack.command(MAYA.slack_user_id, SUPPORT, "forget")
    world.slack.wait(lambda: world.private(MAYA, "I have forgotten"), what="the answer")
    world.claude.script(reply("Who are you?"), when="forget-2")
    world.mention(MAYA, "forget-2", thread=thread)
    world.ended(SUPPORT, thread, answers=2)
    assert "forget-1" not in json.dumps(world.asked_of_claude("forget-2")[-1]["messages"])
    if world.redis:
        conversation = f"T0SUPPORT1:{SUPPORT}:{thread}:{MAYA.slack_user_id}"
        assert f"messages:{conversation}" in world.keys_with(conversation)


def test_scalekits_webhook_tells_before_the_next_request_fails(world: World) -> None:
    since = world.slack.post(MAYA.slack_user_id, SUPPORT, "hello again")
    world.scalekit.forget_accounts()
    world.slack.command(MAYA.slack_user_id, SUPPORT, "connect")
    reconnect(world, MAYA, since)
    asked = world.slack.post(MAYA.slack_user_id, SUPPORT, "all is well")
    url = f"{world.sandbox.public_url}/scalekit/webhooks"
    world.scalekit.set_status(identifier(MAYA), "EXPIRED")
    assert world.scalekit.deliver_status_webhook(url, identifier(MAYA)) == 200
    assert "Reconnect" in json.dumps(world.connect_button(MAYA, asked).blocks)
    world.slack.wait(lambda: "Reconnect Intercom" in world.home(MAYA), what="Home to say so")
    assert world.scalekit.deliver_status_webhook(url, identifier(MAYA)) == 200
    world.connect(MAYA)
    told = len(world.told(MAYA, "Reconnect your Intercom"))
    assert world.scalekit.deliver_status_webhook(url, identifier(MAYA), "EXPIRED") == 200
    world.slack.wait(lambda: "Connected as *Maya" in world.home(MAYA), what="Home to change back")
    assert len(world.told(MAYA, "Reconnect your Intercom")) == told


def test_a_webhook_that_is_not_scalekits_is_refused(world: World) -> None:
    world.connect(MAYA)
    headers, body = world.scalekit.status_webhook(identifier(MAYA), "ACTIVE")
    url = f"{world.sandbox.public_url}/scalekit/webhooks"
    forged = {
        "no signature": {},
        "another body": {**headers, "webhook-signature": "v1,AAAA"},
        "too old": {**headers, "webhook-timestamp": "1700000000"},
        "no time": {**headers, "webhook-timestamp": "soon"},
    }
    for name, given in forged.items():
        request = urllib.request.Request(url, data=body, headers=given, method="POST")
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 401, name


def left(world: World, person: Person) -> bool:
    account = world.scalekit.account(identifier(person))
    kept = world.keys_with(person.slack_user_id) if world.redis else []
    engines_own = ("seen:", "intercom-agent:")
    return account is None and not [key for key in kept if not key.startswith(engines_own)]


def test_who_leaves_takes_everything_along(fresh_world: World) -> None:
    world = fresh_world
    world.connect(MAYA)
    world.claude.script(reply("Hello."), when="leaving-1")
    world.ended(SUPPORT, world.mention(MAYA, "leaving-1"))
    waiting = world.mention(TOM, "leaving-2")
    waits(world, waiting)
    world.connect(AISHA)
    world.slack.user_change(MAYA.slack_user_id, deleted=False)
    world.slack.user_change(TOM.slack_user_id)
    world.slack.wait(lambda: left(world, TOM), what="Tom's things to go")
    assert world.scalekit.account(identifier(MAYA))
    assert world.keys_with(identifier(MAYA))
    last = world.audit()[-1]
    assert (last["what"], last["identifier"]) == ("left", identifier(TOM))


@pytest.mark.parametrize("how", ["app_uninstalled", "tokens_revoked"])
def test_an_uninstalled_app_keeps_nothing_of_anybody(fresh_world: World, how: str) -> None:
    world = fresh_world
    waiting = [world.mention(person, "uninstalled") for person in (MAYA, TOM)]
    for thread in waiting:
        waits(world, thread)
    since = world.slack.post(AISHA.slack_user_id, SUPPORT, "me too")
    world.slack.command(AISHA.slack_user_id, SUPPORT, "connect")
    reconnect(world, AISHA, since)
    world.slack.wait(lambda: world.told(AISHA, "Connected as *Aisha"), what="the news")
    getattr(world.slack, how)()
    for person in (MAYA, TOM, AISHA):
        world.slack.wait(lambda person=person: left(world, person), what=f"{person.name} to go")
