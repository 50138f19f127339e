"""What is pressed on the cards of changes. Rule 5 of the design: only the requester decides, once,
and what runs is what was shown."""

from collections.abc import Mapping

import structlog

from bot.accounts.identity import SlackUser
from bot.agent.frozen import frozen
from bot.agent.tool_calls import CARD_VERSION
from bot.agent.toolset import BadInput
from bot.agent.work import RunFailed
from bot.base_model import BaseModel
from bot.intercom.change_edits import BadEdit, edited
from bot.services import Services
from bot.slack.client import SlackFailure, why
from bot.slack.errands import answer_presser
from bot.slack.views import approval_card, approval_modals
from bot.state.models import Conversation, Decision, EditableField, Press, ToolCall

log = structlog.get_logger()

MOST_SAID = 150
"""Characters below a field."""


class Waiting(BaseModel):
    """Which call a modal is about; travels with it. Who presses is what Slack signs."""

    channel_id: str
    thread_ts: str
    call_id: str
    digest: str


class Approvals:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def pressed(self, press: Press) -> None:
        """Raises RedisError or SlackFailure where trying again later can help."""
        owner, named = approval_card.named_in(press.value)
        conversation = press.conversation
        calls = await self._waiting(conversation, named)
        if any(call.card_version != CARD_VERSION for call in calls):
            await answer_presser(self._services.slack, press, approval_card.OUTDATED)
            return await self._services.queue.advance(conversation)
        if not calls:
            yours = press.user_id == owner
            words = approval_card.DECIDED if yours else approval_card.NOT_YOURS.format(owner=owner)
            return await answer_presser(self._services.slack, press, words)
        match press.action_id:
            case approval_card.EDIT | approval_card.DENY:
                return await self._open_modal(press, calls[0])
            case _:
                decisions = [_approved(call) for call in calls]
                return await self._decide(press, conversation, decisions)

    async def submitted(
        self, user: SlackUser, kind: str, metadata: str, values: Mapping[str, str]
    ) -> dict[str, str]:
        """A modal was sent. Out: what is wrong with it, by field; {} when it was taken."""
        about = Waiting.model_validate_json(metadata)
        conversation = Conversation(user.team_id, about.channel_id, about.thread_ts, user.user_id)
        found = await self._waiting(conversation, [(about.call_id, about.digest)])
        call = found[0] if found else None
        if call is None or call.change is None:
            field = next(iter(values), approval_modals.REASON)
            return {field: approval_card.DECIDED}
        if kind == approval_card.DENY:
            reason = values.get(approval_modals.REASON, "").strip()
            decision = Decision(call_id=call.id, digest=call.digest, kind="denied", reason=reason)
        else:
            edits = {
                field.path: values[field.path]
                for field in call.change.editable
                if field.path in values and _differs(field, values[field.path])
            }
            if problems := await self._problems(conversation, call, edits):
                return problems
            decision = _approved(call).model_copy(update={"edits": edits})
        if await self._services.store.decide(conversation, decision):
            await self._services.queue.advance(conversation)
        return {}

    async def _waiting(
        self, conversation: Conversation, named: list[tuple[str, str]]
    ) -> list[ToolCall]:
        """Of the calls named by id and digest, those that wait here and were not decided yet."""
        run = await self._services.store.run(conversation)
        if run is None:
            return []
        decided = await self._services.store.decisions(conversation)
        waiting = {
            (call.id, call.digest): call
            for call in run.calls
            if call.state == "waiting" and call.digest not in decided
        }
        return [waiting[name] for name in named if name in waiting]

    async def _decide(
        self, press: Press, conversation: Conversation, decisions: list[Decision]
    ) -> None:
        taken = [await self._services.store.decide(conversation, item) for item in decisions]
        if not any(taken):
            return await answer_presser(self._services.slack, press, approval_card.DECIDED)
        log.info("decided", kinds=[item.kind for item in decisions])
        return await self._services.queue.advance(conversation)

    async def _open_modal(self, press: Press, call: ToolCall) -> None:
        about = Waiting(
            channel_id=press.channel_id,
            thread_ts=press.conversation.thread_ts,
            call_id=call.id,
            digest=call.digest,
        )
        is_edit = press.action_id == approval_card.EDIT
        modal = approval_modals.edit_modal if is_edit else approval_modals.deny_modal
        view = modal(call, about.model_dump_json())
        try:
            await self._services.slack.views_open(trigger_id=press.id, view=view)
        except SlackFailure as error:
            log.info("slack_refused", call="views.open", why=why(error))
            await answer_presser(self._services.slack, press, approval_card.TOO_LATE)

    async def _problems(
        self, conversation: Conversation, call: ToolCall, edits: Mapping[str, str]
    ) -> dict[str, str]:
        """Why the call would not fit its tool any more after these edits, by field."""
        assert call.change
        try:
            changed = edited(call.input, call.change.editable, edits)
            tools = (await frozen(self._services.store, conversation)).toolset
            tools.prepared(call.name, changed)
        except RunFailed:
            return {}
        except BadEdit as problem:
            return {problem.path: str(problem)[:MOST_SAID]}
        except BadInput as problem:
            return {next(iter(edits)): str(problem)[:MOST_SAID]}
        return {}


def _differs(field: EditableField, entered: str) -> bool:
    """Whether something else was entered; a picker knows minutes only."""
    if field.input == "moment" and entered.isdecimal() and field.value.isdecimal():
        return int(entered) // 60 != int(field.value) // 60
    return entered.replace("\r\n", "\n") != field.value


def _approved(call: ToolCall) -> Decision:
    return Decision(call_id=call.id, digest=call.digest, kind="approved")
