"""The whole of it: as whom, where, and what is printed."""

import asyncio
import sys

from redis.exceptions import RedisError

from bot.accounts.identity import SlackUser
from bot.accounts.scalekit import AccountsUnavailable
from bot.agent.toolset import Toolset
from bot.doctor.live.claude import try_claude
from bot.doctor.live.intercom import try_intercom
from bot.doctor.live.report import Report
from bot.doctor.live.slack import try_slack
from bot.doctor.variables import check_variables
from bot.services import Services, open_services
from bot.settings import Settings
from bot.state.reachable import RedisUnusable, make_sure

VARIABLES_FIRST = "Nothing was tried. `bot doctor` says what comes next."
CONNECT_FIRST = (
    "nobody has connected Intercom yet: type /intercom connect in Slack, then run it again"
)
SAY_WHO = "several people are connected: say as whom with --user, one of"
NOT_CONNECTED = "that person has not connected Intercom: /intercom connect does it"


def run_live(channel: str, user: str, *, as_json: bool) -> int:
    """Go once through all that the bot asks of the real services, and print what they said.

    Args:
        channel: Where to post for a moment: `#name`, or a channel's id.
        user: The Slack user id of the operator whose account is used; "" if only one person is
            connected.
        as_json: Whether to print a JSON list instead of lines.

    Returns:
        The exit code: 1 if anything was refused or is other than we believed.
    """
    findings, settings, wrong = check_variables()
    if settings is None or wrong:
        failures = [finding.line() for finding in findings if finding.status == "failure"]
        sys.stderr.write("\n".join([*failures, VARIABLES_FIRST]) + "\n")
        return 1
    report = Report()
    try:
        asyncio.run(_try_all(report, settings, channel, user))
    except RedisUnusable as error:
        report.add("Redis", "being there", "refused", "not usable", str(error))
    except RedisError as error:
        report.add("Redis", "being there", "refused", type(error).__name__)
    sys.stdout.write(report.text(as_json=as_json) + "\n")
    return 0 if report.is_good else 1


async def _try_all(report: Report, settings: Settings, channel: str, user: str) -> None:
    await make_sure(settings.redis_url)
    async with open_services(settings) as services:
        team = await report.attempt("Slack", "auth.test", services.slack.auth_test())
        if team is None:
            return
        operator = await _operator(report, services, str(team["team_id"]), user)
        await try_slack(report, services.slack, channel, operator)
        if operator is None:
            return
        identifier = operator.identifier
        tools = await try_intercom(report, services.scalekit, services.teammates, identifier)
        if tools is None:
            report.add("Claude", "a turn with tool search", "skipped", "there are no tools to find")
        else:
            await try_claude(report, settings, Toolset.of(tools))


async def _operator(
    report: Report, services: Services, team_id: str, user: str
) -> SlackUser | None:
    """Whose account is used. None, and a line on the report, if that is not clear."""
    owners: list[SlackUser] = []
    for identifier in await services.profiles.identifiers(team_id):
        owner = await services.profiles.owner(identifier)
        if owner is None:
            continue
        try:
            account = await services.scalekit.find(identifier)
        except AccountsUnavailable as error:
            words = "unavailable"
            report.add("Scalekit", "finding the operator's account", "refused", words, str(error))
            return None
        if account is not None and account.is_active:
            owners.append(SlackUser.of(owner))
    if user:
        chosen = [owner for owner in owners if owner.user_id == user]
        if not chosen:
            report.add("Scalekit", "the operator's account", "refused", NOT_CONNECTED)
        return chosen[0] if chosen else None
    if len(owners) == 1:
        return owners[0]
    ids = ", ".join(sorted(owner.user_id for owner in owners))
    words = f"{SAY_WHO} {ids}" if owners else CONNECT_FIRST
    report.add("Scalekit", "the operator's account", "refused", words)
    return None
