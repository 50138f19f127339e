"""Bodies as people read them, under the name by which older callers know them."""

from bot.intercom.html import html_of, text_of

__all__ = ["html_of", "text_of"]
