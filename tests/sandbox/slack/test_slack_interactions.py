"""Commands, buttons and modals."""

import asyncio
import json
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_world import (
    MAYA_ID,
    PETRA_ID,
    TOM_ID,
    Bot,
    Clock,
    button,
    modal,
    refused,
)
from starlette.responses import JSONResponse, Response

from bot.sandbox.people import AISHA, TEAM_ID
from bot.sandbox.slack import (
    BILLING,
    SHARED,
    SUPPORT,
    SlackSandbox,
)


class TestCommands:
    def test_an_answer_shows_to_that_person_alone(self, slack: SlackSandbox, bot: Bot) -> None:
        @bot.app.command("/intercom")
        async def help_(ack: Any, command: dict[str, Any]) -> None:
            await ack(f"you said {command['text']}")

        delivery = slack.command(MAYA_ID, SUPPORT, "help me")
        slack.wait(lambda: slack.ephemerals(MAYA_ID))
        assert slack.ephemerals(MAYA_ID)[0].text == "you said help me"
        assert slack.messages(SUPPORT) == []
        assert delivery.payload["team_id"] == TEAM_ID

    def test_failures_are_not_tried_again_and_the_person_is_told(
        self, slack: SlackSandbox, bot: Bot
    ) -> None:
        bot.answers = [Response(status_code=500)]
        delivery = slack.command(MAYA_ID, SUPPORT, "help")
        slack.wait(lambda: slack.ephemerals(MAYA_ID))
        assert "dispatch_failed" in slack.ephemerals(MAYA_ID)[0].text
        assert len(delivery.attempts) == 1

    def test_only_for_the_own_team_and_the_manifests_commands(self, slack: SlackSandbox) -> None:
        with pytest.raises(LookupError):
            slack.command(PETRA_ID, SHARED, "help")
        with pytest.raises(LookupError):
            slack.command(MAYA_ID, SUPPORT, "help", command="/other")
        with pytest.raises(LookupError):
            slack.command(TOM_ID, BILLING, "help")

    async def test_a_response_url_works_five_times_within_half_an_hour(
        self, slack: SlackSandbox, clock: Clock
    ) -> None:
        first = AsyncWebhookClient(slack.command(MAYA_ID, SUPPORT, "x").payload["response_url"])
        for number in range(4):
            assert (await first.send(text=str(number))).status_code == 200
        public = await first.send(text="for all", response_type="in_channel")
        assert public.status_code == 200
        used = await first.send(text="once more")
        assert (used.status_code, json.loads(used.body)["error"]) == (404, "used_url")
        assert [m.text for m in slack.ephemerals(MAYA_ID)] == ["0", "1", "2", "3"]
        assert [m.text for m in slack.messages(SUPPORT)] == ["for all"]
        second = AsyncWebhookClient(slack.command(MAYA_ID, SUPPORT, "x").payload["response_url"])
        clock.time += 1801
        assert json.loads((await second.send(text="late")).body)["error"] == "expired_url"


class TestClicks:
    async def test_a_button_reaches_its_listener(
        self, slack: SlackSandbox, client: AsyncWebClient, bot: Bot
    ) -> None:
        pressed: list[dict[str, Any]] = []

        @bot.app.action("approve")
        async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
            await ack()
            pressed.append(body)
            await respond(text="Approved.", replace_original=True)

        root = slack.post(MAYA_ID, SUPPORT, "x")
        only = [MAYA_ID]
        blocks = [
            {
                "type": "actions",
                "block_id": "b",
                "elements": [button("approve", "run-1", visible_to_user_ids=only)],
            }
        ]
        sent = await client.chat_postMessage(
            channel=SUPPORT, text="Approve?", blocks=blocks, thread_ts=root
        )
        delivery = slack.click(MAYA_ID, SUPPORT, sent["ts"], "approve")
        await asyncio.to_thread(delivery.done.wait, 5)
        assert delivery.status == 200
        [body] = pressed
        assert body["actions"][0]["value"] == "run-1"
        assert body["container"]["thread_ts"] == root
        assert body["user"]["team_id"] == TEAM_ID
        assert slack.thread(SUPPORT, root)[1].plain == "Approved."

    async def test_only_what_one_sees_can_be_pressed(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        only = [MAYA_ID]
        blocks = [{"type": "actions", "elements": [button("mine", visible_to_user_ids=only)]}]
        sent = await client.chat_postMessage(channel=BILLING, text="x", blocks=blocks)
        for person, action in (
            (MAYA_ID, "other"),
            (AISHA.slack_user_id, "mine"),
            (TOM_ID, "mine"),
        ):
            with pytest.raises(LookupError):
                slack.click(person, BILLING, sent["ts"], action)
        assert slack.click(MAYA_ID, BILLING, sent["ts"], "mine").kind == "interaction"
        with pytest.raises(LookupError):
            slack.click(MAYA_ID, BILLING, sent["ts"], "mine", value="another")

    async def test_choices_and_ephemerals(
        self, slack: SlackSandbox, client: AsyncWebClient
    ) -> None:
        options = [
            {"text": {"type": "plain_text", "text": v.title()}, "value": v} for v in ("a", "b")
        ]
        select = {"type": "static_select", "action_id": "pick", "options": options}
        blocks = [{"type": "actions", "elements": [select]}]
        answer = await client.chat_postEphemeral(
            channel=SUPPORT, user=MAYA_ID, text="x", blocks=blocks
        )
        payload = slack.click(MAYA_ID, SUPPORT, answer["message_ts"], "pick", value="b").payload
        assert payload["actions"][0]["selected_option"]["value"] == "b"
        assert payload["container"]["is_ephemeral"] is True
        assert "message" not in payload
        with pytest.raises(LookupError):
            slack.click(MAYA_ID, SUPPORT, answer["message_ts"], "pick", value="c")
        with pytest.raises(LookupError):
            slack.click(TOM_ID, SUPPORT, answer["message_ts"], "pick", value="b")


class TestViews:
    async def test_opens_within_three_seconds_and_once(
        self, slack: SlackSandbox, client: AsyncWebClient, clock: Clock
    ) -> None:
        trigger = slack.command(MAYA_ID, SUPPORT, "x").payload["trigger_id"]
        await client.views_open(trigger_id=trigger, view=modal())
        assert [v["callback_id"] for v in slack.views(MAYA_ID)] == ["edit"]
        call = client.views_open(trigger_id=trigger, view=modal())
        assert (await refused(call))["error"] == "exchanged_trigger_id"
        late = slack.command(MAYA_ID, SUPPORT, "x").payload["trigger_id"]
        clock.time += 4
        call = client.views_open(trigger_id=late, view=modal())
        assert (await refused(call))["error"] == "expired_trigger_id"
        call = client.views_open(trigger_id="mine", view=modal())
        assert (await refused(call))["error"] == "invalid_trigger_id"

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"title": {"type": "plain_text", "text": "x" * 25}}, "25 characters"),
            ({"submit": None}, "unsupported type: None"),
            ({"private_metadata": "x" * 3001}, "3001 characters"),
            ({"blocks": [{"type": "markdown", "text": "x"}]}, "unsupported type: markdown"),
            ({"type": "home"}, "must be one of modal"),
        ],
    )
    async def test_refuses_views(
        self,
        slack: SlackSandbox,
        client: AsyncWebClient,
        change: dict[str, Any],
        complaint: str,
    ) -> None:
        trigger = slack.command(MAYA_ID, SUPPORT, "x").payload["trigger_id"]
        view = modal(**change)
        answer = await refused(client.views_open(trigger_id=trigger, view=view))
        assert answer["error"] == "invalid_arguments"
        assert complaint in " ".join(answer["response_metadata"]["messages"])

    async def test_submitting(self, slack: SlackSandbox, client: AsyncWebClient, bot: Bot) -> None:
        states: list[dict[str, Any]] = []

        @bot.app.view("edit")
        async def submitted(ack: Any, body: dict[str, Any]) -> None:
            states.append(body["view"]["state"]["values"])
            if len(states) == 1:
                await ack(response_action="errors", errors={"edit": "Too short"})
            else:
                await ack()

        @bot.app.command("/intercom")
        async def nothing(ack: Any) -> None:
            await ack()

        trigger = slack.command(MAYA_ID, SUPPORT, "x").payload["trigger_id"]
        view_id = (await client.views_open(trigger_id=trigger, view=modal()))["view"]["id"]
        with pytest.raises(ValueError, match="filled in"):
            slack.submit_view(MAYA_ID, view_id, {})
        with pytest.raises(ValueError, match="length"):
            slack.submit_view(MAYA_ID, view_id, {"edit": {"words": "x" * 11}})
        with pytest.raises(LookupError):
            slack.submit_view(MAYA_ID, view_id, {"other": {"words": "x"}})
        with pytest.raises(LookupError):
            slack.submit_view(TOM_ID, view_id, {"edit": {"words": "x"}})
        for words in ("a", "longer"):
            sent = slack.submit_view(MAYA_ID, view_id, {"edit": {"words": words}})
            await asyncio.to_thread(sent.done.wait, 5)
            if words == "a":
                assert slack.views(MAYA_ID)[0]["errors"] == {"edit": "Too short"}
        assert states[1] == {"edit": {"words": {"type": "plain_text_input", "value": "longer"}}}
        assert slack.views(MAYA_ID) == []

    async def test_the_home(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        assert slack.home(MAYA_ID) is None
        blocks = [{"type": "actions", "elements": [button("connect")]}]
        home = {"type": "home", "blocks": blocks}
        published = await client.views_publish(user_id=MAYA_ID, view=home)
        assert slack.home(MAYA_ID)["blocks"][0]["type"] == "actions"
        payload = slack.click_home(MAYA_ID, "connect").payload
        assert payload["container"] == {"type": "view", "view_id": published["view"]["id"]}
        call = client.views_publish(user_id=MAYA_ID, view=home, hash="old")
        assert (await refused(call))["error"] == "hash_conflict"


def test_json_answers_to_commands_may_be_public(slack: SlackSandbox, bot: Bot) -> None:
    bot.answers = [JSONResponse({"response_type": "in_channel", "text": "for all"})]
    slack.command(MAYA_ID, SUPPORT, "x")
    slack.wait(lambda: slack.messages(SUPPORT))
    assert slack.messages(SUPPORT)[0].text == "for all"
