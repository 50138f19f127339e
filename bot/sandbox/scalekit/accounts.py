"""The connected accounts, their authorization links and what they may use."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import grpc

from bot.sandbox.scalekit.errors import Refused, invalid, not_found

Status = Literal["ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"]

LINK_SECONDS = 600.0


@dataclass
class Account:
    identifier: str
    status: Status = "PENDING_AUTH"
    admin_id: str | None = None
    """Whose Intercom account it is, once somebody has consented."""
    id: str = field(default_factory=lambda: "ca_" + secrets.token_hex(9))
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    last_used_at: float | None = None
    access_token: str = ""
    """The secret that Scalekit keeps; nothing but `get_connected_account` may give it away."""
    revoked: bool = False
    """Intercom no longer accepts the token, and Scalekit has not noticed yet."""
    only: frozenset[str] | None = None
    """The tools that the account's permissions allow; None: all."""
    forbidden: frozenset[str] = frozenset()

    def may_use(self, tool_name: str) -> bool:
        return (self.only is None or tool_name in self.only) and tool_name not in self.forbidden


@dataclass
class Link:
    """An authorization link, good for one consent."""

    identifier: str
    user_verify_url: str
    state: str
    expires_at: float


@dataclass(frozen=True)
class AuthRequest:
    """A consent that waits for its verification."""

    identifier: str
    admin_id: str


class Accounts:
    """`changed` is told after each change, with the account and its status before, if any."""

    def __init__(
        self, connection_name: str, changed: Callable[[Account | None, Status | None], None]
    ) -> None:
        self._connection_name = connection_name
        self._changed = changed
        self._lock = threading.RLock()
        self._accounts: dict[str, Account] = {}
        self._links: dict[str, Link] = {}
        self._auth_requests: dict[str, AuthRequest] = {}

    def get(self, identifier: str) -> Account | None:
        with self._lock:
            return self._accounts.get(identifier)

    def find(self, connection_name: str, identifier: str) -> Account:
        """Raises Refused: NOT_FOUND, INVALID_ARGUMENT."""
        with self._lock:
            self._check(connection_name, identifier)
            account = self._accounts.get(identifier)
            if account is None:
                raise not_found("connected account")
            return account

    def create(self, connection_name: str, identifier: str) -> Account:
        """Raises Refused: ALREADY_EXISTS, NOT_FOUND, INVALID_ARGUMENT."""
        with self._lock:
            self._check(connection_name, identifier)
            if identifier in self._accounts:
                raise Refused(
                    grpc.StatusCode.ALREADY_EXISTS,
                    "RESOURCE_ALREADY_EXISTS",
                    "connected account already exists",
                )
            account = self._accounts[identifier] = Account(identifier)
        self._changed(account, None)
        return account

    def delete(self, connection_name: str, identifier: str) -> None:
        """The account and all that could bring it back. Raises Refused."""
        with self._lock:
            self.find(connection_name, identifier)
            del self._accounts[identifier]
            self._links = {
                token: link for token, link in self._links.items() if link.identifier != identifier
            }
            self._auth_requests = {
                key: asked
                for key, asked in self._auth_requests.items()
                if asked.identifier != identifier
            }
        self._changed(None, None)

    def connect(self, identifier: str, admin_id: str) -> Account:
        """Make the account ACTIVE at once, as after consent and verification."""
        with self._lock:
            account = self._accounts.setdefault(identifier, Account(identifier))
            account.admin_id, account.revoked = admin_id, False
            account.only, account.forbidden = None, frozenset()
            account.access_token = "dG9rOg" + secrets.token_urlsafe(24)
            self._move(account, "ACTIVE")
        return account

    def set_status(self, identifier: str, status: Status) -> None:
        with self._lock:
            self._move(self._accounts[identifier], status)

    def revoke(self, identifier: str) -> None:
        with self._lock:
            self._accounts[identifier].revoked = True

    def limit(
        self,
        identifier: str,
        *,
        only: Iterable[str] | None = None,
        forbidden: Iterable[str] = (),
    ) -> None:
        with self._lock:
            account = self._accounts[identifier]
            account.only = None if only is None else frozenset(only)
            account.forbidden = frozenset(forbidden)

    def use(self, account: Account) -> None:
        with self._lock:
            account.last_used_at = time.time()

    def make_link(
        self, connection_name: str, identifier: str, state: str, user_verify_url: str
    ) -> tuple[str, float]:
        """Out: the link's token, and when it expires. Raises Refused."""
        with self._lock:
            self.find(connection_name, identifier)
            # Needed wherever it is the application that verifies its users, as here.
            if not user_verify_url:
                raise invalid("user_verify_url", "value is required")
            token, expires_at = secrets.token_urlsafe(24), time.time() + LINK_SECONDS
            self._links[token] = Link(identifier, user_verify_url, state, expires_at)
            return token, expires_at

    def open_link(self, token: str) -> Link:
        """A link that can still be used. Raises LookupError."""
        with self._lock:
            link = self._links.get(token)
            if link is None or link.expires_at <= time.time():
                raise LookupError("the link is unknown, used or expired")
            return link

    def consent(self, token: str, admin_id: str) -> tuple[Link, str]:
        """Somebody signed in at Intercom as this admin agreed. Out: the auth request's id."""
        with self._lock:
            link = self.cancel(token)
            auth_request_id = secrets.token_urlsafe(24)
            self._auth_requests[auth_request_id] = AuthRequest(link.identifier, admin_id)
            self._move(self._accounts[link.identifier], "PENDING_VERIFICATION")
        return link, auth_request_id

    def cancel(self, token: str) -> Link:
        """Use the link up. Raises LookupError."""
        with self._lock:
            link = self.open_link(token)
            del self._links[token]
            return link

    def verify(self, auth_request_id: str, identifier: str) -> Account:
        """Raises Refused: NOT_FOUND, PERMISSION_DENIED."""
        with self._lock:
            asked = self._auth_requests.get(auth_request_id)
            if asked is None:
                raise not_found("auth request")
            if asked.identifier != identifier:
                raise Refused(
                    grpc.StatusCode.PERMISSION_DENIED,
                    "PERMISSION_DENIED",
                    "the auth request belongs to another identifier",
                )
            del self._auth_requests[auth_request_id]
            return self.connect(identifier, asked.admin_id)

    def expire_links(self) -> None:
        """What was handed out for connecting so far is too old from now on."""
        with self._lock:
            self._links.clear()
            self._auth_requests.clear()

    def clear(self) -> None:
        with self._lock:
            self._accounts.clear()
            self.expire_links()
        self._changed(None, None)

    def _check(self, connection_name: str, identifier: str) -> None:
        for name, value in (("connector", connection_name), ("identifier", identifier)):
            if not value:
                raise invalid(name, "value is required")
        if connection_name != self._connection_name:
            raise not_found("connection")

    def _move(self, account: Account, status: Status) -> None:
        before = account.status
        account.status, account.updated_at = status, time.time()
        self._changed(account, before)
