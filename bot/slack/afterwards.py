"""What is pressed below a finished answer: feedback, a look at the work, sharing."""

import structlog
from slack_sdk.models.blocks import ActionsBlock, ButtonElement

from bot.services import Services
from bot.slack.api.channels import Reach
from bot.slack.client import SlackFailure, why
from bot.slack.errands import answer_presser
from bot.slack.formatting import safe_markdown
from bot.slack.messages import section
from bot.slack.posting import post, post_once
from bot.slack.views import answer_footer, approval_card
from bot.slack.views.work_modal import work_modal
from bot.state.models import Press, Trace

log = structlog.get_logger()

MARKDOWN = 11_500
SHARE_ANYWAY = "share_anyway"
KEEP_PRIVATE = "keep_private"
BELOW_ANSWERS = (
    answer_footer.FEEDBACK,
    answer_footer.SHOW,
    answer_footer.SHARE,
    SHARE_ANYWAY,
    KEEP_PRIVATE,
)
NOT_SHARED = "Not shared. The answer stays between us."
READERS: dict[Reach, str] = {
    "shared": ":warning: <#{channel}> is shared with another organization. Everybody in it, people "
    "outside of your company included, would read this answer.",
    "pending": ":warning: Another organization has been invited to <#{channel}>. Once it joins, "
    "people outside of your company can read everything there, this answer included.",
    "unknown": ":warning: Slack did not tell me who reads in <#{channel}>: people outside of your "
    "company might be among them.",
}
SHARE_QUESTION = "Share it there all the same?"


class Afterwards:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def pressed(self, press: Press) -> None:
        """Only the teammate whose request it was finds it: it is kept in their conversation."""
        value, _, reference = press.value.rpartition("|")
        trace = await self._services.store.trace(press.conversation, reference)
        if trace is None:
            return await answer_presser(self._services.slack, press, answer_footer.NOTHING_LEFT)
        match press.action_id:
            case answer_footer.FEEDBACK:
                return await self._feedback(press, trace, value)
            case answer_footer.SHOW:
                return await self._show(press, trace)
            case action if action == KEEP_PRIVATE:
                return await self._settle(press, NOT_SHARED)
            case _:
                return await self._share(press, trace)

    async def _feedback(self, press: Press, trace: Trace, value: str) -> None:
        if value in ("good", "bad"):
            await self._services.store.save_feedback(press.conversation, trace.reference, value)
            log.info("feedback", run=trace.reference, value=value)
            await answer_presser(self._services.slack, press, answer_footer.THANKS)

    async def _show(self, press: Press, trace: Trace) -> None:
        try:
            await self._services.slack.views_open(trigger_id=press.id, view=work_modal(trace))
        except SlackFailure as error:
            log.info("slack_refused", call="views.open", why=why(error))
            await answer_presser(self._services.slack, press, approval_card.TOO_LATE)

    async def _share(self, press: Press, trace: Trace) -> None:
        """Post a private answer where it was asked, once; where another organization reads, or
        might, only once the teammate was told so and wants it all the same."""
        origin = trace.origin
        if origin is None:
            return await answer_presser(self._services.slack, press, answer_footer.NOTHING_LEFT)
        was_told = press.action_id == SHARE_ANYWAY
        reach = await self._services.channels.reach(origin.channel_id)
        if reach != "internal" and not was_told:
            return await self._ask_first(press, trace, origin.channel_id, reach)
        key = f"share:{trace.reference}"
        before = not await self._services.store.first_time(key)
        text = f"<@{press.user_id}> shares an answer:\n\n" + safe_markdown(trace.answer)
        await post_once(
            self._services.slack,
            origin.channel_id,
            origin.thread_ts,
            key,
            look_first=before,
            markdown_text=text[:MARKDOWN],
            unfurl_links=False,
            unfurl_media=False,
        )
        if was_told:
            return await self._settle(press, answer_footer.SHARED)
        return await answer_presser(self._services.slack, press, answer_footer.SHARED)

    async def _ask_first(self, press: Press, trace: Trace, channel_id: str, reach: Reach) -> None:
        """Say who would read the answer, below it, and ask. Raises SlackFailure."""
        words = f"{READERS[reach].format(channel=channel_id)} {SHARE_QUESTION}"
        buttons = [
            ButtonElement(
                text="Share with them too",
                action_id=SHARE_ANYWAY,
                value=trace.reference,
                style="danger",
            ),
            ButtonElement(text="Keep it private", action_id=KEEP_PRIVATE, value=trace.reference),
        ]
        await post(
            self._services.slack,
            press.channel_id,
            press.conversation.thread_ts,
            text=words,
            blocks=[*section(words), ActionsBlock(elements=buttons)],
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _settle(self, press: Press, text: str) -> None:
        """The question is answered: nothing is left to press in it."""
        await self._services.slack.chat_update(
            channel=press.channel_id, ts=press.message_ts, text=text, blocks=section(text)
        )
