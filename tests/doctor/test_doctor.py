"""Each check against a service that is amiss, over the wire."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from docket import Worker
from redis_servers import redis_with, redis_with_tls
from small_servers import redis_server, silent_port, web_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.doctor import examine
from bot.doctor.accounts import check_accounts
from bot.doctor.claude import check_claude
from bot.doctor.finding import Finding
from bot.doctor.public_url import check_events, check_public_url, check_webhooks
from bot.doctor.redis import check_redis, unprotected
from bot.doctor.sign_in import check_sign_in
from bot.doctor.slack import check_slack
from bot.doctor.slack_errors import CURES, PASSING
from bot.doctor.slack_scopes import GONE_WITHOUT, NEEDED
from bot.manifest import manifest_text
from bot.sandbox.processes import free_port
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.serving import Serving
from bot.sandbox.slack import SlackSandbox
from bot.settings import Settings
from bot.state.engine import open_engine

SECONDS = 10.0
GOOD_REDIS = {"redis_version": "7.2.4", "aof_enabled": "1", "maxmemory_policy": "noeviction"}

Change = Callable[..., Settings]


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def the(findings: list[Finding], status: str) -> Finding:
    """The one finding that is not ok."""
    (found,) = [finding for finding in findings if finding.status != "ok"]
    assert found.status == status
    assert found.cure
    return found


async def test_nothing_fails_where_all_is_well(settings: Change) -> None:
    told = await examine(settings())
    assert [finding for finding in told if finding.status == "failure"] == []
    assert by_check(told)["PUBLIC_URL scheme"].status == "warning"
    warned = {finding.check for finding in told if finding.status == "warning"}
    assert warned <= {"PUBLIC_URL scheme", "Redis", "Worker"}
    again = await examine(settings())
    assert [finding.check for finding in again] == [finding.check for finding in told]


async def test_services_that_do_not_answer_in_time_fail(settings: Change) -> None:
    with silent_port() as port:
        told = await examine(_everything_at(settings, port), seconds=0.3)
    failed = [finding for finding in told if finding.status == "failure"]
    assert len(failed) == 8
    assert {finding.detail for finding in failed} == {"no answer within 0.3 seconds"}
    assert all(finding.cure for finding in failed)


async def test_services_that_are_not_there_fail(settings: Change) -> None:
    told = await examine(_everything_at(settings, free_port()))
    failed = [finding for finding in told if finding.status == "failure"]
    assert len(failed) == 8
    redis, *others = failed
    assert "nothing answers there" in redis.detail
    assert all(finding.detail.startswith("could not be checked (") for finding in others)


def _everything_at(settings: Change, port: int) -> Settings:
    return settings(
        redis_url=f"redis://127.0.0.1:{port}/0",
        slack_api_url=f"http://127.0.0.1:{port}/api",
        scalekit_environment_url=f"https://127.0.0.1:{port}",
        anthropic_base_url=f"http://127.0.0.1:{port}",
        public_url=f"http://127.0.0.1:{port}",
        intercom_client_secret="secret",
    )


# Redis.


async def test_an_embedded_redis_is_one_warning(settings: Change) -> None:
    (told,) = await check_redis(settings(redis_url="memory://"), SECONDS)
    assert told.status == "warning"


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"redis_version": "6.2.14"}, "Redis 6.2.14"),
        ({"redis_version": "7.2.4", "valkey_version": "6.9.1"}, "Valkey 6.9.1"),
        ({"redis_version": "unstable"}, "Redis unstable"),
    ],
)
async def test_a_redis_that_is_too_old(settings: Change, info: dict[str, str], told: str) -> None:
    with redis_server({**GOOD_REDIS, **info}) as url:
        found = the(await check_redis(settings(redis_url=url), SECONDS), "failure")
    assert (found.check, found.detail) == ("Redis version", told)


async def test_valkey_goes_by_its_own_version(settings: Change) -> None:
    with redis_server({**GOOD_REDIS, "valkey_version": "8.1.0"}) as url:
        told = by_check(await check_redis(settings(redis_url=url), SECONDS))
    assert (told["Redis version"].status, told["Redis version"].detail) == ("ok", "Valkey 8.1.0")


@pytest.mark.parametrize(
    ("info", "check"),
    [
        ({"aof_enabled": "0"}, "Redis persistence"),
        ({"maxmemory_policy": "allkeys-lru"}, "Redis eviction"),
    ],
)
async def test_a_redis_that_forgets(settings: Change, info: dict[str, str], check: str) -> None:
    with redis_server({**GOOD_REDIS, **info}) as url:
        assert the(await check_redis(settings(redis_url=url), SECONDS), "warning").check == check


@pytest.mark.parametrize(
    ("command", "answer", "check"),
    [
        ("PING", "-NOAUTH Authentication required.", "Redis"),
        ("SET", "-READONLY You can't write against a read only replica.", "Redis"),
        ("INFO", "-NOPERM this user has no permissions to run INFO", "Redis version"),
    ],
)
async def test_a_redis_that_refuses(
    settings: Change, command: str, answer: str, check: str
) -> None:
    with redis_server(GOOD_REDIS, **{command: answer}) as url:
        assert the(await check_redis(settings(redis_url=url), SECONDS), "failure").check == check


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("redis://cache.example:6379/0", True),
        ("rediss://bot@cache.example:6379/0", True),
        ("redis://:secret@cache.example:6379/0", False),
        ("redis://cache.example:6379/0?password=secret", False),
        ("redis://localhost:6379/0", False),
        ("redis://127.0.0.1", False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_redis_elsewhere_without_a_password_is_warned_of(url: str, warned: bool) -> None:
    assert [found.check for found in unprotected(url)] == ["Redis access"] * warned


async def test_a_worker_that_gave_a_sign_of_life_is_seen(settings: Change, tmp_path: Path) -> None:
    with redis_with(tmp_path, "--appendonly", "yes") as port:
        changed = settings(redis_url=f"redis://127.0.0.1:{port}/0")
        missing = the(await check_redis(changed, SECONDS), "warning")
        async with open_engine(changed.redis_url, 5) as docket, Worker(docket) as worker:
            working = asyncio.create_task(worker.run_forever())
            while (found := by_check(await check_redis(changed, SECONDS))["Worker"]).status != "ok":
                pass
            working.cancel()
    assert (missing.check, missing.cure) == ("Worker", "start `bot worker`")
    assert found.detail == "1 at work"


async def test_a_redis_that_refuses_the_password_is_named(settings: Change, tmp_path: Path) -> None:
    with redis_with(tmp_path, "--requirepass", "s3cret") as port:
        url = f"redis://:wrong-s3cret@127.0.0.1:{port}/0"
        found = the(await check_redis(settings(redis_url=url), SECONDS), "failure")
    assert found.detail == f"REDIS_URL (redis://…@127.0.0.1:{port}/0): it refuses the password"
    assert found.cure.startswith("Correct it in REDIS_URL")


async def test_a_redis_without_tls_or_with_an_unknown_certificate_is_named(
    settings: Change, tmp_path: Path
) -> None:
    with redis_with(tmp_path) as port:
        url = f"rediss://127.0.0.1:{port}/0"
        found = the(await check_redis(settings(redis_url=url), SECONDS), "failure")
    assert "there is no TLS behind rediss://" in found.detail
    with redis_with_tls(tmp_path, "--tls-auth-clients", "no") as port:
        url = f"rediss://localhost:{port}/0"
        found = the(await check_redis(settings(redis_url=url), SECONDS), "failure")
    assert "its certificate is not trusted" in found.detail


# Slack.


async def test_a_wrong_bot_token(settings: Change) -> None:
    found = the(await check_slack(settings(slack_bot_token="xoxb-other"), SECONDS), "failure")
    assert (found.check, found.detail) == ("Slack token", "Slack answers invalid_auth")
    assert "OAuth & Permissions" in found.cure


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", "{}", "{broken"])
async def test_an_api_that_is_not_slacks(settings: Change, body: str) -> None:
    with web_server(200, body) as url:
        told = await check_slack(settings(slack_api_url=url), SECONDS)
        told += await check_sign_in(settings(slack_api_url=url), SECONDS)
    assert [finding.check for finding in told] == ["Slack token", "Sign in with Slack"]
    for finding in told:
        assert finding.status == "failure"
        assert finding.detail == "something else than Slack answers at SLACK_API_URL"


@pytest.mark.parametrize(
    ("scope", "status", "purpose"),
    [
        ("users:read", "failure", "telling members from guests"),
        ("channels:read", "warning", "all answers there are private"),
        ("files:read", "warning", "does not see them"),
    ],
)
async def test_scopes_that_were_not_granted_are_named_with_what_they_are_for(
    settings: Change, scope: str, status: str, purpose: str
) -> None:
    manifest = yaml.safe_load(manifest_text("https://agent.example.com"))
    manifest["oauth_config"]["scopes"]["bot"].remove(scope)
    slack = SlackSandbox(manifest)
    slack.start()
    changed = settings(slack_api_url=slack.url + "/api", slack_bot_token=slack.bot_token)
    found = the(await check_slack(changed, SECONDS), status)
    slack.stop()
    assert found.check == "Slack scopes"
    assert found.detail.startswith(f"not granted: {scope} (")
    assert purpose in found.detail
    assert "reinstall the app" in found.cure


def test_every_scope_of_the_manifest_has_a_purpose() -> None:
    manifest = yaml.safe_load(manifest_text("https://agent.example.com"))
    assert {**NEEDED, **GONE_WITHOUT}.keys() == set(manifest["oauth_config"]["scopes"]["bot"])


@pytest.mark.parametrize(
    ("ahead", "status"), [(-30, "ok"), (100, "warning"), (-100, "warning"), (250, "failure")]
)
async def test_a_clock_that_is_wrong(settings: Change, ahead: float, status: str) -> None:
    body = '{"ok": true, "user": "bot", "team": "T"}'
    with web_server(200, body, clock=time.time() - ahead) as url:
        told = by_check(await check_slack(settings(slack_api_url=url), SECONDS))
    assert told["Clock"].status == status


async def test_wrong_credentials_to_sign_in_with(settings: Change) -> None:
    secret = the(await check_sign_in(settings(slack_client_secret="wrong"), SECONDS), "failure")
    assert secret.detail == "Slack answers bad_client_secret"
    assert "SLACK_CLIENT_SECRET" in secret.cure
    client_id = the(await check_sign_in(settings(slack_client_id="1.2"), SECONDS), "failure")
    assert client_id.detail == "Slack answers invalid_client_id"
    assert "SLACK_CLIENT_ID" in client_id.cure


async def test_a_sign_in_that_slack_does_not_judge_is_a_warning(
    settings: Change, sandbox: Sandbox
) -> None:
    sandbox.slack.fail("openid.connect.token", retry_after=30)
    assert "ratelimited" in the(await check_sign_in(settings(), SECONDS), "warning").detail


async def test_an_unknown_code_that_is_accepted_is_not_slacks(settings: Change) -> None:
    with web_server(200, '{"ok": true}') as url:
        the(await check_sign_in(settings(slack_api_url=url), SECONDS), "failure")


async def test_a_sign_in_without_the_user_scope_in_the_app(settings: Change) -> None:
    manifest = yaml.safe_load(manifest_text(settings().public_url))
    del manifest["oauth_config"]["scopes"]["user"]
    slack = SlackSandbox(manifest)
    slack.start()
    changed = settings(slack_api_url=slack.url + "/api", slack_client_secret=slack.client_secret)
    told = by_check(await check_sign_in(changed, SECONDS))
    slack.stop()
    assert told["Sign in with Slack"].status == "ok"
    scope = told["Sign in with Slack, scope"]
    assert (scope.status, scope.detail) == ("failure", "the app may not ask for openid")
    assert "User Token Scopes" in scope.cure


async def test_a_redirect_url_that_the_app_does_not_have(settings: Change) -> None:
    told = by_check(await check_sign_in(settings(public_url="https://other.example"), SECONDS))
    scope = told["Sign in with Slack, scope"]
    assert (scope.status, scope.detail) == ("failure", "Slack's page says bad_redirect_uri")
    assert "PUBLIC_URL/connect/slack" in scope.cure


@pytest.mark.parametrize("code", ["invalid_code", "invalid_grant"])
async def test_a_made_up_code_that_is_refused_is_as_it_should_be(
    settings: Change, sandbox: Sandbox, code: str
) -> None:
    sandbox.slack.fail("openid.connect.token", error=code)
    told = await check_sign_in(settings(), SECONDS)
    assert [finding.status for finding in told] == ["ok", "ok"]


@pytest.mark.parametrize("code", sorted(CURES))
async def test_each_error_of_slacks_has_its_cure(
    settings: Change, sandbox: Sandbox, code: str
) -> None:
    for method, check in (("auth.test", check_slack), ("openid.connect.token", check_sign_in)):
        sandbox.slack.fail(method, error=code)
        found = the(await check(settings(), SECONDS), "failure")
        assert (found.detail, found.cure) == (f"Slack answers {code}", CURES[code])


@pytest.mark.parametrize("code", [*sorted(PASSING), "an_error_of_next_year"])
async def test_what_passes_or_is_not_known_is_a_warning(
    settings: Change, sandbox: Sandbox, code: str
) -> None:
    for method, check in (("auth.test", check_slack), ("openid.connect.token", check_sign_in)):
        sandbox.slack.fail(method, error=code)
        assert code in the(await check(settings(), SECONDS), "warning").detail


# Scalekit.


async def test_wrong_credentials_for_scalekit(settings: Change) -> None:
    told = await check_accounts(settings(scalekit_client_secret="wrong"), SECONDS)
    assert the(told, "failure").detail == "refuses the client id and secret"


async def test_a_connection_of_another_name(settings: Change) -> None:
    told = await check_accounts(settings(scalekit_connection_name="Intercom"), SECONDS)
    found = the(told, "failure")
    assert found.check == "Scalekit connection"
    assert found.detail == "there is no Intercom; there are: intercom"


async def test_the_connection_may_be_on_a_later_page(settings: Change, sandbox: Sandbox) -> None:
    sandbox.scalekit.name_connections(*(f"crm-{n}" for n in range(35)), "intercom")
    told = by_check(await check_accounts(settings(), SECONDS))
    sandbox.scalekit.name_connections("intercom")
    assert told["Scalekit connection"].status == "ok"


async def test_users_that_are_not_verified(settings: Change, sandbox: Sandbox) -> None:
    sandbox.scalekit.set_verify_mode("NONE")
    found = the(await check_accounts(settings(), SECONDS), "failure")
    sandbox.scalekit.set_verify_mode("B2B")
    assert found.check == "Scalekit verification"
    assert "USER_VERIFY_MODE_NONE" in found.detail


@pytest.mark.parametrize("rpc", ["ListEnvironment", "GetAgentActionsConfig"])
async def test_a_verification_that_cannot_be_read(
    settings: Change, sandbox: Sandbox, rpc: str
) -> None:
    sandbox.scalekit.fail(rpc, status=403)
    found = the(await check_accounts(settings(), SECONDS), "warning")
    assert found.check == "Scalekit verification"
    assert "app.scalekit.com" in found.cure


async def test_an_environment_that_is_not_listed(settings: Change, sandbox: Sandbox) -> None:
    elsewhere = sandbox.scalekit.url.replace("127.0.0.1", "localhost")
    told = await check_accounts(settings(scalekit_environment_url=elsewhere), SECONDS)
    assert the(told, "warning").detail == "could not be read (LookupError)"


async def test_a_list_of_connections_that_is_refused(settings: Change, sandbox: Sandbox) -> None:
    sandbox.scalekit.fail("ListAppConnections", status=403)
    found = the(await check_accounts(settings(), SECONDS), "failure")
    assert found.detail == "could not be checked (ScalekitForbiddenException)"


# Claude.


async def test_a_wrong_key(settings: Change) -> None:
    found = the(await check_claude(settings(anthropic_api_key="wrong"), SECONDS), "failure")
    assert (found.check, found.detail) == ("Claude key", "not accepted")


@pytest.mark.parametrize(
    ("model", "status", "told"),
    [
        ("claude-9", "failure", "no claude-9"),
        ("claude-3-5-sonnet-20241022", "failure", "retired"),
        ("claude-sonnet-4-5", "warning", "ends on 2026-11-30"),
    ],
)
async def test_a_model_that_is_gone_or_going(
    settings: Change, model: str, status: str, told: str
) -> None:
    found = the(await check_claude(settings(anthropic_model=model), SECONDS), status)
    assert found.check == "Claude model"
    assert told in found.detail
    assert "claude-sonnet-5-5" in found.cure


# PUBLIC_URL.


async def test_http_is_for_this_machine_only(settings: Change) -> None:
    address = f"localhost:{free_port()}"
    told = by_check(await check_public_url(settings(public_url=f"http://{address}"), SECONDS))
    assert told["PUBLIC_URL scheme"].status == "warning"
    told = by_check(await check_public_url(settings(public_url="http://agent.invalid"), SECONDS))
    assert told["PUBLIC_URL scheme"].status == "failure"
    told = by_check(await check_public_url(settings(public_url=f"https://{address}"), SECONDS))
    assert told["PUBLIC_URL scheme"].status == "ok"
    assert told["PUBLIC_URL answers"].status == "failure"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, "<h1>Welcome</h1>", "something else answers"),
        (200, '{"ready": "yes"}', "something else answers"),
        (302, '{"ready": true}', "something else answers"),
        (503, '{"ready": false, "redis": "unreachable"}', "does not reach its Redis"),
    ],
)
async def test_somebody_else_at_the_public_url(
    settings: Change, status: int, body: str, told: str
) -> None:
    with web_server(status, body, {"Location": "https://other.invalid"}) as url:
        findings = await check_public_url(settings(public_url=url), SECONDS)
    found = by_check(findings)["PUBLIC_URL answers"]
    assert found.status == "failure"
    assert told in found.detail


@pytest.mark.parametrize(("app_token", "status"), [(None, "failure"), ("xapp-1", "warning")])
async def test_events_that_would_not_arrive(
    settings: Change, app_token: str | None, status: str
) -> None:
    with web_server() as url:
        changed = settings(public_url=url, slack_app_token=app_token)
        assert "HTTP 200" in the(await check_events(changed, SECONDS), status).detail
    nowhere = f"http://127.0.0.1:{free_port()}"
    changed = settings(public_url=nowhere, slack_app_token=app_token)
    the(await check_events(changed, SECONDS), status)


async def test_a_web_with_another_signing_secret(settings: Change) -> None:
    changed = settings(slack_signing_secret="other", slack_app_token="xapp-1")
    found = the(await check_events(changed, SECONDS), "failure")
    assert "another SLACK_SIGNING_SECRET" in found.detail


# Intercom's webhooks.


@contextmanager
def webhooks(secret: str) -> Iterator[str]:
    """Takes what this secret signs. Out: its URL."""

    async def take(request: Request) -> Response:
        expected = hmac.new(secret.encode(), await request.body(), hashlib.sha1).hexdigest()
        signed = request.headers.get("x-hub-signature") == f"sha1={expected}"
        return Response(status_code=200 if signed else 401)

    app = Starlette(routes=[Route("/intercom/webhooks", take, methods=["POST"])])
    serving = Serving(app)
    serving.start()
    try:
        yield serving.url
    finally:
        serving.stop()


async def test_webhooks_are_optional(settings: Change) -> None:
    (told,) = await check_webhooks(settings(), SECONDS)
    assert told.status == "ok"
    assert told.detail == "not set: Intercom's webhooks are not taken"


@pytest.mark.parametrize(("secret", "status"), [("right", "ok"), ("wrong", "failure")])
async def test_webhooks_are_taken_from_who_has_the_secret(
    settings: Change, secret: str, status: str
) -> None:
    with webhooks("right") as url:
        changed = settings(public_url=url, intercom_client_secret=secret)
        (told,) = await check_webhooks(changed, SECONDS)
    assert told.status == status


async def test_a_web_that_does_not_take_webhooks(settings: Change) -> None:
    # The running web was started without the secret.
    the(await check_webhooks(settings(intercom_client_secret="s"), SECONDS), "warning")
    with web_server(500) as url:
        changed = settings(public_url=url, intercom_client_secret="s")
        assert "HTTP 500" in the(await check_webhooks(changed, SECONDS), "failure").detail
