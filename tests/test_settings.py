from pathlib import Path

import pytest

from bot.settings import SettingsError, load_settings

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s3cret-signing",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "s3cret-client",
    "ANTHROPIC_API_KEY": "s3cret-key",
    "SCALEKIT_ENVIRONMENT_URL": "https://acme.scalekit.example/",
    "SCALEKIT_CLIENT_ID": "skc_1",
    "SCALEKIT_CLIENT_SECRET": "s3cret-scalekit",
    "REDIS_URL": "redis://localhost:6379/0",
    "PUBLIC_URL": "https://agent.example.com",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*GOOD, "SCALEKIT_ENV_URL", "SLACK_APP_TOKEN", "APPROVALS", "PORT", "METRICS_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def put(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in {**GOOD, **changes}.items():
        monkeypatch.setenv(name, value)


def test_defaults_are_the_safe_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch)
    settings = load_settings()
    assert settings.approvals == "writes"
    assert settings.port == 3000
    assert settings.scalekit_connection_name == "intercom"
    assert settings.scalekit_environment_url == "https://acme.scalekit.example"
    assert settings.verify_url == "https://agent.example.com/connect/verify"


def test_a_dotenv_file_and_the_other_name_of_scalekits_url_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    values = {k: v for k, v in GOOD.items() if k != "SCALEKIT_ENVIRONMENT_URL"}
    values["SCALEKIT_ENV_URL"] = "https://other.scalekit.example"
    (tmp_path / ".env").write_text("".join(f"{k}={v}\n" for k, v in values.items()))
    assert load_settings().scalekit_environment_url == "https://other.scalekit.example"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_variable_is_named_with_where_to_find_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put(monkeypatch)
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} is not set. You find it here: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-s3cret"),
        ("SLACK_APP_TOKEN", "xoxb-s3cret"),
        ("PUBLIC_URL", "agent.example.com"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://:un#quo/ted?s3cret@cache.example:6379/2"),
        ("APPROVALS", "sometimes"),
        ("PORT", "http"),
        ("PUBLIC_URL", "ftp://user:s3cret@agent.example.com"),
        ("ANTHROPIC_BASE_URL", "user:s3cret@claude.example"),
        ("REDIS_URL", "postgres://:s3cret@localhost"),
        ("METRICS_PORT", "s3cret"),
        ("METRICS_PORT", "3000"),
        ("BIND_ADDRESS", "s3cret.example"),
        ("REQUEST_WAIT", "s3cret"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_kept_out(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    put(monkeypatch, **{name: value})
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} is malformed: ")
    assert "s3cret" not in str(caught.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch)
    assert "s3cret" not in repr(load_settings())


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@cache.example:6379/2",
        "rediss://bot:s3cret@cache.example:6379/2?ssl_cert_reqs=required",
        "redis://bot:s3%63ret-s3cret@cache.example/2",
        "redis://cache.example:6379/2?username=bot&password=s3cret",
        "unix://bot:s3cret@/run/cache.example/redis.sock?db=2",
    ],
)
def test_no_repr_shows_a_password_in_an_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    put(monkeypatch, REDIS_URL=url, PUBLIC_URL="https://user:s3cret@agent.example.com")
    settings = load_settings()
    assert settings.redis_url == url
    for shown in (repr(settings), str(settings)):
        assert "s3cret" not in shown
        assert "cache.example" in shown
        assert "agent.example.com" in shown
    assert [secret for secret in settings.secrets() if secret in url]


def test_a_metrics_port_has_to_be_another_than_the_public_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(monkeypatch, PORT="4000", METRICS_PORT="4000")
    with pytest.raises(SettingsError, match="METRICS_PORT is malformed: it has to be another one"):
        load_settings()
    put(monkeypatch, PORT="4000", METRICS_PORT="4001")
    assert load_settings().metrics_port == 4001
