"""How Slack says no to what a thread is to show."""

from bot.agent.work import Trouble


class SlackDown(Trouble):
    """Slack takes nothing right now."""

    def __init__(self) -> None:
        super().__init__("Slack does not take my messages right now.")


class Refused(Exception):
    """The thread takes nothing from us any more: it is archived, closed or gone."""


class StreamingRefused(Exception):
    """Slack takes no stream there; what it did not take is to be shown in another way."""
