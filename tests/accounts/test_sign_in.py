"""Sign in with Slack, against the stand-in over the wire."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.accounts.sign_in import (
    APP_REFUSED,
    CODE_REFUSED,
    SignIn,
    SignInFailed,
    SignInRefused,
    SignInUnavailable,
)
from bot.manifest import manifest_text
from bot.sandbox.people import MAYA
from bot.sandbox.slack import SlackSandbox
from bot.settings import Settings

PUBLIC_URL = "https://bot.example"


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackSandbox]:
    sandbox = SlackSandbox(yaml.safe_load(manifest_text(PUBLIC_URL)), rate_limits=False)
    sandbox.start()
    yield sandbox
    sandbox.stop()


def settings(slack_url: str, client_id: str, client_secret: str) -> Settings:
    return Settings(
        slack_bot_token="xoxb-1",
        slack_signing_secret="s",
        slack_client_id=client_id,
        slack_client_secret=client_secret,
        slack_api_url=slack_url + "/api/",
        anthropic_api_key="k",
        scalekit_environment_url="https://scalekit.example",
        scalekit_client_id="c",
        scalekit_client_secret="s",
        redis_url="memory://",
        public_url=PUBLIC_URL,
    )


@pytest.fixture
def sign_in(slack: SlackSandbox) -> SignIn:
    return SignIn(settings(slack.url, slack.client_id, slack.client_secret))


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def code(sign_in: SignIn, nonce: str = "n-1") -> str:
    """What Slack gives Maya's browser."""
    url = sign_in.url("s-1", nonce, MAYA.slack_team_id) + f"&sandbox_user={MAYA.slack_user_id}"
    try:
        build_opener(Stay).open(url)
    except OSError as answer:
        location = answer.headers["Location"]  # type: ignore[attr-defined]
        return parse_qs(urlsplit(location).query)["code"][0]
    raise AssertionError("Slack did not send the browser back")


def exchanges(slack: SlackSandbox) -> int:
    return len(slack.calls_to("openid.connect.token"))


async def test_slack_vouches_for_a_person(sign_in: SignIn) -> None:
    signed_in = await sign_in.finish(code(sign_in), "n-1")
    assert (signed_in.user_id, signed_in.team_id) == (MAYA.slack_user_id, MAYA.slack_team_id)


def test_no_proof_key_is_asked_for(sign_in: SignIn) -> None:
    assert "code_challenge" not in sign_in.url("s", "n", "T1")


async def test_another_nonce_is_another_attempt(sign_in: SignIn) -> None:
    with pytest.raises(SignInFailed, match="nonce"):
        await sign_in.finish(code(sign_in), "n-2")


async def test_a_code_is_good_once(sign_in: SignIn) -> None:
    used = code(sign_in)
    await sign_in.finish(used, "n-1")
    with pytest.raises(SignInFailed, match="invalid_code"):
        await sign_in.finish(used, "n-1")


async def test_an_unknown_key_is_asked_for_once_and_not_again_for_a_while(
    slack: SlackSandbox, sign_in: SignIn
) -> None:
    before = slack.keys_asked
    await sign_in.finish(code(sign_in), "n-1")
    await sign_in.finish(code(sign_in), "n-1")
    assert slack.keys_asked == before + 1, "the keys are kept"
    slack.rotate_signing_key()
    await sign_in.finish(code(sign_in), "n-1")
    assert slack.keys_asked == before + 2
    slack.rotate_signing_key()
    for _ in range(3):
        with pytest.raises(SignInUnavailable, match="key is unknown"):
            await sign_in.finish(code(sign_in), "n-1")
    assert slack.keys_asked == before + 2


async def test_slacks_own_error_is_tried_once_more(slack: SlackSandbox, sign_in: SignIn) -> None:
    before = exchanges(slack)
    slack.fail("openid.connect.token", error="internal_error")
    assert await sign_in.finish(code(sign_in), "n-1")
    assert exchanges(slack) == before + 2
    slack.fail("openid.connect.token", error="internal_error", times=2)
    with pytest.raises(SignInUnavailable, match="internal_error"):
        await sign_in.finish(code(sign_in), "n-1")
    assert exchanges(slack) == before + 4


async def test_a_code_that_was_lost_with_slacks_answer_is_slacks_problem(
    slack: SlackSandbox, sign_in: SignIn
) -> None:
    """The first try used the code up: that it is unknown then says nothing about anybody."""
    slack.fail("openid.connect.token", error="internal_error", applied=True)
    with pytest.raises(SignInUnavailable, match="internal_error"):
        await sign_in.finish(code(sign_in), "n-1")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_answer_is_slacks_problem(
    slack: SlackSandbox, sign_in: SignIn, status: int
) -> None:
    slack.fail("openid.connect.token", status=status, times=2)
    with pytest.raises(SignInUnavailable):
        await sign_in.finish(code(sign_in), "n-1")


@pytest.mark.parametrize("error", sorted(CODE_REFUSED))
async def test_a_code_that_slack_refuses(slack: SlackSandbox, sign_in: SignIn, error: str) -> None:
    slack.fail("openid.connect.token", error=error)
    with pytest.raises(SignInFailed, match=error):
        await sign_in.finish(code(sign_in), "n-1")


@pytest.mark.parametrize("error", sorted(APP_REFUSED))
async def test_an_app_that_slack_refuses(slack: SlackSandbox, sign_in: SignIn, error: str) -> None:
    slack.fail("openid.connect.token", error=error)
    with pytest.raises(SignInRefused, match=error):
        await sign_in.finish(code(sign_in), "n-1")


async def test_too_many_at_once_is_tried_later(slack: SlackSandbox, sign_in: SignIn) -> None:
    before = exchanges(slack)
    slack.fail("openid.connect.token", retry_after=30)
    with pytest.raises(SignInUnavailable, match="ratelimited"):
        await sign_in.finish(code(sign_in), "n-1")
    assert exchanges(slack) == before + 1


# Tokens that do not hold. Whoever sits between us and Slack has none of its keys.

OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHERS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class _Forger(BaseHTTPRequestHandler):
    """Publishes one key, and gives out whatever token the test has put in."""

    token = ""

    def do_GET(self) -> None:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True)
        self._say({"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say({"ok": True, "id_token": type(self).token})

    def _say(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def forger() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Forger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def token(issuer: str, key: object = OURS, algorithm: str = "RS256", **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": "client",
        "sub": "U1",
        "iat": now,
        "exp": now + 60,
        "nonce": "n-1",
        "https://slack.com/user_id": "U1",
        "https://slack.com/team_id": "T1",
    }
    claims |= {name.replace("_of_", "https://slack.com/"): v for name, v in changes.items()}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": "k1"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("forged", "holds"),
    [
        ({}, True),
        ({"key": OTHERS}, False),
        ({"key": None, "algorithm": "none"}, False),
        ({"key": "client-secret-of-thirty-two-bytes!", "algorithm": "HS256"}, False),
        ({"aud": "another-app"}, False),
        ({"iss": "https://evil.example"}, False),
        ({"exp": 1}, False),
        ({"exp": None}, False),
        ({"nonce": "n-2"}, False),
        ({"nonce": None}, False),
        ({"_of_user_id": None}, False),
        ({"_of_team_id": None}, False),
    ],
)
async def test_only_a_token_that_slack_signed_for_us_and_this_attempt_holds(
    forger: str, forged: dict[str, object], holds: bool
) -> None:
    _Forger.token = token(forger, **forged)  # type: ignore[arg-type]
    sign_in = SignIn(settings(forger, "client", "secret"))
    if holds:
        assert (await sign_in.finish("c", "n-1")).user_id == "U1"
        return
    with pytest.raises(SignInFailed):
        await sign_in.finish("c", "n-1")


async def test_keys_that_cannot_be_read_are_slacks_problem() -> None:
    with pytest.raises(SignInUnavailable):
        await SignIn(settings("http://127.0.0.1:9", "client", "secret")).finish("c", "n-1")
