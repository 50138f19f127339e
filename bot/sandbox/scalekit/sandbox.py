"""The stand-in as a whole: start it, hand its `env` to the bot, read what was asked of it."""

import base64
import contextlib
import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from scalekit.v1.connected_accounts import connected_accounts_pb2_grpc as accounts_grpc
from scalekit.v1.connections import connections_pb2_grpc as connections_grpc
from scalekit.v1.environments import environments_pb2_grpc as environments_grpc
from scalekit.v1.tools import tools_pb2_grpc as tools_grpc
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.provider import ToolProvider
from bot.sandbox.scalekit.accounts import Account, Accounts, Status
from bot.sandbox.scalekit.certificates import make_certificates
from bot.sandbox.scalekit.dashboard import ConnectionService, EnvironmentService, VerifyMode
from bot.sandbox.scalekit.desk import Desk, Fault, RpcCall
from bot.sandbox.scalekit.front import Front
from bot.sandbox.scalekit.pages import Pages
from bot.sandbox.scalekit.servicers import AccountService, ToolService
from bot.sandbox.scalekit.tools import Execution, Handler, Tools
from bot.sandbox.scalekit.webhooks import deliver, signed, status_event
from bot.sandbox.serving import Serving

__all__ = ["Execution", "RpcCall", "ScalekitSandbox"]

TOKEN_SECONDS = 3600.0
FAULT_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}


class ScalekitSandbox:
    def __init__(
        self,
        provider: ToolProvider,
        *,
        ca_directory: Path,
        connection_name: str = "intercom",
        port: int = 0,
    ) -> None:
        """`ca_directory`: where the CA is, or is put; a process's gRPC knows one CA for good."""
        self.client_id, self.client_secret = "skc_sandbox", secrets.token_hex(16)
        self.webhook_secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.url = ""
        self.webhook_url: str | None = None
        """Where each change of an account's status is told of from now on; None: nowhere."""
        self._webhooks = ThreadPoolExecutor(1, thread_name_prefix="scalekit-webhooks")
        self._connection_name = connection_name
        self._port = port
        self._subscribers: list[Callable[[], None]] = []
        self._tokens: dict[str, float] = {}
        self.ca_path, self._certificate = make_certificates(ca_directory)
        self._accounts = Accounts(connection_name, self._changed)
        self._tools = Tools(provider, self._accounts)
        self._desk = Desk(self._is_valid_token, self._cut_connections)
        self._pages = Pages(self._accounts, provider)
        self._pages_serving = Serving(self._pages.app())
        self.pages_url = self._pages_serving.url
        self._http = Serving(
            Starlette(
                routes=[
                    Route("/oauth/token", self._token, methods=["POST"]),
                    Route("/keys", self._keys),
                ]
            )
        )
        self._grpc = grpc.server(ThreadPoolExecutor(16, thread_name_prefix="scalekit-grpc"))
        accounts_grpc.add_ConnectedAccountServiceServicer_to_server(  # type: ignore[no-untyped-call]
            AccountService(self._desk, self._accounts, connection_name, lambda: self.pages_url),
            self._grpc,
        )
        self._tool_service = ToolService(self._desk, self._accounts, self._tools, connection_name)
        tools_grpc.add_ToolServiceServicer_to_server(  # type: ignore[no-untyped-call]
            self._tool_service, self._grpc
        )
        self._connections = ConnectionService(self._desk, connection_name)
        connections_grpc.add_ConnectionServiceServicer_to_server(  # type: ignore[no-untyped-call]
            self._connections, self._grpc
        )
        self._environments = EnvironmentService(self._desk)
        environments_grpc.add_EnvironmentServiceServicer_to_server(  # type: ignore[no-untyped-call]
            self._environments, self._grpc
        )
        self._grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._front = Front(self._certificate, self._grpc_port, self._http.port)

    def start(self) -> None:
        self._grpc.start()
        self._http.start()
        self._pages_serving.start()
        self.url = f"https://127.0.0.1:{self._http.call(self._front.start(self._port))}"

    def stop(self) -> None:
        self._http.call(self._front.stop())
        self._grpc.stop(0)
        self._webhooks.shutdown(wait=False, cancel_futures=True)
        self._http.stop()
        self._pages_serving.stop()

    def env(self) -> dict[str, str]:
        """The settings, and what makes the SDK trust this CA."""
        return {
            "SCALEKIT_ENVIRONMENT_URL": self.url,
            "SCALEKIT_CLIENT_ID": self.client_id,
            "SCALEKIT_CLIENT_SECRET": self.client_secret,
            "SCALEKIT_CONNECTION_NAME": self._connection_name,
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self.ca_path),
            "REQUESTS_CA_BUNDLE": str(self.ca_path),
            "NO_PROXY": "127.0.0.1,localhost",
            # gRPC reads only this spelling.
            "no_proxy": "127.0.0.1,localhost",
        }

    # The dashboard.

    def set_verify_mode(self, mode: VerifyMode) -> None:
        """How the environment says it verifies users. Consents go on as with B2B."""
        self._environments.verify_mode = mode

    def name_connections(self, *names: str) -> None:
        """The connections that are listed from now on; only the stand-in's own has accounts."""
        self._connections.names = list(names)

    # The accounts.

    def account(self, identifier: str) -> Account | None:
        return self._accounts.get(identifier)

    def connect(self, identifier: str, admin_id: str) -> None:
        """Make the account ACTIVE at once."""
        self._accounts.connect(identifier, admin_id)

    def set_status(self, identifier: str, status: Status) -> None:
        self._accounts.set_status(identifier, status)

    def revoke(self, identifier: str) -> None:
        """Intercom answers 401 from now on; Scalekit notices at the next call."""
        self._accounts.revoke(identifier)

    def allow_only(self, identifier: str, names: Iterable[str]) -> None:
        """The account's permissions cover these tools from now on, and no others."""
        self._accounts.limit(identifier, only=names)

    def forbid(self, identifier: str, names: Iterable[str]) -> None:
        """The account's permissions cover all but these tools from now on."""
        self._accounts.limit(identifier, forbidden=names)

    def authorize(self, link: str, admin_id: str) -> str:
        """Open the link and agree as this admin. Out: where the browser goes next.

        Raises LookupError: the link is unknown, used or expired, or there is no such admin."""
        return self._pages.authorize(link.rpartition("/")[2], admin_id)

    def expire_links(self) -> None:
        """Authorization links, and consents not yet verified, are too old from now on."""
        self._accounts.expire_links()

    def forget_accounts(self) -> None:
        self._accounts.clear()

    # The tools.

    def add_tool(self, definition: dict[str, Any], handler: Handler | None = None) -> None:
        """A tool beyond the catalogue; without a handler it gives nothing back."""
        self._tools.extra[definition["name"]] = definition
        self._tools.handlers[definition["name"]] = handler or (lambda tool_input: None)

    def limit_pages(self, size: int) -> None:
        """Give at most so many tools on a page, whatever is asked for."""
        self._tool_service.page_limit = size

    def remove_tool(self, name: str) -> None:
        del self._tools.extra[name], self._tools.handlers[name]

    @property
    def executions(self) -> list[Execution]:
        return list(self._tools.executions)

    @property
    def calls(self) -> list[RpcCall]:
        return list(self._desk.calls)

    def fail(
        self,
        name: str,
        *,
        status: int = 500,
        code: grpc.StatusCode | None = None,
        tool_error_code: str | None = None,
        message: str = "planned failure",
        times: int = 1,
        delay: float = 0.0,
        after_effect: bool = False,
        cut: bool = False,
    ) -> None:
        """The next `times` calls of a method, of a tool or ("*") of anything fail.

        How: with the gRPC status of this HTTP `status` (0: they are only late) or with `code`; as
        the provider's error where a `tool_error_code` is given; or without any answer, because
        all connections are `cut`. `after_effect` lets the call happen first.
        """
        if code is None:
            code = FAULT_CODES[status] if status else grpc.StatusCode.OK
        self._desk.plan(
            Fault(name, code, tool_error_code, message, times, delay, after_effect, cut)
        )

    def heal(self) -> None:
        """No failure is planned any more."""
        self._desk.forget_faults()

    def expire_tokens(self) -> None:
        """The access tokens handed out so far are no longer good."""
        self._tokens.clear()

    def status_webhook(self, identifier: str, old_status: Status) -> tuple[dict[str, str], bytes]:
        """`connected_account.status_updated` as Scalekit sends it: headers and signed body.

        Raises LookupError where there is no such account."""
        account = self._accounts.get(identifier)
        if account is None:
            raise LookupError(identifier)
        body = status_event(account, self._connection_name, old_status)
        return signed(self.webhook_secret, body), body

    def deliver_status_webhook(
        self, url: str, identifier: str, old_status: Status = "ACTIVE"
    ) -> int:
        """Send it. Out: the answer's HTTP status. Raises OSError where nobody answers."""
        headers, body = self.status_webhook(identifier, old_status)
        return deliver(url, headers, body)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each change of an account; the accounts are locked meanwhile, so it
        must not wait for anything. Out: how to stop that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def _changed(self, account: Account | None, before: Status | None) -> None:
        if self.webhook_url and account and before and before != account.status:
            headers, body = self.status_webhook(account.identifier, before)
            self._webhooks.submit(self._send, self.webhook_url, headers, body)
        for callback in list(self._subscribers):
            callback()

    @staticmethod
    def _send(url: str, headers: dict[str, str], body: bytes) -> None:
        # Whoever does not listen has missed it, as far as this stand-in goes.
        with contextlib.suppress(OSError):
            deliver(url, headers, body)

    def _cut_connections(self) -> None:
        self._http.call(self._front.cut())

    def _is_valid_token(self, token: str) -> bool:
        return self._tokens.get(token, 0.0) > time.time()

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.time() + TOKEN_SECONDS
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": int(TOKEN_SECONDS)}
        return JSONResponse(answer)

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": []})
