"""`bot demo`: the sandbox, the bot's own processes, and a page to use them in."""

from bot.sandbox.demo.run import run_demo

__all__ = ["run_demo"]
