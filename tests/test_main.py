"""The command line, as an operator types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OTHERS = (
    "SLACK_SIGNING_SECRET",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "ANTHROPIC_API_KEY",
    "SCALEKIT_ENV_URL",
    "SCALEKIT_CLIENT_ID",
    "SCALEKIT_CLIENT_SECRET",
    "PUBLIC_URL",
)


def bot(
    *arguments: str, cwd: str | Path = "/", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_missing_setting_stops_the_process_with_a_sentence(command: str) -> None:
    done = bot(command)
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN is not set. You find it here: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_manifest_is_printed_with_the_public_url() -> None:
    done = bot("manifest", PUBLIC_URL="https://agent.example.com")
    assert done.returncode == 0
    assert "request_url: https://agent.example.com/slack/events" in done.stdout


def test_the_manifest_needs_an_address_and_nothing_else(tmp_path: Path) -> None:
    done = bot("manifest", "--public-url", "https://agent.example.com/", SLACK_BOT_TOKEN="wrong")
    assert (done.returncode, done.stderr) == (0, "")
    assert "request_url: https://agent.example.com/slack/events" in done.stdout
    (tmp_path / ".env").write_text("PUBLIC_URL=https://other.example.com\n")
    done = bot("manifest", cwd=tmp_path)
    assert "request_url: https://other.example.com/slack/events" in done.stdout


def test_a_wrong_address_or_none_is_refused_in_a_line() -> None:
    done = bot("manifest", "--public-url", "http://agent.example.com")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "--public-url http://agent.example.com: Slack takes https only. "
        "It has to look like https://agent.example.com.\n"
    )
    done = bot("manifest")
    assert (done.returncode, done.stdout) == (2, "")
    assert "bot manifest --public-url https://agent.example.com" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_worker_of_its_own_needs_a_redis_server() -> None:
    settings = dict.fromkeys(OTHERS, "https://x.example")
    done = bot("worker", SLACK_BOT_TOKEN="xoxb-1", REDIS_URL="memory://", **settings)
    assert done.returncode == 2
    assert "needs a Redis server" in done.stderr
