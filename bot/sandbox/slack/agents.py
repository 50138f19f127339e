"""What the agent's pane shows: status, title, suggested prompts, and the session's state.

Suggested prompts that belong to no thread are the manifest's: with `agent_view`,
`assistant.threads.setSuggestedPrompts` without a `thread_ts` answers `internal_error`
(openclaw#136510, seen in three workspaces). Free-text status and `setTitle` are said to end with
`assistant_view` in February 2027; `agents.sessions.*` stay.
"""

from typing import Any

from bot.sandbox.slack.api import Api
from bot.sandbox.slack.checks import array, record, string
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.streams import SESSION_STATUSES
from bot.sandbox.slack.workspace import Session

Json = dict[str, Any]

STATUS_LIFETIME = 120.0
_prompts = array(record({"title": string(300), "message": string(4000)}, {}), 4)


class Agents:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._workspace = api.workspace
        features = api.manifest.get("features", {})
        self._is_agent = "agent_view" in features or "assistant_view" in features

    def methods(self) -> dict[str, Method]:
        place: dict[str, type] = {"channel_id": str, "thread_ts": str}
        look: dict[str, type] = {"icon_emoji": str, "icon_url": str, "username": str}
        both = ("channel_id", "thread_ts")
        assistant = ("assistant:write",)
        status = {**place, **look, "status": str, "loading_messages": list}
        prompts = {**place, "title": str, "prompts": list}
        lifecycle = {**place, **look, "status": str, "title": str, "initiator_user_id": str}
        return {
            "assistant.threads.setStatus": Method(
                self._set_status, status, both, ("assistant:write", "chat:write"), 600
            ),
            "assistant.threads.setTitle": Method(
                self._set_title, {**place, "title": str}, (*both, "title"), assistant
            ),
            "assistant.threads.setSuggestedPrompts": Method(
                self._set_prompts, prompts, ("channel_id", "prompts"), assistant
            ),
            "agents.sessions.setStatus": Method(
                self._set_lifecycle, lifecycle, ("channel_id", "status"), ("chat:write",)
            ),
            "agents.sessions.rename": Method(
                self._rename, {**place, "title": str}, ("channel_id", "title"), ("chat:write",)
            ),
        }

    def _set_status(self, args: Json) -> Json:
        if "status" not in args:
            raise invalid_arguments("missing required field: status", "")
        loading = args.get("loading_messages", [])
        problems: list[str] = []
        array(string(300), 10, 0)(loading, "/loading_messages", problems)
        if problems:
            raise SlackError("invalid_arguments", *problems)
        session = self._session(args)
        session.status, session.loading_messages = args["status"], loading
        session.status_at = self._workspace.now()
        return {}

    def _set_title(self, args: Json) -> Json:
        self._session(args).title = args["title"]
        return {}

    def _set_prompts(self, args: Json) -> Json:
        if "agent_view" in self._api.manifest.get("features", {}) and not args.get("thread_ts"):
            raise SlackError("internal_error")
        problems: list[str] = []
        _prompts(args["prompts"], "/prompts", problems)
        if problems:
            raise SlackError("invalid_arguments", *problems)
        session = self._session(args)
        session.prompts, session.prompts_title = args["prompts"], args.get("title")
        return {}

    def _set_lifecycle(self, args: Json) -> Json:
        if args["status"] not in SESSION_STATUSES:
            raise invalid_arguments(f"must be one of {', '.join(SESSION_STATUSES)}", "/status")
        if not args.get("thread_ts"):
            raise invalid_arguments("missing required field: thread_ts", "")
        if len(args.get("title", "")) > 200:
            raise invalid_arguments("must be less than 201 characters", "/title")
        initiator = args.get("initiator_user_id")
        if initiator:
            self._api.check_user_id(initiator, "/initiator_user_id")
            if initiator not in self._api.writable(args["channel_id"]).members:
                raise SlackError("user_not_in_channel")
        session = self._session(args)
        if session.lifecycle is None:
            session.initiator = initiator
            session.title = args.get("title") or session.title
        session.lifecycle = args["status"]
        answer = {"status": session.lifecycle, "title": session.title or ""}
        stoppable = "agent_session_stopped" in self._api.events.subscribed
        if args["status"] == "processing" and not stoppable:
            answer["warning"] = "missing_agent_session_stopped_event_subscription"
        return answer

    def _rename(self, args: Json) -> Json:
        session = self._session(args)
        if session.lifecycle is None:
            raise SlackError("session_not_found")
        session.title = args["title"]
        return {"title": session.title}

    def _session(self, args: Json) -> Session:
        if not self._is_agent:
            raise SlackError("app_not_agent")
        channel = self._api.writable(args["channel_id"])
        ts = self._api.thread_ts(channel, args.get("thread_ts"), "thread_not_found")
        return self._workspace.session(channel.id, ts or "")
