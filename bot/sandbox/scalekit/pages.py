"""Where an authorization link leads: Intercom's consent, as far as a browser sees it."""

import html
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.people import PEOPLE
from bot.sandbox.provider import ToolProvider
from bot.sandbox.scalekit.accounts import Accounts, Link

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#eef1f6;color:#1a1a2e}
main{max-width:26rem;margin:10vh auto 0;padding:2rem;background:#fff;border-radius:12px;
box-shadow:0 2px 12px #0001}
h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;margin:1rem 0 .25rem;font-weight:600}
select,button{font:inherit;width:100%;padding:.65rem;border-radius:8px;border:1px solid #b8bfcc}
button{margin-top:1rem;cursor:pointer;background:#fff}
button.primary{background:#1f2a44;color:#fff;border-color:#1f2a44}
@media(max-width:30rem){main{margin:0;border-radius:0;min-height:100vh;box-sizing:border-box}}
"""


class Pages:
    def __init__(self, accounts: Accounts, provider: ToolProvider) -> None:
        self._accounts = accounts
        self._provider = provider

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/connect/{token}", self.consent, methods=["GET"]),
                Route("/connect/{token}", self.decide, methods=["POST"]),
                Route("/connected", self.connected, methods=["GET"]),
            ]
        )

    async def consent(self, request: Request) -> Response:
        try:
            link = self._accounts.open_link(request.path_params["token"])
        except LookupError:
            return _gone()
        preselected = request.query_params.get("as", "") or _admin_of(link.identifier)
        options = "".join(
            f'<option value="{html.escape(str(admin["id"]))}"'
            f"{' selected' if str(admin['id']) == preselected else ''}>"
            f"{html.escape(str(admin['name']))} ({html.escape(str(admin['email']))})</option>"
            for admin in self._provider.admins()
        )
        return _page(
            "Intercom Agent wants to access your Intercom workspace Northwind",
            "<p>It will be able to read and change conversations, contacts and tickets with your "
            'permissions.</p><form method="post"><label for="admin">You are signed in at Intercom '
            f'as</label><select id="admin" name="admin">{options}</select>'
            '<button class="primary" name="decision" value="authorize">Authorize access</button>'
            '<button name="decision" value="cancel">Cancel</button></form>',
        )

    async def decide(self, request: Request) -> Response:
        token = request.path_params["token"]
        form = await request.form()
        try:
            if form.get("decision") != "authorize":
                return RedirectResponse(cancelled(self._accounts.cancel(token)), 303)
            return RedirectResponse(self.authorize(token, str(form.get("admin"))), 303)
        except LookupError:
            return _gone()

    async def connected(self, request: Request) -> Response:
        return _page("Your account is connected", "<p>You can close this window.</p>")

    def authorize(self, token: str, admin_id: str) -> str:
        """Consent as this admin. Out: where the browser goes next. Raises LookupError."""
        if admin_id not in {str(admin["id"]) for admin in self._provider.admins()}:
            raise LookupError(f"Intercom has no admin {admin_id}")
        link, auth_request_id = self._accounts.consent(token, admin_id)
        return _with(link.user_verify_url, auth_request_id=auth_request_id, state=link.state)


def _admin_of(identifier: str) -> str:
    """Who is likely to be signed in at Intercom, in the browser of whom the link was made for."""
    user_id = identifier.rpartition(":")[2]
    return next((p.intercom_admin_id or "" for p in PEOPLE if p.slack_user_id == user_id), "")


def cancelled(link: Link) -> str:
    return _with(link.user_verify_url, error="access_denied", state=link.state)


def _with(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _gone() -> HTMLResponse:
    return _page("This link is no longer good", "<p>Ask for a new one in Slack.</p>", 410)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>",
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )
