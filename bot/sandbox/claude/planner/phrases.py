"""Whom and what a few words mean."""

import re

from bot.sandbox.claude.planner.lookups import email_in
from bot.sandbox.claude.planner.markdown import contact_name
from bot.sandbox.claude.planner.talk import Talk, conversation_in

_POINTING_BACK = frozenset(
    """it|this|that|them|they|him|her|hers|his|he|she|their|this one|that one|one|it all
    |the customer|this customer|that customer|the conversation|this conversation
    |that conversation|conversation""".replace("\n", "")
    .replace("    ", "")
    .split("|")
) | {""}
_BEFORE = re.compile(
    r"^(?:(?:the|a|an|our|my|all|any|customer|contact|user|latest|last|open|newest|conversations?"
    r"|ticket|chat|thread|with|from|of|by|for|to|on|in|about|back)\s+)+",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:'s?)?(?:\s+(?:latest|last|open|newest|first|conversations?|thread|chat|message|issue"
    r"|problem|profile|please|again|now|for me|in intercom))*[\s?.!,]*$",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^(?:(?:please|pls|hey|hi|hello|ok|okay|so|and|then|now|great|thanks|thank you|can|could|would"
    r"|will|you|i'd like to|let's|just|go ahead and)[\s,!.:]+)+",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening))\b.{0,20}",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:many )?(?:thanks|thank you|cheers)(?: (?:a lot|so much|very much|again|you))?\W*",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:[A-Z][\w'-]+\s*){1,3}[?.!]?")


def essence(text: str) -> str:
    """A request on one line, with plain apostrophes and without "could you please"."""
    line = " ".join(text.split()).replace("\u2019", "'")
    return _POLITE.sub("", line).strip()


def is_greeting(words: str) -> bool:
    return not words or bool(_GREETING.fullmatch(words))


def is_thanks(text: str) -> bool:
    return bool(_THANKS.fullmatch(text.strip()))


def looks_like_a_name(words: str) -> bool:
    return bool(_NAME.fullmatch(words))


def name_in(words: str | None) -> str | None:
    """The customer whom some words name; None where they only point back or give a number."""
    words = (words or "").strip()
    if email := email_in(words):
        return email
    words = _AFTER.sub("", _BEFORE.sub("", words + " ").strip()).strip()
    if words.lower() in _POINTING_BACK or re.fullmatch(r"#?\d+", words):
        return None
    return words


def _bare_number(words: str) -> str | None:
    found = re.fullmatch(r"\D{0,4}(\d{3,})\W*", words)
    return found[1] if found else None


def same_customer(talk: Talk) -> str | None:
    """The customer who was talked about last."""
    contact = talk.last_contact()
    return str(contact.get("email") or contact_name(contact)) if contact else None


def whose(talk: Talk, words: str | None) -> str | None:
    """The conversation that is meant: "#" and its number, or its customer's name; None: the one
    that was talked about last."""
    if number := conversation_in(words or "") or _bare_number(words or ""):
        return f"#{number}"
    name = name_in(words)
    if name is None and talk.last_conversation() is None:
        return same_customer(talk)
    return name
