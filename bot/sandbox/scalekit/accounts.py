"""The connected accounts, their authorization links and what they may use."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import grpc

Status = Literal["ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"]

LINK_SECONDS = 600.0


class Refused(Exception):
    """Scalekit's own answer to a call that it does not carry out."""

    def __init__(self, code: grpc.StatusCode, error_code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.error_code = error_code
        self.message = message


@dataclass
class Account:
    identifier: str
    status: Status = "PENDING_AUTH"
    admin_id: str | None = None
    """Whose Intercom account it is, once somebody has consented."""
    id: str = field(default_factory=lambda: "ca_" + secrets.token_hex(9))
    updated_at: float = field(default_factory=time.time)
    revoked: bool = False
    """Intercom no longer accepts the token, and Scalekit has not noticed yet."""
    only: frozenset[str] | None = None
    """The tools that the account's permissions allow; None: all."""


@dataclass
class Link:
    """An authorization link, and the consent given by it."""

    identifier: str
    user_verify_url: str
    state: str
    made_at: float = field(default_factory=time.time)
    used: bool = False


@dataclass
class AuthRequest:
    identifier: str
    admin_id: str


class Accounts:
    """Every public call holds the lock; `changed` is told after each change."""

    def __init__(self, connection_name: str, changed: Callable[[], None]) -> None:
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
        """Raises Refused: NOT_FOUND."""
        with self._lock:
            self._check_connection(connection_name)
            account = self._accounts.get(identifier)
            if account is None:
                raise Refused(
                    grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", "connected account not found"
                )
            return account

    def create(self, connection_name: str, identifier: str) -> Account:
        """Raises Refused: ALREADY_EXISTS, INVALID_ARGUMENT."""
        with self._lock:
            self._check_connection(connection_name)
            if not 1 <= len(identifier) <= 100:
                raise invalid("identifier", "must have between 1 and 100 characters")
            if identifier in self._accounts:
                raise Refused(
                    grpc.StatusCode.ALREADY_EXISTS,
                    "RESOURCE_ALREADY_EXISTS",
                    "connected account already exists",
                )
            self._accounts[identifier] = Account(identifier)
        self._changed()
        return self._accounts[identifier]

    def delete(self, connection_name: str, identifier: str) -> None:
        with self._lock:
            self.find(connection_name, identifier)
            del self._accounts[identifier]
        self._changed()

    def connect(self, identifier: str, admin_id: str) -> Account:
        """Make the account ACTIVE at once, as after consent and verification."""
        with self._lock:
            account = self._accounts.setdefault(identifier, Account(identifier))
            account.status, account.admin_id, account.revoked = "ACTIVE", admin_id, False
            account.only, account.updated_at = None, time.time()
        self._changed()
        return account

    def set_status(self, identifier: str, status: Status) -> None:
        with self._lock:
            self._accounts[identifier].status = status
            self._accounts[identifier].updated_at = time.time()
        self._changed()

    def make_link(
        self, connection_name: str, identifier: str, state: str, user_verify_url: str
    ) -> str:
        """Out: the link's token. Raises Refused."""
        with self._lock:
            self.find(connection_name, identifier)
            if len(state) > 512:
                raise invalid("state", "must have at most 512 characters")
            is_web = user_verify_url.startswith(("http://", "https://"))
            if user_verify_url and (not is_web or len(user_verify_url) > 2048):
                raise invalid("user_verify_url", "must be an http(s) URL of at most 2048 bytes")
            token = secrets.token_urlsafe(24)
            self._links[token] = Link(identifier, user_verify_url, state)
            return token

    def open_link(self, token: str) -> Link:
        """A link that can still be used. Raises LookupError."""
        with self._lock:
            link = self._links.get(token)
            if link is None or link.used or time.time() - link.made_at > LINK_SECONDS:
                raise LookupError("the link is unknown, used or expired")
            return link

    def consent(self, token: str, admin_id: str) -> tuple[Link, str]:
        """Somebody signed in at Intercom as this admin agreed. Out: the auth request's id."""
        with self._lock:
            link = self.open_link(token)
            link.used = True
            auth_request_id = secrets.token_urlsafe(24)
            self._auth_requests[auth_request_id] = AuthRequest(link.identifier, admin_id)
            account = self._accounts.get(link.identifier)
            if account is None:
                raise LookupError("the account is gone")
            account.status, account.updated_at = "PENDING_VERIFICATION", time.time()
        self._changed()
        return link, auth_request_id

    def cancel(self, token: str) -> Link:
        with self._lock:
            link = self.open_link(token)
            link.used = True
            return link

    def verify(self, auth_request_id: str, identifier: str) -> Account:
        """Raises Refused: NOT_FOUND, PERMISSION_DENIED."""
        with self._lock:
            asked = self._auth_requests.get(auth_request_id)
            if asked is None:
                raise Refused(
                    grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", "auth request not found"
                )
            if asked.identifier != identifier:
                raise Refused(
                    grpc.StatusCode.PERMISSION_DENIED,
                    "PERMISSION_DENIED",
                    "the auth request belongs to another identifier",
                )
            del self._auth_requests[auth_request_id]
        return self.connect(identifier, asked.admin_id)

    def clear(self) -> None:
        with self._lock:
            self._accounts.clear()
        self._changed()

    def _check_connection(self, connection_name: str) -> None:
        if connection_name != self._connection_name:
            raise Refused(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", "connection not found")


def invalid(what: str, why: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_ERROR", f"{what}: {why}")
