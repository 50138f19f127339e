"""Connecting a teammate's Intercom account: the link out, and the way back."""

import secrets
from datetime import timedelta

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import Scalekit
from bot.settings import Settings
from bot.state.models import PendingConnection
from bot.state.store import Store

LINK_LIFETIME = timedelta(minutes=15)


class LinkNotGood(Exception):
    """The state is unknown: expired, already used, or never ours."""


class Connecting:
    def __init__(self, settings: Settings, scalekit: Scalekit, store: Store) -> None:
        self._settings = settings
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
        await self._store.save_pending_connection(state, pending, LINK_LIFETIME)
        return link

    async def take(self, state: str) -> PendingConnection:
        """What the link with this state was made for. Raises LinkNotGood, and does from now on."""
        pending = await self._store.take_pending_connection(state)
        if pending is None:
            raise LinkNotGood
        return pending

    async def bind(self, pending: PendingConnection, auth_request_id: str) -> None:
        """Bind the consent to the identifier that the link was made for.

        Raises VerificationRefused or AccountsUnavailable.
        """
        await self._scalekit.verify(auth_request_id, pending.identifier)
        await self._store.forget_teammate(pending.identifier)
