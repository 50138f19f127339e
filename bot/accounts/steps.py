"""What is kept between the steps of connecting, each found by the hash of its own random state."""

import secrets
from datetime import UTC, datetime

from pydantic import Field

from bot.base_model import BaseModel
from bot.state.models import PendingConnection


class Browser(BaseModel):
    """The browser in which somebody connects, as its cookie tells it from all others.

    A new secret takes the place of the first one when somebody signs in, so that a cookie which
    somebody else planted before is worth nothing afterwards. One who signs in again keeps it: two
    tabs are one browser.
    """

    began: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    """Drawn when it first opened a link."""
    signed_in: str = ""
    """Drawn when somebody signed in."""
    who: str = ""
    """That teammate's identifier."""

    def after_sign_in(self, identifier: str) -> "Browser":
        if self.who == identifier:
            return self
        return Browser(began=self.began, signed_in=secrets.token_urlsafe(32), who=identifier)


class Step(BaseModel):
    """What every step knows: whose link it belongs to, so that it can begin again."""

    link: str
    """The link's own state. It opens nothing but the sign-in of the one it was made for."""
    connection: PendingConnection


class PendingSignIn(Step):
    """A browser that is at Slack's sign-in."""

    nonce: str
    began: str
    """The browser that it has to be."""


class PendingConsent(Step):
    """A browser that is at Intercom's consent, its teammate known."""

    signed_in: str
    """The browser that it has to be."""
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        return datetime.now(UTC) >= self.expires_at


class PendingDoubt(Step):
    """A page that says whose Intercom was connected, and can take it back."""

    signed_in: str
    """The browser that it has to be."""
    since: str
    """Which connection it is: when it was made."""
