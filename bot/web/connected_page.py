"""The last page of connecting: whose Intercom it is, and *That's not me*, which disconnects it."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response

from bot.accounts.connecting import LinkExpired, StepRepeated
from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.accounts.steps import PendingConsent
from bot.accounts.teammates import NotConnected, NotPermitted
from bot.services import Services
from bot.slack.connect import NOT_ME, disconnect
from bot.slack.home import publish_home
from bot.web import pages
from bot.web.bodies import read_body
from bot.web.connect_cookie import ConnectCookie, signed_in_here

log = structlog.get_logger()

WHOSE_SECONDS = 10
"""How long the page waits for Intercom to say whose account it is."""
FIELDS_AT_MOST = 5


class ConnectedPage:
    def __init__(self, services: Services, cookie: ConnectCookie) -> None:
        self._services = services
        self._connecting = services.connecting
        self._cookie = cookie
        public = urlsplit(services.settings.public_url)
        self._origin = f"{public.scheme}://{public.netloc}"

    async def show(self, consent: PendingConsent) -> Response:
        """The account of this consent is connected: say whose it is."""
        whose, pending = None, consent.connection
        try:
            async with asyncio.timeout(WHOSE_SECONDS):
                teammate = await self._services.teammates.connected(pending.identifier)
            whose = pages.Whose(teammate.name, teammate.email, teammate.workspace)
        except (NotConnected, NotPermitted, AccountsUnavailable, TimeoutError) as error:
            log.info("whose_account_unknown", why=type(error).__name__, user=pending.user_id)
        token = await self._connecting.await_doubt(consent)
        return pages.connected(pending.team_id, whose, token)

    async def not_me(self, request: Request) -> Response:
        """The teammate says that the Intercom account is somebody else's: it goes at once."""
        try:
            doubt = await self._connecting.take_doubt(await self._token(request))
        except (LinkExpired, StepRepeated):
            return pages.doubt_over()
        pending = doubt.connection
        now = await self._connecting.connection_id(pending.identifier)
        if not signed_in_here(self._cookie.read(request), doubt) or now != doubt.since:
            return pages.doubt_over()
        user = SlackUser.of(pending)
        try:
            await disconnect(self._services, user, why=NOT_ME)
        except AccountsUnavailable as error:
            log.warning("accounts_unavailable", why=str(error), user=pending.user_id)
            again = await self._connecting.await_doubt(doubt)
            return pages.not_disconnected(pending.team_id, again)
        await publish_home(self._services, user)
        link = await self._connecting.link_again(pending)
        way_on = pages.WayOn("Connect another account", link.url)
        return pages.disconnected(pending.team_id, way_on)

    async def _token(self, request: Request) -> str:
        """The token of our own page's form; empty for any other form.

        Raises Refused or ClientDisconnect.
        """
        site = request.headers.get("sec-fetch-site", "same-origin")
        if request.headers.get("origin") != self._origin or site != "same-origin":
            log.warning("form_refused", site=site[:20])
            return ""
        body = await read_body(request)
        try:
            fields = parse_qs(body.decode(), max_num_fields=FIELDS_AT_MOST)
        except ValueError:
            return ""
        return fields.get("token", [""])[0]
