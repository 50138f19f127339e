"""A teammate's Intercom account: the link out, the steps of the way back, and the end of it.

The link leads to our own start page. Whoever opens it signs in with Slack first; only the one it
was made for gets an authorization link, and only in that browser can the consent be finished.
Opening the link uses nothing up: it is used up when the account is bound. Rule 2 of the design.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import Scalekit, VerificationRefused
from bot.accounts.steps import Browser, PendingConsent, PendingDoubt, PendingSignIn
from bot.base_model import BaseModel
from bot.settings import Settings
from bot.state.models import Owner, PendingConnection
from bot.state.once import AlreadyTaken, Once, Unknown
from bot.state.profiles import Profiles
from bot.state.sealing import Seal

M = TypeVar("M", bound=BaseModel)

LINK_LIFETIME = timedelta(minutes=15)
SIGN_IN_LIFETIME = timedelta(minutes=10)
CONSENT_LIFETIME = timedelta(minutes=15)
CONSENT_KNOWN = timedelta(hours=24)
"""For how long a consent that comes too late can be told from one that we never asked for."""
DOUBT_LIFETIME = timedelta(hours=1)
ARRIVALS = "connect-arrivals"
ARRIVALS_KEPT = timedelta(hours=24)
ARRIVALS_AT_MOST = 20_000


class LinkExpired(Exception):
    """The state is unknown: it has expired, or was never ours."""


class LinkUsed(Exception):
    """An account was connected with this link. `pending` is whom it was made for."""

    def __init__(self, pending: PendingConnection) -> None:
        super().__init__()
        self.pending = pending


class StepRepeated(Exception, Generic[M]):
    """This step was taken before. `step` is what it was."""

    def __init__(self, step: M) -> None:
        super().__init__()
        self.step = step


class Link(NamedTuple):
    """A link to the start page. `id` tells it from others, without opening it."""

    id: str
    url: str
    state: str


class _FormerSignIn(BaseModel):
    """What the release before this one kept of a browser at Slack's sign-in, as far as it is of
    use."""

    connection: PendingConnection


class Connecting:
    """Every call raises `redis.exceptions.RedisError` when Redis cannot be reached."""

    def __init__(
        self, settings: Settings, scalekit: Scalekit, profiles: Profiles, once: Once, seal: Seal
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._profiles = profiles
        self._once = once
        self._seal = seal

    # The link.

    async def link(self, user: SlackUser) -> Link:
        """A link to the start page for this user, good for one connection and LINK_LIFETIME."""
        pending = PendingConnection(
            team_id=user.team_id,
            enterprise_id=user.enterprise_id,
            user_id=user.user_id,
            identifier=user.identifier,
        )
        return await self.link_again(pending)

    async def link_again(self, pending: PendingConnection) -> Link:
        """Another link for whom one was made before."""
        state = secrets.token_urlsafe(32)
        await self._once.save(_link_key(hash_of(state)), pending.model_dump_json(), LINK_LIFETIME)
        owner = Owner(
            team_id=pending.team_id,
            enterprise_id=pending.enterprise_id,
            user_id=pending.user_id,
        )
        await self._profiles.save_owner(pending.identifier, owner)
        return Link(hash_of(state), self.start_url(state), state)

    def start_url(self, state: str) -> str:
        """Where the link with this state begins, as often as anybody likes."""
        return f"{self._settings.public_url}/connect/start?{urlencode({'state': state})}"

    async def is_good(self, link_id: str) -> bool:
        """Whether that link was neither used nor has expired."""
        return await self._once.is_there(_link_key(link_id))

    async def opened(self, state: str) -> PendingConnection:
        """Whom the link with this state was made for; nothing is used up.

        Raises LinkExpired or LinkUsed.
        """
        try:
            value = await self._once.look(_link_key(hash_of(state)))
        except Unknown as error:
            raise LinkExpired from error
        except AlreadyTaken as error:
            raise LinkUsed(_parsed(error.value, PendingConnection)) from error
        return _parsed(value, PendingConnection)

    # Signing in with Slack.

    async def await_sign_in(
        self, link: str, pending: PendingConnection, browser: Browser
    ) -> tuple[str, str]:
        """Remember which browser goes to Slack's sign-in. Out: the state and nonce for Slack."""
        nonce = secrets.token_urlsafe(32)
        step = PendingSignIn(link=link, connection=pending, nonce=nonce, began=browser.began)
        return await self._save("sign-in", step, SIGN_IN_LIFETIME), nonce

    async def take_sign_in(self, state: str) -> PendingSignIn:
        """What Slack's answer with this state is for, once. Raises LinkExpired or StepRepeated."""
        return await self._take("sign-in", state, PendingSignIn)

    # Intercom's consent.

    async def consent_url(self, sign_in: PendingSignIn, browser: Browser) -> str:
        """Where the teammate who has just signed in in this browser agrees at Intercom.

        Raises AccountsUnavailable.
        """
        pending = sign_in.connection
        consent = PendingConsent(
            link=sign_in.link,
            connection=pending,
            signed_in=browser.signed_in,
            expires_at=datetime.now(UTC) + CONSENT_LIFETIME,
        )
        state = await self._save("consent", consent, CONSENT_KNOWN)
        await self._scalekit.account(pending.identifier)
        return await self._scalekit.authorization_link(
            pending.identifier, state, self._settings.verify_url
        )

    async def take_consent(self, state: str) -> PendingConsent:
        """What the consent with this state is for, once. Raises LinkExpired or StepRepeated."""
        return await self._take("consent", state, PendingConsent)

    async def first_arrival(self, auth_request_id: str) -> bool:
        """Whether a browser brings this authorization for the first time.

        Scalekit would take it from whoever brings it with any state of the same teammate. So one
        that came to the wrong browser, or without a state of ours, is spent.
        """
        return await self._once.is_first(
            ARRIVALS, hash_of(auth_request_id), ARRIVALS_KEPT, ARRIVALS_AT_MOST
        )

    async def bind(self, consent: PendingConsent, auth_request_id: str) -> None:
        """Bind the authorization to the identifier that the link was made for, and use the link up.

        A consent that was given beside another one, in a second tab, is bound too: Scalekit takes
        the account for unverified from then on.

        Raises LinkExpired (the teammate has left meanwhile), VerificationRefused or
        AccountsUnavailable.
        """
        identifier = consent.connection.identifier
        if await self._profiles.owner(identifier) is None:
            raise LinkExpired
        try:
            await self._scalekit.verify(auth_request_id, identifier)
        except VerificationRefused as error:
            # The SDK asks again when an answer got lost, and the request is used up by then.
            account = await self._scalekit.find(identifier)
            if not (error.unknown and account and account.is_active):
                raise
        link = _link_key(hash_of(consent.link))
        await self._once.use_up(link, consent.connection.model_dump_json())
        await self._profiles.forget_account(identifier)
        await self._profiles.save_connected_since(identifier, datetime.now(UTC))

    # That's not me.

    async def await_doubt(self, step: PendingConsent | PendingDoubt) -> str:
        """A token with which the browser of this step can disconnect, once, what it connected."""
        doubt = PendingDoubt(
            link=step.link,
            connection=step.connection,
            signed_in=step.signed_in,
            since=await self.connection_id(step.connection.identifier),
        )
        return await self._save("doubt", doubt, DOUBT_LIFETIME)

    async def take_doubt(self, token: str) -> PendingDoubt:
        """What this token disconnects, once. Raises LinkExpired or StepRepeated."""
        return await self._take("doubt", token, PendingDoubt)

    async def connection_id(self, identifier: str) -> str:
        """Tells this connection from the teammate's earlier and later ones; empty: not known."""
        since = await self._profiles.connected_since(identifier)
        return since.isoformat() if since else ""

    async def disconnect(self, identifier: str) -> None:
        """Delete the connected account and what was read from it. Raises AccountsUnavailable."""
        await self._scalekit.delete(identifier)
        await self._profiles.forget_account(identifier)
        await self._profiles.forget_connect_button(identifier)

    # A deploy: the release before this one.

    async def of_former_release(self, state: str) -> PendingConnection | None:
        """Whom a link or sign-in of the release before this one was made for; it is spent then.

        There the link led to Intercom first, and the states were kept under other names.
        """
        try:
            return _parsed(await self._once.take(f"connect:{hash_of(state)}"), PendingConnection)
        except (Unknown, AlreadyTaken, LinkExpired):
            pass
        try:
            opened = self._seal.open(await self._once.take(f"sign-in:{hash_of(state)}"))
            return _parsed(opened, _FormerSignIn).connection
        except (Unknown, AlreadyTaken, LinkExpired):
            return None

    async def _save(self, kind: str, step: BaseModel, ttl: timedelta) -> str:
        """Keep a step until its browser comes back. Out: its state.

        It is sealed: who reads Redis cannot finish it.
        """
        state = secrets.token_urlsafe(32)
        sealed = self._seal.close(step.model_dump_json())
        await self._once.save(f"connect-{kind}:{hash_of(state)}", sealed, ttl)
        return state

    async def _take(self, kind: str, state: str, model: type[M]) -> M:
        try:
            value = await self._once.take(f"connect-{kind}:{hash_of(state)}")
        except Unknown as error:
            raise LinkExpired from error
        except AlreadyTaken as error:
            raise StepRepeated(_parsed(self._seal.open(error.value), model)) from error
        return _parsed(self._seal.open(value), model)


def hash_of(state: str) -> str:
    """Redis holds no state that opens anything."""
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()


def _link_key(link_id: str) -> str:
    return f"connect-link:{link_id}"


def _parsed(value: str | None, model: type[M]) -> M:
    """Raises LinkExpired where another release wrote it, or another secret sealed it."""
    try:
        return model.model_validate_json(value or "")
    except ValidationError as error:
        raise LinkExpired from error
