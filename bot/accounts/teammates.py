"""Who is connected: the Intercom admin behind an identifier."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.accounts.scalekit import AccountsUnavailable, Scalekit, ToolFailure
from bot.state.models import Teammate
from bot.state.store import Store

KEPT = timedelta(hours=1)
IDENTIFY = "intercom_identify_admin"


class NotConnected(Exception):
    """This identifier has no account that Intercom accepts; its teammate has to (re)connect."""


class _App(BaseModel):
    name: str = ""
    region: str | None = None


class _Admin(BaseModel):
    """What GET /me says."""

    id: str
    name: str = ""
    email: str = ""
    app: _App | None = None


class Teammates:
    def __init__(self, scalekit: Scalekit, store: Store) -> None:
        self._scalekit = scalekit
        self._store = store

    async def connected(self, identifier: str) -> Teammate:
        """The teammate whose Intercom account this is.

        Raises NotConnected, or AccountsUnavailable.
        """
        account = await self._scalekit.account(identifier)
        if not account.is_active:
            await self._store.forget_teammate(identifier)
            raise NotConnected(identifier)
        teammate = await self._store.teammate(identifier)
        if teammate is None:
            teammate = await self._identify(identifier)
            await self._store.save_teammate(identifier, teammate, KEPT)
        return teammate

    async def _identify(self, identifier: str) -> Teammate:
        try:
            answer: dict[str, Any] = await self._scalekit.execute(identifier, IDENTIFY, {})
            admin = _Admin.model_validate(answer)
        except ToolFailure as failure:
            if failure.kind == "unauthorized":
                raise NotConnected(identifier) from failure
            raise AccountsUnavailable(failure.message) from failure
        except ValidationError as error:
            raise AccountsUnavailable("Intercom did not say whose account this is") from error
        app = admin.app or _App()
        return Teammate(
            admin_id=admin.id,
            name=admin.name,
            email=admin.email,
            workspace=app.name,
            region=app.region or "",
        )
