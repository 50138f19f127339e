"""What Scalekit and Intercom tell by themselves: checked, taken once, handed to the worker."""

import hashlib
import hmac
from typing import Literal

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.accounts.scalekit import AccountsUnavailable
from bot.base_model import BaseModel
from bot.services import Services
from bot.slack.payloads import Id
from bot.web.bodies import Refused, read_body

log = structlog.get_logger()

STATUS_UPDATED = "connected_account.status_updated"


class _Account(BaseModel):
    identifier: str
    connection_name: str


class ScalekitEvent(BaseModel):
    """`connected_account.status_updated`: docs.scalekit.com, webhooks."""

    id: Id
    type: str
    data: _Account


class IntercomNotification(BaseModel):
    """A `notification_event`; `id` tells repeats of one delivery."""

    type: Literal["notification_event"]
    topic: str
    id: Id | None = None


class Webhooks:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def scalekit(self, request: Request) -> Response:
        """Tells of an account whose status changed. 404 while no secret is set."""
        secret = self._services.settings.scalekit_webhook_secret
        if secret is None:
            return PlainTextResponse("Not set up.", status_code=404)
        body = await read_body(request)
        try:
            genuine = await self._services.scalekit.is_genuine(
                secret.get_secret_value(), dict(request.headers), body
            )
        except AccountsUnavailable as error:
            log.warning("accounts_unavailable", why=str(error))
            return PlainTextResponse("Try again.", status_code=503)
        if not genuine:
            raise Refused(401, "The signature is missing, wrong or too old.")
        try:
            event = ScalekitEvent.model_validate_json(body)
        except ValidationError:
            log.info("webhook_ignored", sender="scalekit")
            return PlainTextResponse("Ignored.")
        ours = event.data.connection_name == self._services.settings.scalekit_connection_name
        store, name = self._services.store, f"scalekit:{event.id}"
        if event.type == STATUS_UPDATED and ours and not await store.came_before(name):
            await self._services.queue.account_changed(event.id, event.data.identifier)
            await store.first_time(name)
        return PlainTextResponse("Taken.")

    async def intercom(self, request: Request) -> Response:
        """Checks the signature; nothing is made of the topics yet. 404 while no secret is set.

        Rules: developers.intercom.com/docs/webhooks
        """
        secret = self._services.settings.intercom_client_secret
        if secret is None:
            return PlainTextResponse("Not set up.", status_code=404)
        if request.method == "HEAD":
            return Response()
        body = await read_body(request)
        key = secret.get_secret_value().encode()
        expected = "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest()
        given = request.headers.get("x-hub-signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise Refused(401, "The signature is missing or wrong.")
        try:
            notification = IntercomNotification.model_validate_json(body)
        except ValidationError:
            raise Refused(400, "The body is malformed.") from None
        if notification.id and not await self._services.store.first_time(
            f"intercom:{notification.id}"
        ):
            return PlainTextResponse("Taken before.")
        log.info("webhook_taken", sender="intercom", topic=notification.topic)
        return PlainTextResponse("Taken.")
