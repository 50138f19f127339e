"""What people write becomes requests, if it is for the agent. Whose a request is and who may read
the answer is decided here too, as far as it is known; what Slack has to be asked for that is asked
at the gate, before the request is begun.
"""

import re

import structlog

from bot.accounts.identity import SlackUser
from bot.base_model import BaseModel
from bot.services import Services
from bot.slack.api.cache import NotCached
from bot.slack.formatting import unescape
from bot.slack.inbound.access import TurnedAway
from bot.slack.inbound.gate import claim_of, turn_away_once
from bot.slack.payloads import Envelope, MessageEvent
from bot.state.models import Conversation, Request

log = structlog.get_logger()

MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


class Incoming(BaseModel):
    """A message as Slack sent it, as far as it is read."""

    envelope: Envelope
    event: MessageEvent

    @property
    def seen(self) -> list[str]:
        """What tells repeats of it: a mention also comes as a message."""
        team_id = self.envelope.installation.team_id
        return [self.envelope.event_id, f"{team_id}:{self.event.channel}:{self.event.ts}"]


class Intake:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def receive(self, incoming: Incoming) -> None:
        """Take a message in without asking Slack anything. Raises RedisError, or Contradiction for
        one that names no installation."""
        try:
            await self.take(incoming, look_up=False)
        except NotCached:
            installation, event = incoming.envelope.installation, incoming.event
            place = f"{installation.team_id}:{event.channel}:{event.ts}"
            await self._services.queue.take_message(place, incoming.model_dump_json())

    async def take(self, incoming: Incoming, *, look_up: bool = True) -> None:
        """`look_up`: whether there is time to ask Slack who the bot is; all else that is not known
        is looked up as the request is begun.

        Raises NotCached, RedisError, or SlackFailure where trying again later can help.
        """
        services, event = self._services, incoming.event
        if incoming.envelope.is_ext_shared_channel:
            # Whoever writes there, and to whom: what runs in that channel must know at once.
            await services.channels.note_shared(event.channel)
        request = await self._addressed(incoming, look_up)
        if request is None:
            return
        if is_stop(request.text) and await self._stop(request.conversation, event.ts):
            return
        try:
            await services.access.admit(claim_of(request), look_up=False)
        except NotCached:
            request.admitted = False
        except TurnedAway as turned:
            await turn_away_once(services, request, turned)
            return
        if await self._is_private(request):
            await services.queue.answer_privately(request, incoming.seen)
            return
        identifier = SlackUser.of(request).identifier
        fresh = await services.store.accept(request, incoming.seen, identifier)
        log.info("request_accepted", request=request.id, repeat=not fresh)
        await services.queue.advance(request.conversation, event.ts)

    async def _addressed(self, incoming: Incoming, look_up: bool) -> Request | None:
        """The request, if it is one: a mention, a direct message, or a further message in a thread
        in which its author talks to the agent."""
        envelope, event = incoming.envelope, incoming.event
        if not event.is_by_a_person or event.user is None:
            return None
        installation = envelope.installation
        bot_user_id = installation.bot_user_id
        if bot_user_id is None:
            bot_user_id = (await self._services.workspaces.own(look_up=look_up)).user_id
        mentioned = MENTION.findall(event.text)
        request = Request(
            id=envelope.event_id,
            team_id=installation.team_id,
            enterprise_id=installation.enterprise_id,
            user_id=event.user,
            user_team=event.user_team or None,
            channel_id=event.channel,
            thread_ts=event.thread_ts or event.ts,
            ts=event.ts,
            text=_said(event.text, bot_user_id),
            is_direct=event.is_direct,
        )
        if bot_user_id in mentioned or event.is_direct:
            return request
        is_for_somebody_else = bool(mentioned)
        if is_for_somebody_else or not await self._services.store.knows(request.conversation):
            return None
        return request

    async def _is_private(self, request: Request) -> bool:
        """Whether it is known that the answer is for the asker alone: they want it so, or people of
        another organization read there, or might."""
        services = self._services
        if request.is_direct:
            return False
        preferences = await services.profiles.preferences(SlackUser.of(request).identifier)
        if preferences.private:
            return True
        try:
            return await services.channels.is_shared(request.channel_id, look_up=False)
        except NotCached:
            return False

    async def _stop(self, conversation: Conversation, cause: str) -> bool:
        """Stop what runs for this thread, in it or privately. Out: whether there was anything."""
        services = self._services
        private = await services.private_threads.get(conversation)
        places = [conversation]
        if private:
            there = (private.channel_id, private.thread_ts)
            places.append(Conversation(conversation.team_id, *there, conversation.user_id))
        stopped = [place for place in places if await services.store.stop(place)]
        for place in stopped:
            await services.queue.advance(place, f"stop:{cause}")
        return bool(stopped)


def is_stop(text: str) -> bool:
    """Whether somebody says nothing but stop."""
    return text.strip().strip(".!").lower() in ("stop", "/stop", "stop it")


def _said(text: str, bot_user_id: str) -> str:
    """What was said to the bot, without its own name."""
    without_name = MENTION.sub(lambda name: "" if name[1] == bot_user_id else name[0], text)
    return unescape(without_name).strip()
