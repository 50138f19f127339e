"""What people write becomes requests: whose it is, whether it is for the agent, who may read the
answer. What Slack has to be asked for that is kept for some minutes; where it is not, a job asks.
"""

import re
from typing import NamedTuple

import structlog

from bot.accounts.identity import SlackUser
from bot.base_model import BaseModel
from bot.services import Services
from bot.slack.api.cache import NotCached
from bot.slack.formatting import unescape
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.payloads import Envelope, MessageEvent
from bot.slack.privately import ask_privately
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


class _Addressed(NamedTuple):
    request: Request
    is_mention: bool


class Intake:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def receive(self, incoming: Incoming) -> None:
        """Take a message in, at once where everything is known, else by a job. Raises RedisError,
        or Contradiction for one that names no installation."""
        try:
            await self.take(incoming, look_up=False)
        except NotCached:
            installation, event = incoming.envelope.installation, incoming.event
            key = f"{installation.team_id}:{event.channel}:{event.ts}:{event.type}"
            await self._services.queue.take_message(key, incoming.model_dump_json())

    async def take(self, incoming: Incoming, *, look_up: bool = True) -> None:
        """Raises NotCached where Slack would have to be asked and `look_up` forbids it, RedisError
        or SlackFailure where trying again later can help."""
        services, event = self._services, incoming.event
        addressed = await self._addressed(incoming, look_up)
        if addressed is None:
            return
        request, is_mention = addressed
        try:
            user = await self._admit(incoming, look_up)
        except TurnedAway as turned:
            if turned.words and await services.store.first_time(f"{event.channel}:{event.ts}"):
                await services.queue.turn_away(
                    incoming.envelope.event_id,
                    event.channel,
                    request.user_id,
                    turned.words,
                    event.thread_ts,
                )
            return
        request = request.model_copy(
            update={"team_id": user.team_id, "enterprise_id": user.enterprise_id}
        )
        if is_stop(request.text) and await self._stop(request.conversation, event.ts):
            return
        if await self._is_private(incoming, user, look_up):
            await self._ask_privately(request, incoming.seen, look_up)
            return
        fresh = await services.store.accept(request, incoming.seen, user.identifier)
        log.info("request_accepted", request=request.id, repeat=not fresh, mention=is_mention)
        await services.queue.advance(request.conversation, event.ts)

    async def _addressed(self, incoming: Incoming, look_up: bool) -> _Addressed | None:
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
            channel_id=event.channel,
            thread_ts=event.thread_ts or event.ts,
            ts=event.ts,
            text=_said(event.text, bot_user_id),
            is_direct=event.is_direct,
        )
        is_mention = bot_user_id in mentioned
        if not (is_mention or event.is_direct):
            is_for_somebody_else = bool(mentioned)
            known = not is_for_somebody_else and await self._services.store.knows(
                request.conversation
            )
            if not known:
                return None
        return _Addressed(request, is_mention)

    async def _admit(self, incoming: Incoming, look_up: bool) -> SlackUser:
        installation, event = incoming.envelope.installation, incoming.event
        assert event.user is not None
        claim = Claim(
            event.user,
            installation.team_id,
            installation.enterprise_id,
            [event.user_team] if event.user_team else [],
        )
        return await self._services.access.admit(claim, look_up=look_up)

    async def _is_private(self, incoming: Incoming, user: SlackUser, look_up: bool) -> bool:
        """Whether the answer is for the asker alone: they want it so, or people of another
        organization read there, or might."""
        services, event = self._services, incoming.event
        if event.is_direct:
            return False
        if (await services.profiles.preferences(user.identifier)).private:
            return True
        if incoming.envelope.is_ext_shared_channel:
            await services.channels.note_shared(event.channel)
            return True
        return await services.channels.is_shared(event.channel, look_up=look_up)

    async def _ask_privately(self, request: Request, seen: list[str], look_up: bool) -> None:
        if look_up:
            await ask_privately(self._services, request, seen)
        else:
            await self._services.queue.ask_privately(request, seen)

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
