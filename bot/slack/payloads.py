"""What Slack sends, as far as the bot reads it: every payload is parsed here, at the door."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from bot.base_model import BaseModel

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""An id or a ts of Slack's. They become parts of keys, which are joined by colons."""
MaybeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")]
Text = Annotated[str, AfterValidator(lambda text: text.encode(errors="replace").decode())]
"""Any text, with a question mark for half a character, which JSON can carry and UTF-8 cannot."""

PEOPLE_S_SUBTYPES = (None, "file_share", "thread_broadcast")
"""A `message` of any other subtype is an edit, a join, a bot or another system message."""


class MessageEvent(BaseModel):
    """`message` and `app_mention`."""

    type: str
    channel: Id
    ts: Id
    user: Id | None = None
    text: Text = ""
    thread_ts: Id | None = None
    channel_type: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    user_team: MaybeId | None = None
    """The author's own workspace or organization. Slack sends it in Slack Connect only, and not
    always: without it the author may be anybody."""

    @property
    def is_direct(self) -> bool:
        return self.channel_type == "im"

    @property
    def is_by_a_person(self) -> bool:
        return self.bot_id is None and self.user is not None and self.subtype in PEOPLE_S_SUBTYPES


class HomeOpenedEvent(BaseModel):
    """`app_home_opened`."""

    user: Id
    channel: Id
    tab: str = "home"


class StoppedEvent(BaseModel):
    """`agent_session_stopped`: somebody pressed the native Stop button."""

    channel: Id
    thread_ts: Id
    user: Id


class ChangedUser(BaseModel):
    id: Id
    deleted: bool = False


class UserChangeEvent(BaseModel):
    """`user_change`."""

    user: ChangedUser


class RevokedTokens(BaseModel):
    """Whose tokens they were: people's, and the bot's own."""

    oauth: list[Id] = []
    bot: list[Id] = []


class TokensRevokedEvent(BaseModel):
    """`tokens_revoked`."""

    tokens: RevokedTokens


class Authorization(BaseModel):
    """An installation of the app that sees the event."""

    team_id: Id | None = None
    enterprise_id: Id | None = None
    user_id: Id | None = None
    is_bot: bool = False


class Installation(NamedTuple):
    """Where the app is installed that an event is for."""

    team_id: str
    enterprise_id: str | None
    bot_user_id: str | None
    """None where the event does not name the bot."""


class Contradiction(ValueError):
    """A payload names different installations, so nobody knows whom it is for."""


class Envelope(BaseModel):
    """What is around an event.

    Its own `team_id` and `enterprise_id` are not those of the installation: for a channel of Slack
    Connect they are the partner's, where the channel is hosted there or the author is from there
    (bolt-python's request parsing and its fixtures; slackapi/java-slack-sdk#629).
    """

    event_id: Id
    team_id: Id | None = None
    context_team_id: Id | None = None
    context_enterprise_id: Id | None = None
    is_ext_shared_channel: bool = False
    """People of other organizations read there (Slack Connect)."""
    authorizations: list[Authorization] = []

    @property
    def installation(self) -> Installation:
        """Raises Contradiction, also where nothing names an installation."""
        if not self.authorizations:
            if self.context_team_id is None:
                raise Contradiction("no installation is named")
            return Installation(self.context_team_id, self.context_enterprise_id, None)
        first = self.authorizations[0]
        team_id = first.team_id or self.context_team_id
        if team_id is None or self.context_team_id not in (None, team_id):
            raise Contradiction("the teams disagree")
        if self.context_enterprise_id not in (None, first.enterprise_id):
            raise Contradiction("the enterprises disagree")
        bots = (item.user_id for item in self.authorizations if item.is_bot and item.user_id)
        return Installation(team_id, first.enterprise_id, next(bots, None))

    @property
    def left_team_id(self) -> str:
        """The workspace that the app is gone from: those events come without authorizations, since
        there are none any more (the fixtures of Slack's SDKs). Raises Contradiction."""
        if self.authorizations or self.context_team_id:
            return self.installation.team_id
        if self.team_id is None:
            raise Contradiction("no team is named")
        return self.team_id


class _Id(BaseModel):
    id: Id


class _InteractingUser(BaseModel):
    id: Id
    team_id: Id | None = None


class _Value(BaseModel):
    value: Text


class Action(BaseModel):
    """One button or choice of a `block_actions` payload."""

    action_id: Text
    value: Text | None = None
    selected_option: _Value | None = None

    @property
    def chosen(self) -> str:
        return (self.selected_option.value if self.selected_option else self.value) or ""


class _Container(BaseModel):
    channel_id: MaybeId = ""
    message_ts: MaybeId = ""
    thread_ts: MaybeId = ""


class _InstalledView(BaseModel):
    app_installed_team_id: Id | None = None


class _Interaction(BaseModel):
    """What somebody did with a message or a modal.

    `team` is where the app is installed for what is pressed in a message, and the user's own
    workspace for what is done in a modal, whose `app_installed_team_id` says where the app is
    (slackapi/bolt-js#1614).
    """

    user: _InteractingUser
    team: _Id | None = None
    enterprise: _Id | None = None
    trigger_id: Id
    view: _InstalledView | None = None

    @property
    def team_id(self) -> str | None:
        """Where the app is installed, as far as the payload says."""
        if self.view and self.view.app_installed_team_id:
            return self.view.app_installed_team_id
        return self.team.id if self.team else None

    @property
    def enterprise_id(self) -> str | None:
        return self.enterprise.id if self.enterprise else None

    @property
    def user_teams(self) -> list[str]:
        """What the payload gives as the user's own workspace."""
        own_team = self.team if self.view else None
        return [id for id in (self.user.team_id, own_team and own_team.id) if id]


class BlockActions(_Interaction):
    """`block_actions`: something was pressed or chosen."""

    response_url: Text | None = None
    container: _Container = _Container()
    actions: list[Action] = Field(min_length=1)


class _Input(BaseModel):
    """What was entered into an element, or chosen, or picked."""

    value: Text | None = None
    selected_option: _Value | None = None
    selected_date_time: int | None = None

    @property
    def entered(self) -> str:
        if self.selected_option:
            return self.selected_option.value
        if self.selected_date_time is not None:
            return str(self.selected_date_time)
        return self.value or ""


class _State(BaseModel):
    values: dict[str, dict[str, _Input]] = {}


class _View(_InstalledView):
    callback_id: Text
    private_metadata: Text = ""
    state: _State = _State()


class ViewSubmission(_Interaction):
    """`view_submission`: a modal was sent."""

    view: _View

    @property
    def entered(self) -> dict[str, str]:
        """What was entered, by block id; the bot's modals have one element to a block."""
        return {
            block_id: next((item.entered for item in inputs.values()), "")
            for block_id, inputs in self.view.state.values.items()
        }


class SlashCommand(BaseModel):
    command: str
    text: Text = ""
    team_id: Id
    enterprise_id: MaybeId | None = None
    user_id: Id
    channel_id: Id
    trigger_id: Id
    response_url: Text
