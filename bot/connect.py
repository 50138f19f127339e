"""The connect flow in the browser: consent at Intercom, proof of who is there, and only then the
account is bound. Rule 2 of the design."""

import secrets

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.accounts.connecting import LinkNotGood
from bot.accounts.scalekit import AccountsUnavailable, VerificationRefused
from bot.accounts.sign_in import Challenge, SignInFailed, SignInUnavailable
from bot.pages import page
from bot.services import Services
from bot.state.models import PendingConnection, PendingSignIn

log = structlog.get_logger()

COOKIE = "connecting"
AGAIN = "Type “/intercom connect” in Slack to get a new link."


class ConnectPages:
    def __init__(self, services: Services) -> None:
        self._connecting = services.connecting
        self._sign_in = services.sign_in
        self._queue = services.queue
        self._is_https = services.settings.public_url.startswith("https://")

    async def verify(self, request: Request) -> Response:
        """Scalekit sends the browser here after the consent (its `user_verify_url`)."""
        try:
            pending = await self._connecting.take(request.query_params.get("state", ""))
        except LinkNotGood:
            return _not_good()
        auth_request_id = request.query_params.get("auth_request_id", "")
        if not auth_request_id:
            sentences = ["The authorization at Intercom was cancelled.", AGAIN]
            return page("Nothing was connected", sentences, team_id=pending.team_id, status=400)
        challenge, browser = Challenge.new(), secrets.token_urlsafe(32)
        sign_in = PendingSignIn(
            connection=pending,
            auth_request_id=auth_request_id,
            nonce=challenge.nonce,
            code_verifier=challenge.code_verifier,
            browser=browser,
        )
        state = await self._connecting.await_sign_in(sign_in)
        answer = RedirectResponse(self._sign_in.url(state, challenge, pending.team_id), 303)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.set_cookie(
            COOKIE,
            browser,
            max_age=600,
            path="/connect",
            secure=self._is_https,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def slack(self, request: Request) -> Response:
        """Sign in with Slack sends the browser here. Binds only if it is the very teammate."""
        try:
            sign_in = await self._connecting.take_sign_in(request.query_params.get("state", ""))
        except LinkNotGood:
            return _not_good()
        pending = sign_in.connection
        browser = request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(browser.encode(), sign_in.browser.encode()):
            return await self._somebody_else(pending, "another browser")
        code = request.query_params.get("code", "")
        if not code:
            sentences = ["Signing in with Slack was cancelled.", AGAIN]
            return page("Nothing was connected", sentences, team_id=pending.team_id, status=400)
        challenge = Challenge(nonce=sign_in.nonce, code_verifier=sign_in.code_verifier)
        try:
            signed_in = await self._sign_in.finish(code, challenge)
        except SignInFailed as error:
            log.warning("sign_in_failed", why=str(error), user=pending.user_id)
            sentences = ["Slack did not confirm who you are.", AGAIN]
            return page("Nothing was connected", sentences, team_id=pending.team_id, status=403)
        except SignInUnavailable as error:
            return _unavailable(pending, str(error))
        if (signed_in.user_id, signed_in.team_id) != (pending.user_id, pending.team_id):
            return await self._somebody_else(pending, "another person")
        return await self._bind(pending, sign_in.auth_request_id)

    async def _bind(self, pending: PendingConnection, auth_request_id: str) -> Response:
        try:
            await self._connecting.bind(pending, auth_request_id)
        except VerificationRefused as error:
            log.warning("verification_refused", why=str(error), user=pending.user_id)
            sentences = ["The authorization does not belong to your Slack account.", AGAIN]
            return page("Nothing was connected", sentences, team_id=pending.team_id, status=403)
        except AccountsUnavailable as error:
            return _unavailable(pending, str(error))
        await self._queue.connected(pending)
        log.info("account_connected", user=pending.user_id, team=pending.team_id)
        sentences = [
            "Your Intercom account is connected to your Slack account.",
            "What you asked goes on by itself; you can close this page.",
        ]
        return page("You are connected", sentences, team_id=pending.team_id)

    async def _somebody_else(self, pending: PendingConnection, why: str) -> Response:
        """The link was opened by another than the one it was made for: say so to both."""
        log.warning("connection_refused", why=why, user=pending.user_id, team=pending.team_id)
        await self._queue.refused(pending)
        sentences = [
            "This link was made for somebody else, and nothing was connected.",
            "Your own link is one “/intercom connect” in Slack away.",
        ]
        return page("This link is not yours", sentences, status=403)


def _not_good() -> Response:
    sentences = ["It has expired or was used before. Nothing was connected.", AGAIN]
    return page("This link is no longer good", sentences, status=410)


def _unavailable(pending: PendingConnection, why: str) -> Response:
    log.warning("connecting_unavailable", why=why, user=pending.user_id)
    sentences = ["A service that is needed for it does not answer right now.", AGAIN]
    return page("Not connected yet", sentences, team_id=pending.team_id, status=503)
