"""One run's place in Slack: the live message that shows its work and its answer, and the cards
that ask."""

from bot.slack.thread.refusals import SlackDown
from bot.slack.thread.thread import SlackThread

__all__ = ["SlackDown", "SlackThread"]
