"""`bot doctor --live`: everything accepted where all is well, and each refusal told as it was."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployment import Deployment

from bot.accounts.identity import SlackUser
from bot.agent.toolset import Toolset
from bot.doctor.live.claude import TOOL, try_claude
from bot.doctor.live.report import Report
from bot.doctor.live.run import _try_all
from bot.sandbox.claude import reply, thinking, tool_search, tool_use
from bot.sandbox.people import MAYA, TOM, Person
from bot.sandbox.slack import SUPPORT
from bot.services import open_services
from bot.state.models import Owner

ROOT = Path(__file__).resolve().parents[2]


def user(person: Person) -> SlackUser:
    return SlackUser(person.slack_team_id, person.slack_user_id)


async def connect(deployment: Deployment, *people: Person) -> None:
    """What remains of somebody who has connected: the account, and whose it is."""
    async with open_services(deployment.settings()) as services:
        for identifier in await services.profiles.identifiers(MAYA.slack_team_id):
            await services.profiles.erase(identifier)
        for person in people:
            assert person.intercom_admin_id
            who = user(person)
            deployment.sandbox.scalekit.connect(who.identifier, person.intercom_admin_id)
            owner = Owner(team_id=who.team_id, user_id=who.user_id)
            await services.profiles.save_owner(who.identifier, owner)


def speak(deployment: Deployment) -> None:
    """Claude takes part in the check as asked."""
    deployment.sandbox.claude.script(
        reply(thinking("I look for it."), tool_search("subscription", [TOOL]), tool_use(TOOL, {})),
        reply("Goodbye."),
        when="Search for the tool",
    )


@pytest.fixture
def quiet(deployment: Deployment) -> Iterator[Deployment]:
    yield deployment
    deployment.sandbox.slack.heal()
    deployment.sandbox.scalekit.heal()
    deployment.sandbox.claude.reset()


async def tried(deployment: Deployment, channel: str = "#support", user: str = "") -> Report:
    report = Report()
    settings = deployment.settings(slack_limits_factor=1000)
    await _try_all(report, settings, channel, user)
    return report


def told(report: Report, verdict: str) -> dict[str, str]:
    return {line.tried: line.words for line in report.lines if line.verdict == verdict}


async def test_all_is_accepted_and_nothing_is_left(quiet: Deployment) -> None:
    slack, intercom = quiet.sandbox.slack, quiet.sandbox.intercom
    await connect(quiet, MAYA)
    speak(quiet)
    dm = slack.dm(MAYA.slack_user_id)
    before = (slack.messages(SUPPORT), slack.messages(dm), len(intercom.writes))
    report = await tried(quiet)
    assert told(report, "refused") == {}
    assert told(report, "different") == {}
    accepted = told(report, "accepted")
    for place in ("in the channel", "in direct messages"):
        for call in (
            "chat.postMessage",
            "chat.update",
            "chat.appendStream",
            "a card with a button",
            "the file's content",
            "a message's metadata comes back",
            "files.delete",
        ):
            assert f"{call} {place}" in accepted
    assert {"search_conversations", "retrieve_contact", "list_contact_notes"} <= set(accepted)
    assert {"searching for a tool", "thinking that can be shown", "its replay"} <= set(accepted)
    assert (slack.messages(SUPPORT), slack.messages(dm), len(intercom.writes)) == before


async def test_an_operator_runs_it(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    speak(quiet)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "doctor", "--live", SUPPORT, "--json"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            **quiet.environment,
            "SLACK_LIMITS_FACTOR": "1000",
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = json.loads(done.stdout)
    assert {line["verdict"] for line in lines} == {"accepted"}
    private = [MAYA.email, "@", quiet.sandbox.slack.bot_token, "Priya"]
    assert [word for word in private if word in done.stdout] == []


SLACK_CALLS = [
    "agents.sessions.setStatus",
    "chat.appendStream",
    "chat.delete",
    "chat.getPermalink",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
    "conversations.list",
    "conversations.open",
    "conversations.replies",
    "files.completeUploadExternal",
    "files.delete",
    "files.getUploadURLExternal",
    "files.info",
    "reactions.add",
    "users.info",
]


@pytest.mark.parametrize("method", SLACK_CALLS)
async def test_what_slack_refuses_is_told_in_its_words(quiet: Deployment, method: str) -> None:
    await connect(quiet, MAYA)
    speak(quiet)
    quiet.sandbox.slack.fail(method, error="not_allowed_here", times=1_000)
    report = await tried(quiet)
    refused = told(report, "refused")
    told_so = set(refused.values())
    # What still streams cannot be removed, which is said too.
    assert told_so - {"cant_delete_message"} == {"not_allowed_here"}
    assert not report.is_good


@pytest.mark.parametrize(
    "name", ["ListScopedTools", "intercom_identify_admin", "intercom_list_tags"]
)
async def test_what_scalekit_or_intercom_refuses_is_told(quiet: Deployment, name: str) -> None:
    await connect(quiet, MAYA)
    speak(quiet)
    async with open_services(quiet.settings()) as services:
        await services.profiles.forget_account(user(MAYA).identifier)
    quiet.sandbox.scalekit.fail(name, status=403, times=1_000)
    refused = told(await tried(quiet), "refused")
    assert len(refused) == 1


async def test_a_tool_that_is_new_gone_or_has_another_field_is_told(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    speak(quiet)
    scalekit = quiet.sandbox.scalekit
    new = {"name": "intercom_predict_churn", "description": "New.", "input_schema": {}}
    scalekit.add_tool(new)
    try:
        report = await tried(quiet)
    finally:
        scalekit.remove_tool("intercom_predict_churn")
    different = told(report, "different")
    assert different == {"every tool it offers is known here": "not known: intercom_predict_churn"}


async def test_claude_that_does_not_search_think_or_call_is_told(quiet: Deployment) -> None:
    quiet.sandbox.claude.script(reply("No."), reply("Still no."), when="Search for the tool")
    report = Report()
    await try_claude(report, quiet.settings(), Toolset(tools=[]))
    different = told(report, "different")
    assert {"searching for a tool", "calling the tool that it found"} <= set(different)
    assert "it called none" in different["calling the tool that it found"]


async def test_claude_that_refuses_is_told(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    quiet.sandbox.claude.fail(status=529, times=2)
    refused = told(await tried(quiet), "refused")
    assert list(refused) == ["a turn with tool search"]


async def test_without_an_account_it_says_what_to_do(quiet: Deployment) -> None:
    await connect(quiet)
    refused = told(await tried(quiet), "refused")
    assert "/intercom connect" in refused["the operator's account"]


async def test_with_several_accounts_it_asks_whose(quiet: Deployment) -> None:
    await connect(quiet, MAYA, TOM)
    refused = told(await tried(quiet), "refused")
    assert TOM.slack_user_id in refused["the operator's account"]
    speak(quiet)
    report = await tried(quiet, user=TOM.slack_user_id)
    assert "the operator's account" not in told(report, "refused")


async def test_a_channel_that_is_not_there_is_told(quiet: Deployment) -> None:
    await connect(quiet)
    refused = told(await tried(quiet, channel="#no-such"), "refused")
    assert "finding #no-such" in refused
