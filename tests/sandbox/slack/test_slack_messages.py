"""Posting, reading, and what Slack refuses."""

import json
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    MAYA_ID,
    PETRA_ID,
    TOM_ID,
    Clock,
    client_of,
    manifest,
    refused,
    section,
)

from bot.sandbox.people import MAYA, OTHER_TEAM_ID, TEAM_ID
from bot.sandbox.slack import (
    ARCHIVED,
    BILLING,
    BOT_USER_ID,
    DM_MAYA_TOM,
    GROUP_DM,
    HOSTED,
    PRODUCT,
    SHARED,
    SUPPORT,
    SlackSandbox,
)


class TestTokensAndArguments:
    async def test_refuses_missing_and_wrong_tokens(self, slack: SlackSandbox) -> None:
        nobody = AsyncWebClient(base_url=slack.url + "/api/")
        assert (await refused(nobody.auth_test()))["error"] == "not_authed"
        assert (await refused(client_of(slack, "xoxb-else").auth_test()))["error"] == "invalid_auth"

    async def test_says_who_the_bot_is(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        answer = await client.auth_test()
        assert (answer["user_id"], answer["team_id"]) == (slack.bot_user_id, TEAM_ID)
        assert "chat:write" in answer.headers["x-oauth-scopes"]

    async def test_names_the_missing_scope(self, client: AsyncWebClient) -> None:
        answer = await refused(client.team_info())
        assert (answer["error"], answer["needed"]) == ("missing_scope", "team:read")
        assert "chat:write" in answer["provided"]

    async def test_reading_needs_the_scope_of_the_channels_type(self, clock: Clock) -> None:
        app = manifest()
        app["oauth_config"]["scopes"]["bot"].remove("groups:history")
        slack = SlackSandbox(app, now=clock)
        slack.start()
        try:
            await client_of(slack).conversations_history(channel=SUPPORT)
            answer = await refused(client_of(slack).conversations_history(channel=BILLING))
            assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:history")
        finally:
            slack.stop()

    async def test_refuses_what_it_does_not_know(self, client: AsyncWebClient) -> None:
        assert (await refused(client.api_call("chat.shout")))["error"] == "unknown_method"
        answer = await refused(client.chat_postMessage(channel=SUPPORT, text="x", colour="red"))
        assert answer["error"] == "invalid_arguments"
        assert "colour" in answer["response_metadata"]["messages"][0]

    @pytest.mark.parametrize(
        "args",
        [{"channel": SUPPORT, "text": 5}, {"channel": SUPPORT, "text": None}, {"text": "x"}],
        ids=["number for text", "null", "no channel"],
    )
    async def test_refuses_ill_typed_arguments(
        self, client: AsyncWebClient, args: dict[str, Any]
    ) -> None:
        answer = await refused(client.api_call("chat.postMessage", json=args))
        assert answer["error"] == "invalid_arguments"

    async def test_a_form_may_carry_json(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        form = {"channel": SUPPORT, "text": "x", "blocks": json.dumps([section("*hello*")])}
        await client.api_call("chat.postMessage", data=form)
        assert slack.messages(SUPPORT)[0].plain == "*hello*"

    async def test_a_revoked_token_is_refused(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        slack.tokens_revoked()
        assert (await refused(client.auth_test()))["error"] == "token_revoked"


class TestMessages:
    async def test_posts_into_threads(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "question")
        sent = await client.chat_postMessage(channel=SUPPORT, text="answer", thread_ts=root)
        assert [m.text for m in slack.thread(SUPPORT, root)] == ["question", "answer"]
        assert slack.thread(SUPPORT, root)[1].ts == sent["ts"]
        assert sent["message"]["bot_id"] == slack.bot_id

    @pytest.mark.parametrize(
        ("channel", "error"),
        [
            ("C0NOWHERE", "channel_not_found"),
            (DM_MAYA_TOM, "channel_not_found"),
            (PRODUCT, "not_in_channel"),
            (ARCHIVED, "is_archived"),
        ],
    )
    async def test_refuses_channels_it_cannot_post_in(
        self, client: AsyncWebClient, channel: str, error: str
    ) -> None:
        assert (await refused(client.chat_postMessage(channel=channel, text="x")))["error"] == error

    @pytest.mark.parametrize(
        ("args", "error"),
        [
            ({"text": ""}, "no_text"),
            ({"text": "x" * 4001}, "msg_too_long"),
            ({"markdown_text": "x" * 12001}, "msg_too_long"),
            ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
            ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
            ({"text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"),
            ({"text": "x", "username": "Boss"}, "missing_scope"),
            ({"text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        ],
    )
    async def test_refuses_content(
        self, client: AsyncWebClient, args: dict[str, Any], error: str
    ) -> None:
        assert (await refused(client.chat_postMessage(channel=SUPPORT, **args)))["error"] == error

    async def test_a_reply_is_no_root(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "question")
        reply = slack.post(TOM_ID, SUPPORT, "reply", thread_ts=root)
        call = client.chat_postMessage(channel=SUPPORT, text="x", thread_ts=reply)
        assert (await refused(call))["error"] == "invalid_thread_ts"

    async def test_updates_and_deletes_only_its_own(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        theirs = slack.post(MAYA_ID, SUPPORT, "mine")
        sent = await client.chat_postMessage(channel=SUPPORT, text="first")
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="second")
        assert slack.messages(SUPPORT)[1].text == "second"
        assert slack.messages(SUPPORT)[1].edited
        call = client.chat_update(channel=SUPPORT, ts=theirs, text="x")
        assert (await refused(call))["error"] == "cant_update_message"
        call = client.chat_delete(channel=SUPPORT, ts=theirs)
        assert (await refused(call))["error"] == "cant_delete_message"
        await client.chat_delete(channel=SUPPORT, ts=sent["ts"])
        assert [m.text for m in slack.messages(SUPPORT)] == ["mine"]
        call = client.chat_update(channel=SUPPORT, ts=sent["ts"], text="x")
        assert (await refused(call))["error"] == "message_not_found"

    async def test_an_update_keeps_the_blocks_it_does_not_mention(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        blocks = [section("old")]
        sent = await client.chat_postMessage(channel=SUPPORT, text="x", blocks=blocks)
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="new")
        assert slack.messages(SUPPORT)[0].plain == "old"
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="new", blocks=[])
        assert slack.messages(SUPPORT)[0].plain == "new"

    async def test_an_update_gives_blocks_new_ids(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        blocks = [section("x"), {**section("y"), "block_id": "mine"}]
        sent = await client.chat_postMessage(channel=SUPPORT, text="x", blocks=blocks)
        before = [block["block_id"] for block in slack.messages(SUPPORT)[0].blocks]
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="x", blocks=blocks)
        after = [block["block_id"] for block in slack.messages(SUPPORT)[0].blocks]
        assert before[0] != after[0]
        assert before[1] == after[1] == "mine"

    async def test_task_cards_are_blocks_of_any_message(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        said = {"type": "rich_text_section", "elements": [{"type": "text", "text": "2 found"}]}
        card = {
            "type": "task_card",
            "task_id": "1",
            "title": "Search",
            "status": "complete",
            "output": {"type": "rich_text", "elements": [said]},
        }
        plan = {"type": "plan", "title": "Plan", "tasks": [{**card, "task_id": "2"}]}
        sent = await client.chat_postMessage(channel=SUPPORT, text="x", blocks=[card, plan])
        [message] = slack.messages(SUPPORT)
        assert [(t.id, t.status, t.output) for t in message.tasks] == [
            ("1", "complete", "2 found"),
            ("2", "complete", "2 found"),
        ]
        for wrong in ({**card, "title": "x" * 257}, {**card, "status": "done"}):
            call = client.chat_update(channel=SUPPORT, ts=sent["ts"], text="x", blocks=[wrong])
            assert (await refused(call))["error"] == "invalid_blocks"

    async def test_nothing_is_updated_in_an_archived_channel(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        sent = await client.chat_postMessage(channel=SUPPORT, text="x")
        slack.archive(SUPPORT)
        call = client.chat_update(channel=SUPPORT, ts=sent["ts"], text="y")
        assert (await refused(call))["error"] == "is_inactive"
        slack.archive(SUPPORT, archived=False)
        await client.chat_update(channel=SUPPORT, ts=sent["ts"], text="y")

    async def test_an_admin_can_remove_what_the_app_wrote(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        sent = await client.chat_postMessage(channel=SUPPORT, text="x")
        slack.remove(SUPPORT, sent["ts"])
        call = client.chat_update(channel=SUPPORT, ts=sent["ts"], text="y")
        assert (await refused(call))["error"] == "message_not_found"

    async def test_ephemerals_are_for_one_member(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        await client.chat_postEphemeral(channel=BILLING, user=MAYA_ID, text="psst")
        assert [m.text for m in slack.ephemerals(MAYA_ID)] == ["psst"]
        assert slack.ephemerals(TOM_ID) == []
        assert slack.messages(BILLING) == []
        call = client.chat_postEphemeral(channel=BILLING, user=TOM_ID, text="psst")
        assert (await refused(call))["error"] == "user_not_in_channel"

    async def test_reactions_and_permalinks(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        ts = slack.post(MAYA_ID, SUPPORT, "x")
        await client.reactions_add(channel=SUPPORT, name="eyes", timestamp=ts)
        assert slack.messages(SUPPORT)[0].reactions == {"eyes": [BOT_USER_ID]}
        call = client.reactions_add(channel=SUPPORT, name="eyes", timestamp=ts)
        assert (await refused(call))["error"] == "already_reacted"
        link = await client.chat_getPermalink(channel=SUPPORT, message_ts=ts)
        assert link["permalink"].endswith(f"{SUPPORT}/p{ts.replace('.', '')}")


class TestConversations:
    async def test_opens_dms(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        opened = await client.conversations_open(users=MAYA_ID)
        assert opened["channel"]["id"] == slack.dm(MAYA_ID)
        again = await client.conversations_open(users=[MAYA_ID])
        assert again["already_open"] is True

    @pytest.mark.parametrize(
        ("user", "error"),
        [
            (BOT_USER_ID, "cannot_dm_bot"),
            ("U0NOBODY", "user_not_found"),
            (PETRA_ID, "user_not_visible"),
        ],
    )
    async def test_refuses_dms(self, client: AsyncWebClient, user: str, error: str) -> None:
        assert (await refused(client.conversations_open(users=user)))["error"] == error

    async def test_nobody_reads_a_dm_between_others(self, client: AsyncWebClient) -> None:
        call = client.conversations_history(channel=DM_MAYA_TOM)
        assert (await refused(call))["error"] == "channel_not_found"
        call = client.conversations_history(channel=PRODUCT)
        assert (await refused(call))["error"] == "not_in_channel"

    @pytest.mark.parametrize(
        ("channel", "scope"),
        [
            (SUPPORT, "channels:read"),
            (BILLING, "groups:read"),
            (GROUP_DM, "mpim:read"),
            ("D0MAYA0001", "im:read"),
        ],
    )
    async def test_what_a_channel_is_needs_the_scope_of_its_kind(
        self, clock: Clock, channel: str, scope: str
    ) -> None:
        app = manifest()
        scopes = app["oauth_config"]["scopes"]["bot"]
        scopes += ["channels:read", "groups:read", "mpim:read", "im:read"]
        app["oauth_config"]["scopes"]["bot"] = [name for name in scopes if name != scope]
        slack = SlackSandbox(app, now=clock)
        slack.dm(MAYA_ID)
        slack.start()
        body = await refused(client_of(slack).conversations_info(channel=channel))
        slack.stop()
        assert (body["error"], body["needed"]) == ("missing_scope", scope)

    async def test_who_reads_in_a_channel(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        names = ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")

        async def told(channel: str) -> list[bool]:
            answer = await client.conversations_info(channel=channel)
            return [answer["channel"][name] for name in names]

        assert await told(SUPPORT) == [False, False, False]
        assert await told(SHARED) == await told(HOSTED) == [True, False, False]
        slack.share_channel(SUPPORT, "pending")
        assert await told(SUPPORT) == [False, True, False]
        slack.share_channel(SUPPORT, "organization")
        assert await told(SUPPORT) == [False, False, True]

    async def test_pages_through_a_thread(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        root = slack.post(MAYA_ID, SUPPORT, "0")
        for number in range(1, 5):
            slack.post(TOM_ID, SUPPORT, str(number), thread_ts=root)
        texts = []
        first = await client.conversations_replies(channel=SUPPORT, ts=root, limit=2)
        async for page in first:
            texts += [m["text"] for m in page["messages"]]
        assert texts == ["0", "1", "2", "3", "4"]
        history = await client.conversations_history(channel=SUPPORT)
        assert history["messages"][0]["reply_count"] == 4
        assert [m["text"] for m in history["messages"]] == ["0"]
        call = client.conversations_replies(channel=SUPPORT, ts="1700000000.000001")
        assert (await refused(call))["error"] == "thread_not_found"

    async def test_people(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        maya = (await client.users_info(user=MAYA_ID))["user"]
        assert (maya["real_name"], maya["tz"]) == (MAYA.name, MAYA.time_zone)
        assert "email" not in maya["profile"], "there is no users:read.email"
        assert (maya["is_restricted"], maya["is_ultra_restricted"]) == (False, False)
        petra = (await client.users_info(user=PETRA_ID))["user"]
        assert ("is_stranger" in petra, petra["team_id"]) == (False, OTHER_TEAM_ID)
        assert petra["enterprise_user"]["enterprise_id"] == "E0CONTOSO1"
        slack.make_guest(TOM_ID, "ultra_restricted")
        tom = (await client.users_info(user=TOM_ID))["user"]
        assert (tom["is_restricted"], tom["is_ultra_restricted"]) == (True, True)
        slack.user_change(MAYA_ID)
        assert (await client.users_info(user=MAYA_ID))["user"]["deleted"] is True
