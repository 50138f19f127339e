"""`bot doctor` as an operator runs it, and what it says of the variables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deployment import Deployment

from bot.doctor import examine
from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.next_step import next_step
from bot.doctor.variables import check_variables
from bot.sandbox.processes import free_port
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-s3cret",
    "SLACK_SIGNING_SECRET": "s3cret-signing",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "s3cret-client",
    "ANTHROPIC_API_KEY": "s3cret-key",
    "SCALEKIT_ENV_URL": "https://acme.scalekit.example",
    "SCALEKIT_CLIENT_ID": "skc_1",
    "SCALEKIT_CLIENT_SECRET": "s3cret-scalekit",
    "REDIS_URL": "redis://:s3cret@localhost:6379/0",
    "PUBLIC_URL": "https://agent.example.com",
}


def doctor(
    *arguments: str, cwd: str | Path = "/", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "doctor", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_all_is_well(deployment: Deployment) -> None:
    done = doctor("--json", **deployment.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert {tuple(finding) for finding in told} == {("check", "status", "detail", "cure")}
    assert "failure" not in {finding["status"] for finding in told}
    assert "Slack token" in {finding["check"] for finding in told}
    secrets = (deployment.sandbox.slack.bot_token, deployment.sandbox.scalekit.client_secret)
    assert not [secret for secret in secrets if secret in done.stdout]


def test_what_is_right_is_checked_where_variables_are_missing_or_malformed(
    tmp_path: Path,
) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(
        f"REDIS_URL=redis://:s3cret@127.0.0.1:{port}/0\nno assignment\nPORT=s3cret\n"
        f"SLACK_BOT_TOKEN=xoxp-s3cret\nPUBLIC_URL=http://127.0.0.1:{port}\n"
    )
    done = doctor(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert "[ok]      REDIS_URL: set" in lines
    assert "[failure] .env line 2: cannot be read. Fix: write NAME=value, with" in done.stdout
    assert "[failure] SLACK_BOT_TOKEN: malformed: it has to start with xoxb-" in done.stdout
    assert "[failure] PORT: malformed: " in done.stdout
    assert "[failure] SCALEKIT_CLIENT_ID: missing. Fix: set it; you find it here" in done.stdout
    assert f"Redis: REDIS_URL (redis://…@127.0.0.1:{port}/0): nothing answers" in done.stdout
    assert "[failure] PUBLIC_URL answers: " in done.stdout
    left_out = ("Slack token", "Slack events", "Sign in with Slack", "Scalekit:", "Claude")
    assert [name for name in left_out if name in done.stdout] == []
    assert lines[-1].startswith("Next: correct .env line 2: ")
    assert "s3cret" not in done.stdout


def test_a_dotenv_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=3000\n\xff\xfe\n")
    done = doctor(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("[failure] .env: .env cannot be read: it is not UTF-8 text.")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_every_variable_has_its_finding(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APPROVALS=off\n")
    findings, settings, wrong = check_variables()
    assert settings
    assert not wrong
    told = {finding.check: finding.detail for finding in findings}
    assert list(told) == [name.upper() for name in Settings.model_fields]
    assert told["SCALEKIT_ENVIRONMENT_URL"] == told["APPROVALS"] == "set"
    assert told["PORT"] == "default"
    assert told["SLACK_APP_TOKEN"] == "not set (optional)"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-s3cret", "it has to start with xoxb-"),
        ("PORT", "s3cret", "Input should be a valid integer"),
        ("SCALEKIT_ENV_URL", "s3cret", "Input should be a valid URL"),
    ],
)
def test_a_malformed_variable_is_told_without_its_value(
    variables: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    variables.setenv(name, value)
    findings, settings, wrong = check_variables()
    (found,) = [finding for finding in findings if finding.status == "failure"]
    assert found.check == name.replace("SCALEKIT_ENV_URL", "SCALEKIT_ENVIRONMENT_URL")
    assert wrong == {found.check.lower()}
    assert settings
    assert settings.anthropic_api_key.get_secret_value() == "s3cret-key"
    assert found.detail.startswith(f"malformed: {why}")
    assert found.cure.startswith("what belongs there: ")
    assert "s3cret" not in "".join(finding.line() for finding in findings)


DONE = [ok("PUBLIC_URL", "set"), ok("Redis", "reachable"), ok("Worker", "1 at work")]


@pytest.mark.parametrize(
    ("amiss", "told"),
    [
        (failure("PUBLIC_URL", "missing", "set it"), "choose the public address (README, step 2)"),
        (failure("SLACK_CLIENT_ID", "missing", "set it"), "create the Slack app (README, step 3)"),
        (failure("Slack scopes", "not granted: x", "add them"), "add them (README, step 3)"),
        (failure("SCALEKIT_CLIENT_ID", "missing", "set"), "the Intercom app (README, step 4)"),
        (failure("Claude key", "not accepted", "copy it"), "copy it (README, step 5)"),
        (failure("REDIS_URL", "missing", "set it"), "start Redis (README, step 6)"),
        (failure("PUBLIC_URL answers", "refused", "x"), "start `bot web` (README, step 7)"),
        (warning("Worker", "none is at work", "x"), "start `bot worker` (README, step 7)"),
        (warning("Redis eviction", "x", "y"), "type `/intercom connect` (README, step 8)"),
        (failure("RUN_TURNS", "malformed", "correct it"), "correct it"),
    ],
)
def test_the_next_step_is_the_first_that_is_not_done(amiss: Finding, told: str) -> None:
    line = next_step([*DONE, amiss])
    words, _, step = told.partition(" (")
    assert line.startswith("Next: ")
    assert words in line
    assert step in line


def test_the_steps_go_in_the_readmes_order() -> None:
    first = failure("REDIS_URL", "missing", "set it")
    assert "step 3" in next_step([first, failure("SLACK_CLIENT_ID", "missing", "set it")])


async def test_from_nothing_to_a_workspace_each_step_ends_with_the_next(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*Settings.model_fields, "scalekit_env_url"):
        monkeypatch.delenv(name.upper(), raising=False)
    told = []
    for prefix in ("", "PUBLIC_", "SLACK_", "SCALEKIT_", "ANTHROPIC_", "REDIS_"):
        for name, value in deployment.environment.items():
            if prefix and name.startswith(prefix):
                monkeypatch.setenv(name, value)
        findings, settings, wrong = check_variables()
        assert settings
        told.append(next_step([*findings, *await examine(settings, wrong=wrong)]))
    steps = [line.partition("step ")[2][:1] for line in told[:-1]]
    assert steps == ["2", "3", "4", "5", "6"]
    embedded = deployment.environment["REDIS_URL"].startswith("memory://")
    last = "in Slack, type `/intercom connect`" if embedded else "start `bot worker`"
    assert last in told[-1]
