"""The cookie that tells the browser in which somebody connects from all others."""

import secrets

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from bot.accounts.steps import Browser, PendingConsent, PendingDoubt
from bot.state.sealing import Seal

LIFETIME = 3600
"""Seconds: as long as the page on which one can take a connection back."""


class ConnectCookie:
    """Sealed, so that nobody can make one up. Over https it has the prefix `__Host-`: no other
    host, and nobody on the way, can set it."""

    def __init__(self, seal: Seal, *, is_https: bool) -> None:
        self._seal = seal
        self._is_https = is_https
        self._name = "__Host-connecting" if is_https else "connecting"

    def read(self, request: Request) -> Browser | None:
        """Which browser it is; None for one that we do not know."""
        opened = self._seal.open(request.cookies.get(self._name, ""))
        try:
            return Browser.model_validate_json(opened or "")
        except ValidationError:
            return None

    def keep(self, answer: Response, browser: Browser) -> None:
        # `lax` lets it come along when Slack and Scalekit send the browser back.
        answer.set_cookie(
            self._name,
            self._seal.close(browser.model_dump_json()),
            max_age=LIFETIME,
            path="/",
            secure=self._is_https,
            httponly=True,
            samesite="lax",
        )


def began_here(browser: Browser | None, began: str) -> bool:
    """Whether this is the browser that opened the link."""
    return browser is not None and _same(browser.began, began)


def signed_in_here(browser: Browser | None, step: PendingConsent | PendingDoubt) -> bool:
    """Whether this is the browser in which the teammate of this step has signed in."""
    return (
        browser is not None
        and browser.who == step.connection.identifier
        and _same(browser.signed_in, step.signed_in)
    )


def _same(one: str, other: str) -> bool:
    return bool(one) and secrets.compare_digest(one.encode(), other.encode())
