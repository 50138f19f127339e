"""Changes wait for their teammate, who approves, edits or denies exactly what is shown, once."""

import json

import pytest
from world import World, identifier

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.intercom import PRIYA_CONVERSATION
from bot.sandbox.people import AISHA, MAYA, TOM, Person
from bot.sandbox.slack import SUPPORT, Message


def note(body: str, **fields: object) -> object:
    return tool_use(
        "intercom_reply_to_conversation",
        {
            "conversation_id": PRIYA_CONVERSATION,
            "message_type": "note",
            "type": "admin",
            "body": f"<p>{body}</p>",
            **fields,
        },
    )


def answer_to(body: str) -> object:
    return note(body, message_type="comment")


def cards(world: World, thread: str, count: int = 1, person: Person = MAYA) -> list[Message]:
    """The messages with buttons in the thread, once there are that many and the run waits."""

    def there() -> list[Message] | None:
        waits = world.slack.session(SUPPORT, thread).lifecycle == "suspended"
        found = [
            m for m in world.answers(SUPPORT, thread) if "approve_call" in json.dumps(m.blocks)
        ]
        return found if waits and len(found) >= count else None

    return world.slack.wait(there, what=f"{count} cards")


def press(world: World, person: Person, card: Message, action: str) -> None:
    world.slack.click(person.slack_user_id, card.channel, card.ts, action)


def modal(world: World, person: Person) -> dict[str, object]:
    return world.slack.wait(lambda: world.slack.views(person.slack_user_id), what="a modal")[-1]


def text_of(world: World, card: Message) -> str:
    [now] = [m for m in world.slack.thread(card.channel, str(card.thread_ts)) if m.ts == card.ts]
    return json.dumps(now.blocks, ensure_ascii=False)


def told_claude(world: World, when: str) -> str:
    return json.dumps(world.asked_of_claude(when)[-1]["messages"], ensure_ascii=False)


def ask(world: World, when: str, *replies: object, person: Person = MAYA) -> str:
    world.connect(person)
    world.claude.script(*replies, when=when)  # type: ignore[arg-type]
    return world.mention(person, when)


def test_a_change_is_shown_in_words_and_runs_once_approved(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    thread = ask(
        world,
        "approve-1",
        reply("Drafted.", answer_to("We <b>refunded</b> it &amp; more.")),
        reply("Sent."),
    )
    [card] = cards(world, thread)
    shown = text_of(world, card)
    assert "Reply to the customer in “Double charge on invoice INV-2041” with Priya" in shown
    assert "We refunded it & more." in shown
    assert "The customer gets this." in shown
    assert "Signed as Maya Lindqvist in Northwind" in shown
    assert f"/conversation/{PRIYA_CONVERSATION}|Open in Intercom" in shown
    assert len(world.intercom.writes) == writes
    press(world, MAYA, card, "approve_call")
    answers = world.ended(SUPPORT, thread, answers=3)
    assert "Sent." in answers[-1].plain
    assert [task.status for task in answers[-1].tasks] == ["complete"]
    assert len(world.intercom.writes) == writes + 1
    assert world.intercom.writes[-1].signed_as == MAYA.intercom_admin_id
    shown = text_of(world, card)
    assert f"Approved by <@{MAYA.slack_user_id}>" in shown
    assert "approve_call" not in shown


def test_only_its_teammate_decides_and_only_once(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    world.connect(TOM)
    thread = ask(world, "approve-2", reply(note("Mine.")), reply("Done."))
    [card] = cards(world, thread)
    for action in ("approve_call", "edit_call", "deny_call"):
        told = len(world.private(TOM, "Only <@U0MAYA0001> can decide"))
        press(world, TOM, card, action)
        world.slack.wait(
            lambda told=told: len(world.private(TOM, "Only <@U0MAYA0001> can decide")) > told,
            what="the private word",
        )
    assert world.slack.views(TOM.slack_user_id) == []
    assert len(world.intercom.writes) == writes
    for _ in range(4):
        press(world, MAYA, card, "approve_call")
    world.ended(SUPPORT, thread, answers=2)
    world.slack.wait(lambda: world.private(MAYA, "decided already"), what="the private word")
    assert len(world.intercom.writes) == writes + 1


def test_what_was_edited_is_what_runs_and_claude_learns_it(strict_world: World) -> None:
    world = strict_world
    thread = ask(world, "edit-1", reply(answer_to("We refunded 20 dollars.")), reply("Sent."))
    [card] = cards(world, thread)
    press(world, MAYA, card, "edit_call")
    view = modal(world, MAYA)
    new = "We refunded *30* dollars.\n<b>Sorry</b>\n\nMaya"
    world.slack.submit_view(MAYA.slack_user_id, str(view["id"]), {"body": {"body": new}})
    world.ended(SUPPORT, thread, answers=2)
    body = world.intercom.conversation(PRIYA_CONVERSATION)["conversation_parts"]
    last = body["conversation_parts"][-1]["body"]
    assert last == "<p>We refunded *30* dollars.<br>&lt;b&gt;Sorry&lt;/b&gt;</p><p>Maya</p>"
    told = told_claude(world, "edit-1")
    assert "The teammate edited this call" in told
    assert "We refunded *30* dollars." in told
    assert "Edited and approved by" in text_of(world, card)
    assert world.slack.views(MAYA.slack_user_id) == []


def test_denied_with_a_reason(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    thread = ask(world, "deny-1", reply(note("Nope.")), reply("Understood."))
    [card] = cards(world, thread)
    press(world, MAYA, card, "deny_call")
    view = modal(world, MAYA)
    reason = {"reason": {"reason": "Too harsh, soften it"}}
    world.slack.submit_view(MAYA.slack_user_id, str(view["id"]), reason)
    assert "Understood." in world.ended(SUPPORT, thread, answers=2)[-1].plain
    assert len(world.intercom.writes) == writes
    assert "Too harsh, soften it" in told_claude(world, "deny-1")
    assert "Denied by" in text_of(world, card)


def test_a_reason_is_optional(strict_world: World) -> None:
    world = strict_world
    thread = ask(world, "deny-2", reply(note("Nope.")), reply("All right."))
    [card] = cards(world, thread)
    press(world, MAYA, card, "deny_call")
    world.slack.submit_view(MAYA.slack_user_id, str(modal(world, MAYA)["id"]), {})
    assert "All right." in world.ended(SUPPORT, thread, answers=2)[-1].plain


def test_several_alike_are_approved_at_once_in_claudes_order(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    calls = [note(f"Number {number}.") for number in range(3)]
    read = tool_use("intercom_list_tags", {})
    thread = ask(world, "alike-1", reply(read, *calls), reply("All three."))
    shown = cards(world, thread, 3)
    assert ["Approve all 3 alike" in json.dumps(m.blocks) for m in shown] == [False, False, True]
    listed = [task for m in world.answers(SUPPORT, thread) for task in m.tasks]
    assert [task.status for task in listed] == ["complete"]
    press(world, MAYA, shown[2], "approve_alike")
    world.ended(SUPPORT, thread, answers=5)
    new = world.intercom.writes[writes:]
    parts = world.intercom.conversation(PRIYA_CONVERSATION)["conversation_parts"]
    bodies = [part["body"] for part in parts["conversation_parts"]][-3:]
    assert bodies == [f"<p>Number {number}.</p>" for number in range(3)]
    assert len(new) == 3


def test_the_first_runs_while_the_second_still_waits(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    thread = ask(world, "order-1", reply(note("One."), note("Two.")), reply("Both."))
    first, second = cards(world, thread, 2)
    press(world, MAYA, second, "approve_call")
    world.slack.wait(lambda: "Approved by" in text_of(world, second), what="the second's card")
    assert len(world.intercom.writes) == writes
    press(world, MAYA, first, "approve_call")
    world.ended(SUPPORT, thread, answers=3)
    assert len(world.intercom.writes) == writes + 2


def test_who_types_instead_is_heard_and_nothing_runs(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    thread = ask(world, "typed-1", reply(note("Old.")), reply("Never mind then."))
    [card] = cards(world, thread)
    world.mention(MAYA, "forget it, who is on duty?", thread=thread)
    assert "Never mind then." in world.ended(SUPPORT, thread, answers=2)[-1].plain
    assert len(world.intercom.writes) == writes
    told = told_claude(world, "typed-1")
    assert "the teammate wrote what follows" in told
    assert "forget it, who is on duty?" in told
    assert "you wrote instead" in text_of(world, card)
    press_gone = "approve_call" not in text_of(world, card)
    assert press_gone


def test_stop_ends_what_waits(strict_world: World) -> None:
    world = strict_world
    thread = ask(world, "stop-waiting", reply(note("Waits.")))
    [card] = cards(world, thread)
    world.slack.post(MAYA.slack_user_id, SUPPORT, "stop", thread_ts=thread)
    answers = world.ended(SUPPORT, thread, answers=2)
    assert "Stopped" in answers[-1].plain
    assert "Not run" in answers[-1].plain
    assert "approve_call" not in text_of(world, card)
    assert len(world.asked_of_claude("stop-waiting")) == 1


def test_it_waits_without_a_worker_and_through_a_restart(strict_fresh_world: World) -> None:
    world = strict_fresh_world
    thread = ask(world, "restart-1", reply(note("Later.")), reply("After the restart."))
    [card] = cards(world, thread)
    world.bot.workers[0].kill()
    press(world, MAYA, card, "approve_call")
    world.bot.start_worker()
    assert "After the restart." in world.ended(SUPPORT, thread, answers=2)[-1].plain
    assert len(world.intercom.writes) == 1


def test_what_nobody_approves_expires(impatient_world: World) -> None:
    world = impatient_world
    world.connect(MAYA)
    world.prefer(MAYA, "writes")
    thread = ask(world, "expires-1", reply(note("Too late.")), reply("It was not approved."))
    answers = world.ended(SUPPORT, thread, answers=2)
    assert "It was not approved." in answers[-1].plain
    assert "nobody approved it in time" in told_claude(world, "expires-1")
    assert "Not approved in time" in text_of(world, answers[0])
    assert world.intercom.writes == []


def test_the_teammates_own_stricter_preference_holds(world: World) -> None:
    world.connect(AISHA)
    world.prefer(AISHA, "destructive")
    writes = len(world.intercom.writes)
    thread = ask(
        world, "prefer-1", reply(note("Runs."), answer_to("Waits.")), reply("Ok."), person=AISHA
    )
    [card] = cards(world, thread)
    assert len(world.intercom.writes) == writes + 1
    press(world, AISHA, card, "approve_call")
    world.ended(SUPPORT, thread, answers=2)
    assert len(world.intercom.writes) == writes + 2
    world.prefer(AISHA, "deployment")


HOSTILE = [
    pytest.param({"identifier": "slack:T0SUPPORT1:U0TOM00001"}, id="another identifier"),
    pytest.param({"type": "user"}, id="the customer's own voice"),
    pytest.param({"message_type": "shout"}, id="malformed input"),
]


@pytest.mark.parametrize("fields", HOSTILE)
def test_hostile_input_never_gets_as_far_as_a_card(
    strict_world: World, fields: dict[str, object]
) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    when = f"hostile-{'-'.join(fields)}"
    thread = ask(world, when, reply(note("Mine!", **fields)), reply("I could not."))
    answers = world.ended(SUPPORT, thread)
    assert "I could not." in answers[-1].plain
    assert [task.status for task in answers[0].tasks] == ["error"]
    assert len(world.intercom.writes) == writes


def test_another_admins_id_is_nobodys_name(strict_world: World) -> None:
    world = strict_world
    thread = ask(
        world, "hostile-admin", reply(note("Mine!", admin_id=TOM.intercom_admin_id)), reply("Ok.")
    )
    [card] = cards(world, thread)
    assert str(TOM.intercom_admin_id) not in text_of(world, card)
    press(world, MAYA, card, "approve_call")
    world.ended(SUPPORT, thread, answers=2)
    assert world.intercom.writes[-1].signed_as == MAYA.intercom_admin_id


def test_an_unknown_tool_and_the_same_write_twice(strict_world: World) -> None:
    world = strict_world
    writes = len(world.intercom.writes)
    unknown = tool_use("intercom_wipe_everything", {})
    thread = ask(
        world,
        "twice-1",
        reply(unknown, note("Same."), note("Same.")),
        reply(note("Same.")),
        reply("Ok."),
    )
    [card] = cards(world, thread)
    press(world, MAYA, card, "approve_call")
    world.ended(SUPPORT, thread, answers=2)
    assert len(world.intercom.writes) == writes + 1
    assert "the very same change was made" in told_claude(world, "twice-1")
    assert "There is no tool named 'intercom_wipe_everything'" in told_claude(world, "twice-1")


def test_every_write_is_in_the_audit(strict_world: World) -> None:
    world = strict_world
    thread = ask(world, "audit-1", reply(note("For the record.")), reply("Ok."))
    [card] = cards(world, thread)
    press(world, MAYA, card, "approve_call")
    world.ended(SUPPORT, thread, answers=2)
    entry = world.audit()[-1]
    assert entry["what"] == "write"
    assert entry["tool"] == "intercom_reply_to_conversation"
    assert entry["thread_ts"] == thread
    assert entry["admin"] == f"Maya Lindqvist ({MAYA.intercom_admin_id})"
    assert "For the record." in entry["readable"]
    assert (entry["decision"], entry["decided_by"]) == ("approved", MAYA.slack_user_id)
    assert entry["decided_at"]
    assert entry["outcome"] == "done"
    assert len(entry["input_hash"]) == 64
    assert entry["identifier"] == identifier(MAYA)


def test_a_customers_orders_end_at_the_teammate(strict_world: World) -> None:
    world = strict_world
    contact = next(iter(world.intercom.contacts))
    read = tool_use("intercom_retrieve_conversation", {"conversation_id": PRIYA_CONVERSATION})
    obeyed = tool_use("intercom_delete_contact", {"contact_id": contact})
    writes = len(world.intercom.writes)
    thread = ask(
        world, "obeys-1", reply(read), reply("As the customer says:", obeyed), reply("No.")
    )
    [card] = cards(world, thread)
    assert "Delete the contact" in text_of(world, card)
    assert "This can't be undone." in text_of(world, card)
    assert len(world.intercom.writes) == writes
    press(world, MAYA, card, "deny_call")
    world.slack.submit_view(MAYA.slack_user_id, str(modal(world, MAYA)["id"]), {})
    world.ended(SUPPORT, thread, answers=2)
    assert len(world.intercom.writes) == writes
    assert contact in world.intercom.contacts
