"""What a teammate reads whose day's share of Claude is used up."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.state.models import Run, ToolCall


def day_spent(run: Run, until: datetime, zone: ZoneInfo) -> str:
    """Say in Markdown why the run ends here, what was and was not done, and how to go on.

    Args:
        until: when a new day begins for this teammate.
        zone: where the teammate is.
    """
    changes = [call for call in [*run.ended_calls, *run.calls] if not call.is_read]
    done = [call.title for call in changes if call.state == "done"]
    unknown = [call.title for call in changes if call.state in ("started", "unknown")]
    others = [call for call in changes if call.state not in ("done", "started", "unknown")]
    local = until.astimezone(zone)
    sentences = [
        "That's all I can do for you today: what one person may use of me in a day is used up, so "
        "I have to stop here.",
        f"Changed in Intercom: {'; '.join(done)}." if done else "",
        f"Nobody knows whether it happened, so look in Intercom first: {'; '.join(unknown)}."
        if unknown
        else "",
        f"Not done: {'; '.join(map(_why_not, others))}." if others else "",
        "" if changes else "Nothing was changed in Intercom.",
        "I could not sum up what I found; the steps above show what I looked at."
        if run.ended_calls
        else "What you asked is not done.",
        f"A new day begins for you on {local:%A, %B} {local.day} at {local:%H:%M} ({zone.key}): "
        "ask again then. If you need more today, whoever runs me here can raise the limit.",
    ]
    words = " ".join(filter(None, sentences))
    return f"\n\n:hourglass_flowing_sand: {words}\n\n_Reference: {run.reference}_"


def _why_not(call: ToolCall) -> str:
    return f"{call.title} ({call.outcome})" if call.outcome else call.title
