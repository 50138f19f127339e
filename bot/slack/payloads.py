"""What Slack sends, as far as the bot reads it: every payload is parsed here, at the door."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""An id or a ts of Slack's. They become parts of keys, which are joined by colons."""
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


class Authorization(BaseModel):
    user_id: Id
    """The bot's own user."""


class Envelope(BaseModel):
    """What is around an event."""

    event_id: Id
    team_id: Id
    enterprise_id: Text | None = None
    authorizations: list[Authorization] = Field(min_length=1)

    @property
    def bot_user_id(self) -> str:
        return self.authorizations[0].user_id


class SlashCommand(BaseModel):
    command: str
    text: Text = ""
    team_id: Id
    enterprise_id: Text | None = None
    user_id: Id
    channel_id: Id
    trigger_id: Id
    response_url: Text
