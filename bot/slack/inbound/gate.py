"""The last look before a request is begun: whose it is, and who would read the answer. Slack is
asked here for what was not known as the request came in."""

from bot.accounts.identity import SlackUser
from bot.services import Services
from bot.slack.inbound.access import Claim, TurnedAway
from bot.slack.privately import ask_privately
from bot.state.models import Conversation, Request
from bot.state.store import Taken


class Gate:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def take(self, conversation: Conversation) -> Taken | None:
        """As `Store.take`; None where nothing is left to do. Where no run is under way, the first
        request of the inbox is one that may be begun there: those before it were turned away, or
        taken up privately.

        Raises RedisError, or SlackFailure while Slack does not say who it is.
        """
        store = self._services.store
        token, run, inbox, unreadable = await store.take(conversation)
        if unreadable:
            return Taken(token, run, inbox, unreadable)
        try:
            while run is None and inbox and await self._is_private(conversation, token, inbox[0]):
                moved, inbox = inbox[0], inbox[1:]
                await ask_privately(self._services, moved, [f"moved:{moved.id}"])
                await store.commit(conversation, token, None, taken=1)
                await self._services.lines.drop(SlackUser.of(moved).identifier, conversation)
        except TurnedAway as turned:
            await turn_away_once(self._services, inbox[0], turned)
            identifier = SlackUser.of(inbox[0]).identifier
            if await store.messages(conversation):
                await store.commit(conversation, token, None, taken=len(inbox))
                await self._services.lines.drop(identifier, conversation)
            else:
                await self._services.erase(identifier, conversation)
            return None
        if run is None and not inbox:
            await store.commit(conversation, token, None)
            return None
        return Taken(token, run, inbox)

    async def _is_private(self, conversation: Conversation, token: str, request: Request) -> bool:
        """Whether it has to be answered elsewhere. Raises TurnedAway, and as `take`."""
        services = self._services
        if not request.admitted:
            await services.access.admit(claim_of(request))
        if request.is_direct or (await services.store.signals(conversation, token)).stopped:
            return False
        return await services.channels.is_shared(request.channel_id)


async def admit_and_ask_privately(services: Services, request: Request, seen: list[str]) -> None:
    """Raises RedisError or SlackFailure where trying again later can help."""
    try:
        if not request.admitted:
            await services.access.admit(claim_of(request))
    except TurnedAway as turned:
        await turn_away_once(services, request, turned)
    else:
        await ask_privately(services, request, seen)


async def turn_away_once(services: Services, request: Request, turned: TurnedAway) -> None:
    """A mention comes twice, as a message too: its author is told once."""
    place = f"{request.channel_id}:{request.ts}"
    if turned.words and await services.store.first_time(f"turned-away:{place}"):
        in_thread = request.thread_ts if request.thread_ts != request.ts else None
        await services.queue.turn_away(
            request.id, request.channel_id, request.user_id, turned.words, in_thread
        )


def claim_of(request: Request) -> Claim:
    """What Slack said of who asks, and for which installation."""
    return Claim(
        request.user_id,
        request.team_id,
        request.enterprise_id,
        [request.user_team] if request.user_team else [],
        is_complete=True,
    )
