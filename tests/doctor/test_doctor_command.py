"""`bot doctor` as an operator runs it, and what it says of the variables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deployment import Deployment

from bot.doctor.variables import check_variables
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


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "doctor", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd="/",
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


def test_a_missing_variable_fails_and_is_all_that_is_looked_at() -> None:
    done = doctor(**{name: value for name, value in GOOD.items() if name != "PUBLIC_URL"})
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == len(Settings.model_fields) + 1
    assert "[ok]      SLACK_BOT_TOKEN: set" in lines
    assert (
        "[failure] PUBLIC_URL: missing. Cure: set it; you find it here: the https address at "
        in (done.stdout)
    )
    assert lines[-1].startswith("[warning] Services: not checked")


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
    findings, settings = check_variables()
    assert settings
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
    findings, settings = check_variables()
    assert settings is None
    (found,) = [finding for finding in findings if finding.status == "failure"]
    assert found.check == name.replace("SCALEKIT_ENV_URL", "SCALEKIT_ENVIRONMENT_URL")
    assert found.detail.startswith(f"malformed: {why}")
    assert found.cure.startswith("what belongs there: ")
    assert "s3cret" not in "".join(finding.line() for finding in findings)
