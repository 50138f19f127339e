"""What one request may cost. When something of it is spent, Claude sums up."""

from bot.settings import Settings
from bot.state.models import Run


def spent(run: Run, settings: Settings) -> str:
    """What is spent, in words for Claude; empty as long as there is enough of everything."""
    if run.turn >= settings.run_turns:
        return f"{settings.run_turns} turns"
    if run.seconds >= settings.run_minutes * 60:
        return f"{settings.run_minutes} minutes of work"
    if run.tokens >= settings.run_tokens:
        return f"{settings.run_tokens} tokens"
    return ""


def sum_up(what: str) -> str:
    """The later system message that ends the work."""
    return (
        f"The budget for this request is spent: {what}. Call no more tools. Tell the teammate "
        "what you found and did so far, what is still open, and how to go on."
    )
