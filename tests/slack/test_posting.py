"""What must not be there twice is looked for before it is posted again."""

from collections.abc import Iterator

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import manifest_text
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SUPPORT, SlackSandbox
from bot.slack.posting import post_once


@pytest.fixture
def slack() -> Iterator[SlackSandbox]:
    sandbox = SlackSandbox(yaml.safe_load(manifest_text("https://bot.example")), rate_limits=False)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.mark.parametrize("in_thread", [True, False])
async def test_a_message_with_a_key_is_found_again(slack: SlackSandbox, in_thread: bool) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url + "/api/")
    root = slack.post(MAYA.slack_user_id, SUPPORT, "a root")
    thread = root if in_thread else None

    async def post(key: str, *, look_first: bool) -> str:
        return await post_once(client, SUPPORT, thread, key, look_first=look_first, text=key)

    first = await post("call:1", look_first=False)
    other = await post("call:2", look_first=True)
    assert await post("call:1", look_first=True) == first
    assert await post("call:2", look_first=True) == other
    posted = [call for call in slack.calls if call.method == "chat.postMessage"]
    assert len(posted) == 2
