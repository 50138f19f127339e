"""What shows of contacts, companies and visitors."""

from bot.intercom.verification.probe import (
    Evaluate,
    Probe,
    Verification,
    Write,
    attached,
    detached,
    gone,
    made_by,
    made_since,
    probe_with,
    updated,
)
from bot.intercom.verification.verdict import (
    Found,
    Verdict,
    compared,
    has_id,
    item,
    opposite,
    same,
    seen,
    within,
)

TAGS = ("tags", "data")
"""At most ten of them; the list says whether there are more."""
LISTED = ("data",)
KNOWN_BY = ("email", "external_id", "phone", "name")


def created(write: Write) -> Probe | None:
    # Search knows a new contact only after minutes.
    known = {key: value for key, value in write.input.items() if key in KNOWN_BY and value}
    if not known:
        return None

    def evaluate(write: Write, found: Found) -> Verdict:
        return seen(
            found,
            LISTED,
            lambda one: made_since(write, one) and compared(known, one) == "shown",
        )

    return probe_with("list_contacts", {}, write, evaluate)


def _searched(evaluate: Evaluate) -> Verification:
    """Told by whether search finds the contact, as it does unless it is archived, gone or new."""

    def verification(write: Write) -> Probe:
        query = {"field": "id", "operator": "=", "value": write.input.get("contact_id")}
        return probe_with("search_contacts", {"query": query}, write, evaluate)

    return verification


def _archived(write: Write, found: Found) -> Verdict:
    is_found = has_id(found, LISTED, write.input.get("contact_id"))
    # Not found, it may also be too new for search.
    return "not_shown" if is_found == "shown" else "unclear"


def _listed(tool: str, evaluate: Evaluate) -> Verification:
    """Told by one of the lists that belong to a contact."""

    def verification(write: Write) -> Probe:
        asked = {"contact_id": write.input.get("contact_id")}
        return probe_with(f"list_contact_{tool}", asked, write, evaluate)

    return verification


def _noted(write: Write, found: Found) -> Verdict:
    def is_it(note: Found) -> bool:
        is_ours = made_by(write, note, within(note, "author", "id"))
        return is_ours and same(write.input.get("body"), note.get("body"))

    return seen(found, LISTED, is_it)


def _chosen(write: Write, found: Found) -> Verdict:
    # A choice that is the type's default anyway need not be listed: then it is unclear.
    wanted = {"consent_type": write.input.get("consent_type")}
    return compared(wanted, item(found, LISTED, write.input.get("id")))


def saved_company(write: Write) -> Probe | None:
    company_id = write.input.get("company_id")
    if not company_id:
        return None

    def evaluate(write: Write, found: Found) -> Verdict:
        return compared(write.input, {**found, "plan": within(found, "plan", "name")})

    return probe_with("list_companies", {"company_id": company_id}, write, evaluate, "not_shown")


def updated_visitor(write: Write) -> Probe | None:
    """Visitors are looked up by their `user_id` alone."""
    return updated("visitor", key="user_id")(write) if write.input.get("user_id") else None


updated_contact = updated("contact")
archived = _searched(_archived)
unarchived = _searched(lambda w, found: has_id(found, LISTED, w.input.get("contact_id")))
deleted_contact = gone("contact")
merged = gone("contact", named_by="from")
noted = _listed("notes", _noted)
tagged = attached("contact", TAGS)
untagged = detached("contact", TAGS, "tag_id")
joined_company = _listed("companies", lambda w, found: has_id(found, LISTED, w.input.get("id")))
left_company = _listed(
    "companies", lambda w, found: opposite(has_id(found, LISTED, w.input.get("company_id")))
)
chosen = _listed("subscriptions", _chosen)
unchosen = _listed(
    "subscriptions",
    lambda w, found: opposite(has_id(found, LISTED, w.input.get("subscription_id"))),
)
deleted_company = gone("company")
