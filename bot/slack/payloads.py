"""What Slack sends, as far as the bot reads it: every payload is parsed here, at the door."""

from typing import Annotated

from pydantic import AfterValidator, Field

from bot.base_model import BaseModel
from bot.state.models import Owner

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
    user_team: str | None = None
    """The author's own workspace, where that is another one (Slack Connect)."""

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
    user_id: Id
    """The bot's own user."""


class Envelope(BaseModel):
    """What is around an event."""

    event_id: Id
    team_id: Id
    enterprise_id: Text | None = None
    is_ext_shared_channel: bool = False
    """People of other organizations read there (Slack Connect)."""
    authorizations: list[Authorization] = Field(min_length=1)

    @property
    def bot_user_id(self) -> str:
        return self.authorizations[0].user_id


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


class _Interaction(BaseModel):
    user: _InteractingUser
    team: _Id
    enterprise: _Id | None = None
    trigger_id: Id

    @property
    def owner(self) -> Owner:
        """Who did it, as Slack signed it."""
        enterprise_id = self.enterprise.id if self.enterprise else None
        return Owner(team_id=self.team.id, enterprise_id=enterprise_id, user_id=self.user.id)

    @property
    def is_by_a_member(self) -> bool:
        """Not by somebody of another organization, in a shared channel."""
        home = (None, self.team.id, self.enterprise.id if self.enterprise else None)
        return self.user.team_id in home


class BlockActions(_Interaction):
    """`block_actions`: something was pressed or chosen."""

    response_url: Text | None = None
    container: _Container = _Container()
    actions: list[Action] = Field(min_length=1)


class _Input(BaseModel):
    value: Text | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Input]] = {}


class _View(BaseModel):
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
            block_id: next((item.value or "" for item in inputs.values()), "")
            for block_id, inputs in self.view.state.values.items()
        }


class SlashCommand(BaseModel):
    command: str
    text: Text = ""
    team_id: Id
    enterprise_id: Text | None = None
    user_id: Id
    channel_id: Id
    trigger_id: Id
    response_url: Text
