"""Events reach a real Bolt app, signed and with retries."""

from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    MAYA_ID,
    PETRA_ID,
    Bot,
    Clock,
    manifest,
    settled,
)
from starlette.responses import Response

from bot.sandbox.people import AISHA, JONAS, OTHER_TEAM_ID, TEAM_ID
from bot.sandbox.slack import (
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


class TestEvents:
    def test_a_mention_comes_twice_with_one_ts(self, slack: SlackSandbox, bot: Bot) -> None:
        ts = slack.post(MAYA_ID, SUPPORT, f"<@{BOT_USER_ID}> hello")
        settled(slack)
        assert {d.status for d in slack.deliveries} == {200}
        events = {body["event"]["type"]: body for body in bot.seen}
        assert set(events) == {"message", "app_mention"}
        assert {body["event"]["ts"] for body in bot.seen} == {ts}
        assert events["message"]["event"]["channel_type"] == "channel"
        assert events["message"]["event_id"] != events["app_mention"]["event_id"]
        assert events["message"]["authorizations"][0]["user_id"] == BOT_USER_ID

    def test_dms_and_private_channels_bring_no_second_event(
        self, slack: SlackSandbox, bot: Bot
    ) -> None:
        slack.post(MAYA_ID, slack.dm(MAYA_ID), f"<@{BOT_USER_ID}> hello")
        slack.post(AISHA.slack_user_id, BILLING, "hello")
        settled(slack)
        kinds = {body["event"]["channel_type"] for body in bot.seen}
        assert (len(bot.seen), kinds) == (2, {"im", "group"})

    def test_hears_nothing_where_it_is_not(self, slack: SlackSandbox, bot: Bot) -> None:
        slack.post(MAYA_ID, PRODUCT, f"<@{BOT_USER_ID}> hello")
        slack.post(MAYA_ID, DM_MAYA_TOM, "hello")
        assert slack.deliveries == []

    def test_hears_only_what_it_subscribed_to(self, clock: Clock) -> None:
        app = manifest()
        app["settings"]["event_subscriptions"]["bot_events"] = ["app_mention", "message.groups"]
        app["oauth_config"]["scopes"]["bot"].remove("groups:history")
        slack = SlackSandbox(app, now=clock)
        slack.post(MAYA_ID, SUPPORT, f"<@{BOT_USER_ID}> hello")
        slack.post(MAYA_ID, BILLING, "the scope is missing")
        assert [d.payload["event"]["type"] for d in slack.deliveries] == ["app_mention"]

    def test_a_strangers_message_names_their_team_and_a_mention_their_organization(
        self, slack: SlackSandbox, bot: Bot
    ) -> None:
        slack.post(PETRA_ID, SHARED, f"<@{BOT_USER_ID}> hello")
        settled(slack)
        message, mention = sorted(bot.seen, key=lambda body: body["event"]["type"] != "message")
        for body in (message, mention):
            assert body["is_ext_shared_channel"] is True
            assert (body["team_id"], body["enterprise_id"]) == (OTHER_TEAM_ID, "E0CONTOSO1")
            assert body["context_team_id"] == TEAM_ID
            assert body["authorizations"][0]["team_id"] == TEAM_ID
        assert message["event"]["team"] == OTHER_TEAM_ID
        assert "user_team" not in message["event"]
        assert mention["event"]["team"] == TEAM_ID
        assert mention["event"]["user_team"] == "E0CONTOSO1"

    def test_in_a_channel_that_they_host_the_outer_ids_are_theirs(
        self, slack: SlackSandbox, bot: Bot
    ) -> None:
        slack.post(MAYA_ID, HOSTED, "hello")
        settled(slack)
        [body] = bot.seen
        assert (body["team_id"], body["enterprise_id"]) == (OTHER_TEAM_ID, "E0CONTOSO1")
        assert (body["context_team_id"], body["context_enterprise_id"]) == (TEAM_ID, None)
        assert body["authorizations"][0]["team_id"] == TEAM_ID

    def test_a_group_message_comes_as_a_message_only(self, slack: SlackSandbox, bot: Bot) -> None:
        slack.post(MAYA_ID, GROUP_DM, f"<@{BOT_USER_ID}> hello")
        settled(slack)
        [body] = bot.seen
        assert (body["event"]["type"], body["event"]["channel_type"]) == ("message", "mpim")

    def test_what_tells_that_the_app_is_gone_has_no_authorizations(
        self, slack: SlackSandbox
    ) -> None:
        [gone], [revoked] = slack.app_uninstalled(), slack.tokens_revoked()
        for body in (gone.payload, revoked.payload):
            assert "authorizations" not in body
            assert body["team_id"] == TEAM_ID

    def test_edits_deletions_joins_bots_and_files(self, slack: SlackSandbox, bot: Bot) -> None:
        ts = slack.post(MAYA_ID, SUPPORT, "one")
        slack.edit(MAYA_ID, SUPPORT, ts, "two")
        slack.delete(MAYA_ID, SUPPORT, ts)
        slack.join(JONAS.slack_user_id, SUPPORT)
        slack.post_as_other_bot(SUPPORT, "deployed")
        slack.post(MAYA_ID, SUPPORT, "", files=[{"id": "F1", "name": "a.png"}])
        subtypes = [d.payload["event"].get("subtype") for d in slack.deliveries]
        expected = [None, "message_changed", "message_deleted", "channel_join", None, "file_share"]
        assert subtypes == expected
        assert slack.deliveries[1].payload["event"]["previous_message"]["text"] == "one"
        assert slack.deliveries[4].payload["event"]["bot_id"]
        settled(slack)

    async def test_the_bot_hears_itself(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        await client.chat_postMessage(channel=SUPPORT, text=f"I am <@{BOT_USER_ID}>")
        [delivery] = slack.deliveries
        assert delivery.payload["event"]["bot_id"] == slack.bot_id

    def test_opening_the_home(self, slack: SlackSandbox, bot: Bot) -> None:
        slack.open_home(MAYA_ID, "messages")
        settled(slack)
        event = bot.seen[0]["event"]
        assert (event["tab"], event["channel"]) == ("messages", slack.dm(MAYA_ID))


class TestDelivery:
    def test_tries_again_and_says_why(self, slack: SlackSandbox, bot: Bot) -> None:
        bot.answers = [Response(status_code=500), Response(status_code=404)]
        slack.post(MAYA_ID, SUPPORT, "hello")
        settled(slack)
        [delivery] = slack.deliveries
        assert [a.status for a in delivery.attempts] == [500, 404, 200]
        retries = [r.headers.get("x-slack-retry-num") for r in bot.requests]
        assert retries == [None, "1", "2"]
        assert bot.requests[1].headers["x-slack-retry-reason"] == "http_error"
        assert len(bot.seen) == 1

    def test_gives_up_after_three_retries(self, slack: SlackSandbox, bot: Bot) -> None:
        bot.answers = [Response(status_code=500) for _ in range(5)]
        slack.post(MAYA_ID, SUPPORT, "hello")
        settled(slack)
        assert len(slack.deliveries[0].attempts) == 4
        assert not slack.deliveries[0].accepted

    def test_a_bot_may_ask_for_no_retry(self, slack: SlackSandbox, bot: Bot) -> None:
        bot.answers = [Response(status_code=500, headers={"X-Slack-No-Retry": "1"})]
        slack.post(MAYA_ID, SUPPORT, "hello")
        settled(slack)
        assert len(slack.deliveries[0].attempts) == 1

    def test_a_late_answer_is_none(self, slack: SlackSandbox, bot: Bot) -> None:
        bot.gate.clear()
        [delivery] = slack.open_home(MAYA_ID)
        slack.wait(lambda: delivery.attempts, what="the first attempt")
        bot.gate.set()
        settled(slack)
        assert delivery.attempts[0].failure == "http_timeout"
        assert delivery.attempts[1].headers["X-Slack-Retry-Reason"] == "http_timeout"
        assert delivery.accepted

    def test_nobody_listens(self, slack: SlackSandbox) -> None:
        slack.events_url = "http://127.0.0.1:9/slack/events"
        slack.post(MAYA_ID, SUPPORT, "hello")
        settled(slack)
        assert {a.failure for a in slack.deliveries[0].attempts} == {"connection_failed"}

    def test_bolt_refuses_what_is_not_signed_right(self, slack: SlackSandbox, bot: Bot) -> None:
        event = {"type": "app_home_opened", "user": MAYA_ID, "tab": "home", "channel": "D1"}
        envelope = slack.envelope(event)
        stale = {"X-Slack-Request-Timestamp": "1600000000"}
        forged = {"X-Slack-Signature": "v0=" + "0" * 64}
        bad = [
            slack.deliver(envelope, sign=False),
            slack.deliver(envelope, headers=stale),
            slack.deliver(envelope, headers=forged),
        ]
        settled(slack)
        assert {d.status for d in bad} == {401}
        good = slack.deliver(envelope)
        again = slack.deliver(envelope)
        settled(slack)
        assert (good.status, again.status) == (200, 200)
        assert [body["event_id"] for body in bot.seen] == [envelope["event_id"]] * 2
