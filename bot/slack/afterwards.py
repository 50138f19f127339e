"""What is pressed below a finished answer: feedback, a look at the work, sharing."""

import structlog

from bot.services import Services
from bot.slack.client import SlackFailure, why
from bot.slack.errands import answer_presser
from bot.slack.formatting import safe_markdown
from bot.slack.posting import post_once
from bot.slack.views import answer_footer, approval_card
from bot.slack.views.work_modal import work_modal
from bot.state.models import Press, Trace

log = structlog.get_logger()

MARKDOWN = 11_500


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
        """Post a private answer where it was asked, once."""
        origin = trace.origin
        if origin is None:
            return await answer_presser(self._services.slack, press, answer_footer.NOTHING_LEFT)
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
        return await answer_presser(self._services.slack, press, answer_footer.SHARED)
