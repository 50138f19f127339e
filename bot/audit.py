"""`bot audit`: what was done in whose name, for the operator."""

import re
import sys
from datetime import UTC, datetime, timedelta

from bot.settings import StateSettings
from bot.state.audit import Audit
from bot.state.engine import open_engine
from bot.state.reachable import make_sure

SPAN = re.compile(r"^(\d+)([mhd])$")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class BadSince(Exception):
    """`--since` cannot be read. The text says what it should look like."""


async def print_audit(settings: StateSettings, since: str, user_id: str) -> None:
    """Print the entries since then, of everybody or of one Slack user, as JSON lines on stdout.

    Raises BadSince, RedisUnusable, and RedisError when it goes away meanwhile.
    """
    start = start_of(since, datetime.now(UTC))
    await make_sure(settings.redis_url)
    async with open_engine(settings.redis_url, settings.worker_concurrency) as docket:
        for entry in await Audit(docket, settings.audit_ttl).since(start):
            if user_id in ("", entry.user_id):
                sys.stdout.write(entry.model_dump_json(exclude_defaults=True) + "\n")


def start_of(since: str, now: datetime) -> datetime:
    """In: "90m", "24h", "7d" or an ISO date or time. Raises BadSince."""
    span = SPAN.match(since)
    try:
        if span:
            return now - timedelta(**{UNITS[span[2]]: int(span[1])})
        start = datetime.fromisoformat(since)
    except (ValueError, OverflowError):
        raise BadSince(f"{since!r} is neither like 90m, 24h or 7d nor a date") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)
