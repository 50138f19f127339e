"""The connect flow in the browser: first who is there, then Intercom's consent, and only then is
the account bound, in that very browser. Rule 2 of the design.

    /connect/start   the button: a cookie, and on to Sign in with Slack
    /connect/slack   the teammate of the link? then on to Intercom's consent
    /connect/verify  back in the same browser? then the account is bound

(`connected_page` has the last page, and taking it back.)
"""

import functools
import re
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.accounts.connecting import LinkExpired, LinkUsed, StepRepeated, hash_of
from bot.accounts.scalekit import AccountsUnavailable, VerificationRefused
from bot.accounts.sign_in import (
    PERMISSIONS_REFUSED,
    SignInFailed,
    SignInRefused,
    SignInUnavailable,
)
from bot.accounts.steps import Browser, PendingConsent, PendingSignIn, Step
from bot.services import Services
from bot.slack.messages import MISUSED, NOT_CONFIRMED, OTHER_BROWSER, USED_AGAIN
from bot.state.audit import AuditEntry
from bot.state.models import PendingConnection
from bot.web import pages
from bot.web.connect_cookie import ConnectCookie, began_here, signed_in_here
from bot.web.connected_page import ConnectedPage
from bot.web.pages import WayOn

log = structlog.get_logger()

PREVIEWS = re.compile(
    "slackbot|twitterbot|discordbot|telegrambot|linkedinbot|googlebot|bingbot|applebot|"
    "facebookexternalhit|whatsapp/|skypeuripreview|googleother|embedly|iframely",
    re.IGNORECASE,
)
"""The user agents of link previews and crawlers, by name: "bot" alone is a brand of phones too."""

Page = Callable[["ConnectPages", Request], Awaitable[Response]]


def for_people(page: Page) -> Page:
    """Whoever only looks (HEAD, a link preview, prefetching) moves nothing."""

    @functools.wraps(page)
    async def shown(self: "ConnectPages", request: Request) -> Response:
        purpose = "".join(request.headers.get(f"{kind}purpose", "") for kind in ("", "sec-", "x-"))
        if any(word in purpose.lower() for word in ("prefetch", "preview", "prerender")):
            # A browser that gets an error asks again once somebody really goes there.
            return pages.preview(503)
        if request.method == "HEAD" or PREVIEWS.search(request.headers.get("user-agent", "")):
            return pages.preview()
        return await page(self, request)

    return shown


class ConnectPages:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._connecting = services.connecting
        self._sign_in = services.sign_in
        is_https = services.settings.public_url.startswith("https://")
        self._cookie = ConnectCookie(services.seal, is_https=is_https)
        self.done = ConnectedPage(services, self._cookie)

    @for_people
    async def start(self, request: Request) -> Response:
        """The button leads here, as often as anybody likes: nothing is used up."""
        link, browser = request.query_params.get("state", ""), self._cookie.read(request)
        try:
            pending = await self._connecting.opened(link)
        except LinkExpired:
            return pages.expired()
        except LinkUsed as error:
            return await self._used(error.pending, link, browser)
        browser = browser or Browser()
        state, nonce = await self._connecting.await_sign_in(link, pending, browser)
        return self._on_to(self._sign_in.url(state, nonce, pending.team_id), browser)

    @for_people
    async def slack(self, request: Request) -> Response:
        """Sign in with Slack sends the browser here. Only the teammate of the link goes on."""
        state, browser = request.query_params.get("state", ""), self._cookie.read(request)
        try:
            step = await self._connecting.take_sign_in(state)
        except LinkExpired:
            return await self._expired(state)
        except StepRepeated as error:
            taken: PendingSignIn = error.step
            return await self._repeated(taken, browser, here=began_here(browser, taken.began))
        if browser is None or not began_here(browser, step.began):
            return await self._other_browser(step)
        pending, code = step.connection, request.query_params.get("code", "")
        if not code:
            return self._not_signed_in(step, request.query_params.get("error", ""))
        try:
            signed_in = await self._sign_in.finish(code, step.nonce)
            if (signed_in.user_id, signed_in.team_id) != (pending.user_id, pending.team_id):
                await self._refuse(step, "finished by another person", MISUSED)
                return pages.somebody_else(self._again(step, "Sign in again"))
            await self._connecting.opened(step.link)
            browser = browser.after_sign_in(pending.identifier)
            return self._on_to(await self._connecting.consent_url(step, browser), browser)
        except SignInFailed as error:
            await self._refuse(step, f"sign-in failed: {error}", NOT_CONFIRMED)
            words = "Slack did not confirm who you are."
            return pages.not_confirmed(words, pending.team_id, self._again(step))
        except SignInRefused as error:
            return self._set_up_wrong(step, str(error))
        except SignInUnavailable as error:
            log.warning("slack_sign_in_unavailable", why=str(error), user=pending.user_id)
            return pages.slack_has_a_problem(pending.team_id, self._again(step))
        except LinkExpired:
            return pages.expired()
        except LinkUsed:
            return await self._used(pending, step.link, browser)
        except AccountsUnavailable as error:
            return self._unavailable(step, str(error))

    @for_people
    async def verify(self, request: Request) -> Response:
        """Scalekit sends the browser here after the consent (its `user_verify_url`). The account
        is bound only in the browser in which its teammate has just signed in."""
        state, browser = request.query_params.get("state", ""), self._cookie.read(request)
        auth_request_id = request.query_params.get("auth_request_id", "")
        is_new = bool(auth_request_id) and await self._connecting.first_arrival(auth_request_id)
        try:
            consent = await self._connecting.take_consent(state)
        except LinkExpired:
            return await self._expired(state)
        except StepRepeated as error:
            return await self._verified_before(error.step, browser)
        if not signed_in_here(browser, consent):
            return await self._other_browser(consent)
        if consent.is_over:
            return pages.expired(self._again(consent))
        pending = consent.connection
        if not auth_request_id:
            log.info("consent_cancelled", why=request.query_params.get("error", "")[:50])
            words = "The authorization at Intercom was cancelled."
            return pages.cancelled(words, pending.team_id, self._again(consent))
        if not is_new:
            await self._refuse(consent, "the authorization was brought before", NOT_CONFIRMED)
            words = "This authorization was brought here before."
            return pages.not_confirmed(words, pending.team_id, self._again(consent))
        return await self._bind(consent, auth_request_id)

    async def _bind(self, consent: PendingConsent, auth_request_id: str) -> Response:
        pending = consent.connection
        try:
            await self._connecting.bind(consent, auth_request_id)
        except LinkExpired:
            return pages.expired()
        except VerificationRefused as error:
            await self._refuse(consent, f"verification refused: {error}", NOT_CONFIRMED)
            words = "The authorization does not belong to your Slack account."
            return pages.not_confirmed(words, pending.team_id, self._again(consent))
        except AccountsUnavailable as error:
            return self._unavailable(consent, str(error))
        await self._services.queue.connected(pending)
        await self._services.audit.record(
            AuditEntry(
                what="connected",
                identifier=pending.identifier,
                team_id=pending.team_id,
                user_id=pending.user_id,
            )
        )
        log.info("account_connected", user=pending.user_id, team=pending.team_id)
        return await self.done.show(consent)

    async def _verified_before(self, consent: PendingConsent, browser: Browser | None) -> Response:
        """The last page was loaded again; where it said "connected", it says so again."""
        here = signed_in_here(browser, consent)
        if here and await self._is_done(consent):
            account = await self._services.scalekit.find(consent.connection.identifier)
            if account and account.is_active:
                return await self.done.show(consent)
        return await self._repeated(consent, browser, here=here)

    async def _is_done(self, step: Step) -> bool:
        """Whether an account was connected with this step's link."""
        try:
            await self._connecting.opened(step.link)
        except LinkUsed:
            return True
        except LinkExpired:
            pass
        return False

    # What binds nothing.

    async def _expired(self, state: str) -> Response:
        former = await self._connecting.of_former_release(state)
        if former is None:
            return pages.expired()
        link = await self._connecting.link_again(former)
        return pages.press_again(WayOn("Connect Intercom", link.url))

    async def _used(
        self, pending: PendingConnection, link: str, browser: Browser | None
    ) -> Response:
        """The teammate is told, unless it is the browser in which they have signed in."""
        if browser is None or browser.who != pending.identifier:
            step = Step(link=link, connection=pending)
            await self._refuse(step, "the link was used before", USED_AGAIN)
        return pages.used(pending.team_id)

    async def _repeated(self, step: Step, browser: Browser | None, *, here: bool) -> Response:
        if await self._is_done(step):
            return await self._used(step.connection, step.link, browser)
        if here:
            return pages.repeated(self._again(step, "Begin again"))
        return await self._other_browser(step)

    async def _other_browser(self, step: Step) -> Response:
        """Often it is the teammate's own phone, which went from an app into its browser."""
        await self._refuse(step, "continued in another browser", OTHER_BROWSER)
        return pages.other_browser(self._again(step, "Continue in this browser"))

    def _not_signed_in(self, step: PendingSignIn, why: str) -> Response:
        """Slack sent the browser back without a code."""
        log.info("sign_in_cancelled", why=why[:50])
        if why in PERMISSIONS_REFUSED:
            return self._set_up_wrong(step, why)
        words = "Signing in with Slack was cancelled."
        return pages.cancelled(words, step.connection.team_id, self._again(step))

    def _set_up_wrong(self, step: Step, why: str) -> Response:
        log.error("slack_refuses_the_app", why=why)
        return pages.set_up_wrong(step.connection.team_id, self._again(step))

    def _unavailable(self, step: Step, why: str) -> Response:
        log.warning("connecting_unavailable", why=why, user=step.connection.user_id)
        return pages.unavailable(step.connection.team_id, self._again(step))

    async def _refuse(self, step: Step, why: str, warning: str) -> None:
        """Nothing is bound; the rightful teammate is told, and the audit says so. Once for a link
        and reason: opening a page again and again must not flood either."""
        pending = step.connection
        log.warning("connection_refused", why=why, user=pending.user_id, team=pending.team_id)
        name = f"refused:{hash_of(step.link)}:{why}"
        if not await self._services.store.first_time(name):
            return
        await self._services.audit.record(
            AuditEntry(
                what="connection_refused",
                why=why,
                identifier=pending.identifier,
                team_id=pending.team_id,
                user_id=pending.user_id,
            )
        )
        await self._services.queue.refused(pending, warning)

    def _again(self, step: Step, label: str = "Try again") -> WayOn:
        """It begins again in this browser, with who is there."""
        return WayOn(label, self._connecting.start_url(step.link))

    def _on_to(self, url: str, browser: Browser) -> Response:
        answer = RedirectResponse(url, 303)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        self._cookie.keep(answer, browser)
        return answer
