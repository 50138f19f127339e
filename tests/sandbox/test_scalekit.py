"""The Scalekit stand-in, tried with the unpatched SDK."""

import json
import os
import queue
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener, urlopen

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from scalekit import ScalekitClient
from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitForbiddenException,
    ScalekitGatewayTimeoutException,
    ScalekitNotFoundException,
    ScalekitServerException,
    ScalekitServiceUnavailableException,
    ScalekitToolException,
    ScalekitToolForbiddenException,
    ScalekitToolRateLimitException,
    ScalekitToolUnauthorizedException,
    ScalekitTooManyRequestsException,
    ScalekitUnauthorizedException,
    WebhookVerificationError,
)
from scalekit.v1.connected_accounts import connected_accounts_pb2 as accounts_pb
from scalekit.v1.connected_accounts.connected_accounts_pb2_grpc import ConnectedAccountServiceStub
from scalekit.v1.environments import environments_pb2 as environments_pb
from scalekit.v1.environments.environments_pb2_grpc import EnvironmentServiceStub
from scalekit.v1.tools.tools_pb2 import ScopedToolFilter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.provider import ProviderError
from bot.sandbox.scalekit import ScalekitSandbox
from bot.sandbox.serving import Serving

WHO = "slack:T1:U1"
OTHER = "slack:T1:U2"
VERIFY = "https://bot.example/connect/verify"
INTERCOM = ScopedToolFilter(connection_names=["intercom"])


class Letters:
    """A provider with 26 tools; what they do is in their input."""

    def catalogue(self) -> list[dict[str, Any]]:
        schema = {
            "type": "object",
            "properties": {"status": {"type": "integer", "maximum": 599}},
        }
        return [
            {"name": f"tool_{letter}", "description": letter, "input_schema": schema}
            for letter in "abcdefghijklmnopqrstuvwxyz"
        ]

    def call(
        self, tool_name: str, tool_input: dict[str, Any], admin_id: str
    ) -> dict[str, Any] | None:
        if status := tool_input.get("status"):
            raise ProviderError(status, "letter_error", f"no {tool_name}")
        return {"tool": tool_name, "as": admin_id} if tool_name == "tool_a" else None

    def admin(self, admin_id: str) -> dict[str, Any]:
        return {"id": admin_id, "name": "A", "email": "a@a.example"}

    def admins(self) -> list[dict[str, Any]]:
        return [self.admin("7"), self.admin("8")]


@pytest.fixture(scope="module")
def scalekit(scalekit_ca: Any) -> Iterator[ScalekitSandbox]:
    sandbox = ScalekitSandbox(Letters(), ca_directory=scalekit_ca)
    sandbox.start()
    os.environ.update(sandbox.env())
    yield sandbox
    sandbox.stop()


@pytest.fixture
def client(scalekit: ScalekitSandbox) -> ScalekitClient:
    scalekit.forget_accounts()
    scalekit.heal()
    return ScalekitClient(scalekit.url, scalekit.client_id, scalekit.client_secret)


def account(client: ScalekitClient, identifier: str = WHO) -> Any:
    return client.actions.get_connected_account_details("intercom", identifier).connected_account


def status(client: ScalekitClient, identifier: str = WHO) -> str:
    found: str = account(client, identifier).status
    return found


def create(client: ScalekitClient, identifier: str = WHO) -> None:
    client.actions.create_connected_account(connection_name="intercom", identifier=identifier)


def link(client: ScalekitClient, identifier: str = WHO, state: str | None = "s1") -> str:
    made: str = client.actions.get_authorization_link(
        identifier=identifier, connection_name="intercom", state=state, user_verify_url=VERIFY
    ).link
    return made


def consent(scalekit: ScalekitSandbox, client: ScalekitClient, admin_id: str = "8") -> str:
    """Out: the auth request's id."""
    back = urlsplit(scalekit.authorize(link(client), admin_id))
    return parse_qs(back.query)["auth_request_id"][0]


def run(client: ScalekitClient, tool: str = "tool_a", **tool_input: Any) -> Any:
    return client.actions.execute_tool(
        tool_input=tool_input, tool_name=tool, identifier=WHO, connection_name="intercom"
    )


# The door.


def test_a_wrong_secret_is_refused(scalekit: ScalekitSandbox) -> None:
    with pytest.raises(ScalekitUnauthorizedException):
        ScalekitClient(scalekit.url, scalekit.client_id, "wrong")


def test_the_token_endpoint_knows_one_grant(client: ScalekitClient) -> None:
    with pytest.raises(ScalekitBadRequestException):
        client.core_client.authenticate({"grant_type": "password", "client_id": "skc_sandbox"})


def test_an_expired_access_token_is_renewed(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    scalekit.expire_tokens()
    before = len(scalekit.calls)
    assert status(client) == "PENDING_AUTH"
    assert [call.outcome for call in scalekit.calls[before:]] == ["UNAUTHENTICATED", "OK"]
    assert status(client) == "PENDING_AUTH"
    assert scalekit.calls[-2].outcome == "OK"


@pytest.mark.parametrize("authorization", [None, "Bearer made-up", "{token}"])
def test_every_call_needs_a_bearer_token(
    scalekit: ScalekitSandbox, client: ScalekitClient, authorization: str | None
) -> None:
    create(client)
    root = grpc.ssl_channel_credentials(scalekit.ca_path.read_bytes())
    with grpc.secure_channel(urlsplit(scalekit.url).netloc, root) as channel:
        token = client.core_client.access_token
        given = authorization and authorization.format(token=token)
        request = accounts_pb.GetConnectedAccountByIdentifierRequest(
            connector="intercom", identifier=WHO
        )
        with pytest.raises(grpc.RpcError) as caught:
            ConnectedAccountServiceStub(channel).GetConnectedAccountDetails(
                request, metadata=[("authorization", given)] if given else []
            )
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_strict_clients_take_the_certificate(scalekit: ScalekitSandbox) -> None:
    context = ssl.create_default_context(cafile=str(scalekit.ca_path))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with urlopen(scalekit.url + "/keys", context=context) as answer:
        assert answer.status == 200


def test_many_threads_share_a_client(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: run(client), range(100)))
    assert len({answer.execution_id for answer in answers}) == 100


# The accounts.


def test_accounts_are_created_once(client: ScalekitClient) -> None:
    with pytest.raises(ScalekitNotFoundException):
        status(client)
    create(client)
    assert status(client) == "PENDING_AUTH"
    with pytest.raises(ScalekitConflictException):
        create(client)


def test_of_parallel_creations_one_succeeds(client: ScalekitClient) -> None:
    def attempt(_: int) -> str:
        try:
            create(client)
        except ScalekitConflictException:
            return "conflict"
        return "created"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(8)))
    assert sorted(outcomes) == ["conflict"] * 7 + ["created"]


def test_only_the_call_for_credentials_gives_them(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    kept = scalekit.account(WHO)
    assert kept
    assert kept.access_token
    assert account(client).authorization_details is None
    assert kept.access_token not in repr(account(client))
    secret = client.actions.get_connected_account("intercom", WHO).connected_account
    assert secret.authorization_details["oauth_token"]["access_token"] == kept.access_token


def test_details_say_what_the_account_is(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    found = account(client)
    assert found.id.startswith("ca_")
    assert (found.identifier, found.connector, found.provider) == (WHO, "intercom", "INTERCOM")
    assert (found.status, found.authorization_type) == ("ACTIVE", "OAUTH")
    # What is not set reaches the SDK's users as the epoch, not as None.
    assert found.last_used_at == datetime(1970, 1, 1)
    run(client)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert now - account(client).last_used_at < timedelta(minutes=1)


def test_another_connection_name_is_not_found(client: ScalekitClient) -> None:
    create(client)
    for call in (
        client.actions.get_connected_account_details,
        client.actions.create_connected_account,
        client.actions.delete_connected_account,
        client.actions.get_authorization_link,
    ):
        with pytest.raises(ScalekitNotFoundException):
            call(connection_name="Intercom", identifier=WHO)
    with pytest.raises(ScalekitNotFoundException):
        client.actions.execute_tool({}, "tool_a", WHO, connection_name="Intercom")
    other = ScopedToolFilter(connection_names=["Intercom"])
    assert not client.tools.list_scoped_tools(WHO, other)[0].tools


@pytest.mark.parametrize(
    ("connection", "identifier"),
    [("intercom", "u" * 101), ("intercom", ""), ("inter/com", WHO), ("intercom\n", WHO)],
)
def test_names_have_limits(client: ScalekitClient, connection: str, identifier: str) -> None:
    with pytest.raises(ScalekitBadRequestException) as caught:
        client.actions.get_connected_account_details(connection, identifier)
    assert caught.value.error_code == "VALIDATION_ERROR"


def test_a_deleted_account_is_gone_and_stays_gone(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    unused, auth_request_id = link(client), consent(scalekit, client)
    client.actions.delete_connected_account("intercom", WHO)
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user(auth_request_id, WHO)
    with pytest.raises(LookupError):
        scalekit.authorize(unused, "7")
    with pytest.raises(ScalekitNotFoundException):
        status(client)
    with pytest.raises(ScalekitNotFoundException):
        client.actions.delete_connected_account("intercom", WHO)


# Connecting.


@pytest.mark.parametrize(
    ("state", "verify_url"),
    [
        ("s" * 513, VERIFY),
        ("s", "ftp://bot.example"),
        ("s", "https://" + "b" * 2048),
        ("s", ""),
        ("s", None),
    ],
)
def test_links_have_limits(client: ScalekitClient, state: str, verify_url: str | None) -> None:
    create(client)
    with pytest.raises(ScalekitBadRequestException):
        client.actions.get_authorization_link(
            identifier=WHO, connection_name="intercom", state=state, user_verify_url=verify_url
        )


def test_a_link_takes_the_longest_state_and_needs_an_account(client: ScalekitClient) -> None:
    with pytest.raises(ScalekitNotFoundException):
        link(client)
    create(client)
    assert link(client, state="s" * 512).startswith("http://127.0.0.1:")


def test_a_link_says_when_it_expires_and_does(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    made = client.actions.get_authorization_link(WHO, "intercom", user_verify_url=VERIFY)
    assert made.expiry > datetime.now(UTC).replace(tzinfo=None)
    auth_request_id = consent(scalekit, client)
    scalekit.expire_links()
    with pytest.raises(HTTPError) as caught:
        urlopen(made.link)
    assert caught.value.code == 410
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user(auth_request_id, WHO)


def test_consent_and_verification_make_an_account_active(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    back = urlsplit(scalekit.authorize(link(client, state="my state&more"), "8"))
    query = parse_qs(back.query)
    assert (back.netloc, query["state"]) == ("bot.example", ["my state&more"])
    assert status(client) == "PENDING_VERIFICATION"
    with pytest.raises(ScalekitToolUnauthorizedException):
        run(client)
    create(client, OTHER)
    auth_request_id = query["auth_request_id"][0]
    with pytest.raises(ScalekitForbiddenException):
        client.actions.verify_connected_account_user(auth_request_id, OTHER)
    verified = client.actions.verify_connected_account_user(auth_request_id, WHO)
    with urlopen(verified.post_user_verify_redirect_url) as page:
        assert b"connected" in page.read()
    assert status(client) == "ACTIVE"
    assert run(client).data["as"] == "8"
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user(auth_request_id, WHO)
    assert status(client, OTHER) == "PENDING_AUTH"


def test_an_unknown_auth_request_is_not_found(client: ScalekitClient) -> None:
    create(client)
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user("made-up", WHO)


def test_a_lost_answer_to_verify_looks_like_a_used_request(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    auth_request_id = consent(scalekit, client)
    scalekit.fail("VerifyConnectedAccountUser", status=503, after_effect=True)
    # The SDK tries again by itself, and its second try finds the request used.
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user(auth_request_id, WHO)
    assert status(client) == "ACTIVE"


def test_connecting_anew_acts_as_the_new_admin(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    auth_request_id = consent(scalekit, client, "8")
    assert status(client) == "PENDING_VERIFICATION"
    client.actions.verify_connected_account_user(auth_request_id, WHO)
    assert run(client).data["as"] == "8"


class Stay(HTTPRedirectHandler):
    """The page tells where to go; nobody is there."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def press(page: str, **form: str) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        build_opener(Stay).open(page, urlencode(form).encode())
    return caught.value


def test_the_consent_page_names_the_admins(client: ScalekitClient) -> None:
    create(client)
    page = urlopen(link(client) + "?as=8").read().decode()
    assert '<option value="8" selected>' in page
    assert '<option value="7">' in page
    assert '<html lang="en">' in page
    assert 'name="viewport"' in page
    assert '<label for="admin">' in page


def test_a_link_is_good_for_one_consent(client: ScalekitClient) -> None:
    create(client)
    made = link(client, state="a b")
    # Looking at it, as a mail scanner does, does not use it up; nor does nonsense.
    urlopen(made)
    assert press(made, decision="authorize", admin="nobody").code == 410
    answer = press(made, decision="authorize", admin="8")
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.code, back["state"]) == (303, ["a b"])
    assert press(made, decision="authorize", admin="8").code == 410
    client.actions.verify_connected_account_user(back["auth_request_id"][0], WHO)
    assert run(client).data["as"] == "8"


def test_whoever_cancels_comes_back_with_an_error(client: ScalekitClient) -> None:
    create(client)
    made = link(client, state="a b")
    answer = press(made, decision="cancel", admin="8")
    back = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(VERIFY + "?")
    assert parse_qs(back.query) == {"error": ["access_denied"], "state": ["a b"]}
    assert status(client) == "PENDING_AUTH"
    assert press(made, decision="authorize", admin="8").code == 410


# The tools.


def pages(
    client: ScalekitClient, filter: ScopedToolFilter = INTERCOM, **options: Any
) -> list[list[str]]:
    found, token = [], ""
    while True:
        answer = client.tools.list_scoped_tools(
            identifier=WHO, filter=filter, page_token=token, **options
        )[0]
        found.append([MessageToDict(t.tool.definition)["name"] for t in answer.tools])
        token = answer.next_page_token
        if not token:
            return found


def test_tools_come_in_pages_of_ten_unless_asked(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    assert [len(page) for page in pages(client)] == [10, 10, 6]
    assert len({name for page in pages(client) for name in page}) == 26
    assert [len(page) for page in pages(client, page_size=100)] == [26]
    assert [len(page) for page in pages(client, page_size=13)] == [13, 13]
    for wrong in ({"page_size": 101}, {"page_token": "2"}, {"page_token": "e30="}):
        with pytest.raises(ScalekitBadRequestException):
            client.tools.list_scoped_tools(WHO, INTERCOM, **wrong)


def test_a_catalogue_can_be_large(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    names = [f"more_{number}" for number in range(474)]
    for name in names:
        scalekit.add_tool({"name": name, "description": "", "input_schema": {"type": "object"}})
    try:
        assert [len(page) for page in pages(client, page_size=100)] == [100] * 5
        assert run(client, "more_473").data is None
    finally:
        for name in names:
            scalekit.remove_tool(name)
    assert [len(page) for page in pages(client, page_size=100)] == [26]


def test_tools_are_filtered(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    assert pages(client, ScopedToolFilter(tool_names=["tool_c", "tool_zz"])) == [["tool_c"]]
    assert pages(client, ScopedToolFilter(providers=["SLACK"])) == [[]]
    both = ScopedToolFilter(connection_names=["other", "intercom"], providers=["INTERCOM"])
    assert len(pages(client, both, page_size=100)[0]) == 26
    with pytest.raises(ScalekitBadRequestException):
        client.tools.list_scoped_tools(WHO)


@pytest.mark.parametrize("state", [None, "PENDING_AUTH", "EXPIRED", "DISCONNECTED"])
def test_without_an_active_account_there_are_no_tools(
    scalekit: ScalekitSandbox, client: ScalekitClient, state: Any
) -> None:
    if state:
        scalekit.connect(WHO, "7")
        scalekit.set_status(WHO, state)
        assert status(client) == state
        with pytest.raises(ScalekitToolUnauthorizedException):
            run(client)
    assert pages(client) == [[]]


def test_permissions_decide_what_is_listed_and_run(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    scalekit.allow_only(WHO, ["tool_b"])
    assert pages(client) == [["tool_b"]]
    with pytest.raises(ScalekitToolForbiddenException):
        run(client)
    scalekit.forbid(WHO, ["tool_b"])
    assert "tool_b" not in pages(client)[0]
    with pytest.raises(ScalekitToolForbiddenException):
        run(client, "tool_b")
    assert run(client).data["tool"] == "tool_a"


def test_numbers_of_a_definition_are_floats_and_those_of_an_input_are_not(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    answer = client.tools.list_scoped_tools(WHO, INTERCOM)[0]
    schema = MessageToDict(answer.tools[0].tool.definition)["input_schema"]
    assert repr(schema["properties"]["status"]["maximum"]) == "599.0"
    asked: list[dict[str, Any]] = []
    echo = {"name": "echo", "description": "", "input_schema": {"type": "object"}}
    scalekit.add_tool(echo, lambda tool_input: asked.append(tool_input) or {"given": tool_input})
    try:
        back = run(client, "echo", id="9007199254740993", days=30, of=[1, {"half": 0.5}]).data
    finally:
        scalekit.remove_tool("echo")
    assert repr(asked[0]["days"]) == "30"
    assert asked[0]["of"] == [1, {"half": 0.5}]
    assert back["given"]["id"] == "9007199254740993"


def test_an_empty_result_is_none(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    assert run(client).data == {"tool": "tool_a", "as": "7"}
    assert run(client, "tool_b").data is None


@pytest.mark.parametrize(
    ("provided", "kind", "http"),
    [
        (400, ScalekitToolException, 400),
        (401, ScalekitToolUnauthorizedException, 401),
        (403, ScalekitToolForbiddenException, 403),
        (404, ScalekitToolException, 404),
        (409, ScalekitToolException, 409),
        (422, ScalekitToolException, 400),
        (429, ScalekitToolRateLimitException, 429),
        (500, ScalekitToolException, 500),
        (502, ScalekitToolException, 500),
        (503, ScalekitToolException, 503),
    ],
)
def test_the_providers_errors_come_through(
    scalekit: ScalekitSandbox, client: ScalekitClient, provided: int, kind: type, http: int
) -> None:
    scalekit.connect(WHO, "7")
    before = len(scalekit.executions)
    with pytest.raises(ScalekitToolException) as caught:
        run(client, status=provided)
    assert type(caught.value) is kind
    assert caught.value.http_status == http
    assert caught.value.tool_error_code == "letter_error"
    assert caught.value.tool_error_message == "no tool_a"
    assert caught.value.execution_id
    # Even UNAUTHENTICATED and UNAVAILABLE are not tried again, as they come from the tool.
    assert [e.outcome for e in scalekit.executions[before:]] == ["letter_error"]


def test_calls_of_unknown_tools_and_with_wrong_input_are_refused(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    with pytest.raises(ScalekitNotFoundException) as missing:
        run(client)
    assert not isinstance(missing.value, ScalekitToolException)
    scalekit.connect(WHO, "7")
    with pytest.raises(ScalekitToolException) as unknown:
        run(client, "tool_zz")
    assert (unknown.value.http_status, unknown.value.tool_error_code) == (404, "TOOL_NOT_FOUND")
    with pytest.raises(ScalekitToolException) as misfit:
        run(client, status="four")
    assert (misfit.value.http_status, misfit.value.tool_error_code) == (400, "INVALID_INPUT")
    assert misfit.value.tool_error_message == "status: 'four' is not of type 'integer'"
    with pytest.raises(ScalekitBadRequestException):
        client.tools.execute_tool("tool_a", WHO, {})


def test_a_revoked_token_is_noticed_at_the_next_call(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    scalekit.revoke(WHO)
    assert status(client) == "ACTIVE"
    with pytest.raises(ScalekitToolUnauthorizedException):
        run(client)
    assert status(client) == "EXPIRED"
    scalekit.connect(WHO, "7")
    assert run(client).data["as"] == "7"


# What tests can plan and see.


def test_planned_failures(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    before = len(scalekit.executions)
    scalekit.fail("tool_a", status=500, tool_error_code="boom")
    with pytest.raises(ScalekitToolException):
        run(client)
    assert len(scalekit.executions) == before
    scalekit.fail("tool_a", status=500, tool_error_code="boom", after_effect=True)
    with pytest.raises(ScalekitToolException):
        run(client)
    assert len(scalekit.executions) == before + 1
    assert run(client).data["tool"] == "tool_a"


def test_a_planned_failure_can_be_any_status(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    before = len(scalekit.calls)
    scalekit.fail("ListScopedTools", code=grpc.StatusCode.RESOURCE_EXHAUSTED)
    with pytest.raises(ScalekitTooManyRequestsException):
        pages(client)
    assert [call.outcome for call in scalekit.calls[before:]] == ["RESOURCE_EXHAUSTED"]
    scalekit.fail("*", code=grpc.StatusCode.INTERNAL, times=99)
    with pytest.raises(ScalekitServerException):
        status(client)
    scalekit.heal()
    assert status(client) == "ACTIVE"


def test_a_connection_cut_after_the_effect_leaves_the_outcome_open(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    before = len(scalekit.executions)
    scalekit.fail("tool_a", cut=True, after_effect=True)
    with pytest.raises(ScalekitServiceUnavailableException) as caught:
        run(client)
    assert not isinstance(caught.value, ScalekitToolException)
    # The connection broke: this is the transport's own word, nothing that was sent.
    assert "the connection is cut" not in str(caught.value.message)
    assert [e.outcome for e in scalekit.executions[before:]] == ["ok"]
    assert scalekit.calls[-1].outcome == "CUT"
    assert status(client) == "ACTIVE"
    scalekit.fail("tool_a", cut=True)
    with pytest.raises(ScalekitServiceUnavailableException):
        run(client)
    assert len(scalekit.executions) == before + 1


def test_a_tool_goes_on_after_its_caller_gave_up(scalekit: ScalekitSandbox) -> None:
    scalekit.heal()
    scalekit.connect(WHO, "7")
    may_end, ended = threading.Event(), threading.Event()

    def wait(tool_input: dict[str, Any]) -> None:
        may_end.wait(10)
        ended.set()

    slow = {"name": "slow", "description": "", "input_schema": {"type": "object"}}
    scalekit.add_tool(slow, wait)
    try:
        hasty = ScalekitClient(
            scalekit.url, scalekit.client_id, scalekit.client_secret, tool_call_timeout_s=0.2
        )
        with pytest.raises(ScalekitGatewayTimeoutException):
            run(hasty, "slow")
        may_end.set()
        assert ended.wait(10)
    finally:
        scalekit.remove_tool("slow")


def test_calls_and_executions_are_told(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    create(client)
    told = scalekit.calls[-1]
    assert (told.rpc, told.identifier, told.outcome) == ("CreateConnectedAccount", WHO, "OK")
    assert told.request["connector"] == "intercom"
    with pytest.raises(ScalekitConflictException):
        create(client)
    assert scalekit.calls[-1].outcome == "ALREADY_EXISTS"
    scalekit.connect(WHO, "8")
    run(client, "tool_b", status=0)
    done = scalekit.executions[-1]
    assert (done.tool_name, done.identifier, done.admin_id) == ("tool_b", WHO, "8")
    assert (done.tool_input, done.outcome) == ({"status": 0}, "ok")


def test_subscribers_hear_of_changes(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    heard: list[str] = []
    stop = scalekit.subscribe(lambda: heard.append("changed"))
    create(client)
    scalekit.set_status(WHO, "DISCONNECTED")
    client.actions.delete_connected_account("intercom", WHO)
    stop()
    create(client)
    assert len(heard) == 3


# Webhooks.


@pytest.fixture
def receiver() -> Iterator[tuple[str, "queue.Queue[tuple[dict[str, str], bytes]]"]]:
    """An address that takes webhooks, and what it took."""
    taken: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    async def take(request: Request) -> Response:
        taken.put((dict(request.headers), await request.body()))
        return Response(status_code=204)

    serving = Serving(Starlette(routes=[Route("/hooks", take, methods=["POST"])]))
    serving.start()
    yield serving.url + "/hooks", taken
    serving.stop()


def test_a_webhook_passes_the_sdks_check(
    scalekit: ScalekitSandbox, client: ScalekitClient, receiver: Any
) -> None:
    url, taken = receiver
    scalekit.connect(WHO, "7")
    assert scalekit.deliver_status_webhook(url, WHO, "PENDING_AUTH") == 204
    headers, body = taken.get(timeout=10)
    assert client.verify_webhook_payload(scalekit.webhook_secret, headers, body)
    with pytest.raises(WebhookVerificationError):
        client.verify_webhook_payload(scalekit.webhook_secret, headers, body + b" ")
    headers["webhook-timestamp"] = str(int(time.time()) - 3600)
    with pytest.raises(WebhookVerificationError):
        client.verify_webhook_payload(scalekit.webhook_secret, headers, body)


def test_changes_of_status_are_sent_in_order_where_somebody_listens(
    scalekit: ScalekitSandbox, client: ScalekitClient, receiver: Any
) -> None:
    url, taken = receiver
    scalekit.connect(WHO, "7")
    scalekit.webhook_url = url
    try:
        scalekit.set_status(WHO, "ACTIVE")
        scalekit.revoke(WHO)
        with pytest.raises(ScalekitToolUnauthorizedException):
            run(client)
        scalekit.set_status(WHO, "DISCONNECTED")
        found = [taken.get(timeout=10) for _ in range(2)]
    finally:
        scalekit.webhook_url = None
    events = [
        client.verify_webhook_payload(scalekit.webhook_secret, *sent) and json.loads(sent[1])
        for sent in found
    ]
    assert [event["type"] for event in events] == ["connected_account.status_updated"] * 2
    assert [(e["data"]["old_status"], e["data"]["status"]) for e in events] == [
        ("ACTIVE", "EXPIRED"),
        ("EXPIRED", "DISCONNECTED"),
    ]
    assert {event["data"]["identifier"] for event in events} == {WHO}
    assert events[0]["id"] != events[1]["id"]


# The dashboard.


def test_connections_come_in_pages_of_thirty(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    names = ["intercom", *(f"crm-{number}" for number in range(40))]
    scalekit.name_connections(*names)
    first = client.connection.list_app_connections(page_size=30)[0]
    rest = client.connection.list_app_connections(page_token=first.next_page_token)[0]
    found = client.connection.list_app_connections(query="crm-3")[0]
    scalekit.name_connections("intercom")
    assert (len(first.connections), first.total_size) == (30, 41)
    assert [c.key_id for c in [*first.connections, *rest.connections]] == names
    assert rest.next_page_token == ""
    assert [c.key_id for c in found.connections][:2] == ["crm-3", "crm-30"]


@pytest.mark.parametrize(
    "asked", [{"page_size": 31}, {"page_token": "made-up"}, {"query": "cr"}, {"provider": ""}]
)
def test_lists_of_connections_have_limits(client: ScalekitClient, asked: dict[str, Any]) -> None:
    with pytest.raises(ScalekitBadRequestException):
        client.connection.list_app_connections(**asked)


def test_the_environment_says_how_it_verifies_users(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    core = client.core_client
    service = EnvironmentServiceStub(core.grpc_secure_channel)

    def mode(environment_id: str) -> int:
        request = environments_pb.GetAgentActionsConfigRequest(id=environment_id)
        answer = core.grpc_exec(service.GetAgentActionsConfig.with_call, request)
        found: int = answer[0].agent_actions_config.user_verify_mode
        return found

    listed = core.grpc_exec(
        service.ListEnvironment.with_call, environments_pb.ListEnvironmentsRequest()
    )
    own = next(e.id for e in listed[0].environments if e.domain == "127.0.0.1")
    assert mode(own) == environments_pb.USER_VERIFY_MODE_B2B
    scalekit.set_verify_mode("NONE")
    assert mode(own) == environments_pb.USER_VERIFY_MODE_NONE
    scalekit.set_verify_mode("B2B")
    with pytest.raises(ScalekitNotFoundException):
        mode("env_unknown")
    with pytest.raises(ScalekitBadRequestException):
        mode("sandbox")
