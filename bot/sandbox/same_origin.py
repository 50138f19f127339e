"""Who a server on loopback listens to: this machine's programs, and pages of its own.

Every web page that a browser on this machine shows can send requests to loopback, and, by a name
that leads to 127.0.0.1 after a moment (DNS rebinding), even read the answers. So the `Host` has to
be loopback's, and what may change something has to come from a page of the same origin. Browsers
send `Origin` or `Sec-Fetch-Site` with every such request; what sends neither is no browser.
developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

import re

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")
SAFE = ("GET", "HEAD", "OPTIONS")


class SameOrigin:
    """The middleware: 400 for another host, 403 for another origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refusal(scope) if scope["type"] in ("http", "websocket") else None
        await (refused or self._app)(scope, receive, send)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not HOST.fullmatch(host):
        return PlainTextResponse("This host is not served here.", status_code=400)
    if scope.get("method") in SAFE:
        return None
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin not in (None, f"http://{host}") or site not in (None, "same-origin"):
        return PlainTextResponse("This comes from another page.", status_code=403)
    return None
