"""`bot doctor --live`: once through everything that the bot asks of the real services, and that
a stand-in can only imitate."""

from bot.doctor.live.run import run_live

__all__ = ["run_live"]
