"""The main job, from a signed Slack payload to the thread: web and worker are processes."""

import json
from typing import Any

from world import Browser, World, button_link, identifier

from bot.sandbox.claude import reply, tool_use
from bot.sandbox.people import AISHA, JONAS, MAYA, PETRA, TOM
from bot.sandbox.slack import BILLING, PRODUCT, SHARED, SUPPORT, Message

OPEN = {"field": "state", "operator": "=", "value": "open"}


def results(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool results in the last message of a request to Claude."""
    content = body["messages"][-1]["content"]
    return [block for block in content if block["type"] == "tool_result"]


def test_a_mention_is_answered_in_its_thread(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Three conversations are open."), when="mention-1")
    ts = world.mention(MAYA, "mention-1: what's open?")
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Three conversations are open."
    [body] = world.asked_of_claude("mention-1")
    assert body["messages"][0]["content"] == "mention-1: what's open?"
    assert MAYA.name in body["system"][0]["text"]
    assert "Europe/Stockholm" in str(body["messages"][1])


def test_a_direct_message_is_answered_in_its_thread(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Hello Maya."), when="dm-1")
    dm = world.slack.dm(MAYA.slack_user_id)
    ts = world.slack.post(MAYA.slack_user_id, dm, "dm-1")
    [answer] = world.ended(dm, ts)
    assert answer.thread_ts == ts
    assert answer.markdown.strip() == "Hello Maya."
    assert world.slack.session(dm, ts).title == "dm-1"


def test_opening_the_pane_asks_nothing_of_slack(world: World) -> None:
    """The manifest has the prompts that it offers."""
    [opened] = world.slack.open_home(AISHA.slack_user_id, "messages")
    assert opened.done.wait(10)
    assert opened.status == 200
    assert len(world.slack.prompts) == 4
    assert world.slack.calls_to("assistant.threads.setSuggestedPrompts") == []


def test_a_command_posts_the_question_and_answers_below_it(world: World) -> None:
    world.connect(TOM)
    world.claude.script(reply("Nothing is open."), when="command-1")
    delivery = world.slack.command(TOM.slack_user_id, SUPPORT, "command-1 <!channel> & more")
    assert delivery.done.wait(10)
    assert delivery.status == 200

    def asked() -> Message | None:
        found = [m for m in world.slack.messages(SUPPORT) if "command-1" in m.text]
        return found[0] if found else None

    question = world.slack.wait(asked, what="the question")
    assert question.user == world.slack.bot_user_id
    assert question.text == f"<@{TOM.slack_user_id}> asked:\n>command-1 &lt;!channel&gt; &amp; more"
    [answer] = world.ended(SUPPORT, question.ts)
    assert answer.markdown.strip() == "Nothing is open."


def test_a_command_where_the_bot_is_not_a_member_says_how_to_invite_it(world: World) -> None:
    world.connect(TOM)
    world.slack.command(TOM.slack_user_id, PRODUCT, "what is open?")
    [note] = world.slack.wait(
        lambda: [m for m in world.slack.ephemerals(TOM.slack_user_id) if m.channel == PRODUCT]
    )
    assert "/invite @Intercom Agent" in note.plain
    assert not [m for m in world.slack.messages(PRODUCT) if m.user == world.slack.bot_user_id]


def test_help_and_status_are_private(world: World) -> None:
    world.connect(AISHA)
    before = len(world.slack.messages(BILLING))
    world.slack.command(AISHA.slack_user_id, BILLING, "help")
    world.slack.command(AISHA.slack_user_id, BILLING, "status")

    def both() -> list[str] | None:
        private = world.slack.ephemerals(AISHA.slack_user_id)
        texts = [m.plain for m in private if m.channel == BILLING]
        return texts if len(texts) >= 2 else None

    texts = world.slack.wait(both)
    assert any("/intercom connect" in text for text in texts)
    assert any("Connected as *Aisha Rahman*" in text for text in texts)
    assert len(world.slack.messages(BILLING)) == before


def test_who_is_not_connected_gets_a_button_and_the_request_goes_on_by_itself(
    world: World,
) -> None:
    world.scalekit.forget_accounts()
    world.claude.script(reply("Now I can see it."), when="connect-1")
    ts = world.mention(MAYA, "connect-1: what's new?")
    dm = world.slack.dm(MAYA.slack_user_id)
    button = world.connect_button(MAYA, ts)
    world.slack.wait(
        lambda: [m for m in world.private(MAYA, "your request is kept") if m.ts > ts],
        what="the pointer",
    )
    assert world.answers(SUPPORT, ts) == []
    assert not world.asked_of_claude("connect-1")

    link = button_link(button)
    page = Browser().connect(link, MAYA)
    assert "You are connected" in page
    [answer] = world.ended(SUPPORT, ts)
    assert answer.markdown.strip() == "Now I can see it."
    account = world.scalekit.account(identifier(MAYA))
    assert account
    assert (account.status, account.admin_id) == ("ACTIVE", MAYA.intercom_admin_id)
    [told] = world.slack.wait(
        lambda: [
            m
            for m in world.slack.messages(dm)
            if m.ts == button.ts and "Connected as *Maya Lindqvist*" in m.plain
        ]
    )
    assert "Connect Intercom" not in told.plain


def test_a_search_and_a_reply_in_two_turns(world: World) -> None:
    world.connect(TOM)
    conversation = next(
        item for item in world.intercom.conversations.values() if item["state"] == "open"
    )
    number = str(conversation["id"])
    writes = len(world.intercom.writes)
    world.claude.script(
        reply(
            "Let me look.",
            tool_use("intercom_search_conversations", {"query": OPEN}, "toolu_search"),
            tool_use("intercom_list_admins", {}, "toolu_admins"),
        ),
        reply(
            tool_use(
                "intercom_reply_to_conversation",
                {
                    "conversation_id": number,
                    "message_type": "comment",
                    "type": "admin",
                    "body": "We are on it.",
                },
                "toolu_reply",
            )
        ),
        reply("I replied."),
        when="search-1",
    )
    ts = world.mention(TOM, "search-1: answer the oldest one")
    [answer] = world.ended(SUPPORT, ts)

    first, second, third = world.asked_of_claude("search-1")
    assert [block["tool_use_id"] for block in results(second)] == ["toolu_search", "toolu_admins"]
    found = json.loads(results(second)[0]["content"])
    assert found["source"] == "Intercom, by intercom_search_conversations"
    assert found["result"]["conversations"]
    assert [block["is_error"] for block in results(third)] == [False]
    assert second["system"] == first["system"]
    assert second["tools"] == first["tools"]
    assert second["messages"][: len(first["messages"])] == first["messages"]

    cards = [(card.title, card.status) for card in answer.tasks]
    assert cards == [
        ("Search conversations: open", "complete"),
        ("List teammates", "complete"),
        (f"Reply to conversation {number}", "complete"),
    ]
    assert answer.markdown.strip().endswith("I replied.")
    [write] = world.intercom.writes[writes:]
    assert (write.admin_id, write.signed_as) == (TOM.intercom_admin_id, TOM.intercom_admin_id)
    assert "We are on it." in str(world.intercom.conversation(number))


def test_a_write_is_signed_by_its_teammate_whatever_claude_writes(world: World) -> None:
    world.connect(AISHA)
    contact = next(iter(world.intercom.contacts))
    writes = len(world.intercom.writes)
    note = {"contact_id": contact, "body": "Called back.", "admin_id": MAYA.intercom_admin_id}
    world.claude.script(
        reply(tool_use("intercom_create_contact_note", note)),
        reply(tool_use("intercom_create_contact_note", {k: note[k] for k in note})),
        reply("Done."),
        when="sign-1",
    )
    ts = world.mention(AISHA, "sign-1", BILLING)
    world.ended(BILLING, ts)
    first = world.asked_of_claude("sign-1")[0]
    shown = next(t for t in first["tools"] if t["name"] == "intercom_create_contact_note")
    assert "admin_id" not in shown["input_schema"]["properties"]
    signed = {write.signed_as for write in world.intercom.writes[writes:]}
    assert signed == {AISHA.intercom_admin_id}


def test_a_tool_error_goes_back_to_claude(world: World) -> None:
    world.connect(TOM)
    world.claude.script(
        reply(
            tool_use("intercom_retrieve_conversation", {"conversation_id": "999999999"}),
            tool_use("intercom_retrieve_conversations", {"conversation_id": "1"}),
            tool_use("intercom_search_conversations", {"query": "open"}),
        ),
        reply("I could not find it."),
        when="error-1",
    )
    ts = world.mention(TOM, "error-1")
    [answer] = world.ended(SUPPORT, ts)
    _, second = world.asked_of_claude("error-1")
    not_found, unknown, misfit = (json.loads(block["content"]) for block in results(second))
    assert all(block["is_error"] for block in results(second))
    assert "Intercom answered" in not_found["error"]
    assert "intercom_retrieve_conversation" in unknown["error"]
    assert "query" in misfit["error"]
    assert [card.status for card in answer.tasks] == ["error", "error", "error"]
    assert answer.markdown.strip() == "I could not find it."


def test_all_tools_of_all_pages_are_offered(world: World) -> None:
    world.connect(MAYA)
    world.disconnect(MAYA)
    before = len(world.scalekit.calls)
    world.scalekit.limit_pages(10)
    world.connect(MAYA)
    world.claude.script(reply("Ready."), when="tools-1")
    world.ended(SUPPORT, world.mention(MAYA, "tools-1"))
    world.scalekit.limit_pages(100)
    pages = [c for c in world.scalekit.calls[before:] if c.rpc == "ListScopedTools"]
    assert len({page.request.get("page_token") for page in pages}) == 10
    [body] = world.asked_of_claude("tools-1")
    names = [tool["name"] for tool in body["tools"] if tool["name"].startswith("intercom_")]
    assert len(names) == 97
    assert "intercom_create_conversation" not in names, "Intercom takes it from customers only"
    assert len([tool for tool in body["tools"] if not tool.get("defer_loading")]) < 30


def test_one_request_however_often_it_is_delivered(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Once."), reply("Twice!"), when="repeat-1")
    ts = world.mention(MAYA, "repeat-1")
    world.ended(SUPPORT, ts)
    for delivery in world.slack.deliveries:
        if "repeat-1" in str(delivery.payload.get("event", {}).get("text")):
            for _ in range(3):
                again = world.slack.deliver(delivery.payload)
                assert again.done.wait(10)
                assert again.status == 200
    # A request of the same conversation that comes after the repeats ends after them.
    world.claude.script(reply("After."), when="repeat-1")
    world.mention(MAYA, "go on", thread=ts)
    answers = world.ended(SUPPORT, ts, answers=2)
    assert [a.markdown.strip() for a in answers] == ["Once.", "Twice!"]
    assert len(world.asked_of_claude("repeat-1")) == 2


def test_a_follow_up_needs_no_mention_from_who_talked_here_before(world: World) -> None:
    world.connect(MAYA, TOM)
    world.claude.script(reply("First."), reply("Second."), when="follow-1")
    ts = world.mention(MAYA, "follow-1")
    world.ended(SUPPORT, ts)
    world.slack.post(TOM.slack_user_id, SUPPORT, "I know that one", thread_ts=ts)
    world.slack.post(MAYA.slack_user_id, SUPPORT, f"<@{TOM.slack_user_id}> yes?", thread_ts=ts)
    world.slack.post(MAYA.slack_user_id, SUPPORT, "and the other one?", thread_ts=ts)
    answers = world.ended(SUPPORT, ts, answers=2)
    assert [a.markdown.strip() for a in answers] == ["First.", "Second."]
    _, second = world.asked_of_claude("follow-1")
    first, (follow_up, others) = [m["content"] for m in second["messages"] if m["role"] == "user"]
    assert (first, follow_up["text"]) == ("follow-1", "and the other one?")
    assert "I know that one" in others["text"]


def test_two_teammates_in_one_thread_act_as_themselves(world: World) -> None:
    world.connect(MAYA, TOM)
    who = tool_use("intercom_identify_admin", {})
    world.claude.script(reply(who), reply("You are Maya."), when="two-maya")
    world.claude.script(reply(who), reply("You are Tom."), when="two-tom")
    ts = world.mention(MAYA, "two-maya: who am I?")
    world.ended(SUPPORT, ts)
    world.mention(TOM, "two-tom: who am I?", thread=ts)
    world.ended(SUPPORT, ts, answers=2)
    for person, text in ((MAYA, "two-maya"), (TOM, "two-tom")):
        _, second = world.asked_of_claude(text)
        assert person.email in results(second)[0]["content"]
    other = MAYA.email
    assert not any(other in json.dumps(body) for body in world.asked_of_claude("two-tom"))


def test_what_no_person_said_starts_nothing(world: World) -> None:
    world.connect(MAYA)
    world.claude.script(reply("Only this."), when="quiet-1")
    before = len(world.claude.requests)
    ts = world.mention(MAYA, "quiet-1")
    world.ended(SUPPORT, ts)
    world.slack.edit(MAYA.slack_user_id, SUPPORT, ts, f"<@{world.slack.bot_user_id}> quiet-1!")
    world.slack.post_as_other_bot(SUPPORT, f"<@{world.slack.bot_user_id}> hi")
    world.slack.join(JONAS.slack_user_id, SUPPORT)
    for delivery in world.slack.deliveries:
        assert delivery.done.wait(10)
    world.claude.script(reply("Marker."), when="quiet-2")
    world.ended(SUPPORT, world.mention(MAYA, "quiet-2"))
    assert len(world.claude.requests) == before + 2


def test_a_stranger_from_another_organization_is_turned_away(world: World) -> None:
    ts = world.mention(PETRA, "hello from Contoso", SHARED)
    [note] = world.slack.wait(lambda: world.slack.ephemerals(PETRA.slack_user_id))
    assert "only for members of this workspace" in note.plain
    assert world.answers(SHARED, ts) == []
    assert world.scalekit.account(f"slack:{PETRA.slack_team_id}:{PETRA.slack_user_id}") is None
