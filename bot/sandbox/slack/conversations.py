"""conversations.*, users.*, auth.test and team.info."""

from collections.abc import Callable
from typing import Any

from bot.sandbox.people import (
    OTHER_ENTERPRISE_ID,
    OTHER_TEAM_ID,
    TEAM_ID,
    TEAM_NAME,
    Person,
)
from bot.sandbox.slack.api import READ_SCOPES, Api
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    OTHER_BOT_USER_ID,
    Channel,
    ChannelType,
    Message,
    Workspace,
)

Json = dict[str, Any]

LISTED_AS: dict[str, ChannelType] = {
    "public_channel": "channel",
    "private_channel": "group",
    "im": "im",
    "mpim": "mpim",
}
"""The words of `conversations.list` for each kind of channel."""
BOTS = {BOT_USER_ID: BOT_NAME, OTHER_BOT_USER_ID: "Deploy Bot"}


class Conversations:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._workspace = api.workspace

    def methods(self) -> dict[str, Method]:
        page: dict[str, type] = {"channel": str, "cursor": str, "limit": int}
        history = {
            **page,
            "inclusive": bool,
            "include_all_metadata": bool,
            "latest": str,
            "oldest": str,
        }
        info: dict[str, type] = {
            "channel": str,
            "include_locale": bool,
            "include_num_members": bool,
        }
        opening: dict[str, type] = {"channel": str, "return_im": bool, "users": str}
        user: dict[str, type] = {"user": str, "include_locale": bool}
        team: dict[str, type] = {
            "team": str,
            "domain": str,
            "include_slackbot_availability": bool,
        }
        one = ("channel",)
        return {
            "auth.test": Method(self._auth_test, {}, (), (), 600),
            "team.info": Method(self._team_info, team, (), ("team:read",)),
            "users.info": Method(self._user_info, user, ("user",), ("users:read",), 100),
            "conversations.open": Method(self._open, opening, (), ("im:write",)),
            "conversations.info": Method(self._info, info, one),
            "conversations.list": Method(
                self._list,
                {"cursor": str, "exclude_archived": bool, "limit": int, "types": str},
                (),
                tuple(READ_SCOPES.values()),
                20,
            ),
            "conversations.join": Method(self._join, {"channel": str}, one, ("channels:join",)),
            "conversations.members": Method(self._members, page, one, (), 100),
            "conversations.history": Method(self._history, history, one),
            "conversations.replies": Method(
                self._replies, {**history, "ts": str}, ("channel", "ts")
            ),
        }

    def _auth_test(self, args: Json) -> Json:
        return {
            "url": f"{self._api.url}/",
            "team": TEAM_NAME,
            "user": "intercom_agent",
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _team_info(self, args: Json) -> Json:
        if args.get("team", TEAM_ID) != TEAM_ID:
            raise SlackError("team_not_found")
        return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": "northwind-support"}}

    def _user_info(self, args: Json) -> Json:
        user_id = args["user"]
        if user_id in BOTS:
            name = BOTS[user_id]
            return {
                "user": {
                    "id": user_id,
                    "team_id": TEAM_ID,
                    "name": name.lower().replace(" ", "_"),
                    "real_name": name,
                    "is_bot": True,
                    "deleted": False,
                    "profile": {"real_name": name, "display_name": name, "api_app_id": APP_ID},
                }
            }
        person = self._workspace.people.get(user_id)
        if person is None:
            raise SlackError("user_not_found")
        return {"user": user_object(person, self._workspace, self._api.scopes.granted)}

    def _open(self, args: Json) -> Json:
        if args.get("channel"):
            return {"channel": {"id": self._api.channel(args["channel"]).id}}
        users = [user for user in args.get("users", "").split(",") if user]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > 8:
            raise SlackError("too_many_users")
        if len(users) > 1:
            self._api.scopes.need("mpim:write")
            raise invalid_arguments("group DMs are not part of the sandbox", "/users")
        if users[0] in BOTS:
            raise SlackError("cannot_dm_bot")
        existed = f"D{users[0][1:]}" in self._workspace.channels
        dm = self._api.reachable_dm(users[0])
        answer: Json = {"channel": {"id": dm.id}}
        if existed:
            answer |= {"no_op": True, "already_open": True}
        if args.get("return_im"):
            answer["channel"] = self._channel_object(dm)
        return answer

    def _info(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        self._api.scopes.need(READ_SCOPES[channel.type])
        shown = self._channel_object(channel)
        if args.get("include_num_members"):
            shown["num_members"] = len(channel.members)
        return {"channel": shown}

    def _list(self, args: Json) -> Json:
        """Each kind that is asked for needs its own scope; private ones show where the bot is."""
        asked = [one for one in args.get("types", "public_channel").split(",") if one]
        if unknown := [one for one in asked if one not in LISTED_AS]:
            raise SlackError("invalid_types", types=unknown)
        kinds = [LISTED_AS[one] for one in asked]
        for kind in kinds:
            self._api.scopes.need(READ_SCOPES[kind])
        found = [
            channel
            for channel in self._workspace.channels.values()
            if channel.type in kinds
            and (channel.type == "channel" or channel.has_bot)
            and not (channel.archived and args.get("exclude_archived"))
        ]
        page, cursor = _page(found, args, lambda channel: True)
        shown = [self._channel_object(channel) for channel in page]
        return {"channels": shown, "response_metadata": {"next_cursor": cursor}}

    def _join(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        if channel.archived:
            raise SlackError("is_archived")
        if channel.type != "channel":
            raise SlackError("method_not_supported_for_channel_type")
        channel.members.add(BOT_USER_ID)
        return {"channel": self._channel_object(channel)}

    def _members(self, args: Json) -> Json:
        channel = self._api.channel(args["channel"])
        self._api.scopes.need(READ_SCOPES[channel.type])
        members, cursor = _page(sorted(channel.members), args, lambda member: True)
        return {"members": members, "response_metadata": {"next_cursor": cursor}}

    def _history(self, args: Json) -> Json:
        channel = self._api.readable(args["channel"])
        roots = [m for m in self._workspace.messages(channel.id) if m.thread_ts in (None, m.ts)]
        newest_first = list(reversed(roots))
        found, cursor = _page(newest_first, args, _between(args))
        return self._shown(channel, found, cursor)

    def _replies(self, args: Json) -> Json:
        channel = self._api.readable(args["channel"])
        thread = self._workspace.thread(channel.id, args["ts"])
        if not thread:
            raise SlackError("thread_not_found")
        found, cursor = _page(thread, args, _between(args))
        return self._shown(channel, found, cursor)

    def _shown(self, channel: Channel, messages: list[Message], cursor: str) -> Json:
        shown = []
        for message in messages:
            one = self._api.events.shown(message)
            replies = self._workspace.thread(channel.id, message.ts)[1:]
            if replies and message.thread_ts in (None, message.ts):
                one |= {
                    "thread_ts": message.ts,
                    "reply_count": len(replies),
                    "reply_users": sorted({reply.user for reply in replies}),
                    "latest_reply": replies[-1].ts,
                }
            shown.append(one)
        return {
            "messages": shown,
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }

    def _channel_object(self, channel: Channel) -> Json:
        shown: Json = {
            "id": channel.id,
            "is_channel": channel.type == "channel",
            "is_group": channel.type == "group",
            "is_im": channel.type == "im",
            "is_private": channel.type != "channel",
            "is_archived": channel.archived,
            "is_mpim": channel.type == "mpim",
            "is_ext_shared": channel.shared,
            "is_pending_ext_shared": channel.pending,
            "is_org_shared": channel.org_shared,
            "is_shared": channel.shared or channel.org_shared,
            "conversation_host_id": channel.host,
            "context_team_id": TEAM_ID,
        }
        if channel.type == "im":
            shown["user"] = next(iter(channel.members - {BOT_USER_ID}))
        else:
            shown |= {
                "name": channel.name,
                "name_normalized": channel.name,
                "is_member": channel.has_bot,
                "shared_team_ids": [TEAM_ID] + ([OTHER_TEAM_ID] if channel.shared else []),
            }
        return shown


def user_object(person: Person, workspace: Workspace, scopes: list[str]) -> Json:
    """The user as Slack shows it to the bot. For somebody of another workspace `team_id` is that
    one; `is_stranger` is only set where no channel is shared with them (Slack's user object)."""
    profile = {
        "real_name": person.name,
        "display_name": person.name.split()[0],
        "first_name": person.name.split()[0],
        "title": person.title,
        "team": person.slack_team_id,
    }
    is_foreign = person.slack_team_id != TEAM_ID
    if "users:read.email" in scopes and not is_foreign:
        profile["email"] = person.email
    shown: Json = {
        "id": person.slack_user_id,
        "team_id": person.slack_team_id,
        "name": person.email.split("@")[0],
        "real_name": person.name,
        "deleted": person.slack_user_id in workspace.deactivated,
        "tz": person.time_zone,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": person.slack_user_id in workspace.guests,
        "is_ultra_restricted": (workspace.guests.get(person.slack_user_id) == "ultra_restricted"),
        "profile": profile,
    }
    if is_foreign:
        shown["enterprise_user"] = {
            "id": person.slack_user_id,
            "enterprise_id": OTHER_ENTERPRISE_ID,
            "teams": [person.slack_team_id],
        }
        if not workspace.shares_channel(person.slack_user_id):
            shown["is_stranger"] = True
    return shown


def _between(args: Json) -> Callable[[Message], bool]:
    oldest, latest = args.get("oldest"), args.get("latest")
    inclusive = args.get("inclusive", False)

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        if inclusive and message.ts in (oldest, latest):
            return True
        return (not oldest or ts > float(oldest)) and (not latest or ts < float(latest))

    return inside


def _page(items: list[Any], args: Json, keep: Callable[[Any], bool]) -> tuple[list[Any], str]:
    kept = [item for item in items if keep(item)]
    limit = args.get("limit", 100)
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    cursor = args.get("cursor") or "0"
    if not cursor.isdigit():
        raise SlackError("invalid_cursor")
    end = int(cursor) + limit
    return kept[int(cursor) : end], str(end) if end < len(kept) else ""
