"""No secret and no e-mail address in a log line, whoever wrote it."""

import json
import logging

import pytest
import structlog

from bot.logs import set_up_logs
from bot.settings import Settings

SETTINGS = Settings(
    slack_bot_token="xoxb-1-canary",
    slack_signing_secret="signing-canary-0001",
    slack_client_id="c",
    slack_client_secret="client-canary-0002",
    anthropic_api_key="key-canary-0003",
    scalekit_environment_url="https://x.example",
    scalekit_client_id="c",
    scalekit_client_secret="scalekit-canary-0004",
    redis_url="redis://:redis-canary-0005@cache.example",
    public_url="https://bot.example",
    log_format="json",
)


def test_secrets_and_addresses_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(SETTINGS)
    log = structlog.get_logger()
    log.warning(
        "said",
        text="redis-canary-0005, xoxb-1-canary and signing-canary-0001",
        who="priya@shop.example",
    )
    logging.getLogger("library").error("Authorization: Bearer abc.def-canary sk-ant-canary-1")
    try:
        raise ValueError("client-canary-0002 for maya@northwind.example")
    except ValueError:
        log.exception("broke")
    written = capsys.readouterr().err
    assert written.count("\n") == 3
    assert "canary" not in written
    assert "@" not in written
    assert "[secret]" in written
    assert "[e-mail]" in written


def test_what_is_redacted_stays_json_and_nothing_hides_behind_an_escape(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(SETTINGS)
    text = "Hello,\nmaya@shop.example\nxoxb-2-canary\u2026tom@shop.example"
    structlog.get_logger().warning(
        "said", text=text, told={"to": [text, 1]}, error=ValueError(text)
    )
    written = capsys.readouterr().err
    line = json.loads(written)
    assert line["text"] == "Hello,\n[e-mail]\n[secret]\u2026[e-mail]"
    assert line["told"] == {"to": [line["text"], 1]}
    assert "canary" not in written
    assert "shop.example" not in written


def test_a_traceback_in_a_terminal_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(SETTINGS.model_copy(update={"log_format": "console"}))
    try:
        customers_words = "I was charged twice"
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("broke", characters=len(customers_words))
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert "charged twice" not in written.replace('customers_words = "I was charged twice"', "")
