"""Block Kit is checked as Slack checks it."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import (
    button,
    refused,
    section,
)

from bot.sandbox.slack import (
    SUPPORT,
    SlackSandbox,
)


class TestBlocks:
    @pytest.mark.parametrize(
        ("block", "complaint"),
        [
            ({"type": "section"}, "text, fields"),
            (section("x" * 3001), "3001 characters"),
            ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type"),
            ({"type": "sparkles"}, "unsupported type: sparkles"),
            ({**section("x"), "colour": "red"}, "no more fields allowed: colour"),
            (
                {"type": "actions", "elements": [button(f"a{n}") for n in range(26)]},
                "no more than 25",
            ),
            ({"type": "actions", "elements": [button("a", "x" * 2001)]}, "2001 characters"),
            ({"type": "actions", "elements": [button("a"), button("a")]}, "already exists"),
            ({"type": "actions", "elements": [button("a", style="blue")]}, "primary, danger"),
            ({"type": "actions", "elements": [button("a", url="ftp://x")]}, "valid URL"),
            ({"type": "context", "elements": [section("x")]}, "unsupported type: section"),
            ({"type": "context_actions", "elements": [button("a")]}, "unsupported type: button"),
            ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "20 items"),
            (
                {"type": "task_card", "task_id": "1", "title": "x", "status": "done"},
                "must be one of pending",
            ),
            ({"type": "image", "alt_text": "x"}, "image_url"),
            ({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "unsupported"),
            ({"type": "markdown", "text": ""}, "more than 0"),
        ],
    )
    async def test_refuses_and_points(
        self, client: AsyncWebClient, block: dict[str, Any], complaint: str
    ) -> None:
        call = client.chat_postMessage(channel=SUPPORT, text="x", blocks=[block])
        answer = await refused(call)
        assert answer["error"] == "invalid_blocks"
        assert complaint in " ".join(answer["response_metadata"]["messages"])

    @pytest.mark.parametrize(
        ("blocks", "error"),
        [
            ([section("x")] * 51, "invalid_blocks"),
            ([{**section("x"), "block_id": "same"}] * 2, "invalid_blocks"),
            ([{"type": "markdown", "text": "x" * 7000}] * 2, "invalid_blocks"),
            ([section("x" * 2900)] * 5, "msg_blocks_too_long"),
        ],
        ids=["51 blocks", "one block_id twice", "14,000 of markdown", "14,500 in all"],
    )
    async def test_refuses_too_much_together(
        self, client: AsyncWebClient, blocks: list[Any], error: str
    ) -> None:
        call = client.chat_postMessage(channel=SUPPORT, text="x", blocks=blocks)
        assert (await refused(call))["error"] == error

    async def test_reads_as_text(self, slack: SlackSandbox, client: AsyncWebClient) -> None:
        line = {"type": "rich_text_section", "elements": [{"type": "text", "text": "rich"}]}
        blocks = [
            {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
            {"type": "markdown", "text": "**bold**"},
            {"type": "rich_text", "elements": [line]},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "cell"}]]},
            {"type": "actions", "elements": [button("approve")]},
        ]
        await client.chat_postMessage(channel=SUPPORT, text="fallback", blocks=blocks)
        expected = ["Title", "**bold**", "rich", "cell", "[Approve]"]
        assert slack.messages(SUPPORT)[0].plain.splitlines() == expected
