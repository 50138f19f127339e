"""Connecting a teammate's Intercom account: the link out, and the way back."""

import hashlib
import secrets
from datetime import timedelta

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import Scalekit
from bot.settings import Settings
from bot.state.models import PendingConnection, PendingSignIn
from bot.state.sealing import Seal
from bot.state.store import Store

LINK_LIFETIME = timedelta(minutes=15)
SIGN_IN_LIFETIME = timedelta(minutes=10)


class LinkNotGood(Exception):
    """The state is unknown: expired, already used, or never ours."""


class Connecting:
    def __init__(self, settings: Settings, scalekit: Scalekit, store: Store, seal: Seal) -> None:
        self._settings = settings
        self._seal = seal
        self._scalekit = scalekit
        self._store = store

    async def link(self, user: SlackUser) -> str:
        """An authorization link for this user, good once and for LINK_LIFETIME.

        Raises AccountsUnavailable.
        """
        state = secrets.token_urlsafe(32)
        await self._scalekit.account(user.identifier)
        link = await self._scalekit.authorization_link(
            user.identifier, state, self._settings.verify_url
        )
        pending = PendingConnection(
            team_id=user.team_id,
            enterprise_id=user.enterprise_id,
            user_id=user.user_id,
            identifier=user.identifier,
        )
        key = f"connect:{_hash(state)}"
        await self._store.save_once(key, pending.model_dump_json(), LINK_LIFETIME)
        return link

    async def take(self, state: str) -> PendingConnection:
        """What the link with this state was made for. Raises LinkNotGood, and does from now on."""
        value = await self._store.take_once(f"connect:{_hash(state)}")
        if value is None:
            raise LinkNotGood
        pending = PendingConnection.model_validate_json(value)
        button = await self._store.connect_button(pending.identifier)
        if button:
            spent = button.model_copy(update={"is_spent": True})
            await self._store.save_connect_button(pending.identifier, spent, LINK_LIFETIME)
        return pending

    async def await_sign_in(self, sign_in: PendingSignIn) -> str:
        """Keep a consent until its browser has signed in. Out: the state for Slack to bring back.

        It is sealed: who reads Redis cannot finish it.
        """
        state = secrets.token_urlsafe(32)
        sealed = self._seal.close(sign_in.model_dump_json())
        await self._store.save_once(f"sign-in:{_hash(state)}", sealed, SIGN_IN_LIFETIME)
        return state

    async def take_sign_in(self, state: str) -> PendingSignIn:
        """What Slack's answer with this state is for. Raises LinkNotGood, and does from now on."""
        sealed = await self._store.take_once(f"sign-in:{_hash(state)}")
        opened = self._seal.open(sealed) if sealed else None
        if opened is None:
            raise LinkNotGood
        return PendingSignIn.model_validate_json(opened)

    async def bind(self, pending: PendingConnection, auth_request_id: str) -> None:
        """Bind the consent to the identifier that the link was made for.

        Raises VerificationRefused or AccountsUnavailable.
        """
        await self._scalekit.verify(auth_request_id, pending.identifier)
        await self._store.forget_teammate(pending.identifier)


def _hash(state: str) -> str:
    """Redis holds no state that opens anything."""
    return hashlib.sha256(state.encode()).hexdigest()
