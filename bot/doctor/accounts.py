"""Scalekit: the credentials, the connection, and that users are verified."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from scalekit import ScalekitClient
from scalekit.common.exceptions import (
    ScalekitBadRequestException,
    ScalekitException,
    ScalekitUnauthorizedException,
)
from scalekit.v1.connections.connections_pb2 import ListAppConnectionsResponse
from scalekit.v1.environments import environments_pb2 as environments_pb
from scalekit.v1.environments.environments_pb2_grpc import EnvironmentServiceStub

from bot.doctor.finding import Finding, failure, ok, warning
from bot.doctor.guard import guarded, in_thread
from bot.settings import WHERE_TO_FIND, Settings

PAGE_SIZE = 30
CURE = "see that this machine reaches SCALEKIT_ENVIRONMENT_URL, and that it is the right one"
VERIFY = (
    "app.scalekit.com → user verification → Custom (docs.scalekit.com/agentkit/user-verification)"
)


async def check_accounts(settings: Settings, seconds: float) -> list[Finding]:
    """The credentials; with them, whether the connection is there and users are verified."""
    client = await guarded("Scalekit", CURE, in_thread(lambda: _client(settings)), seconds)
    if isinstance(client, list):
        return client
    name = settings.scalekit_connection_name
    host = urlsplit(settings.scalekit_environment_url).hostname or ""
    connection, verification = await asyncio.gather(
        guarded("Scalekit connection", CURE, in_thread(lambda: _connection(client, name)), seconds),
        guarded("Scalekit verification", CURE, in_thread(lambda: _verify(client, host)), seconds),
    )
    return [ok("Scalekit", "accepts the client id and secret"), *connection, *verification]


def _client(settings: Settings) -> ScalekitClient | list[Finding]:
    # Building it gets a token.
    try:
        return ScalekitClient(
            settings.scalekit_environment_url,
            settings.scalekit_client_id,
            settings.scalekit_client_secret.get_secret_value(),
        )
    except (ScalekitUnauthorizedException, ScalekitBadRequestException):
        where = WHERE_TO_FIND["SCALEKIT_CLIENT_SECRET"]
        cure = f"correct SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET: {where}"
        return [failure("Scalekit", "refuses the client id and secret", cure)]


def _connection(client: ScalekitClient, name: str) -> list[Finding]:
    names: list[str] = []
    page_token = ""
    while True:
        # A (response, call) tuple, whatever the SDK's annotation says.
        answer: Any = client.connection.list_app_connections(PAGE_SIZE, page_token)
        page: ListAppConnectionsResponse = answer[0]
        names += [connection.key_id for connection in page.connections]
        page_token = page.next_page_token
        if not page_token:
            break
    if name in names:
        return [ok("Scalekit connection", name)]
    there = ", ".join(sorted(names)) or "none"
    cure = f"set SCALEKIT_CONNECTION_NAME: {WHERE_TO_FIND['SCALEKIT_CONNECTION_NAME']}"
    return [failure("Scalekit connection", f"there is no {name}; there are: {there}", cure)]


def _verify(client: ScalekitClient, host: str) -> list[Finding]:
    check = "Scalekit verification"
    try:
        mode = _Environments(client).verify_mode(host)
    except (ScalekitException, LookupError) as error:
        told = f"could not be read ({type(error).__name__})"
        return [warning(check, told, f"see for yourself: {VERIFY}")]
    if mode == environments_pb.USER_VERIFY_MODE_B2B:
        return [ok(check, "users are verified by this bot")]
    told = f"the mode is {environments_pb.ConnectedAccountUserVerifyMode.Name(mode)}"
    why = "whoever opens a link would decide whose Intercom is bound"
    return [failure(check, f"{told}: {why}", f"switch it: {VERIFY}")]


class _Environments:
    """Scalekit's environments. The SDK has no methods for them, only their generated stub."""

    def __init__(self, client: ScalekitClient) -> None:
        self._core = client.core_client
        channel = self._core.grpc_secure_channel
        self._stub: Any = EnvironmentServiceStub(channel)  # type: ignore[no-untyped-call]

    def verify_mode(self, host: str) -> int:
        """How the environment at `host` verifies users. Raises LookupError where there is none."""
        request = environments_pb.GetAgentActionsConfigRequest(id=self._id(host))
        answer: Any = self._core.grpc_exec(self._stub.GetAgentActionsConfig.with_call, request)
        return int(answer[0].agent_actions_config.user_verify_mode)

    def _id(self, host: str) -> str:
        page_token = ""
        while True:
            request = environments_pb.ListEnvironmentsRequest(
                page_size=PAGE_SIZE, page_token=page_token
            )
            answer: Any = self._core.grpc_exec(self._stub.ListEnvironment.with_call, request)
            for environment in answer[0].environments:
                if host in (environment.domain, environment.custom_domain):
                    return str(environment.id)
            page_token = answer[0].next_page_token
            if not page_token:
                raise LookupError(host)
