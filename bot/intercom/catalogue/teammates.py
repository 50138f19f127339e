"""Teammates, their teams, and what they did in the workspace's administration."""

from bot.intercom.catalogue.areas import ACTIVITY_LOG, TEAMMATES
from bot.intercom.catalogue.common import listed
from bot.intercom.catalogue.declaration import ByValue, Field, Named, Rule, Tool, is_not
from bot.intercom.verification import workspace as verified

TEAMMATE = Field(
    path="admin_id", label="Teammate", kind="object_id", names="admin", told="headline"
)

TOOLS = (
    Tool(
        name="identify_admin",
        area=TEAMMATES,
        effect="read",
        title="Check who you are in Intercom",
        outcome=Named(("name", "email"), "Found"),
    ),
    Tool(
        name="list_admins",
        area=TEAMMATES,
        effect="read",
        title="List teammates",
        outcome=listed("teammate", "", "admins"),
        fields=(Field(path="display_avatar", label="With pictures", kind="flag"),),
        loaded=True,
    ),
    Tool(
        name="retrieve_admin",
        area=TEAMMATES,
        effect="read",
        title="Look up a teammate",
        outcome=Named(("name", "email"), "Found"),
        fields=(TEAMMATE,),
    ),
    Tool(
        name="list_teams",
        area=TEAMMATES,
        effect="read",
        title="List teams",
        outcome=listed("team", "", "teams"),
        loaded=True,
    ),
    Tool(
        name="retrieve_team",
        area=TEAMMATES,
        effect="read",
        title="Look up a team",
        outcome=Named(("name",), "Found"),
        fields=(
            Field(path="team_id", label="Team", kind="object_id", names="team", told="headline"),
        ),
    ),
    Tool(
        name="set_away_admin",
        area=TEAMMATES,
        effect="write",
        title="Set a teammate's away mode",
        headline=ByValue(
            "away_mode_enabled",
            {"true": "Set {admin_id} to away", "false": "Set {admin_id} to available"},
            "Set the away mode of {admin_id}",
        ),
        outcome=Named(("name",), "Done"),
        fields=(
            TEAMMATE,
            Field(path="away_mode_enabled", label="Away", kind="flag"),
            Field(path="away_mode_reassign", label="New replies are reassigned", kind="flag"),
        ),
        # "Assign any new conversation replies to your default inbox", Intercom's description says.
        rules=(
            Rule(
                "destructive",
                "Replies in this teammate's conversations go to the default inbox.",
                is_not("away_mode_reassign", False),
            ),
        ),
        changes="admin_id",
        verification=verified.set_away,
    ),
    Tool(
        name="list_activity_logs",
        area=ACTIVITY_LOG,
        effect="read",
        title="Read the activity log",
        outcome=listed("entry", "entries", "activity_logs"),
        fields=(
            Field(path="created_at_after", label="From", kind="moment"),
            Field(path="created_at_before", label="Until", kind="moment"),
        ),
    ),
)
