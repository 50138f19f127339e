"""Every write goes into the audit: who asked, as whom it ran, what it was, how it ended."""

import hashlib
import json

from bot.accounts.identity import SlackUser
from bot.intercom.plain import plain
from bot.state.audit import Audit, AuditEntry
from bot.state.models import Run, Teammate, ToolCall

NAME = 120
"""Characters of a name that are shown and kept."""


def signature(teammate: Teammate) -> str:
    """As whom a change is signed, for its card. Names are data here too."""
    return f"{plain(teammate.name, NAME)} in {plain(teammate.workspace, NAME)}"


class WriteAudit:
    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def ended(self, run: Run, call: ToolCall, teammate: Teammate | None = None) -> None:
        """Record a write that has ended, run or not. Reads, and what goes on, are passed over."""
        if call.is_read or not call.ended:
            return
        request, decision = run.request, call.decision
        await self._audit.record(
            AuditEntry(
                what="write",
                identifier=SlackUser.of(request).identifier,
                team_id=request.team_id,
                user_id=request.user_id,
                why=call.outcome,
                run=run.reference,
                call_id=call.id,
                channel_id=request.channel_id,
                thread_ts=request.thread_ts,
                account=teammate.account if teammate else "",
                admin=f"{plain(teammate.name, NAME)} ({teammate.admin_id})" if teammate else "",
                tool=call.name,
                input_hash=hashlib.sha256(
                    json.dumps(call.input, sort_keys=True).encode()
                ).hexdigest(),
                readable=_readable(call),
                decision=decision.kind if decision else "none needed" if call.started_at else "",
                decided_by=request.user_id if decision else "",
                decided_at=decision.at if decision else None,
                edited=dict(decision.edits) if decision else {},
                outcome=call.state,
            )
        )


def _readable(call: ToolCall) -> str:
    if call.change is None:
        return call.title
    change = call.change
    lines = [change.headline, change.text]
    for label, value in change.details:
        before = change.before.get(label)
        lines.append(f"{label}: {value}" if before is None else f"{label}: {before} → {value}")
    return "\n".join(line for line in lines if line)
