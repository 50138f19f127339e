"""The bot's listeners and jobs in one process, against the Slack stand-in, with an embedded Redis.
Requests are taken in and left lying: no run begins."""

import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from docket import ConcurrencyLimit, Worker
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.sandbox.people import Person
from bot.sandbox.slack import Delivery, SlackSandbox
from bot.sandbox.slack.delivery import signature
from bot.services import Services
from bot.slack.inbound.gate import Gate
from bot.slack.listeners import build_app
from bot.state.models import Conversation, Request
from bot.worker import Jobs

Json = dict[str, Any]

SOON = timedelta(milliseconds=5)


class FrontDoor:
    def __init__(self, slack: SlackSandbox, services: Services) -> None:
        self.slack = slack
        self.services = services
        self._app = build_app(services)
        Jobs(services)
        gate = Gate(services)

        async def advance(conversation_key: Annotated[str, ConcurrencyLimit(1)]) -> None:
            """Stands where runs would begin."""
            await gate.take(Conversation.from_key(conversation_key))

        services.docket.register(advance)
        self._passed = len(slack.deliveries)

    async def open(self) -> list[BoltResponse]:
        """Let in what Slack has for the bot since, and do the jobs that come of it. Out: the
        answers."""
        new = self.slack.deliveries[self._passed :]
        self._passed += len(new)
        answers = [await self.pass_on(delivery) for delivery in new]
        await self.work()
        return answers

    async def pass_on(self, delivery: Delivery) -> BoltResponse:
        """Only let the listener have it."""
        payload = delivery.payload
        match delivery.kind:
            case "event":
                body, kind = json.dumps(payload), "application/json"
            case "command":
                body, kind = urlencode(payload), "application/x-www-form-urlencoded"
            case _:
                body = urlencode({"payload": json.dumps(payload)})
                kind = "application/x-www-form-urlencoded"
        timestamp = str(int(time.time()))
        headers = {
            "content-type": kind,
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(self.slack.signing_secret, timestamp, body.encode()),
        }
        return await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))

    async def work(self) -> None:
        async with Worker(
            self.services.docket,
            minimum_check_interval=SOON,
            scheduling_resolution=SOON,
            schedule_automatic_tasks=False,
        ) as worker:
            await worker.run_until_finished()

    async def event(self, event: Json, channel_id: str | None = None, **around: Any) -> None:
        """An event with an envelope of one's own making."""
        envelope = {**self.slack.envelope(event, channel_id), **around}
        await self.pass_on(Delivery("event", envelope))
        await self.work()

    async def minutes_pass(self) -> None:
        """What Slack said is out of date."""
        async with self.redis() as connection:
            for key in await connection.keys("slack:*"):
                await connection.delete(key)

    def redis(self) -> Any:
        return self.services.docket.redis()

    async def keys(self, pattern: str) -> list[str]:
        async with self.redis() as connection:
            return sorted(key.decode() for key in await connection.keys(pattern))

    async def requests(self) -> list[Request]:
        """What was taken in, by the time it was asked."""
        found: list[Request] = []
        for key in await self.keys("inbox:*"):
            conversation = Conversation.from_key(key.removeprefix("inbox:"))
            found += await self.services.store.inbox(conversation)
        return sorted(found, key=lambda request: request.received_at)

    def told(self, person: Person) -> list[str]:
        """What only this person sees in channels."""
        return [message.plain for message in self.slack.ephemerals(person.slack_user_id)]

    def mention(
        self, person: Person, channel_id: str, text: str, thread_ts: str | None = None
    ) -> str:
        words = f"<@{self.slack.bot_user_id}> {text}"
        return self.slack.post(person.slack_user_id, channel_id, words, thread_ts=thread_ts)


Opening = Callable[..., Awaitable[FrontDoor]]
