"""All checks, and what the command makes of them."""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bot.doctor.accounts import check_accounts
from bot.doctor.claude import check_claude
from bot.doctor.finding import Finding
from bot.doctor.guard import SECONDS
from bot.doctor.next_step import next_step
from bot.doctor.public_url import check_events, check_public_url, check_webhooks
from bot.doctor.redis import check_redis
from bot.doctor.sign_in import check_sign_in
from bot.doctor.slack import check_slack
from bot.doctor.variables import check_variables
from bot.settings import Settings


class Check(NamedTuple):
    """`needs`: the variables without which it cannot be made."""

    make: Callable[[Settings, float], Awaitable[list[Finding]]]
    needs: frozenset[str]


def _check(make: Callable[[Settings, float], Awaitable[list[Finding]]], *needs: str) -> Check:
    return Check(make, frozenset(needs))


CHECKS = (
    _check(check_redis, "redis_url"),
    _check(check_slack, "slack_bot_token", "slack_api_url"),
    _check(check_events, "public_url", "slack_signing_secret"),
    _check(check_sign_in, "slack_client_id", "slack_client_secret", "slack_api_url", "public_url"),
    _check(
        check_accounts,
        "scalekit_environment_url",
        "scalekit_client_id",
        "scalekit_client_secret",
        "scalekit_connection_name",
    ),
    _check(check_claude, "anthropic_api_key", "anthropic_base_url", "anthropic_model"),
    _check(check_public_url, "public_url"),
    _check(check_webhooks, "public_url", "intercom_client_secret"),
)


async def examine(
    settings: Settings, seconds: float = SECONDS, wrong: frozenset[str] = frozenset()
) -> list[Finding]:
    """What all services say, asked at once and told in a fixed order. Never raises.

    Args:
        settings: What to check.
        seconds: How long each check may take.
        wrong: Variables that `settings` only has stand-ins for; what needs them is left out.
    """
    made = [check.make(settings, seconds) for check in CHECKS if not check.needs & wrong]
    return [finding for findings in await asyncio.gather(*made) for finding in findings]


def run_doctor(*, as_json: bool) -> int:
    """Check everything and print it, and what to do next. Out: the exit code, 1 if anything failed.

    Where variables are missing or malformed, what can be checked without them is.
    """
    # What it would say of `.env` is a finding.
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    findings, settings, wrong = check_variables()
    if settings:
        findings += asyncio.run(examine(settings, wrong=wrong))
    if as_json:
        told = json.dumps([finding.model_dump() for finding in findings], indent=2)
    else:
        told = "\n".join([*(finding.line() for finding in findings), next_step(findings)])
    sys.stdout.write(told + "\n")
    return int(any(finding.status == "failure" for finding in findings))
