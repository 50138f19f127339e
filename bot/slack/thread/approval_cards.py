"""Posting the cards of changes that wait, and settling those that were decided."""

from collections.abc import Awaitable, Callable

import structlog

from bot.agent.work import RunFailed
from bot.slack.client import Client, SlackFailure, is_passing, why
from bot.slack.posting import find_posted, post_once
from bot.slack.thread.live_message import SlackDown
from bot.slack.views import approval_card
from bot.state.models import Card, Request, ToolCall

log = structlog.get_logger()


class ApprovalCards:
    """The cards of one run in its thread. `save` is told before and after each posting."""

    def __init__(
        self, client: Client, request: Request, save: Callable[[], Awaitable[None]]
    ) -> None:
        self._client = client
        self._request = request
        self._save = save

    async def post(self, calls: list[ToolCall]) -> None:
        """Show a card for each call that has none yet.

        Raises Trouble while Slack is down, RunFailed where the thread takes no card.
        """
        for call in calls:
            if call.card is None:
                await self._post(call, calls)

    async def _post(self, call: ToolCall, together: list[ToolCall]) -> None:
        assert call.change
        alike = [other for other in together if other.name == call.name]
        look_first, call.asked = call.asked, True
        await self._save()
        try:
            ts = await post_once(
                self._client,
                self._request.channel_id,
                self._request.thread_ts,
                _key(call),
                look_first=look_first,
                text=approval_card.summary(call.change),
                blocks=approval_card.card(call, alike, self._request.user_id, call.signed_as),
            )
        except SlackFailure as error:
            log.warning("slack_refused", call="card", why=why(error))
            if is_passing(error):
                raise SlackDown from error
            raise cannot_ask(why(error)) from error
        call.card = Card(channel_id=self._request.channel_id, ts=ts)
        await self._save()

    async def settle(self, call: ToolCall) -> None:
        """Nothing is left to press on its card, and it shows what was decided. If that could not
        be shown now, the call still has a stale card."""
        assert call.change
        request, owner = self._request, self._request.user_id
        try:
            if call.card is None:
                ts = await find_posted(
                    self._client, request.channel_id, request.thread_ts, _key(call)
                )
                if ts is None:
                    call.card_settled = True
                    return
                call.card = Card(channel_id=request.channel_id, ts=ts)
            await self._client.chat_update(
                channel=call.card.channel_id,
                ts=call.card.ts,
                text=approval_card.fate(call, owner),
                blocks=approval_card.settled(call, owner, call.signed_as),
            )
        except SlackFailure as error:
            log.info("slack_refused", call="chat.update", why=why(error))
            call.card_settled = not is_passing(error)
        else:
            call.card_settled = True


def cannot_ask(reason: str) -> RunFailed:
    """The thread takes no card."""
    log.warning("cannot_ask", why=reason)
    return RunFailed("I cannot ask for your approval: Slack does not let me post in that thread.")


def _key(call: ToolCall) -> str:
    """Of the call's card."""
    return f"call:{call.id}"
