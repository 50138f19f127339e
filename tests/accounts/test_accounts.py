"""The bot's own use of Scalekit, against the stand-in by the real SDK."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable, Scalekit, ToolFailure, VerificationRefused
from bot.sandbox.intercom import PRIYA_CONVERSATION, IntercomSandbox
from bot.sandbox.people import MAYA
from bot.sandbox.scalekit import ScalekitSandbox
from bot.settings import Settings

WHO = "slack:T1:U1"


@pytest.fixture(scope="module")
def sandbox(scalekit_ca: Path) -> Iterator[ScalekitSandbox]:
    sandbox = ScalekitSandbox(IntercomSandbox(), ca_directory=scalekit_ca)
    sandbox.start()
    os.environ.update(sandbox.env())
    yield sandbox
    sandbox.stop()


@pytest.fixture
def settings(sandbox: ScalekitSandbox) -> Settings:
    return Settings(
        slack_bot_token="xoxb-1",
        slack_signing_secret="s",
        slack_client_id="c",
        slack_client_secret="s",
        anthropic_api_key="k",
        scalekit_environment_url=sandbox.url,
        scalekit_client_id=sandbox.client_id,
        scalekit_client_secret=sandbox.client_secret,
        redis_url="memory://",
        public_url="https://bot.example",
    )


@pytest.fixture
def scalekit(sandbox: ScalekitSandbox, settings: Settings) -> Scalekit:
    sandbox.forget_accounts()
    return Scalekit(settings)


def test_the_identifier_is_a_function_of_what_slack_signed() -> None:
    assert SlackUser("T1", "U1").identifier == "slack:T1:U1"
    assert SlackUser("T2", "U1").identifier != SlackUser("T1", "U1").identifier
    grid = SlackUser("T1", "U1", "E1")
    assert grid.identifier == SlackUser("T2", "U1", "E1").identifier == "slack:E1:U1"


async def test_an_account_created_in_parallel_is_one_account(
    sandbox: ScalekitSandbox, scalekit: Scalekit
) -> None:
    accounts = await asyncio.gather(*(scalekit.account(WHO) for _ in range(12)))
    assert {account.status for account in accounts} == {"PENDING_AUTH"}
    created = [c for c in sandbox.calls if c.rpc == "CreateConnectedAccount"]
    assert [call.outcome for call in created].count("OK") == 1
    assert not any("Auth" in call.rpc for call in sandbox.calls)


async def test_only_its_own_identifier_can_verify(
    sandbox: ScalekitSandbox, scalekit: Scalekit
) -> None:
    await scalekit.account(WHO)
    await scalekit.account("slack:T1:U2")
    link = await scalekit.authorization_link(WHO, "state", "https://bot.example/connect/verify")
    back = sandbox.authorize(link, str(MAYA.intercom_admin_id))
    auth_request_id = back.partition("auth_request_id=")[2].partition("&")[0]
    with pytest.raises(VerificationRefused):
        await scalekit.verify(auth_request_id, "slack:T1:U2")
    await scalekit.verify(auth_request_id, WHO)
    with pytest.raises(VerificationRefused):
        await scalekit.verify(auth_request_id, WHO)
    assert (await scalekit.account(WHO)).is_active


async def test_all_pages_of_tools_with_whole_numbers(
    sandbox: ScalekitSandbox, scalekit: Scalekit
) -> None:
    sandbox.connect(WHO, str(MAYA.intercom_admin_id))
    sandbox.limit_pages(10)
    tools = await scalekit.tools(WHO)
    sandbox.limit_pages(100)
    assert len({tool.name for tool in tools}) == 98
    sandbox.add_tool(
        {
            "name": "intercom_new",
            "description": "new",
            "input_schema": {"type": "object", "properties": {"n": {"maximum": 50}}},
        }
    )
    [new] = [tool for tool in await scalekit.tools(WHO) if tool.name == "intercom_new"]
    sandbox.remove_tool("intercom_new")
    assert repr(new.input_schema["properties"]["n"]["maximum"]) == "50"


@pytest.mark.parametrize(
    ("status", "code", "kind", "nothing_happened"),
    [
        (401, "token_revoked", "unauthorized", True),
        (403, "action_forbidden", "forbidden", True),
        (429, "rate_limit_exceeded", "rate_limited", True),
        (404, "not_found", "not_found", True),
        (404, "TOOL_NOT_FOUND", "rejected", True),
        (404, None, "rejected", True),
        (500, "server_error", "unavailable", False),
        (503, None, "unavailable", False),
        (400, None, "rejected", True),
    ],
)
async def test_failures_say_whether_anything_may_have_happened(
    sandbox: ScalekitSandbox,
    scalekit: Scalekit,
    status: int,
    code: str | None,
    kind: str,
    nothing_happened: bool,
) -> None:
    sandbox.connect(WHO, str(MAYA.intercom_admin_id))
    tool = "intercom_retrieve_conversation"
    sandbox.fail(tool, status=status, tool_error_code=code)
    with pytest.raises(ToolFailure) as caught:
        await scalekit.execute(WHO, tool, {"conversation_id": PRIYA_CONVERSATION})
    assert (caught.value.kind, caught.value.nothing_happened) == (kind, nothing_happened)
    found = await scalekit.execute(WHO, tool, {"conversation_id": PRIYA_CONVERSATION})
    assert found["id"] == PRIYA_CONVERSATION


async def test_out_of_reach_is_said_as_such(settings: Settings) -> None:
    away = settings.model_copy(update={"scalekit_environment_url": "https://127.0.0.1:9"})
    with pytest.raises(AccountsUnavailable):
        await Scalekit(away).account(WHO)
