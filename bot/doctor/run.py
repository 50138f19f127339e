"""All checks, and what the command makes of them."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from bot.doctor.accounts import check_accounts
from bot.doctor.claude import check_claude
from bot.doctor.finding import Finding, warning
from bot.doctor.guard import SECONDS
from bot.doctor.public_url import check_events, check_public_url, check_webhooks
from bot.doctor.redis import check_redis
from bot.doctor.slack import check_sign_in, check_slack
from bot.doctor.variables import check_variables
from bot.settings import Settings

CHECKS: tuple[Callable[[Settings, float], Awaitable[list[Finding]]], ...] = (
    check_redis,
    check_slack,
    check_events,
    check_sign_in,
    check_accounts,
    check_claude,
    check_public_url,
    check_webhooks,
)


async def examine(settings: Settings, seconds: float = SECONDS) -> list[Finding]:
    """What all services say, asked at once and told in a fixed order. Never raises.

    `seconds`: how long each may take."""
    found = await asyncio.gather(*(check(settings, seconds) for check in CHECKS))
    return [finding for findings in found for finding in findings]


def run_doctor(*, as_json: bool) -> int:
    """Check everything and print it. Out: the exit code, 1 if anything failed."""
    findings, settings = check_variables()
    if settings is None:
        told = "not checked, as variables are missing or malformed"
        findings.append(warning("Services", told, "correct the variables, then run it again"))
    else:
        findings += asyncio.run(examine(settings))
    if as_json:
        told = json.dumps([finding.model_dump() for finding in findings], indent=2)
    else:
        told = "\n".join(finding.line() for finding in findings)
    sys.stdout.write(told + "\n")
    return int(any(finding.status == "failure" for finding in findings))
