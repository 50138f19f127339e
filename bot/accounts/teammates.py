"""Who is connected: the Intercom admin behind an identifier, and the tools that admin may use."""

from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from bot.accounts.scalekit import AccountsUnavailable, Scalekit, ToolDefinition, ToolFailure
from bot.base_model import BaseModel
from bot.state.models import Teammate
from bot.state.profiles import Profiles

KEPT = timedelta(hours=1)
TOOLS_KEPT = timedelta(minutes=10)
IDENTIFY = "intercom_identify_admin"


class NotConnected(Exception):
    """This identifier has no account that Intercom accepts; its teammate has to connect.

    `lost`: there was a connection before, which was revoked, has expired or was cut.
    """

    def __init__(self, identifier: str, *, lost: bool) -> None:
        super().__init__(identifier)
        self.lost = lost


class NotPermitted(Exception):
    """Intercom's permissions do not cover `tool_name`; connecting again would not help."""

    def __init__(self, tool_name: str) -> None:
        super().__init__(tool_name)
        self.tool_name = tool_name


class _App(BaseModel):
    id_code: str = ""
    name: str = ""
    region: str | None = None


class _Admin(BaseModel):
    """What GET /me says."""

    id: str
    name: str = ""
    email: str = ""
    app: _App | None = None


class Teammates:
    def __init__(self, scalekit: Scalekit, profiles: Profiles) -> None:
        self._scalekit = scalekit
        self._profiles = profiles

    async def connected(self, identifier: str) -> Teammate:
        """The teammate whose Intercom account this is.

        Raises NotConnected, NotPermitted or AccountsUnavailable.
        """
        account = await self._scalekit.find(identifier)
        if account is None or not account.is_active:
            await self._profiles.forget_account(identifier)
            raise NotConnected(identifier, lost=account is not None and account.is_lost)
        teammate = await self._profiles.teammate(identifier)
        if teammate is None:
            teammate = await self._identify(identifier)
            await self._profiles.save_teammate(identifier, teammate, KEPT)
        return teammate

    async def tools(self, identifier: str) -> list[ToolDefinition]:
        """What this account may use, as it was within the last minutes.

        Raises AccountsUnavailable.
        """
        kept = await self._profiles.tools(identifier)
        try:
            if kept is not None:
                return [ToolDefinition.model_validate(tool) for tool in kept]
        except ValidationError:
            pass  # another release kept them
        return await self.tools_now(identifier)

    async def tools_now(self, identifier: str) -> list[ToolDefinition]:
        """What this account may use at this moment. Raises AccountsUnavailable."""
        tools = await self._scalekit.tools(identifier)
        values = [tool.model_dump(mode="json") for tool in tools]
        if tools:
            # None at all is kept by nobody: the account may have just been connected anew.
            await self._profiles.save_tools(identifier, values, TOOLS_KEPT)
        return tools

    async def forget(self, identifier: str) -> None:
        """Intercom did not accept the account, whatever Scalekit says of it: from now on Intercom
        is asked before the account counts as connected."""
        await self._profiles.forget_account(identifier)

    async def _identify(self, identifier: str) -> Teammate:
        try:
            answer: dict[str, Any] = await self._scalekit.execute(identifier, IDENTIFY, {})
            admin = _Admin.model_validate(answer)
        except ToolFailure as failure:
            if failure.kind == "unauthorized":
                raise NotConnected(identifier, lost=True) from failure
            if failure.kind == "forbidden":
                raise NotPermitted(IDENTIFY) from failure
            raise AccountsUnavailable(failure.message) from failure
        except ValidationError as error:
            raise AccountsUnavailable("Intercom did not say whose account this is") from error
        app = admin.app or _App()
        return Teammate(
            admin_id=admin.id,
            name=admin.name,
            email=admin.email,
            workspace=app.name,
            workspace_id=app.id_code,
            region=app.region or "",
        )
