"""`bot doctor --live`: everything accepted where all is well, and each refusal told as it was."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment
from slack_sdk.errors import SlackApiError

from bot.accounts.identity import SlackUser
from bot.accounts.teammates import IDENTIFY
from bot.agent.toolset import Toolset
from bot.doctor.live.claude import TOOL, try_claude
from bot.doctor.live.intercom import try_intercom
from bot.doctor.live.report import Report
from bot.doctor.live.run import _try_all
from bot.intercom.catalogue import TOOLS
from bot.sandbox.claude import reply, thinking, tool_search, tool_use
from bot.sandbox.people import MAYA, TOM, Person
from bot.sandbox.slack import SUPPORT
from bot.services import open_services
from bot.slack.limits import TIERS
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


def doctor(*, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "doctor", "--live", SUPPORT],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_with_a_variable_missing_nothing_is_tried(quiet: Deployment, tmp_path: Path) -> None:
    before = len(quiet.sandbox.slack.calls)
    given = {name: value for name, value in quiet.environment.items() if name != "REDIS_URL"}
    done = await asyncio.to_thread(doctor, cwd=tmp_path, **given)
    assert (done.returncode, done.stdout) == (1, "")
    missing, *others, last = done.stderr.splitlines()
    assert missing.startswith("[failure] REDIS_URL: missing.")
    assert (others, last) == ([], "Nothing was tried. `bot doctor` says what comes next.")
    assert len(quiet.sandbox.slack.calls) == before


async def test_a_redis_that_is_not_there_is_named(quiet: Deployment, tmp_path: Path) -> None:
    given = {**quiet.environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = await asyncio.to_thread(doctor, cwd=tmp_path, **given)
    assert done.returncode == 1
    assert "REDIS_URL (redis://127.0.0.1:1/0): nothing answers there." in done.stdout


SLACK_CALLS = [
    "agents.sessions.rename",
    "agents.sessions.setStatus",
    "chat.appendStream",
    "chat.delete",
    "chat.getPermalink",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.startStream",
    "chat.stopStream",
    "chat.update",
    "conversations.history",
    "conversations.info",
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


NOT_TRIED = {
    "assistant.threads.setStatus": "it ends soon, and is missed by nobody",
    "assistant.threads.setTitle": "it ends soon, and is missed by nobody",
    "auth.test": "without it nothing is tried",
    "views.open": "only somebody's click allows it",
    "views.publish": "it would replace what somebody sees",
    "views.update": "only somebody's click allows it",
}


def test_every_method_of_slacks_that_the_bot_calls_is_tried() -> None:
    called = set(TIERS) | {"chat.postMessage"}
    assert called - set(SLACK_CALLS) - set(NOT_TRIED) == set()


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


@pytest.mark.parametrize("name", ["ListScopedTools", IDENTIFY])
async def test_what_scalekit_or_intercom_refuses_is_told(quiet: Deployment, name: str) -> None:
    await connect(quiet, MAYA)
    speak(quiet)
    quiet.sandbox.scalekit.fail(name, status=403, times=1_000)
    refused = told(await tried(quiet), "refused")
    assert len(refused) == 1


async def test_scalekit_that_does_not_answer_at_all_is_told(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    quiet.sandbox.scalekit.fail("*", status=503, times=1_000)
    report = await tried(quiet)
    assert told(report, "refused") == {"finding the operator's account": "unavailable"}
    assert "chat.update in the channel" in told(report, "accepted")


async def intercom_tried(deployment: Deployment) -> Report:
    """Only what is asked of Scalekit and Intercom."""
    report = Report()
    async with open_services(deployment.settings()) as services:
        identifier = user(MAYA).identifier
        await try_intercom(report, services.scalekit, services.teammates, identifier)
    return report


async def test_each_read_of_intercom_is_refused_in_turn_and_told(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    whole = told(await intercom_tried(quiet), "accepted")
    reads = [name for name in whole if f"intercom_{name}" in TOOLS]
    assert len(reads) > 30
    for name in reads:
        quiet.sandbox.scalekit.fail(
            f"intercom_{name}", status=403, tool_error_code="action_forbidden", times=1_000
        )
        refused = told(await intercom_tried(quiet), "refused")
        quiet.sandbox.scalekit.heal()
        assert refused == {name: "forbidden"}


async def test_what_intercom_says_of_a_customer_is_for_the_operator_alone(
    quiet: Deployment,
) -> None:
    await connect(quiet, MAYA)
    quiet.sandbox.scalekit.fail(
        "intercom_list_tags",
        status=400,
        tool_error_code="parameter_invalid",
        message="Priya Natarajan (priya@lumenlabs.example) is archived",
    )
    report = await intercom_tried(quiet)
    assert "Priya Natarajan ([e-mail]) is archived" in report.text(as_json=False)
    as_json = report.text(as_json=True)
    assert [word for word in ("Priya", "lumen", "archived") if word in as_json] == []
    [line] = [line for line in json.loads(as_json) if line["verdict"] == "refused"]
    assert (line["tried"], line["words"]) == ("list_tags", "rejected")


async def test_slacks_own_words_for_what_it_does_not_take_are_kept(quiet: Deployment) -> None:
    response = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["why"]}}

    async def refused() -> None:
        raise SlackApiError("no", response)

    report = Report()
    await report.attempt("Slack", "a card", refused())
    assert told(report, "refused") == {"a card": "invalid_blocks: why"}


async def test_a_tool_that_is_new_gone_or_has_other_fields_is_told(quiet: Deployment) -> None:
    await connect(quiet, MAYA)
    scalekit = quiet.sandbox.scalekit
    fields = {"label": {"type": "string"}}
    added: dict[str, Any] = {
        "intercom_predict_churn": {},
        "intercom_retrieve_tag": {"type": "object", "properties": fields},
    }
    for name, schema in added.items():
        scalekit.add_tool({"name": name, "description": "New.", "input_schema": schema})
    scalekit.forbid(user(MAYA).identifier, ["intercom_list_segments"])
    try:
        different = told(await intercom_tried(quiet), "different")
    finally:
        for name in added:
            scalekit.remove_tool(name)
        scalekit.forbid(user(MAYA).identifier, [])
    assert different["every tool it offers is known here"] == "not known: intercom_predict_churn"
    gone = "not offered to this account: intercom_list_segments"
    assert different["every tool known here is offered"] == gone
    fields_told = different["the fields of intercom_retrieve_tag"]
    assert fields_told == "not known here: label; no longer there: tag_id"


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
    assert "no such channel" in refused["finding the channel"]
    report = await tried(quiet, channel="#acme-escalations")
    assert "#acme-escalations" in report.text(as_json=False)
    assert "acme" not in report.text(as_json=True)
