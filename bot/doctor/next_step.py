"""What to do next on the way from nothing to a workspace in use: the README's steps."""

from collections.abc import Iterable
from typing import NamedTuple

from bot.doctor.finding import Finding


class Step(NamedTuple):
    """`checks`: what the names of its checks begin with."""

    number: int
    checks: tuple[str, ...]
    begin: str


STEPS = (
    Step(
        2,
        (".env", "PUBLIC_URL scheme", "PUBLIC_URL:"),
        "choose the public address and put PUBLIC_URL into .env",
    ),
    Step(
        3,
        ("SLACK_", "Slack token", "Slack scopes", "Sign in with Slack", "Clock"),
        "create the Slack app, install it, and put its tokens into .env",
    ),
    Step(
        4,
        ("SCALEKIT_", "INTERCOM_", "Scalekit"),
        "create the Intercom app and Scalekit's connection, and put Scalekit's values into .env",
    ),
    Step(5, ("ANTHROPIC_", "Claude"), "create a key for Claude and put it into .env"),
    Step(6, ("REDIS_URL", "Redis"), "start Redis and put REDIS_URL into .env"),
    Step(7, ("PUBLIC_URL answers", "Slack events", "Intercom webhooks"), "start `bot web`"),
    Step(7, ("Worker",), "start `bot worker`"),
)
LAST = (
    "in Slack, type `/intercom connect`, then ask something (README, step 8); after that, "
    "`bot doctor --live '#some-channel'` tries everything once (step 9)"
)


def next_step(findings: Iterable[Finding]) -> str:
    """One line: the first step that is not done, or what is left to do when all are."""
    open_ones = [
        finding
        for finding in findings
        if finding.status == "failure" or (finding.check == "Worker" and finding.status != "ok")
    ]
    for step in STEPS:
        of_step = [finding for finding in open_ones if f"{finding.check}:".startswith(step.checks)]
        if of_step:
            return f"Next: {_what(step, of_step)} (README, step {step.number})."
    if open_ones:
        return f"Next: {open_ones[0].cure}."
    return f"Next: {LAST}."


def _what(step: Step, of_step: list[Finding]) -> str:
    first = of_step[0]
    not_begun = first.detail == "missing" or step.number == 7
    return step.begin if not_begun else f"correct {first.check}: {first.cure}"
