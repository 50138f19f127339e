"""What people ask for, in plain English, and the skill that does it.

The first pattern that fits wins, so the order of the functions below matters.
"""

import re
from collections.abc import Callable

from bot.sandbox.claude.planner import reading, writing
from bot.sandbox.claude.planner.lookups import email_in
from bot.sandbox.claude.planner.phrases import (
    essence,
    is_greeting,
    is_thanks,
    looks_like_a_name,
    name_in,
    same_customer,
    whose,
)
from bot.sandbox.claude.planner.steps import Offered, Skill
from bot.sandbox.claude.planner.talk import Talk, conversation_in

HELP = """\
I work in Intercom for you, with your own account. For example:

- *What's open and unassigned?* · *What's assigned to me?* · *How many conversations are open?*
- *Who is Priya Natarajan?* · *Summarize her last conversation* · *Who writes about SSO?*
- *Draft a reply to Priya* · *Reply to Priya that the fix is live*
- *Add a note that engineering is on it* · *Tag it billing* · *Assign it to Tom*
- *Close it* · *Snooze it until Monday* · *Create a ticket for Priya about the export*
- *Is there an article on webhooks?* · *How is the team doing this week?* · *Who am I?*
"""
GREETING = "Hello! What can I do for you in Intercom? Say *help* to see what I am good at."
WELCOME = "You're welcome!"
UNCLEAR = (
    "I'm not sure what you mean. Is it about a customer, a conversation, or the team's inbox? "
    "For example: *what's open?*, *find Priya*, or *summarize conversation 215470*. "
    "*help* shows more."
)
_SAYING = r"(?:\s+(?:that|saying|with|to say)\s+|\s*[:,]\s*(?:that\s+)?)"

Words = dict[str, str | None]
Maker = Callable[[Talk, Offered, Words], Skill]
_requests: list[tuple[re.Pattern[str], Maker]] = []


def skill_for(talk: Talk, offered: Offered) -> Skill:
    """The skill for the latest request; one that asks back if no other fits."""
    asked = essence(talk.text)
    if is_thanks(talk.text):
        return _say(WELCOME)
    if is_greeting(asked):
        return _say(GREETING)
    for pattern, make in _requests:
        if found := pattern.search(asked):
            return make(talk, offered, found.groupdict())
    if email := email_in(asked):
        return reading.about_customer(talk, offered, email)
    if number := conversation_in(asked):
        return reading.summarize(talk, offered, f"#{number}")
    if looks_like_a_name(asked):
        return reading.about_customer(talk, offered, name_in(asked) or asked)
    return _say(UNCLEAR)


def _say(words: str) -> Skill:
    yield from ()
    return words


def _asked(*patterns: str) -> Callable[[Maker], Maker]:
    def register(make: Maker) -> Maker:
        _requests.extend((re.compile(pattern, re.IGNORECASE), make) for pattern in patterns)
        return make

    return register


@_asked(r"^help\b(?! cent)", r"what can you do", r"^how do(?:es)? (?:you|this) work")
def _help(talk: Talk, offered: Offered, words: Words) -> Skill:
    return _say(HELP)


@_asked(r"^who am i\b", r"which (?:intercom )?account", r"am i connected")
def _who_am_i(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.who_am_i(talk, offered)


@_asked(r"^(?:yes,? )?send(?: (?:it|that|this|the draft))?\b[\w\s]*[.!]*$")
def _send(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.send_draft(talk, offered)


@_asked(
    rf"\b(?:add|leave|write|put|make)\s+(?:an? )?(?:internal )?note\b(?P<who>.*?){_SAYING}"
    r"(?P<body>.+)$",
    rf"^note\b(?P<who>.*?){_SAYING}(?P<body>.+)$",
)
def _note(talk: Talk, offered: Offered, words: Words) -> Skill:
    body, name = words["body"] or "", name_in(words["who"])
    if name and "profile" in (words["who"] or "").lower():
        return writing.contact_note(talk, offered, name, body)
    return writing.note(talk, offered, whose(talk, words["who"]), body)


@_asked(rf"^(?:reply|respond|answer|write|tell)\b(?P<who>.*?){_SAYING}(?P<body>.+)$")
def _reply(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.reply_to(talk, offered, whose(talk, words["who"]), words["body"] or "")


@_asked(
    r"^(?:draft|write|prepare|suggest)\b.*?\b(?:reply|answer|response)\b(?P<who>.*)$",
    r"^(?:reply|respond|answer)\b(?P<who>.*)$",
)
def _draft(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.draft(talk, offered, whose(talk, words["who"]))


@_asked(
    r"^(?:create|open|file|make|raise)\s+(?:an? )?(?:new )?ticket\b(?:\s+for\s+(?P<who>.+?))?"
    r"(?:\s+(?:about|that|because|on|to)\s+|\s*:\s*)(?P<body>.+)$"
)
def _ticket(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.ticket(talk, offered, name_in(words["who"]), words["body"] or "")


@_asked(r"^re-?open\b(?P<who>.*)$", r"^open (?P<who>.+) again\b")
def _reopen(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.manage(talk, offered, whose(talk, words["who"]), "open")


@_asked(r"^(?:close|resolve)\b(?P<who>.*)$")
def _close(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.manage(talk, offered, whose(talk, words["who"]), "close")


@_asked(
    r"^snooze\b(?P<who>.*?)\s+(?:until|till|for)\s+(?P<until>.+)$",
    r"^snooze\b(?P<who>.*?)(?P<until>\s+(?:tomorrow|next week))?$",
)
def _snooze(talk: Talk, offered: Offered, words: Words) -> Skill:
    who = whose(talk, words["who"])
    return writing.manage(talk, offered, who, "snoozed", words["until"])


@_asked(r"^(?:assign|hand|give|pass|move)\b(?P<who>.*?)\s+(?:over )?to\s+(?P<to>.+?)[.!?]*$")
def _assign(talk: Talk, offered: Offered, words: Words) -> Skill:
    return writing.assign(talk, offered, whose(talk, words["who"]), words["to"] or "")


@_asked(
    r"^(?:tag|label)\b(?P<who>.*?)\s+(?:as|with)\s+(?P<tag>.+?)[.!?]*$",
    r"^(?:tag|label)\s+(?P<who>it|this|that|#?\d+|conversation #?\d+)\s+(?P<tag>.+?)[.!?]*$",
)
def _tag(talk: Talk, offered: Offered, words: Words) -> Skill:
    wanted = (words["tag"] or "").strip("\"'")
    return writing.tag(talk, offered, whose(talk, words["who"]), wanted)


@_asked(
    r"\b(?:articles?|help cent(?:er|re)|docs?|documentation)\b.*?\b(?:about|on|for|covering)\s+"
    r"(?P<topic>.+?)[?.!]*$",
    r"\barticles?\b.*?\b(?:explains?|describes?|shows?|says?|tells?)\b\s+(?:how to\s+)?"
    r"(?P<topic>.+?)[?.!]*$",
    r"^how (?:do|does|can) (?:customers?|people|someone|users?|they|i|one)\s+(?P<topic>.+?)[?.!]*$",
)
def _articles(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.articles(talk, offered, words["topic"] or "")


@_asked(r"\bhow many\b.*\b(?:conversations?|open|closed|snoozed)\b", r"\bcount\b.*\bstate")
def _count(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.count_by_state(talk, offered)


@_asked(
    r"\bhow(?:'s| is| are| was| were| did) (?:the team|we|our team|support|everyone)\b",
    r"^how (?:fast|quick(?:ly)?|slow(?:ly)?|long|well) (?:is|are|was|were|do|does|did)\b",
    r"\bslow(?:est)?\b|\bresponse times?\b|\b(?:metrics|statistics|stats|performance)\b",
)
def _performance(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.performance(talk, offered)


@_asked(
    r"^(?:summari[sz]e|sum up|recap|tl;?dr)\b(?P<who>.*)$",
    r"^(?:find|get|read|open)\b(?P<who>.+?)\s*(?:,|\band\b)\s*(?:summari[sz]e|sum up|recap)\b",
    r"^what(?:'s| is| was)?\s+(?:going on|up|happening|the matter)\b(?P<who>.*)$",
    r"^what did (?P<who>.+?) (?:say|want|write|ask)\b",
)
def _summarize(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.summarize(talk, offered, whose(talk, words["who"]))


@_asked(r"\bassigned to me\b", r"\bmy (?:open )?(?:conversations|inbox|queue)\b")
def _mine(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.my_conversations(talk, offered)


@_asked(r"\bunassigned\b", r"\bwithout an? assignee\b")
def _unassigned(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.unassigned_conversations(talk, offered)


@_asked(r"^what(?:'s| is| does)\b.*\bopen\b.*\b(?:for|from|by|with)\s+(?P<who>.+)$")
def _open_of_customer(talk: Talk, offered: Offered, words: Words) -> Skill:
    return _customer(talk, offered, words)


@_asked(
    r"^(?:what(?:'s| is| are)?|which|show|list|any(?:thing)?)\b.*"
    r"\b(?:open|waiting|new|inbox|queue)\b"
)
def _open(talk: Talk, offered: Offered, words: Words) -> Skill:
    return reading.open_conversations(talk, offered)


@_asked(
    r"^(?:tell me (?:more )?|what do (?:we|you) know )about\s+(?P<who>.+)$",
    r"^who(?:'s| is)\s+(?P<who>.+)$",
    r"^(?:find|look up|look for|search(?: for)?|show(?: me)?|get)\s+(?P<who>(?!.*\babout\b).+)$",
)
def _customer(talk: Talk, offered: Offered, words: Words) -> Skill:
    if number := conversation_in(words["who"] or ""):
        return reading.summarize(talk, offered, f"#{number}")
    who = name_in(words["who"]) or same_customer(talk)
    if who is None:
        return reading.summarize(talk, offered, None)
    return reading.about_customer(talk, offered, who)


@_asked(
    r"\b(?:about|mention(?:s|ing|ed)?|regarding|concerning|complain(?:s|ing)? of)\s+"
    r"(?P<topic>.+?)[?.!]*$"
)
def _topic(talk: Talk, offered: Offered, words: Words) -> Skill:
    topic = (words["topic"] or "").strip("\"' ")
    return reading.by_topic(talk, offered, topic) if name_in(topic) else _say(UNCLEAR)
