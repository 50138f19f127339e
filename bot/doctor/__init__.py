"""`bot doctor`: are this deployment's credentials and services what the bot needs?"""

from bot.doctor.run import examine, run_doctor

__all__ = ["examine", "run_doctor"]
