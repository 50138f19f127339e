"""A teammate's Intercom account: the link out, the way back, and the end of it."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import Scalekit, VerificationRefused
from bot.settings import Settings
from bot.state.models import Owner, PendingConnection, PendingSignIn
from bot.state.once import AlreadyTaken, Once, Unknown
from bot.state.profiles import Profiles
from bot.state.sealing import Seal

LINK_LIFETIME = timedelta(minutes=15)
SIGN_IN_LIFETIME = timedelta(minutes=10)


class LinkExpired(Exception):
    """The state is unknown: it has expired, or was never ours."""


class LinkUsed(Exception):
    """The state was taken before. `pending` is what the link was made for."""

    def __init__(self, pending: PendingConnection) -> None:
        super().__init__()
        self.pending = pending


class Link(NamedTuple):
    """An authorization link. `id` tells it from others, without opening it."""

    id: str
    url: str


class Connecting:
    def __init__(
        self, settings: Settings, scalekit: Scalekit, profiles: Profiles, once: Once, seal: Seal
    ) -> None:
        self._settings = settings
        self._scalekit = scalekit
        self._profiles = profiles
        self._once = once
        self._seal = seal

    async def link(self, user: SlackUser) -> Link:
        """An authorization link for this user, good once and for LINK_LIFETIME.

        Raises AccountsUnavailable.
        """
        state = secrets.token_urlsafe(32)
        await self._scalekit.account(user.identifier)
        url = await self._scalekit.authorization_link(
            user.identifier, state, self._settings.verify_url
        )
        pending = PendingConnection(
            team_id=user.team_id,
            enterprise_id=user.enterprise_id,
            user_id=user.user_id,
            identifier=user.identifier,
        )
        await self._once.save(f"connect:{_hash(state)}", pending.model_dump_json(), LINK_LIFETIME)
        owner = Owner(team_id=user.team_id, enterprise_id=user.enterprise_id, user_id=user.user_id)
        await self._profiles.save_owner(user.identifier, owner)
        return Link(_hash(state), url)

    async def is_good(self, link_id: str) -> bool:
        """Whether that link was neither used nor has expired."""
        return await self._once.is_there(f"connect:{link_id}")

    async def take(self, state: str) -> PendingConnection:
        """What the link with this state was made for, once. Raises LinkExpired or LinkUsed."""
        try:
            value = await self._once.take(f"connect:{_hash(state)}")
        except Unknown as error:
            raise LinkExpired from error
        except AlreadyTaken as error:
            raise LinkUsed(PendingConnection.model_validate_json(error.value)) from error
        return PendingConnection.model_validate_json(value)

    async def await_sign_in(self, sign_in: PendingSignIn) -> str:
        """Keep a consent until its browser has signed in. Out: the state for Slack to bring back.

        It is sealed: who reads Redis cannot finish it.
        """
        state = secrets.token_urlsafe(32)
        sealed = self._seal.close(sign_in.model_dump_json())
        await self._once.save(f"sign-in:{_hash(state)}", sealed, SIGN_IN_LIFETIME)
        return state

    async def take_sign_in(self, state: str) -> PendingSignIn:
        """What Slack's answer with this state is for, once. Raises LinkExpired or LinkUsed."""
        try:
            return self._opened(await self._once.take(f"sign-in:{_hash(state)}"))
        except Unknown as error:
            raise LinkExpired from error
        except AlreadyTaken as error:
            raise LinkUsed(self._opened(error.value).connection) from error

    async def bind(self, pending: PendingConnection, auth_request_id: str) -> None:
        """Bind the consent to the identifier that the link was made for.

        Raises VerificationRefused or AccountsUnavailable.
        """
        try:
            await self._scalekit.verify(auth_request_id, pending.identifier)
        except VerificationRefused as error:
            # The SDK asks again when an answer got lost, and the request is used up by then.
            account = await self._scalekit.find(pending.identifier)
            if not (error.unknown and account and account.is_active):
                raise
        await self._profiles.forget_account(pending.identifier)
        await self._profiles.save_connected_since(pending.identifier, datetime.now(UTC))

    async def disconnect(self, identifier: str) -> None:
        """Delete the connected account and what was read from it. Raises AccountsUnavailable."""
        await self._scalekit.delete(identifier)
        await self._profiles.forget_account(identifier)
        await self._profiles.forget_connect_button(identifier)

    def _opened(self, sealed: str) -> PendingSignIn:
        opened = self._seal.open(sealed)
        if opened is None:
            raise LinkExpired
        return PendingSignIn.model_validate_json(opened)


def _hash(state: str) -> str:
    """Redis holds no state that opens anything."""
    return hashlib.sha256(state.encode()).hexdigest()
