"""views.*: modals and the App Home."""

from typing import Any

from bot.sandbox.people import TEAM_ID
from bot.sandbox.slack.api import Api
from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.checks import boolean, choice, mapping, record, string
from bot.sandbox.slack.elements import plain
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.rules import Method
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, View, Workspace

Json = dict[str, Any]

TRIGGER_LIFETIME = 3.0
MOST_STACKED = 3

_shape = record(
    {"type": choice("modal", "home"), "blocks": lambda value, at, problems: None},
    {
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "callback_id": string(255, 0),
        "private_metadata": string(3000, 0),
        "external_id": string(255, 0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
        "state": mapping,
    },
)


class Triggers:
    """Trigger ids: each opens one view, within three seconds."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._made: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def new(self, user_id: str) -> str:
        trigger_id = self._workspace.next_id("trigger.")
        self._made[trigger_id] = (user_id, self._workspace.now())
        return trigger_id

    def use(self, trigger_id: str) -> str:
        """Whose it is. Raises invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        if trigger_id not in self._made:
            raise SlackError("invalid_trigger_id")
        if trigger_id in self._used:
            raise SlackError("exchanged_trigger_id")
        user_id, made = self._made[trigger_id]
        if self._workspace.now() - made > TRIGGER_LIFETIME:
            raise SlackError("expired_trigger_id")
        self._used.add(trigger_id)
        return user_id


class Views:
    def __init__(self, api: Api, triggers: Triggers) -> None:
        self._api = api
        self._workspace = api.workspace
        self._triggers = triggers
        self._home_enabled = (
            api.manifest.get("features", {}).get("app_home", {}).get("home_tab_enabled", False)
        )

    def methods(self) -> dict[str, Method]:
        opening: dict[str, type] = {"trigger_id": str, "interactivity_pointer": str, "view": dict}
        update: dict[str, type] = {
            "view": dict,
            "external_id": str,
            "view_id": str,
            "hash": str,
        }
        publish: dict[str, type] = {"user_id": str, "view": dict, "hash": str}
        return {
            "views.open": Method(self._open, opening, ("trigger_id", "view"), (), 100),
            "views.push": Method(self._push, opening, ("trigger_id", "view"), (), 100),
            "views.update": Method(self._update, update, ("view",), (), 100),
            "views.publish": Method(self._publish, publish, ("user_id", "view"), (), 100),
        }

    def _open(self, args: Json) -> Json:
        view = check_view(args["view"], "modal")
        user_id = self._triggers.use(args["trigger_id"])
        return {"view": view_object(self.show(user_id, view, None))}

    def _push(self, args: Json) -> Json:
        view = check_view(args["view"], "modal")
        user_id = self._triggers.use(args["trigger_id"])
        stack = [v for v in self._workspace.views.values() if v.user == user_id]
        if not stack:
            raise SlackError("invalid_trigger_id")
        if len(stack) >= MOST_STACKED:
            raise SlackError("push_limit_reached")
        return {"view": view_object(self.show(user_id, view, stack[-1]))}

    def _update(self, args: Json) -> Json:
        view = check_view(args["view"], "modal")
        shown = self._find(args)
        if args.get("hash") not in (None, shown.hash):
            raise SlackError("hash_conflict")
        self.replace(shown, view)
        return {"view": view_object(shown)}

    def _publish(self, args: Json) -> Json:
        if not self._home_enabled:
            raise SlackError("not_enabled")
        view = check_view(args["view"], "home")
        user_id = args["user_id"]
        self._api.check_user_id(user_id, "/user_id")
        if user_id not in self._workspace.people:
            raise SlackError("user_not_found")
        home = self._workspace.homes.get(user_id)
        if home is None:
            view_id = self._workspace.next_id("V")
            home = View(view_id, user_id, view, self._hash(), view_id)
            self._workspace.homes[user_id] = home
        elif args.get("hash") not in (None, home.hash):
            raise SlackError("hash_conflict")
        else:
            self.replace(home, view)
        return {"view": view_object(home)}

    def show(self, user_id: str, view: Json, over: View | None) -> View:
        """Puts a modal before a person, on top of another if there is one."""
        view_id = self._workspace.next_id("V")
        root, previous = (over.root, over.id) if over else (view_id, None)
        shown = View(view_id, user_id, view, self._hash(), root, previous)
        self._workspace.views[view_id] = shown
        return shown

    def replace(self, shown: View, view: Json) -> None:
        shown.view, shown.hash, shown.errors = view, self._hash(), {}

    def _find(self, args: Json) -> View:
        shown = self._workspace.views.get(args.get("view_id", ""))
        if shown is None and args.get("external_id"):
            wanted = args["external_id"]
            for view in self._workspace.views.values():
                if view.view.get("external_id") == wanted:
                    shown = view
        if shown is None:
            raise SlackError("not_found")
        return shown

    def _hash(self) -> str:
        return self._workspace.next_ts() + ".hash"


def check_view(view: Json, kind: str) -> Json:
    """The view with its blocks' ids filled in. Raises invalid_arguments."""
    problems: list[str] = []
    _shape(view, "/view", problems)
    if not problems:
        if view["type"] != kind:
            problems.append(f"must be one of {kind} [json-pointer:/view/type]")
        if kind == "modal" and "title" not in view:
            problems.append("missing required field: title [json-pointer:/view]")
        if kind == "home" and {"title", "submit", "close"} & set(view):
            problems.append("no more fields allowed [json-pointer:/view]")
        if not isinstance(view["blocks"], list):
            problems.append("must be an array [json-pointer:/view/blocks]")
        elif kind == "modal" and "submit" not in view and _has_input(view["blocks"]):
            problems.append("missing required field: submit [json-pointer:/view]")
    if problems:
        raise SlackError("invalid_arguments", *problems)
    try:
        blocks = check_blocks(view["blocks"], "modal" if kind == "modal" else "home")
    except SlackError as error:
        raise SlackError("invalid_arguments", **error.extra) from error
    return {**view, "blocks": blocks}


def _has_input(blocks: list[Any]) -> bool:
    return any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)


def view_object(view: View) -> Json:
    """The view as payloads and answers carry it."""
    defaults: Json = {
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        "state": {"values": {}},
    }
    return {
        **defaults,
        **view.view,
        "id": view.id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
    }
