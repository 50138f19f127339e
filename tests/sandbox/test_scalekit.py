"""The Scalekit stand-in, tried with the unpatched SDK."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from google.protobuf.json_format import MessageToDict
from scalekit import ScalekitClient
from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitConflictException,
    ScalekitForbiddenException,
    ScalekitNotFoundException,
    ScalekitToolException,
    ScalekitToolForbiddenException,
    ScalekitToolRateLimitException,
    ScalekitToolUnauthorizedException,
    ScalekitUnauthorizedException,
)
from scalekit.v1.tools.tools_pb2 import ScopedToolFilter

from bot.sandbox.provider import ProviderError
from bot.sandbox.scalekit import ScalekitSandbox

WHO = "slack:T1:U1"
OTHER = "slack:T1:U2"
VERIFY = "https://bot.example/connect/verify"


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
    return ScalekitClient(scalekit.url, scalekit.client_id, scalekit.client_secret)


def status(client: ScalekitClient, identifier: str = WHO) -> str:
    details = client.actions.get_connected_account_details("intercom", identifier)
    return details.connected_account.status


def create(client: ScalekitClient, identifier: str = WHO) -> None:
    client.actions.create_connected_account(connection_name="intercom", identifier=identifier)


def link(client: ScalekitClient, identifier: str = WHO, state: str = "s1") -> str:
    return client.actions.get_authorization_link(
        identifier=identifier, connection_name="intercom", state=state, user_verify_url=VERIFY
    ).link


def run(client: ScalekitClient, tool: str = "tool_a", **tool_input: Any) -> Any:
    return client.actions.execute_tool(
        tool_input=tool_input, tool_name=tool, identifier=WHO, connection_name="intercom"
    )


def test_a_wrong_secret_is_refused(scalekit: ScalekitSandbox) -> None:
    with pytest.raises(ScalekitUnauthorizedException):
        ScalekitClient(scalekit.url, scalekit.client_id, "wrong")


def test_an_expired_access_token_is_renewed(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    scalekit.expire_tokens()
    assert status(client) == "PENDING_AUTH"


def test_accounts_are_created_once(client: ScalekitClient) -> None:
    with pytest.raises(ScalekitNotFoundException):
        status(client)
    create(client)
    assert status(client) == "PENDING_AUTH"
    with pytest.raises(ScalekitConflictException):
        create(client)


def test_details_hold_no_credentials(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    account = client.actions.get_connected_account_details("intercom", WHO).connected_account
    assert (account.status, account.authorization_details) == ("ACTIVE", None)


def test_another_connection_name_is_not_found(client: ScalekitClient) -> None:
    create(client)
    with pytest.raises(ScalekitNotFoundException):
        client.actions.get_connected_account_details("Intercom", WHO)


@pytest.mark.parametrize(
    ("state", "verify_url"),
    [("s" * 513, VERIFY), ("s", "ftp://bot.example"), ("s", "https://" + "b" * 2048)],
)
def test_links_have_limits(client: ScalekitClient, state: str, verify_url: str) -> None:
    create(client)
    with pytest.raises(ScalekitBadRequestException):
        client.actions.get_authorization_link(
            identifier=WHO, connection_name="intercom", state=state, user_verify_url=verify_url
        )


def test_consent_and_verification_make_an_account_active(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    back = urlsplit(scalekit.authorize(link(client, state="my state"), "8"))
    query = parse_qs(back.query)
    assert (back.netloc, query["state"]) == ("bot.example", ["my state"])
    assert status(client) == "PENDING_VERIFICATION"
    create(client, OTHER)
    auth_request_id = query["auth_request_id"][0]
    with pytest.raises(ScalekitForbiddenException):
        client.actions.verify_connected_account_user(auth_request_id, OTHER)
    client.actions.verify_connected_account_user(auth_request_id, WHO)
    assert status(client) == "ACTIVE"
    assert run(client).data["as"] == "8"
    with pytest.raises(ScalekitNotFoundException):
        client.actions.verify_connected_account_user(auth_request_id, WHO)


def test_the_consent_page_names_the_admins_and_a_link_is_good_once(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    create(client)
    made = link(client)
    page = urlopen(made + "?as=8").read().decode()
    assert '<option value="8" selected>' in page
    scalekit.authorize(made, "7")
    with pytest.raises(LookupError):
        scalekit.authorize(made, "7")


def test_a_deleted_account_is_gone(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    client.actions.delete_connected_account("intercom", WHO)
    with pytest.raises(ScalekitNotFoundException):
        status(client)


def pages(client: ScalekitClient, **options: Any) -> list[list[str]]:
    found, token = [], ""
    while True:
        answer = client.tools.list_scoped_tools(
            identifier=WHO,
            filter=ScopedToolFilter(connection_names=["intercom"]),
            page_token=token,
            **options,
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
    with pytest.raises(ScalekitBadRequestException):
        pages(client, page_size=101)
    scalekit.allow_only(WHO, ["tool_b"])
    assert pages(client) == [["tool_b"]]


def test_numbers_of_a_definition_are_floats(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    answer = client.tools.list_scoped_tools(
        identifier=WHO, filter=ScopedToolFilter(connection_names=["intercom"])
    )[0]
    schema = MessageToDict(answer.tools[0].tool.definition)["input_schema"]
    assert repr(schema["properties"]["status"]["maximum"]) == "599.0"


def test_an_empty_result_is_none(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    scalekit.connect(WHO, "7")
    assert run(client).data == {"tool": "tool_a", "as": "7"}
    assert run(client, "tool_b").data is None


@pytest.mark.parametrize(
    ("http", "kind"),
    [
        (401, ScalekitToolUnauthorizedException),
        (403, ScalekitToolForbiddenException),
        (429, ScalekitToolRateLimitException),
        (404, ScalekitToolException),
        (500, ScalekitToolException),
    ],
)
def test_the_providers_errors_come_through(
    scalekit: ScalekitSandbox, client: ScalekitClient, http: int, kind: type
) -> None:
    scalekit.connect(WHO, "7")
    with pytest.raises(ScalekitToolException) as caught:
        run(client, status=http)
    assert type(caught.value) is kind
    assert caught.value.http_status == http
    assert caught.value.tool_error_code == "letter_error"
    assert caught.value.tool_error_message == "no tool_a"
    assert scalekit.executions[-1].outcome == "letter_error"


def test_bad_calls_are_refused(scalekit: ScalekitSandbox, client: ScalekitClient) -> None:
    with pytest.raises(ScalekitNotFoundException):
        run(client)
    scalekit.connect(WHO, "7")
    with pytest.raises(ScalekitToolException) as unknown:
        run(client, "tool_zz")
    assert unknown.value.tool_error_code == "TOOL_NOT_FOUND"
    with pytest.raises(ScalekitToolException) as misfit:
        run(client, status="four")
    assert misfit.value.tool_error_code == "INVALID_INPUT"
    scalekit.allow_only(WHO, ["tool_b"])
    with pytest.raises(ScalekitToolForbiddenException):
        run(client)
    scalekit.set_status(WHO, "EXPIRED")
    with pytest.raises(ScalekitToolUnauthorizedException):
        run(client, "tool_b")


def test_a_revoked_token_is_noticed_at_the_next_call(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    scalekit.revoke(WHO)
    assert status(client) == "ACTIVE"
    with pytest.raises(ScalekitToolUnauthorizedException):
        run(client)
    assert status(client) == "EXPIRED"


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


def test_the_webhook_passes_the_sdks_check(
    scalekit: ScalekitSandbox, client: ScalekitClient
) -> None:
    scalekit.connect(WHO, "7")
    headers, body = scalekit.status_webhook(WHO, "PENDING_AUTH")
    assert client.verify_webhook_payload(scalekit.webhook_secret, headers, body)
