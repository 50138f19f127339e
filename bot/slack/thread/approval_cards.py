"""Posting the cards of changes that wait, and settling those that were decided.

A card is a message, or several of which the last has the buttons, or comes with a file. Each
carries a key by which it is found again after a crash, so that no part is there twice. What cannot
be shown whole is not asked: the call is handed back with the reason.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from slack_sdk.models.blocks import Block

from bot.agent.work import RunFailed, Unshown
from bot.slack.client import Client, SlackFailure, is_passing, why
from bot.slack.files import post_file_once
from bot.slack.posting import find_posted, post_once
from bot.slack.thread.refusals import SlackDown
from bot.slack.views import approval_card
from bot.state.models import Card, Request, ToolCall, WithdrawnCard

log = structlog.get_logger()

OF_THE_CONTENT = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"}
)
"""Refusals of this very card: another one may be taken."""
PLACES = {
    "account_inactive": "the app was removed from this workspace",
    "cannot_reply_to_message": "nobody can reply in that thread",
    "channel_not_found": "I can't see that channel any more",
    "is_archived": "that channel is archived",
    "message_not_found": "the thread is gone",
    "not_in_channel": "I'm not in that channel any more",
    "restricted_action": "your workspace's settings don't let me post there",
    "thread_locked": "that thread is locked",
    "thread_not_found": "the thread is gone",
    "token_revoked": "the app was removed from this workspace",
}


class ApprovalCards:
    """The cards of one run in its thread. `save` is told before and after each posting."""

    def __init__(
        self, client: Client, request: Request, save: Callable[[], Awaitable[None]]
    ) -> None:
        self._client = client
        self._request = request
        self._save = save

    async def post(self, calls: list[ToolCall]) -> list[Unshown]:
        """Show a card for each call that has none yet.

        The button for several comes with the last card of its kind, once all the others stand.

        Returns:
            The calls that could not be shown whole.

        Raises:
            Trouble: While Slack is down.
            RunFailed: Where the thread takes no card.
        """
        unshown: list[Unshown] = []
        groups = approval_card.alike_groups(calls)
        for call in calls:
            if call.card is not None:
                continue
            group = next(group for group in groups if call in group)
            others = [other for other in group if other is not call]
            alike = group if all(other.card for other in others) else []
            if refused := await self._post(call, alike):
                unshown.append(refused)
        return unshown

    async def settle(self, call: ToolCall) -> None:
        """Nothing is left to press on its card, and it shows what was decided. If that could not
        be shown now, the call still has a stale card."""
        for former in list(call.withdrawn):
            if await self._withdraw(former):
                call.withdrawn.remove(former)
        if not call.asked or call.card_settled or call.state == "waiting" or call.change is None:
            return
        try:
            if call.card is None:
                call.card = await self._find(card_key(call.id, call.digest, call.card_version))
            if call.card is not None:
                await self._show_settled(call, call.card)
        except SlackFailure as error:
            log.info("slack_refused", call="chat.update", why=why(error))
            call.card_settled = not is_passing(error)
        else:
            call.card_settled = True

    async def _post(self, call: ToolCall, alike: Sequence[ToolCall]) -> Unshown | None:
        assert call.change
        request = self._request
        card = approval_card.card(call, alike, request.user_id)
        look_first, call.asked = call.asked, True
        await self._save()
        posted: list[str] = []
        try:
            if card.file:
                await post_file_once(
                    self._client,
                    request.channel_id,
                    request.thread_ts,
                    approval_card.file_name(call),
                    card.file,
                    look_first=look_first,
                )
            for number, page in enumerate(card.pages, 1):
                part = number if number < len(card.pages) else 0
                ts = await post_once(
                    self._client,
                    request.channel_id,
                    request.thread_ts,
                    card_key(call.id, call.digest, call.card_version, part),
                    look_first=look_first,
                    text=approval_card.summary(call.change, number, len(card.pages)),
                    blocks=page,
                )
                posted.append(ts)
        except SlackFailure as error:
            log.warning("slack_refused", call="card", why=why(error))
            if is_passing(error):
                raise SlackDown from error
            if not (card.file and not posted) and why(error) not in OF_THE_CONTENT:
                raise cannot_ask(why(error)) from error
            call.asked = False
            await self._delete(posted)
            return _unshown(call, card, why(error))
        call.card = Card(channel_id=request.channel_id, ts=posted[-1], pages=posted[:-1])
        await self._save()
        return None

    async def _show_settled(self, call: ToolCall, card: Card) -> None:
        owner = self._request.user_id
        pages = approval_card.settled(call, owner).pages
        messages = [*card.pages, card.ts]
        if len(pages) > len(messages):
            pages = [*pages[: len(messages) - 1], approval_card.longer_now(call, owner)]
        await self._delete(messages[: -len(pages)])
        edited = bool(call.decision and call.decision.edits)
        text = approval_card.settled_text(call, owner)
        for ts, page in zip(messages[-len(pages) :], pages, strict=True):
            if edited or ts == card.ts:
                await self._update(card.channel_id, ts, text, page)

    async def _withdraw(self, former: WithdrawnCard) -> bool:
        """Take the buttons off a card that counts no more. Returns whether that is over."""
        try:
            card = former.card or await self._find(
                card_key(former.call_id, former.digest, former.version)
            )
            if card is not None:
                text = approval_card.withdrawn_text(former)
                await self._update(card.channel_id, card.ts, text, approval_card.withdrawn(former))
                await self._delete(card.pages)
        except SlackFailure as error:
            log.info("slack_refused", call="chat.update", why=why(error))
            return not is_passing(error)
        return True

    async def _update(self, channel_id: str, ts: str, text: str, blocks: list[Block]) -> None:
        await self._client.chat_update(channel=channel_id, ts=ts, text=text, blocks=blocks)

    async def _delete(self, messages: Sequence[str]) -> None:
        """What a card no longer needs. That it stays would only be untidy."""
        for ts in messages:
            try:
                await self._client.chat_delete(channel=self._request.channel_id, ts=ts)
            except SlackFailure as error:
                log.info("slack_refused", call="chat.delete", why=why(error))

    async def _find(self, key: str) -> Card | None:
        request = self._request
        ts = await find_posted(self._client, request.channel_id, request.thread_ts, key)
        return Card(channel_id=request.channel_id, ts=ts) if ts else None


def card_key(call_id: str, digest: str, version: int, page: int = 0) -> str:
    """Of a message of a call's card; page 0 is the one with the buttons.

    Before there were versions, a card was one message with the call's own key.
    """
    if not version:
        return f"call:{call_id}"
    return f"card:{digest}:{page}" if page else f"card:{digest}"


def cannot_ask(reason: str) -> RunFailed:
    """The thread takes no card."""
    log.warning("cannot_ask", why=reason)
    said = PLACES.get(reason, f"Slack refused the message with the buttons (“{reason}”)")
    return RunFailed(f"I cannot ask for your approval: {said}.")


def _unshown(call: ToolCall, card: approval_card.Card, reason: str) -> Unshown:
    if not card.file:
        return Unshown(
            call,
            "Not asked: Slack did not accept its card",
            f"Slack did not accept the approval card ({reason}), so nobody could approve it.",
        )
    length = len(card.file)
    if reason == "missing_scope":
        missing = "this app may not attach files here (its permission files:write is missing)"
    else:
        missing = f"Slack did not take it as a file ({reason})"
    return Unshown(
        call,
        f"Not asked: too long to be shown whole ({length:,} characters), and {missing}",
        f"The change is too long to be shown whole to the teammate ({length} characters), and "
        f"{missing}. What cannot be shown whole cannot be approved. Shorten it to fewer than "
        "35,000 characters, or split it into several changes.",
    )
