"""Every setting there is, read from the environment and from `.env`."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    AnyHttpUrl,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
)

from bot.urls import secrets_in, without_secrets

Approvals = Literal["writes", "destructive", "off"]
STRICTNESS: tuple[Approvals, ...] = ("off", "destructive", "writes")
Region = Literal["us", "eu", "au"]

WHERE_TO_FIND = {
    "SLACK_BOT_TOKEN": "api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token "
    "(starts with xoxb-)",
    "SLACK_SIGNING_SECRET": "api.slack.com/apps → your app → Basic Information → Signing Secret",
    "SLACK_APP_TOKEN": "api.slack.com/apps → your app → Basic Information → App-Level Tokens "
    "(starts with xapp-); leave it out to receive events over HTTP",
    "SLACK_CLIENT_ID": "api.slack.com/apps → your app → Basic Information → Client ID",
    "SLACK_CLIENT_SECRET": "api.slack.com/apps → your app → Basic Information → Client Secret",
    "SLACK_API_URL": "Slack's Web API; leave it out unless you run against the sandbox",
    "ANTHROPIC_API_KEY": "console.anthropic.com → API keys",
    "ANTHROPIC_BASE_URL": "leave it out to use Anthropic's own API",
    "ANTHROPIC_MODEL": "a current Claude model, for example claude-sonnet-5-5",
    "SCALEKIT_ENVIRONMENT_URL": "app.scalekit.com → Developers → API Config → Environment URL "
    "(SCALEKIT_ENV_URL works too)",
    "SCALEKIT_CLIENT_ID": "app.scalekit.com → Developers → API Config → Client ID",
    "SCALEKIT_CLIENT_SECRET": "app.scalekit.com → Developers → API Config → Client Secret",
    "SCALEKIT_CONNECTION_NAME": "app.scalekit.com → Agent Auth → Connections → the connection's "
    "exact name",
    "REDIS_URL": "your Redis or Valkey 7+, for example redis://localhost:6379/0",
    "PUBLIC_URL": "the https address at which Slack and browsers reach `bot web`",
    "SCALEKIT_WEBHOOK_SECRET": "app.scalekit.com → Webhooks → the endpoint "
    "PUBLIC_URL/scalekit/webhooks → Signing secret (starts with whsec_), or leave it out",
    "INTERCOM_CLIENT_SECRET": "Intercom's Developer Hub → your app → Basic information",
    "INTERCOM_REGION": "one of us, eu, au: where your Intercom workspace is hosted",
    "APPROVALS": "one of writes, destructive, off",
    "GUESTS": "off or on: whether guests of your Slack workspace may use it",
    "PORT": "a port number for `bot web`",
    "BIND_ADDRESS": "the address that `bot web` listens on: 0.0.0.0 for every one of this machine, "
    "127.0.0.1 for this machine alone",
    "METRICS_TOKEN": "a long random text that you draw yourself; Prometheus sends it as a bearer "
    "token",
    "METRICS_PORT": "a port number of its own for /metrics, other than PORT, that the internet "
    "does not reach",
    "WORKER_CONCURRENCY": "how many steps one worker takes at once, from 1 to 200",
    "LOG_FORMAT": "json or console",
    "CONVERSATION_TTL": "an ISO 8601 duration, for example P30D",
    "REQUEST_WAIT": "an ISO 8601 duration, for example PT24H",
    "APPROVAL_WAIT": "an ISO 8601 duration, for example PT24H",
    "OUTAGE_WAIT": "an ISO 8601 duration, for example PT10M",
    "RUNS_AT_ONCE": "how many runs there may be at once, a number from 1",
    "RUNS_PER_TEAMMATE": "how many of them may be one teammate's, a number from 1",
    "RUN_TURNS": "how many turns one request may take, a number from 1",
    "RUN_MINUTES": "how many minutes one request may work, a number from 1",
    "RUN_TOKENS": "how many tokens one request may cost, a number from 1",
    "TOKENS_PER_DAY": "how many tokens one person may spend in a day, by price, a number from 1",
    "CONTEXT_TOKENS": "beyond how many tokens a conversation goes on by a summary, from 1000",
    "SLACK_LIMITS_FACTOR": "how many times Slack's published rate limits your app was granted, "
    "above 0",
    "AUDIT_TTL": "an ISO 8601 duration, for example P365D",
}


S = TypeVar("S", bound="StateSettings")


class SettingsError(Exception):
    """One or more settings are missing or malformed. The text is for the operator."""


class StateSettings(BaseSettings):
    """What looking into Redis takes; `bot runs`, `bot threads`, `bot audit` need nothing else."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    redis_url: str
    worker_concurrency: int = Field(default=20, ge=1, le=200)
    log_format: Literal["json", "console"] | None = None
    """None: readable in a terminal, JSON elsewhere."""
    conversation_ttl: timedelta = timedelta(days=30)
    """How long a conversation is kept after its last step."""
    runs_at_once: int = Field(default=100, ge=1)
    """Runs that the whole deployment works on at once; others stand in line."""
    runs_per_teammate: int = Field(default=5, ge=1)
    """Of those, how many may be one teammate's."""
    audit_ttl: timedelta = timedelta(days=365)
    """How long the audit is kept."""

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis_address(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://", "memory://")):
            raise ValueError("it has to start with redis:// or rediss://")
        if not _can_be_split(value):
            raise ValueError(
                "it cannot be read; characters such as / ? # in its password have to be written "
                "percent-encoded (%2F %3F %23)"
            )
        return value

    @property
    def in_memory(self) -> bool:
        """Redis is embedded in the process: web and worker have to share it."""
        return self.redis_url.startswith("memory://")

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Everything but secrets, of which a URL may hold some too."""
        for name, value in super().__repr_args__():
            yield name, without_secrets(value) if isinstance(value, str) else value

    def secrets(self) -> list[str]:
        """Every value that must not show anywhere, the passwords within URLs included."""
        found: list[str] = []
        for value in dict(self).values():
            if isinstance(value, SecretStr):
                found.append(value.get_secret_value())
            elif isinstance(value, str):
                found += secrets_in(value)
        return found


class Settings(StateSettings):
    """The contract's variables. Values of secrets never show in its repr."""

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr
    slack_app_token: SecretStr | None = None
    slack_client_id: str
    slack_client_secret: SecretStr
    slack_api_url: str = "https://slack.com/api/"

    anthropic_api_key: SecretStr
    anthropic_base_url: str = "https://api.anthropic.com"
    anthropic_model: str = "claude-sonnet-5-5"

    scalekit_environment_url: str = Field(
        validation_alias=AliasChoices("scalekit_environment_url", "scalekit_env_url")
    )
    scalekit_client_id: str
    scalekit_client_secret: SecretStr
    scalekit_connection_name: str = "intercom"
    scalekit_webhook_secret: SecretStr | None = None

    public_url: str
    intercom_client_secret: SecretStr | None = None
    intercom_region: Region = "us"
    approvals: Approvals = "writes"
    guests: Literal["off", "on"] = "off"
    """Whether the workspace's guests may use it."""

    port: int = Field(default=3000, ge=1, le=65535)
    bind_address: str = "0.0.0.0"  # noqa: S104
    """Which of the machine's addresses are listened on."""
    metrics_token: SecretStr | None = None
    """Who has it may read /metrics."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where /metrics is served instead of on `port`. With neither of them it is not served."""
    request_wait: timedelta = timedelta(hours=24)
    """How long a request waits for its teammate to connect."""
    approval_wait: timedelta = timedelta(hours=24)
    """How long a change waits for its teammate's approval."""
    outage_wait: timedelta = timedelta(minutes=10)
    """How long a run waits for Claude or Scalekit to come back."""
    run_turns: int = Field(default=30, ge=1)
    """Turns of Claude's that one request may take; then it sums up."""
    run_minutes: int = Field(default=15, ge=1)
    """Minutes of work, waiting aside."""
    run_tokens: int = Field(default=2_000_000, ge=1)
    """Tokens, input and output, cached ones included."""
    tokens_per_day: int = Field(default=5_000_000, ge=1)
    """What one person may spend in a day, in tokens of input: others count by their price."""
    slack_limits_factor: float = Field(default=1, gt=0)
    """How many times Slack's published rate limits the app was granted."""
    context_tokens: int = Field(default=150_000, ge=1_000)
    """A conversation that has grown beyond it goes on by a summary."""

    @field_validator(
        "slack_api_url", "anthropic_base_url", "scalekit_environment_url", "public_url"
    )
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        try:
            TypeAdapter(AnyHttpUrl).validate_python(value)
        except ValidationError as error:
            # Its own text quotes the address, and with it a password that may be in there.
            raise ValueError(error.errors(include_input=False)[0]["msg"]) from None
        return value.rstrip("/")

    @field_validator("bind_address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            ip_address(value)
        except ValueError:
            raise ValueError("it has to be an IP address") from None
        return value

    @field_validator("slack_bot_token")
    @classmethod
    def _is_a_bot_token(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith("xoxb-"):
            raise ValueError("it has to start with xoxb-")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _is_an_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith("xapp-"):
            raise ValueError("it has to start with xapp-")
        return value

    @field_validator("scalekit_webhook_secret")
    @classmethod
    def _is_a_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith("whsec_"):
            raise ValueError("it has to start with whsec_")
        return value

    @field_validator("metrics_port")
    @classmethod
    def _is_a_port_of_its_own(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value == info.data.get("port"):
            raise ValueError("it has to be another one than PORT")
        return value

    @property
    def slack_base_url(self) -> str:
        """The Web API's address as slack_sdk wants it, with a slash at its end."""
        return self.slack_api_url + "/"

    @property
    def verify_url(self) -> str:
        """Where Scalekit sends the browser back (its `user_verify_url`)."""
        return self.public_url + "/connect/verify"


def stricter_of(one: Approvals, other: Approvals) -> Approvals:
    return max(one, other, key=STRICTNESS.index)


def load_settings() -> Settings:
    """Read the settings. Raises SettingsError with a sentence for each that is amiss."""
    return _load(Settings)


def load_settings_or_exit() -> Settings:
    """Like `load_settings`, but prints the sentences on stderr and exits with 2."""
    return _or_exit(load_settings)


def load_state_settings_or_exit() -> StateSettings:
    """The same of what looking into Redis takes, whatever else is missing or malformed."""
    return _or_exit(lambda: _load(StateSettings))


def given_settings() -> dict[str, Any]:
    """What the environment and `.env` hold, by field or alias, unchecked.

    Raises SettingsError when `.env` cannot be read.
    """
    with _readable_dotenv():
        return {**DotEnvSettingsSource(Settings)(), **EnvSettingsSource(Settings)()}


def why_malformed(detail: ErrorDetails) -> str:
    """What is wrong with a value, in words that do not hold it."""
    return detail["msg"].removeprefix("Value error, ")


def _load(kind: type[S]) -> S:
    try:
        with _readable_dotenv():
            return kind()  # type: ignore[call-arg]
    except ValidationError as error:
        sentences = [_sentence(detail) for detail in error.errors(include_input=False)]
        raise SettingsError("\n".join(sentences)) from None


def _or_exit(load: Callable[[], S]) -> S:
    try:
        return load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


@contextmanager
def _readable_dotenv() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(".env cannot be read: it is not UTF-8 text.") from None


def _sentence(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]).upper()
    where = WHERE_TO_FIND.get(name, "see the README's table of variables")
    if detail["type"] == "missing":
        return f"{name} is not set. You find it here: {where}."
    return f"{name} is malformed: {why_malformed(detail)}. What belongs there: {where}."


def _can_be_split(url: str) -> bool:
    """False where a raw / ? or # in the password ends the address too early."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return "@" not in url or "@" in parts.netloc or parts.scheme == "unix"
