"""Finding what a request is about: customers, conversations, teammates, tags."""

import re
from typing import Any

from bot.sandbox.claude.planner.data import Json, items, of_type
from bot.sandbox.claude.planner.markdown import contact_name, state
from bot.sandbox.claude.planner.steps import Call, Offered, Stop, Work, step
from bot.sandbox.claude.planner.talk import Outcome, Talk

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def email_in(words: str) -> str | None:
    found = _EMAIL.search(words)
    return found[0].rstrip(".") if found else None


def search(field: str, operator: str, value: Any) -> Json:
    return {"field": field, "operator": operator, "value": value}


def every(*filters: Json) -> Json:
    return filters[0] if len(filters) == 1 else {"operator": "AND", "value": list(filters)}


def contact_call(who: str) -> Call:
    email = email_in(who)
    query = search("email", "=", email) if email else search("name", "~", who)
    return Call("search_contacts", {"query": query, "pagination": {"per_page": 10}})


def conversations_call(*filters: Json, per_page: int = 20) -> Call:
    return Call(
        "search_conversations",
        {"query": every(*filters), "pagination": {"per_page": per_page}},
    )


def checked(outcome: Outcome) -> Any:
    """The data of a read. Raises Stop when it failed."""
    if outcome.error is not None:
        raise Stop(f"I could not look that up. {outcome.error}")
    return outcome.data


def contacts_in(outcome: Outcome) -> list[Json]:
    data = checked(outcome)
    return [item for item in items(data, "data") or items(data, "contacts") if item.get("id")]


def conversations_in(outcome: Outcome) -> list[Json]:
    """Latest first."""
    found = items(checked(outcome), "conversations")
    return sorted(found, key=lambda item: item.get("updated_at") or 0, reverse=True)


def one_contact(who: str, outcome: Outcome) -> Json:
    """The customer who is meant. Raises Stop when nobody is, or several may be."""
    found = contacts_in(outcome)
    if not found:
        raise Stop(
            f"I found no customer called **{who}** in Intercom. Is the spelling right? "
            "An e-mail address works, too."
        )
    exact = [item for item in found if str(item.get("name", "")).lower() == who.lower()]
    if len(found) > 1 and len(exact) != 1:
        names = "\n".join(
            f"- {contact_name(item)} ({item.get('email') or 'no e-mail'})" for item in found[:5]
        )
        raise Stop(f"Which customer do you mean?\n\n{names}")
    return (exact or found)[0]


def customer(who: str) -> Work[Json]:
    """The customer of that name or e-mail address."""
    outcomes = yield from step(
        f"Let me find {who} in Intercom.",
        f"They mean the customer {who}; I look them up first.",
        contact_call(who),
    )
    return one_contact(who, outcomes[0])


def conversations_of(contact: Json) -> Work[list[Json]]:
    name = contact_name(contact)
    outcomes = yield from step(
        f"Now {name}'s conversations.",
        "The contact is clear; its conversations tell the rest.",
        conversations_call(search("contact_ids", "=", str(contact["id"]))),
    )
    return conversations_in(outcomes[0])


def target(talk: Talk, who: str | None) -> Work[str]:
    """The id of the conversation that a request is about: "#" and its number, its customer, or
    None for the one that was talked about last. Raises Stop when there is none."""
    if who and who.startswith("#"):
        return who.removeprefix("#")
    if who:
        contact = yield from customer(who)
        found = yield from conversations_of(contact)
        if not found:
            raise Stop(f"{contact_name(contact)} has no conversations in Intercom.")
        unfinished = [item for item in found if state(item) != "closed"]
        return str((unfinished or found)[0]["id"])
    if last := talk.last_conversation():
        return last
    raise Stop("Which conversation do you mean? Give me its number, or the customer's name.")


def conversation(conversation_id: str) -> Work[Json]:
    outcomes = yield from step(
        f"Let me read conversation #{conversation_id}.",
        "I need the whole conversation, not only its first message.",
        Call("retrieve_conversation", {"conversation_id": conversation_id}),
    )
    data = checked(outcomes[0])
    found = of_type(data, "conversation")
    if found is None:
        raise Stop(f"Conversation #{conversation_id} came back in a form that I cannot read.")
    return found


def author(offered: Offered, tool: str) -> Work[Json]:
    """The field that signs a write, where the tool wants to know who acts."""
    if not offered.takes(tool, "admin_id"):
        return {}
    me = yield from myself()
    return {"admin_id": str(me["id"])}


def myself() -> Work[Json]:
    outcomes = yield from step(
        "Let me check whose Intercom account this is.",
        "The connected account says who acts.",
        Call("identify_admin", {}),
    )
    data = checked(outcomes[0])
    me = of_type(data, "admin")
    if me is None:
        raise Stop("I could not find out which Intercom account is connected.")
    return me


def assignee(offered: Offered, name: str) -> Work[Json]:
    """The teammate or team of that name, as Intercom's object. Raises Stop."""
    calls = [Call("list_admins", {})]
    if offered.has("list_teams"):
        calls.append(Call("list_teams", {}))
    outcomes = yield from step(
        f"Let me see who {name} is on your team.",
        "An assignment needs the id of a teammate or a team.",
        *calls,
    )
    admins = items(checked(outcomes[0]), "admins")
    teams = [team for outcome in outcomes[1:] for team in items(outcome.data, "teams")]
    wanted = name.lower().removeprefix("the ").removesuffix(" team")
    found = [one for one in admins + teams if wanted in str(one.get("name", "")).lower()]
    if len(found) == 1:
        return found[0]
    known = ", ".join(str(one.get("name")) for one in found or admins)
    if found:
        raise Stop(f"Which one do you mean: {known}?")
    raise Stop(f"I found nobody called **{name}** on your team; there are {known}.")
