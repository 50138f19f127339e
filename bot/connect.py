"""The connect flow in the browser: consent at Intercom, proof of who is there, and only then the
account is bound. Rule 2 of the design."""

import secrets

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import pages
from bot.accounts.connecting import LinkExpired, LinkUsed
from bot.accounts.scalekit import AccountsUnavailable, VerificationRefused
from bot.accounts.sign_in import Challenge, SignInFailed, SignInUnavailable
from bot.services import Services
from bot.slack.messages import MISUSED, NOT_CONFIRMED, USED_AGAIN
from bot.state.audit import AuditEntry, What
from bot.state.models import PendingConnection, PendingSignIn

log = structlog.get_logger()

COOKIE = "connecting"


class ConnectPages:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._connecting = services.connecting
        self._sign_in = services.sign_in
        self._is_https = services.settings.public_url.startswith("https://")

    async def verify(self, request: Request) -> Response:
        """Scalekit sends the browser here after the consent (its `user_verify_url`)."""
        try:
            pending = await self._connecting.take(request.query_params.get("state", ""))
        except LinkExpired:
            return pages.expired()
        except LinkUsed as used:
            return await self._used(used.pending)
        auth_request_id = request.query_params.get("auth_request_id", "")
        if not auth_request_id:
            log.info("consent_cancelled", why=request.query_params.get("error", "")[:50])
            return pages.cancelled("The authorization at Intercom was cancelled.", pending.team_id)
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
            self._services.seal.close(browser),
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
        except LinkExpired:
            return pages.expired()
        except LinkUsed as used:
            return await self._used(used.pending)
        pending = sign_in.connection
        browser = self._services.seal.open(request.cookies.get(COOKIE, "")) or ""
        if not secrets.compare_digest(browser.encode(), sign_in.browser.encode()):
            await self._refuse(pending, "finished in another browser", MISUSED)
            return pages.somebody_else()
        code = request.query_params.get("code", "")
        if not code:
            return pages.cancelled("Signing in with Slack was cancelled.", pending.team_id)
        challenge = Challenge(nonce=sign_in.nonce, code_verifier=sign_in.code_verifier)
        try:
            signed_in = await self._sign_in.finish(code, challenge)
        except SignInFailed as error:
            await self._refuse(pending, f"sign-in failed: {error}", NOT_CONFIRMED)
            return pages.not_confirmed("Slack did not confirm who you are.", pending.team_id)
        except SignInUnavailable as error:
            return _unavailable(pending, str(error))
        if (signed_in.user_id, signed_in.team_id) != (pending.user_id, pending.team_id):
            await self._refuse(pending, "finished by another person", MISUSED)
            return pages.somebody_else()
        return await self._bind(pending, sign_in.auth_request_id)

    async def _bind(self, pending: PendingConnection, auth_request_id: str) -> Response:
        try:
            await self._connecting.bind(pending, auth_request_id)
        except VerificationRefused as error:
            await self._refuse(pending, f"verification refused: {error}", NOT_CONFIRMED)
            words = "The authorization does not belong to your Slack account."
            return pages.not_confirmed(words, pending.team_id)
        except AccountsUnavailable as error:
            return _unavailable(pending, str(error))
        await self._services.queue.connected(pending)
        await self._record("connected", pending)
        log.info("account_connected", user=pending.user_id, team=pending.team_id)
        return pages.connected(pending.team_id)

    async def _used(self, pending: PendingConnection) -> Response:
        await self._refuse(pending, "the link was used before", USED_AGAIN)
        return pages.used(pending.team_id)

    async def _refuse(self, pending: PendingConnection, why: str, warning: str) -> None:
        """Nothing is bound; the rightful teammate is told, and the audit says so."""
        log.warning("connection_refused", why=why, user=pending.user_id, team=pending.team_id)
        await self._record("connection_refused", pending, why)
        await self._services.queue.refused(pending, warning)

    async def _record(self, what: What, pending: PendingConnection, why: str = "") -> None:
        entry = AuditEntry(
            what=what,
            why=why,
            identifier=pending.identifier,
            team_id=pending.team_id,
            user_id=pending.user_id,
        )
        await self._services.audit.record(entry)


def _unavailable(pending: PendingConnection, why: str) -> Response:
    log.warning("connecting_unavailable", why=why, user=pending.user_id)
    return pages.unavailable(pending.team_id)
