"""Tool calls before and after they run: built from what Claude asked for, decided on, ended
without having run."""

import hashlib
import json
from datetime import UTC, datetime

from bot.agent.claude import ToolUse
from bot.agent.results import error
from bot.agent.toolset import BadInput, Toolset
from bot.intercom.call_titles import title
from bot.intercom.change_edits import BadEdit, edited
from bot.intercom.inputs import SpeaksAsCustomer
from bot.settings import Approvals
from bot.state.models import Decision, Effect, Run, ToolCall, WithdrawnCard

CARD_VERSION = 1
"""Which rules cards follow. A card of another version, which a release before or after this one
showed, is withdrawn and shown anew."""
REPEATS_AT_MOST = 3

UNKNOWN = error(
    "The outcome of this call is unknown: it was sent, and no answer came back. It may or may "
    "not have happened.",
    "Never send it again. If a read can show whether it happened, check with that; tell the "
    "teammate what you found, or that they have to look in Intercom.",
)
STOPPED = error(
    "This call was not run: the run ended before.",
    "Do not take it up again unless the teammate asks for it.",
)
TYPED_INSTEAD = error(
    "This call was not run: instead of approving it, the teammate wrote what follows.",
    "Take up what the teammate wrote. Propose the change again only if it still fits.",
)
EXPIRED = error(
    "This call was not run: nobody approved it in time.",
    "Do not propose it again unless the teammate asks. Sum up what is open.",
)
DONE_BEFORE = error(
    "This call was not run: the very same change was made or attempted before in this request.",
    "Do not repeat it. Check with a read if you are not sure of its effect.",
)
REPEATED = error(
    f"This call was not run: you have made the very same one {REPEATS_AT_MOST} times already.",
    "Use the results you have, ask for something else, or tell the teammate what is missing.",
)
SPEAKS_AS_CUSTOMER = error(
    "This call was not run: it would speak in the customer's name.", 'Replies are of type "admin".'
)


def needs_approval(effect: Effect, approvals: Approvals) -> bool:
    if approvals == "off" or effect == "read":
        return False
    return approvals == "writes" or effect == "destructive"


def refuse(call: ToolCall, words: str, result: str) -> None:
    """End a call that is not run. `words` are for the teammate, `result` for Claude."""
    call.state, call.outcome, call.result = "refused", words, result
    call.ended_at = datetime.now(UTC)


def close_unfinished(call: ToolCall) -> None:
    """End a call of a run that is over: not run, or of unknown outcome if it was under way."""
    if call.ended:
        return
    if call.state == "started" and not call.is_read:
        call.state, call.outcome, call.result = "unknown", "Outcome unknown", UNKNOWN
        call.ended_at = datetime.now(UTC)
    else:
        refuse(call, "Not run", STOPPED)


def build_tool_call(use: ToolUse, toolset: Toolset, run: Run, account: str) -> ToolCall:
    """A call as Claude asked for it; already ended if it cannot be run as it is."""
    call = ToolCall(id=use.id, name=use.name, input=use.input, title=title(use.name, use.input))
    try:
        tool = toolset.check(use.name, use.input)
        call.input = toolset.prepared(use.name, use.input)
    except BadInput as problem:
        if isinstance(problem.__cause__, SpeaksAsCustomer):
            refuse(call, "Not run", SPEAKS_AS_CUSTOMER)
            return call
        call.state, call.outcome = "failed", "Did not fit the tool"
        call.result = error(str(problem), "Correct the call, or use another tool.")
        return call
    call.effect = tool.effect_of(call.input)
    before = [
        other
        for other in [*run.ended_calls, *run.calls]
        if (other.name, other.input) == (call.name, call.input)
    ]
    if not call.is_read:
        if any(other.state in ("done", "unknown") or not other.ended for other in before):
            refuse(call, "Not run a second time", DONE_BEFORE)
    elif len(before) >= REPEATS_AT_MOST:
        refuse(call, "Not run again", REPEATED)
    return call


def digest_of(reference: str, account: str, call: ToolCall) -> str:
    """Names exactly this call of this run with this account, and what its card shows of it."""
    change = call.change.model_dump(exclude={"editable", "names"}) if call.change else None
    shown = [call.card_version, call.shown_anew, call.signed_as, change]
    named = [account, reference, call.id, call.name, call.input, shown]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]


def withdraw(call: ToolCall, why: str) -> None:
    """Its card counts no more, and no decision on it: the call waits to be shown anew. `why` is
    for the teammate."""
    if call.asked:
        call.withdrawn.append(
            WithdrawnCard(
                headline=call.change.headline if call.change else call.title,
                why=why,
                call_id=call.id,
                digest=call.digest,
                version=call.card_version,
                card=call.card,
            )
        )
    call.state, call.digest, call.decision = "waiting", "", None
    call.change, call.card, call.asked, call.card_settled = None, None, False, False
    call.shown_anew += 1


def apply_decision(decision: Decision, call: ToolCall, toolset: Toolset) -> None:
    """Do to a waiting call what its teammate decided. A decision on anything but exactly the
    call that waits changes nothing."""
    if call.state != "waiting" or decision.digest != call.digest:
        return None
    call.decision = decision
    if decision.kind == "denied":
        reason = f" The reason given: {json.dumps(decision.reason)}." if decision.reason else ""
        words = "This call was not run: the teammate denied it." + reason
        advice = "Do not try it by another way. Take up the reason, or ask what to do instead."
        return refuse(call, "Denied", error(words, advice))
    if decision.edits:
        fields = call.change.editable if call.change else []
        try:
            call.input = toolset.prepared(call.name, edited(call.input, fields, decision.edits))
        except (BadEdit, BadInput) as problem:
            return refuse(call, "Did not fit after the edit", error(str(problem), "Tell them."))
    call.state = "approved"
    return None
