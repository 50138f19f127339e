"""The stand-in as a whole: start it, hand its `env` to the bot, read what was asked of it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from scalekit.v1.connected_accounts import connected_accounts_pb2_grpc as accounts_grpc
from scalekit.v1.tools import tools_pb2_grpc as tools_grpc
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.provider import ToolProvider
from bot.sandbox.scalekit.accounts import Account, Accounts, Status
from bot.sandbox.scalekit.certificates import make_certificates
from bot.sandbox.scalekit.front import Front
from bot.sandbox.scalekit.pages import Pages
from bot.sandbox.scalekit.servicers import AccountService, Desk, Fault, RpcCall, ToolService
from bot.sandbox.scalekit.tools import Execution, Handler, Tools
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
        self.client_id, self.client_secret = "skc_sandbox", "sandbox-scalekit-secret"
        self.webhook_secret = "whsec_" + base64.b64encode(b"sandbox webhook secret").decode()
        self.url = ""
        self._connection_name = connection_name
        self._port = port
        self._subscribers: list[Callable[[], None]] = []
        self._tokens: dict[str, float] = {}
        self.ca_path, self._certificate = make_certificates(ca_directory)
        self._accounts = Accounts(connection_name, self._changed)
        self._tools = Tools(provider, self._accounts, connection_name)
        self._desk = Desk(self._is_valid_token)
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
        }

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
        account = self._accounts.get(identifier)
        assert account is not None
        account.revoked = True

    def allow_only(self, identifier: str, names: Iterable[str]) -> None:
        """What the account's permissions cover from now on."""
        account = self._accounts.get(identifier)
        assert account is not None
        account.only = frozenset(names)

    def authorize(self, link: str, admin_id: str) -> str:
        """Open the link and agree as this admin. Out: where the browser goes next."""
        return self._pages.authorize(link.rpartition("/")[2], admin_id)

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
        tool_error_code: str | None = None,
        message: str = "planned failure",
        times: int = 1,
        delay: float = 0.0,
        after_effect: bool = False,
    ) -> None:
        """The next `times` calls of a method or tool fail with this HTTP status's gRPC code (0:
        they are only late). With a `tool_error_code` it is the provider's error; `after_effect`
        lets the call happen first."""
        code = FAULT_CODES[status] if status else grpc.StatusCode.OK
        self._desk.faults.append(
            Fault(name, code, tool_error_code, message, times, delay, after_effect)
        )

    def expire_tokens(self) -> None:
        """The access tokens handed out so far are no longer good."""
        self._tokens.clear()

    def status_webhook(self, identifier: str, old_status: Status) -> tuple[dict[str, str], bytes]:
        """`connected_account.status_updated` as Scalekit sends it: headers and signed body."""
        account = self._accounts.get(identifier)
        assert account is not None
        body = json.dumps(
            {
                "type": "connected_account.status_updated",
                "data": {
                    "id": account.id,
                    "identifier": identifier,
                    "connection_name": self._connection_name,
                    "status": account.status,
                    "old_status": old_status,
                },
            }
        ).encode()
        message_id, sent_at = "msg_" + secrets.token_hex(9), str(int(time.time()))
        key = base64.b64decode(self.webhook_secret.removeprefix("whsec_"))
        signed = f"{message_id}.{sent_at}.".encode() + body
        signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": sent_at,
            "webhook-signature": f"v1,{signature}",
        }
        return headers, body

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def _changed(self) -> None:
        for callback in list(self._subscribers):
            callback()

    def _is_valid_token(self, token: str) -> bool:
        return self._tokens.get(token, 0.0) > time.time()

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        given = (form.get("grant_type"), form.get("client_id"), form.get("client_secret"))
        if given != ("client_credentials", self.client_id, self.client_secret):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.time() + TOKEN_SECONDS
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": int(TOKEN_SECONDS)}
        return JSONResponse(answer)

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": []})
