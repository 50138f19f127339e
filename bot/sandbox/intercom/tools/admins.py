"""Teammates, teams and what they did."""

from bot.sandbox.intercom.calls import Call, tool
from bot.sandbox.intercom.workspace import WORKSPACE_ID, WORKSPACE_NAME, Json, admin, bad, found


@tool
def identify_admin(call: Call, given: Json) -> Json:
    me = admin(call.workspace, call.admin_id)
    return {
        **me,
        "email_verified": True,
        "avatar": {"type": "avatar", "image_url": me["avatar"]},
        "app": {
            "type": "app",
            "id_code": WORKSPACE_ID,
            "name": WORKSPACE_NAME,
            "region": "US",
            "timezone": "Etc/UTC",
            "created_at": call.now - 900 * 86_400,
            "identity_verification": True,
        },
    }


@tool
def list_admins(call: Call, given: Json) -> Json:
    admins = list(call.workspace.admins.values())
    if given.get("display_avatar"):
        admins = [
            {**one, "avatar": {"type": "avatar", "image_url": one["avatar"]}} for one in admins
        ]
    return {"type": "admin.list", "admins": admins}


@tool
def retrieve_admin(call: Call, given: Json) -> Json:
    return admin(call.workspace, given["admin_id"])


@tool
def set_away_admin(call: Call, given: Json) -> Json:
    one = admin(call.workspace, given["admin_id"])
    one.update(
        away_mode_enabled=given["away_mode_enabled"],
        away_mode_reassign=given["away_mode_reassign"],
    )
    doer = admin(call.workspace, call.admin_id)
    call.workspace.activity_logs.append(
        {
            "id": call.workspace.new_id("activity_log", 5_200_001),
            "performed_by": {
                "type": "admin",
                "id": doer["id"],
                "email": doer["email"],
                "ip": "192.0.2.10",
            },
            "metadata": {
                "away_mode": given["away_mode_enabled"],
                "reassign_conversations": given["away_mode_reassign"],
                "update_by": int(doer["id"]),
                "update_by_name": doer["name"],
            },
            "created_at": call.now,
            "activity_type": "admin_away_mode_change",
            "activity_description": f"{doer['name']} changed {one['name']}'s away mode",
        }
    )
    state = "away" if one["away_mode_enabled"] else "available"
    call.changed("admin", one["id"], f"Set {one['name']} to {state}")
    return one


@tool
def list_teams(call: Call, given: Json) -> Json:
    return {"type": "team.list", "teams": list(call.workspace.teams.values())}


@tool
def retrieve_team(call: Call, given: Json) -> Json:
    return found(call.workspace.teams, given["team_id"], "Team not found", "team_not_found")


@tool
def list_activity_logs(call: Call, given: Json) -> Json:
    after = _moment(given, "created_at_after", 0)
    before = _moment(given, "created_at_before", call.now)
    logs = [log for log in call.workspace.activity_logs if after <= log["created_at"] <= before]
    return {
        "type": "activity_log.list",
        "pages": {"type": "pages", "next": None, "page": 1, "per_page": 20, "total_pages": 1},
        "activity_logs": sorted(logs, key=lambda log: -int(log["created_at"])),
    }


def _moment(given: Json, key: str, default: int) -> int:
    value = given.get(key, default)
    if isinstance(value, int):
        return value
    if not str(value).isdigit():
        raise bad(f"{key} must be a Unix time in seconds")
    return int(value)
