"""Requests that change something, and what is said of how it went."""

import re
from typing import Any

from bot.sandbox.claude.planner.data import items, of_type, plain
from bot.sandbox.claude.planner.lookups import (
    assignee,
    author,
    checked,
    contact_call,
    conversation,
    customer,
    myself,
    one_contact,
    target,
)
from bot.sandbox.claude.planner.markdown import contact_name, link, quoted, subject
from bot.sandbox.claude.planner.markdown import customer as customer_of
from bot.sandbox.claude.planner.steps import Call, Offered, Skill, Stop, Work, step
from bot.sandbox.claude.planner.talk import Outcome, Talk

HOUR, DAY = 3_600, 86_400
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DRAFT = re.compile(r"^> ?(.*)$", re.MULTILINE)


def reply_to(talk: Talk, offered: Offered, who: str | None, body: str) -> Skill:
    conversation_id = yield from target(talk, who)
    return (yield from _comment(talk, offered, conversation_id, _sentence(body), "comment"))


def send_draft(talk: Talk, offered: Offered) -> Skill:
    draft = "\n".join(_DRAFT.findall(talk.said[-1])) if talk.said else ""
    conversation_id = talk.last_conversation()
    if not draft or conversation_id is None:
        return "I have no draft at hand. Tell me whom to reply to and what to say."
    return (yield from _comment(talk, offered, conversation_id, draft, "comment"))


def note(talk: Talk, offered: Offered, who: str | None, body: str) -> Skill:
    conversation_id = yield from target(talk, who)
    return (yield from _comment(talk, offered, conversation_id, _sentence(body), "note"))


def contact_note(talk: Talk, offered: Offered, who: str, body: str) -> Skill:
    contact = yield from customer(who)
    signed = yield from author(offered, "create_contact_note")
    name = contact_name(contact)
    outcome = yield from _write(
        f"I'll add the note to {name}'s profile.",
        Call(
            "create_contact_note",
            {"contact_id": str(contact["id"]), "body": _sentence(body), **signed},
        ),
    )
    return (
        _report(
            outcome,
            f"The note is on **{name}**'s profile.",
            f"add this note to **{name}**'s profile",
        )
        + "\n\n"
        + quoted(_sentence(body))
    )


def draft(talk: Talk, offered: Offered, who: str | None) -> Skill:
    conversation_id = yield from target(talk, who)
    found = yield from conversation(conversation_id)
    outcomes = yield from step(
        "Let me see what the help center says about it.",
        "A draft is better with an article that answers the question.",
        Call("search_articles", {"phrase": subject(found), "state": "published"}),
    )
    articles = items(outcomes[0].data, "articles")
    first = customer_of(found).split()[0]
    lines = [
        f"Hi {first if first != 'a' else 'there'},",
        "",
        f"thank you for writing to us about “{subject(found)}”. I am looking into it and will "
        "come back to you today.",
    ]
    if articles:
        title, url = plain(articles[0].get("title"), 100), articles[0].get("url") or ""
        lines.append(f"Meanwhile, this article may help: {title} {url}".rstrip())
    words = "\n".join(lines)
    return (
        f"Here is a draft for {link(talk, conversation_id)}. Say *send it*, or tell me what to "
        f"change.\n\n{quoted(words)}"
    )


def manage(
    talk: Talk, offered: Offered, who: str | None, change: str, until: str | None = None
) -> Skill:
    """`change`: close, open or snoozed."""
    conversation_id = yield from target(talk, who)
    signed = yield from author(offered, "manage_conversation")
    more: dict[str, Any] = {}
    when = ""
    if change == "snoozed":
        moment, when = _moment(talk, until)
        more = {"snoozed_until": moment}
    verb, done = {
        "close": ("close", "is closed"),
        "open": ("reopen", "is open again"),
        "snoozed": ("snooze", f"is snoozed {when}"),
    }[change]
    outcome = yield from _write(
        f"I'll {verb} conversation #{conversation_id}.",
        Call(
            "manage_conversation",
            {
                "conversation_id": conversation_id,
                "message_type": change,
                "type": "admin",
                **more,
                **signed,
            },
        ),
    )
    named = link(talk, conversation_id)
    return _report(outcome, f"{named} {done}.", f"{verb} {named} {when}".rstrip())


def assign(talk: Talk, offered: Offered, who: str | None, to: str) -> Skill:
    conversation_id = yield from target(talk, who)
    if to.lower() in ("me", "myself"):
        person = yield from myself()
        takes = offered.takes("manage_conversation", "admin_id")
        signed = {"admin_id": str(person["id"])} if takes else {}
    else:
        person = yield from assignee(offered, to)
        signed = yield from author(offered, "manage_conversation")
    kind = "team" if person.get("type") == "team" else "admin"
    outcome = yield from _write(
        f"I'll assign conversation #{conversation_id} to {person.get('name')}.",
        Call(
            "manage_conversation",
            {
                "conversation_id": conversation_id,
                "message_type": "assignment",
                "type": kind,
                "assignee_id": str(person["id"]),
                **signed,
            },
        ),
    )
    named, name = link(talk, conversation_id), person.get("name")
    return _report(outcome, f"{named} is assigned to **{name}**.", f"assign {named} to **{name}**")


def tag(talk: Talk, offered: Offered, who: str | None, wanted: str) -> Skill:
    conversation_id = yield from target(talk, who)
    outcomes = yield from step(
        "Let me look at the tags there are.",
        "A tag is attached by its id.",
        Call("list_tags", {}),
    )
    tags = items(checked(outcomes[0]), "data")
    found = next((one for one in tags if str(one.get("name")).lower() == wanted.lower()), None)
    if found is None:
        names = ", ".join(str(one.get("name")) for one in tags[:15])
        raise Stop(f"There is no tag **{wanted}**. The tags are: {names}.")
    signed = yield from author(offered, "attach_tag_to_conversation")
    outcome = yield from _write(
        f"I'll tag conversation #{conversation_id} with {found['name']}.",
        Call(
            "attach_tag_to_conversation",
            {"conversation_id": conversation_id, "id": str(found["id"]), **signed},
        ),
    )
    named = link(talk, conversation_id)
    return _report(
        outcome,
        f"{named} now has the tag **{found['name']}**.",
        f"tag {named} with **{found['name']}**",
    )


def ticket(talk: Talk, offered: Offered, who: str | None, about: str) -> Skill:
    known = None if who else talk.last_contact()
    if who is None and known is None:
        raise Stop("For which customer is the ticket? Give me a name or an e-mail address.")
    calls = [Call("list_ticket_types", {})]
    if who:
        calls.append(contact_call(who))
    outcomes = yield from step(
        "Let me find the customer and the kinds of tickets you have.",
        "A ticket needs a type and a contact; both can be looked up at once.",
        *calls,
    )
    types = [kind for kind in items(checked(outcomes[0]), "data") if not kind.get("archived")]
    if not types:
        raise Stop("Your workspace has no ticket types, so I can't create a ticket.")
    contact = one_contact(who, outcomes[1]) if who else known or {}
    kind = next((kind for kind in types if kind.get("category") == "Customer"), types[0])
    title = _sentence(about)
    outcome = yield from _write(
        f"I'll create a ticket for {contact_name(contact)}.",
        Call(
            "create_ticket",
            {
                "ticket_type_id": str(kind["id"]),
                "contacts": [{"id": str(contact["id"])}],
                "ticket_attributes": {
                    "_default_title_": title[:80],
                    "_default_description_": title,
                },
            },
        ),
    )
    made = of_type(outcome.data, "ticket") or {}
    number = made.get("ticket_id") or made.get("id") or ""
    what = f"{kind.get('name', 'ticket')} for **{contact_name(contact)}**: {title}"
    return _report(outcome, f"Ticket {number} is created. {what}", f"create a ticket. {what}")


def _comment(talk: Talk, offered: Offered, conversation_id: str, body: str, kind: str) -> Skill:
    signed = yield from author(offered, "reply_to_conversation")
    what = "note" if kind == "note" else "reply"
    outcome = yield from _write(
        f"I'll {'add the note to' if kind == 'note' else 'reply in'} "
        f"conversation #{conversation_id}.",
        Call(
            "reply_to_conversation",
            {
                "conversation_id": conversation_id,
                "message_type": kind,
                "type": "admin",
                "body": body,
                **signed,
            },
        ),
    )
    named = link(talk, conversation_id)
    done = f"The note is on {named}." if kind == "note" else f"The reply is sent in {named}."
    return _report(outcome, done, f"add this {what} to {named}") + "\n\n" + quoted(body)


def _write(say: str, call: Call) -> Work[Outcome]:
    outcomes = yield from step(say, "All is known for the change they asked for.", call)
    return outcomes[0]


def _report(outcome: Outcome, done: str, would: str) -> str:
    """What came of a write. `would` completes "I would …"."""
    if outcome.refused:
        return f"I have **not** done it. {outcome.error}\n\nI would {would.rstrip('.')}."
    if outcome.unknown:
        return (
            f"I can't tell whether it happened: I tried to {would}, and no clear answer came "
            "back. Please look in Intercom before anybody tries again."
        )
    if outcome.error is not None:
        return f"That did **not** work. {outcome.error}\n\nI wanted to {would.rstrip('.')}."
    return done


def _sentence(body: str) -> str:
    """Dictated words as they would be written."""
    words = body.strip().strip("\"“”'").strip()
    words = words[:1].upper() + words[1:]
    return words if words[-1:] in ".!?…" else words + "."


def _moment(talk: Talk, until: str | None) -> tuple[int, str]:
    """When a snooze ends, and how to say it; a day from now unless said otherwise."""
    words = (until or "").lower().strip(" .!")
    if found := re.search(r"(\d+|an?|one) ?(hour|day|week)s?", words):
        size = {"hour": HOUR, "day": DAY, "week": 7 * DAY}[found[2]]
        count = int(found[1]) if found[1].isdigit() else 1
        return talk.now + count * size, f"for {count} {found[2]}{'' if count == 1 else 's'}"
    if words in _WEEKDAYS:
        # Day 0 of Unix time was a Thursday.
        today = (talk.now // DAY + 3) % 7
        ahead = (_WEEKDAYS.index(words) - today - 1) % 7 + 1
        return (talk.now // DAY + ahead) * DAY + 9 * HOUR, f"until {words.capitalize()}"
    if words == "next week":
        return talk.now + 7 * DAY, "until next week"
    return talk.now + DAY, "until tomorrow"
