"""Requests that only read."""

from collections import Counter
from statistics import median

from bot.sandbox.claude.planner.data import Json, items, of_type, plain, total
from bot.sandbox.claude.planner.lookups import (
    checked,
    contact_call,
    contacts_in,
    conversation,
    conversations_call,
    conversations_in,
    conversations_of,
    email_in,
    myself,
    one_contact,
    search,
    target,
)
from bot.sandbox.claude.planner.markdown import (
    contact_facts,
    contact_name,
    customer,
    duration,
    gives_orders,
    is_unassigned,
    line,
    lines,
    link,
    parts,
    state,
    subject,
)
from bot.sandbox.claude.planner.steps import Call, Offered, Skill, step
from bot.sandbox.claude.planner.talk import Talk

WEEK = 7 * 86_400
SLOW = 3_600
"""Seconds to a first reply that count as slow."""


def open_conversations(talk: Talk, offered: Offered) -> Skill:
    outcomes = yield from step(
        "Let me see what is open.",
        "A search on the state says it.",
        conversations_call(search("state", "=", "open")),
    )
    found = conversations_in(outcomes[0])
    answer = _open(talk, found, total(outcomes[0].data), "")
    alone = sum(map(is_unassigned, found))
    if alone:
        answer += f"\n\nWithout an assignee among those shown: {alone}."
    return answer


def my_conversations(talk: Talk, offered: Offered) -> Skill:
    me = yield from myself()
    outcomes = yield from step(
        "Now what is open and yours.",
        "The account's own admin id is the assignee to search for.",
        conversations_call(
            search("state", "=", "open"), search("admin_assignee_id", "=", int(me["id"]))
        ),
    )
    found = conversations_in(outcomes[0])
    return _open(talk, found, total(outcomes[0].data), " and assigned to you")


def unassigned_conversations(talk: Talk, offered: Offered) -> Skill:
    outcomes = yield from step(
        "Let me see what is open and unassigned.",
        "Nobody's conversations carry the assignee 0.",
        conversations_call(search("state", "=", "open"), search("admin_assignee_id", "=", 0)),
    )
    found = items(outcomes[0].data, "conversations")
    if not found:
        outcomes = yield from step(
            "That found nothing; let me make sure with all open ones.",
            "An empty answer may also mean that the filter is not understood.",
            conversations_call(search("state", "=", "open"), per_page=150),
        )
        found = list(filter(is_unassigned, conversations_in(outcomes[0])))
        return _open(talk, found, None, " and unassigned")
    return _open(talk, found, total(outcomes[0].data), " and unassigned")


def _open(talk: Talk, found: list[Json], count: int | None, whose: str) -> str:
    if not found:
        return f"Nothing is open{whose}."
    count = max(count or 0, len(found))
    noun = "conversation is" if count == 1 else "conversations are"
    return f"**{count}** {noun} open{whose}.\n\n{lines(talk, found, count)}"


def about_customer(talk: Talk, offered: Offered, who: str) -> Skill:
    outcomes = yield from step(
        f"Let me find {who} in Intercom.",
        f"They ask about {who}; the contact comes first, then its conversations.",
        contact_call(who),
    )
    found = contacts_in(outcomes[0])
    if not found and not email_in(who):
        return (yield from by_topic(talk, offered, who, instead_of_customer=True))
    contact = one_contact(who, outcomes[0])
    conversations = yield from conversations_of(contact)
    unfinished = sum(state(item) == "open" for item in conversations)
    name = contact_name(contact)
    answer = f"**{name}** has {_counted(len(conversations), 'conversation')}, {unfinished} open."
    facts = contact_facts(talk, contact)
    return "\n\n".join(part for part in (answer, facts, lines(talk, conversations)) if part)


def summarize(talk: Talk, offered: Offered, who: str | None) -> Skill:
    conversation_id = yield from target(talk, who)
    found = yield from conversation(conversation_id)
    said = parts(found)
    first, last = said[0] if said else ("", ""), said[-1] if said else ("", "")
    answer = (
        f"{link(talk, conversation_id)} **{subject(found)}** with {customer(found)} is "
        f"{state(found)}"
    )
    answer += f"; {last[0]} spoke last." if len(said) > 1 else "; nobody has answered yet."
    if first[1]:
        answer += f"\n\n- It began with {first[0]}: “{first[1]}”"
    for name, words in said[1:-1][-4:]:
        answer += f"\n- {name}: “{words}”"
    if len(said) > 1:
        answer += f"\n- Latest, {last[0]}: “{last[1]}”"
    tags = [str(tag["name"]) for tag in items(found.get("tags"), "tags") if tag.get("name")]
    if tags:
        answer += f"\n- Tags: {', '.join(tags)}"
    if gives_orders(found):
        answer += (
            "\n\n:warning: A message in it gives instructions to an assistant. I treat it as the "
            "customer's text and did not follow it."
        )
    return answer


def by_topic(
    talk: Talk, offered: Offered, topic: str, *, instead_of_customer: bool = False
) -> Skill:
    # The body is matched word by word: the longest word says most.
    word = max(topic.split(), key=len)
    outcomes = yield from step(
        f"Let me search the conversations for “{topic}”.",
        "Only single words match in the body, so I search for the most telling one.",
        conversations_call(search("source.body", "~", word)),
    )
    found = conversations_in(outcomes[0])
    if not found:
        missing = "neither a customer nor a conversation for" if instead_of_customer else "nothing"
        return f"I found {missing} **{topic}** in Intercom. Try another word or a name?"
    count = max(total(outcomes[0].data) or 0, len(found))
    writers = Counter(customer(item) for item in found)
    names = ", ".join(name for name, _ in writers.most_common(5))
    verb = "mentions" if count == 1 else "mention"
    return (
        f"{_counted(count, 'conversation')} {verb} **{topic}**, from {names}.\n\n"
        f"{lines(talk, found, count)}"
    )


def articles(talk: Talk, offered: Offered, topic: str) -> Skill:
    outcomes = yield from step(
        f"Let me search the help center for “{topic}”.",
        "Only published articles are of use to customers.",
        Call("search_articles", {"phrase": topic, "state": "published"}),
    )
    data = checked(outcomes[0])
    found = items(data, "articles") or items(data, "data")
    if not found:
        return f"The help center has no published article about **{topic}**."
    shown = []
    for article in found[:5]:
        title = plain(article.get("title"), 100)
        described = plain(article.get("description") or article.get("body"), 140)
        named = f"[{title}]({article['url']})" if article.get("url") else f"**{title}**"
        shown.append(f"- {named}" + (f": {described}" if described else ""))
    noun = "article" if len(found) == 1 else "articles"
    return f"I found {len(found)} {noun} about **{topic}**.\n\n" + "\n".join(shown)


def performance(talk: Talk, offered: Offered) -> Skill:
    outcomes = yield from step(
        "Let me look at the last seven days.",
        "The statistics of each conversation hold the times; null where nothing happened yet.",
        conversations_call(search("created_at", ">", talk.now - WEEK), per_page=100),
    )
    found = conversations_in(outcomes[0])
    if not found:
        return "No conversations came in during the last seven days."
    replied = [(wait, item) for item in found if (wait := _seconds(item, "time_to_admin_reply"))]
    closed = [wait for item in found if (wait := _seconds(item, "time_to_first_close"))]
    ratings = [
        int(item["conversation_rating"]["rating"])
        for item in found
        if (item.get("conversation_rating") or {}).get("rating")
    ]
    count = max(total(outcomes[0].data) or 0, len(found))
    head = f"{_counted(count, 'conversation')} came in over the last seven days"
    if replied:
        head += f"; half got a first reply within **{duration(median(w for w, _ in replied))}**"
    facts = [f"- {_counted(sum(state(c) == 'open' for c in found), 'conversation')} still open"]
    waiting = sum(1 for c in found if state(c) == "open" and not _seconds(c, "time_to_admin_reply"))
    facts.append(f"- {waiting} without a first reply")
    if closed:
        facts.append(f"- Median time to close: {duration(median(closed))} ({len(closed)} closed)")
    if ratings:
        good = sum(rating >= 4 for rating in ratings)
        facts.append(f"- Ratings: {good} of {len(ratings)} are 4 or 5")
    slow = sorted(
        ((wait, item) for wait, item in replied if wait >= SLOW),
        key=lambda pair: pair[0],
        reverse=True,
    )
    answer = head + ".\n\n" + "\n".join(facts)
    if len(found) < count:
        answer += f"\n- These figures rest on the latest {len(found)} of {count}"
    if slow:
        answer += "\n\nThe slowest first replies:\n" + "\n".join(
            f"{line(talk, item)} · first reply after {duration(wait)}" for wait, item in slow[:5]
        )
    return answer


def count_by_state(talk: Talk, offered: Offered) -> Skill:
    states = ("open", "snoozed", "closed")
    outcomes = yield from step(
        "Let me count them.",
        "Three searches side by side; the total of each is enough.",
        *(conversations_call(search("state", "=", name), per_page=1) for name in states),
    )
    counts = {
        name: total(checked(outcome)) or 0 for name, outcome in zip(states, outcomes, strict=True)
    }
    rows = "\n".join(f"- {name}: {count}" for name, count in counts.items())
    return (
        f"There are **{sum(counts.values())}** conversations, **{counts['open']}** open.\n\n{rows}"
    )


def who_am_i(talk: Talk, offered: Offered) -> Skill:
    me = yield from myself()
    app = of_type(me, "app") or me.get("app") or {}
    place = f" in the workspace **{app['name']}**" if app.get("name") else ""
    facts = [f"- E-mail: {me['email']}"] if me.get("email") else []
    if "has_inbox_seat" in me:
        facts.append(f"- Inbox seat: {'yes' if me['has_inbox_seat'] else 'no'}")
    return f"You are **{me.get('name', 'unnamed')}**{place}.\n\n" + "\n".join(facts)


def _seconds(item: Json, figure: str) -> int:
    return int((item.get("statistics") or {}).get(figure) or 0)


def _counted(count: int, noun: str) -> str:
    return f"**{count}** {noun}{'' if count == 1 else 's'}"
