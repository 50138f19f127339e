"""The people of the sandbox: who they are in Slack, and which Intercom admin is theirs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    slack_user_id: str
    slack_team_id: str
    name: str
    email: str
    time_zone: str
    title: str
    intercom_admin_id: str | None
    """None: has no seat in the Intercom workspace."""


TEAM_ID = "T0SUPPORT1"
TEAM_NAME = "Northwind Support"
OTHER_TEAM_ID = "T0PARTNER1"
OTHER_TEAM_NAME = "Contoso"
OTHER_ENTERPRISE_ID = "E0CONTOSO1"
"""Contoso is large: it has Enterprise Grid."""

MAYA = Person(
    "U0MAYA0001",
    TEAM_ID,
    "Maya Lindqvist",
    "maya@northwind.example",
    "Europe/Stockholm",
    "Support lead",
    "8140001",
)
TOM = Person(
    "U0TOM00001",
    TEAM_ID,
    "Tom Okafor",
    "tom@northwind.example",
    "Europe/London",
    "Support engineer",
    "8140002",
)
AISHA = Person(
    "U0AISHA001",
    TEAM_ID,
    "Aisha Rahman",
    "aisha@northwind.example",
    "America/New_York",
    "Billing specialist",
    "8140003",
)
JONAS = Person(
    "U0JONAS001",
    TEAM_ID,
    "Jonas Weber",
    "jonas@northwind.example",
    "Europe/Berlin",
    "Product manager",
    None,
)
PETRA = Person(
    "U0PETRA001",
    OTHER_TEAM_ID,
    "Petra Novak",
    "petra@contoso.example",
    "Europe/Prague",
    "Guest from Contoso, through Slack Connect",
    None,
)

PEOPLE = (MAYA, TOM, AISHA, JONAS, PETRA)
