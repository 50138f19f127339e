"""Teammates, companies and contacts."""

import random
import unicodedata

from bot.sandbox.intercom.seed import stories
from bot.sandbox.intercom.seed.names import (
    BROWSERS,
    COMPANIES,
    FIRST,
    INDUSTRIES,
    LAST,
    PLACES,
    PLANS,
)
from bot.sandbox.intercom.tools.companies import new_company
from bot.sandbox.intercom.tools.contacts import members, new_contact
from bot.sandbox.intercom.workspace import Json, Workspace, link
from bot.sandbox.people import AISHA, MAYA, TOM

DAY = 86_400
CONTACTS = 240
LENA, DIEGO, YUKI = "8140004", "8140005", "8140006"

# Name, ids of members.
TEAMS = (
    ("Billing", (AISHA.intercom_admin_id, LENA)),
    ("Technical", (TOM.intercom_admin_id, DIEGO)),
    ("Onboarding", (MAYA.intercom_admin_id, YUKI)),
)


def fill(workspace: Workspace, dice: random.Random) -> None:
    _teammates(workspace)
    for number, name in enumerate(COMPANIES):
        _company(workspace, dice, number, name)
    for contact_id, name, email, company, role in stories.PEOPLE:
        person = new_contact(
            workspace, role, workspace.now() - dice.randint(60, 500) * DAY, contact_id
        )
        _describe(workspace, dice, person, name, email, company)
    for _ in range(CONTACTS - len(stories.PEOPLE)):
        _contact(workspace, dice)
    for key, firm in workspace.companies.items():
        firm["user_count"] = members(workspace, key)


def _teammates(workspace: Workspace) -> None:
    people = [(str(one.intercom_admin_id), one.name, one.email, one.title) for one in (MAYA, TOM)]
    people.append((str(AISHA.intercom_admin_id), AISHA.name, AISHA.email, AISHA.title))
    people.append((LENA, "Lena Fischer", "lena@northwind.example", "Billing specialist"))
    people.append((DIEGO, "Diego Romero", "diego@northwind.example", "Support engineer"))
    people.append((YUKI, "Yuki Tanaka", "yuki@northwind.example", "Onboarding specialist"))
    for number, (name, ids) in enumerate(TEAMS):
        key = str(5_017_691 + number)
        workspace.teams[key] = {
            "type": "team",
            "id": key,
            "name": name,
            "admin_ids": [int(str(one)) for one in ids],
            "admin_priority_level": None,
            "assignment_limit": None,
            "distribution_method": "round_robin",
        }
    for key, name, email, title in people:
        teams = [one for one in workspace.teams.values() if int(key) in one["admin_ids"]]
        workspace.admins[key] = {
            "type": "admin",
            "id": key,
            "name": name,
            "email": email,
            "job_title": title,
            "away_mode_enabled": key == DIEGO,
            "away_mode_reassign": False,
            "away_status_reason_id": None,
            "has_inbox_seat": True,
            "team_ids": [int(team["id"]) for team in teams],
            "avatar": None,
        }


def _company(workspace: Workspace, dice: random.Random, number: int, name: str) -> None:
    now = workspace.now()
    since = now - dice.randint(40, 900) * DAY
    one = new_company(workspace, f"acct-{number + 1:04}", since)
    plan = dice.choices(list(PLANS), (2, 4, 5, 3, 1))[0] if number > 2 else "Team"
    one.update(
        name=name,
        plan={"type": "plan", "id": f"plan-{plan.lower()}", "name": plan},
        remote_created_at=since,
        last_request_at=now - dice.randint(60, 20 * DAY),
        size=dice.choice((8, 25, 60, 140, 900)),
        website=f"https://{_slug(name)}.example",
        industry=dice.choice(INDUSTRIES),
        monthly_spend=PLANS[plan],
        session_count=dice.randint(20, 4000),
    )


def _contact(workspace: Workspace, dice: random.Random) -> None:
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    company = dice.choice(COMPANIES)
    role = "lead" if dice.random() < 0.2 else "user"
    taken = {one["email"] for one in workspace.contacts.values()}
    local = ".".join(_slug(word) for word in name.split())
    email = f"{local}@{_slug(company)}.example"
    if email in taken:
        email = f"{local}{len(taken)}@{_slug(company)}.example"
    one = new_contact(workspace, role, workspace.now() - dice.randint(0, 600) * DAY - 600)
    _describe(workspace, dice, one, name, email, company)
    if role == "lead" and dice.random() < 0.3:
        one.update(email="", email_domain="")


def _describe(
    workspace: Workspace, dice: random.Random, one: Json, name: str, email: str, company: str
) -> None:
    country, city = dice.choice(PLACES)
    browser, system = dice.choice(BROWSERS)
    now, since = workspace.now(), one["created_at"]
    seen = max(since, now - int(dice.triangular(60, 60 * DAY, DAY)))
    is_user = one["role"] == "user"
    one.update(
        name=name,
        email=email,
        email_domain=email.partition("@")[2],
        external_id=f"u-{int(one['id'][-8:], 16) % 100_000:05}" if is_user else None,
        phone=f"+46 70 {dice.randint(100, 999)} {dice.randint(1000, 9999)}" if is_user else None,
        signed_up_at=since if is_user else None,
        last_seen_at=seen if is_user or dice.random() < 0.5 else None,
        updated_at=seen,
        browser=browser,
        browser_language="en",
        os=system,
        location={"type": "location", "country": country, "region": None, "city": city},
        custom_attributes={
            "Job title": dice.choice(("Founder", "Operations", "Developer", "Accountant")),
            "Seats": dice.randint(1, 80),
        },
    )
    firm = next(firm for firm in workspace.companies.values() if firm["name"] == company)
    if is_user:
        link(one, "companies", "company", firm["id"])


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())
