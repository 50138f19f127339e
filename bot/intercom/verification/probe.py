"""A look for what a write did, and the kinds of looks that the tables are made of."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from bot.intercom.verification.verdict import (
    Found,
    Path,
    Verdict,
    compared,
    has_id,
    opposite,
    same,
)

CLOCKS_APART = 60.0
"""Seconds by which Intercom's clock may differ from ours."""


class Write(NamedTuple):
    """A call as it went out."""

    input: Mapping[str, Any]
    admin_id: str
    """In whose name."""
    at: datetime

    @property
    def earliest(self) -> int:
        """Unix seconds: what Intercom made before cannot be of this call."""
        return int(self.at.timestamp() - CLOCKS_APART)


class Probe(NamedTuple):
    """The read that can tell, and what its answer tells."""

    tool_name: str
    tool_input: dict[str, Any]
    evaluate: Callable[[Found], Verdict]
    when_missing: Verdict = "unclear"
    """What it tells if Intercom has no such thing."""


Verification = Callable[[Write], Probe | None]
"""Where to look for what a write did; None where no read can tell of this one."""
Evaluate = Callable[[Write, Found], Verdict]


def probe_with(
    tool: str,
    tool_input: dict[str, Any],
    write: Write,
    evaluate: Evaluate,
    missing: Verdict = "unclear",
) -> Probe:
    return Probe(f"intercom_{tool}", tool_input, partial(evaluate, write), missing)


def retrieved(
    kind: str,
    evaluate: Evaluate,
    *,
    key: str = "",
    named_by: str = "",
    missing: Verdict = "unclear",
) -> Verification:
    """Told by retrieving one thing. `key`: the read's field for its id, by default the kind's;
    `named_by`: the write's field, by default the same."""
    field = key or f"{kind}_id"

    def verification(write: Write) -> Probe:
        asked = {field: write.input.get(named_by or field)}
        return probe_with(f"retrieve_{kind}", asked, write, evaluate, missing)

    return verification


def gone(kind: str, *, key: str = "", named_by: str = "") -> Verification:
    """Told by Intercom's no longer having what the write takes away."""

    def still_there(write: Write, found: Found) -> Verdict:
        return "not_shown"

    return retrieved(kind, still_there, key=key, named_by=named_by, missing="shown")


def updated(kind: str, *, key: str = "") -> Verification:
    """Told by the fields that the write sets, each under the same name in what is retrieved."""

    def evaluate(write: Write, found: Found) -> Verdict:
        verdict = compared(write.input, found)
        if verdict == "shown" and not _formatted_too(write, found):
            return "unclear"
        return verdict

    return retrieved(kind, evaluate, key=key)


def _formatted_too(write: Write, found: Found) -> bool:
    """Whether a body of the same text is this write's. Intercom writes HTML its own way, so that
    markup cannot be compared; it then has to be saved since."""
    body = write.input.get("body")
    return body in (None, found.get("body")) or _is_since(write, found.get("updated_at"))


def attached(kind: str, path: Path, named_by: str = "id") -> Verification:
    """Told by the id in a list of what is retrieved."""
    return retrieved(kind, lambda w, found: has_id(found, path, w.input.get(named_by)))


def detached(kind: str, path: Path, named_by: str) -> Verification:
    """Told by the absence of the id from a list of what is retrieved."""
    return retrieved(kind, lambda w, found: opposite(has_id(found, path, w.input.get(named_by))))


def made_by(write: Write, thing: Found, author_id: object) -> bool:
    """Whether a thing of this author can be of this write, by author and time."""
    return same(write.admin_id, author_id) and made_since(write, thing)


def made_since(write: Write, thing: Found) -> bool:
    return _is_since(write, thing.get("created_at"))


def _is_since(write: Write, moment: object) -> bool:
    return isinstance(moment, int | float) and moment >= write.earliest
