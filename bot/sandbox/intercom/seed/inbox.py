"""Everyday conversations and tickets, played through as teammates would."""

import random

from bot.sandbox.intercom import threads
from bot.sandbox.intercom.seed.names import FOLLOW_UPS, NOTES, REMARKS, THEMES
from bot.sandbox.intercom.tools.tags import applied
from bot.sandbox.intercom.tools.ticket_types import state
from bot.sandbox.intercom.tools.tickets import add_part, new_ticket
from bot.sandbox.intercom.workspace import Json, Workspace

HOUR, DAY = 3_600, 86_400
CONVERSATIONS = 85
TICKETS = 25


def fill(workspace: Workspace, dice: random.Random) -> None:
    people = [one for one in workspace.contacts.values() if one["last_seen_at"]]
    ages = sorted(int(dice.triangular(HOUR, 45 * DAY, 3 * DAY)) for _ in range(CONVERSATIONS))
    for number, age in enumerate(reversed(ages)):
        _conversation(workspace, dice, number, age, dice.choice(people))
    for number in range(TICKETS):
        _ticket(workspace, dice, number, dice.choice(people))


def _conversation(
    workspace: Workspace, dice: random.Random, number: int, age: int, person: Json
) -> None:
    subject, body, answer, team_name, tag_name = THEMES[number % len(THEMES)]
    now = workspace.now()
    at = now - age
    admins = list(workspace.admins.values())
    if number % 17 == 16:
        # Written by a teammate first, and never answered: no statistics.
        threads.start(workspace, dice.choice(admins), person, "How do you like the new export?", at)
        return
    channel = "email" if number % 4 == 3 else "conversation"
    one = threads.start(workspace, person, person, body, at, subject=subject, channel=channel)
    team = next(team for team in workspace.teams.values() if team["name"] == team_name)
    members = [workspace.admins[str(key)] for key in team["admin_ids"]]
    helper = dice.choice(members)
    if dice.random() < 0.6:
        tag = next(tag for tag in workspace.tags.values() if tag["name"] == tag_name)
        one["tags"]["tags"].append(applied(tag, helper, at + 60))
    if dice.random() < 0.15:
        one["priority"] = "priority"
    if dice.random() < 0.3:
        one["custom_attributes"] = {"Severity": dice.choice(("low", "medium", "high"))}

    def later(least: int, most: int) -> bool:
        """Time goes on; False once it has reached the present."""
        nonlocal at
        at += dice.randint(least, most)
        return at < now

    if dice.random() < 0.18 and age < 6 * DAY:
        return
    if not later(120, 2 * HOUR):
        return
    threads.assign(workspace, one, helper, team, at)
    if dice.random() < 0.12 or not later(30, HOUR):
        return
    threads.assign(workspace, one, helper, helper, at)
    if not later(300, 9 * HOUR):
        return
    threads.admin_reply(workspace, one, helper, answer, at)
    if dice.random() < 0.3 and later(60, 600):
        threads.note(workspace, one, helper, dice.choice(NOTES), at)
    if dice.random() < 0.7 and later(900, DAY):
        threads.contact_reply(workspace, one, person, dice.choice(FOLLOW_UPS), at)
        if dice.random() < 0.7 and later(600, 6 * HOUR):
            threads.admin_reply(workspace, one, helper, "Happy to help. Anything else?", at)
    fate = dice.random()
    if not later(600, DAY):
        return
    if fate < 0.12:
        threads.snooze(workspace, one, helper, at, now + dice.randint(1, 5) * DAY)
    elif fate < 0.85:
        threads.close(workspace, one, helper, at)
        if dice.random() < 0.5 and later(60, 5 * HOUR):
            rating, remark = dice.choice(REMARKS)
            threads.rate(workspace, one, rating, remark, at)


def _ticket(workspace: Workspace, dice: random.Random, number: int, person: Json) -> None:
    subject, body, answer, team_name, _ = THEMES[number % len(THEMES)]
    kinds = list(workspace.ticket_types.values())
    now = workspace.now()
    at = now - dice.randint(2 * HOUR, 30 * DAY)
    attributes = {"_default_title_": subject, "_default_description_": body}
    one = new_ticket(workspace, kinds[number % len(kinds)], [person], attributes, at)
    team = next(team for team in workspace.teams.values() if team["name"] == team_name)
    helper = workspace.admins[str(dice.choice(team["admin_ids"]))]
    category = ("submitted", "in_progress", "waiting_on_customer", "resolved")[number % 4]
    if category == "submitted":
        return
    one.update(admin_assignee_id=helper["id"], team_assignee_id=team["id"])
    later = min(now - 60, at + dice.randint(600, DAY))
    add_part(workspace, one, "comment", helper, later, body=f"<p>{answer}</p>")
    one["ticket_state"] = state(category)
    one["open"] = category != "resolved"
    add_part(
        workspace,
        one,
        "ticket_state_updated_by_admin",
        helper,
        later,
        previous_ticket_state="submitted",
    )
